/** Text from outside in messages: nothing of it may disturb the terminal that shows them. */

/** Control characters, line separators, and what turns the direction of writing. */
const HOSTILE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** @returns the text on one line, with what could disturb replaced by U+FFFD */
export function visible(text: string): string {
  return text.replace(HOSTILE, "\ufffd");
}

/** @returns the text in double quotes as in JSON, with what could disturb escaped */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(
    HOSTILE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
