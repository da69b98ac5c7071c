/**
 * What was probably meant where the grammar does not fit: what other languages write for the same thing. Every hint
 * is about one place and says what to write; where nothing is known, there is none.
 */
import type { IToken } from "chevrotain";
import * as t from "./tokens.ts";

const STRINGS = 'text is written in double quotes: "…"';
const PATHS = 'write a path in quotes, "/etc/passwd", a pattern as ~"/etc/*", a regex as r"…"';
const LISTS = "write a list in square brackets: `[…]`";
const MATCHING = 'match a pattern with `=~ "/etc/*"`, where `*` stands for any text, or a regex with `=~ r"…"`';
const INDEX = "no single value is taken from an array: a condition asks for any of its values, `allin` for all";

/** @returns what was meant by a character that starts no token; `before` is the text in front of it */
export function characterHint(before: string, rest: string): string | undefined {
  if (rest.startsWith("~=")) return '`=~` matches a pattern: `=~ "/etc/*"`';
  if (/^[~]?['’‘]/.test(rest) || /^[“”„«»`]/.test(rest)) return STRINGS;
  if (rest.startsWith("=")) return before.endsWith("=") ? "compare with `==`" : "compare with `==`; match with `=~`";
  if (/^\/\*/.test(rest)) return "a comment starts with `#` or `//` and ends with its line";
  if (rest.startsWith("/")) return PATHS;
  if (rest.startsWith("{")) return /\bin\s*$/.test(before) ? LISTS : variableHint();
  if (rest.startsWith("$")) return variableHint();
  if (rest.startsWith("~")) return 'a pattern is written `~"…"`';
  if (rest.startsWith(";")) return "an expression ends without `;`";
  if (/^\.\d/.test(rest) && /\d$/.test(before)) return "numbers are integers";
  if (rest.startsWith(".") && /\[\d*\]$/.test(before)) return INDEX;
  return undefined;
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is the language's own
const variableHint = (): string => "a variable is written `${name}`";

const UNIT_NS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9, d: 86400e9 };

/** @returns how a malformed number is written */
export function numberHint(word: string): string | undefined {
  if (/^\d+(?:_\d+)+$/.test(word)) return `write ${word.replaceAll("_", "")}`;
  if (/^0[bB][01]+$/.test(word) && word.length < 50) return `write 0x${Number.parseInt(word.slice(2), 2).toString(16)}`;
  if (/^(?:\d+(?:ns|us|ms|[smhd])){2,}$/.test(word)) return oneUnit(word);
  return /^\d+[kKmMgG](?:i?[bB])?$/.test(word) ? "numbers have no units of size" : undefined;
}

/** `5m30s` as `330s`. */
function oneUnit(word: string): string {
  const parts = [...word.matchAll(/(\d+)(ns|us|ms|[smhd])/g)];
  const sum = parts.reduce((ns, [, digits, unit]) => ns + Number(digits) * (UNIT_NS[unit ?? ""] ?? 0), 0);
  const [unit, size] = (["h", "m", "s", "ms", "us", "ns"] as const)
    .map((name) => [name, UNIT_NS[name] as number] as const)
    .find(([, ns]) => sum % ns === 0) ?? ["ns", 1];
  return `a duration has one unit: write ${sum / size}${unit}`;
}

const LOWER_CASE: Readonly<Record<string, string>> = {
  and: "write `and` in lower case, or `&&`",
  or: "write `or` in lower case, or `||`",
  not: "write `not` in lower case, or `!`",
  in: "write `in` in lower case",
  allin: "write `allin` in lower case",
};
const WORDS: Readonly<Record<string, string>> = {
  xor: "of two conditions of which one holds write `(…) != (…)`",
  is: "compare with `==`",
  equals: "compare with `==`",
  eq: "compare with `==`",
  ne: "compare with `!=`",
  has: "for an array write `VALUE in FIELD`",
};
const MATCHING_WORDS =
  /^(?:not_?)?(?:i?like|i?match(?:es)?|i?contains?|i?starts?_?with|i?ends?_?with|glob|pmatch|regexp?|has_?prefix|has_?suffix)$/i;
const UNITS: Readonly<Record<string, string>> = {
  milliseconds: "ms",
  second: "s",
  seconds: "s",
  sec: "s",
  minute: "m",
  minutes: "m",
  min: "m",
  hour: "h",
  hours: "h",
};

/** A token that does not fit and those around it. */
export interface Misfit {
  readonly before: IToken | undefined;
  readonly token: IToken;
  readonly after: IToken | undefined;
}

/** @returns the token to point at when it is not the one that does not fit */
export function culprit({ before, token }: Misfit): IToken {
  const isWord = before?.tokenType === t.Ident && /^(?:not|and|or|in|allin)$/i.test(before.image);
  return isWord ? before : token;
}

/** @returns what was meant by a token that does not fit */
export function tokenHint(misfit: Misfit): string | undefined {
  const { before, after } = misfit;
  const token = culprit(misfit);
  const type = token.tokenType;
  if (type === t.Ident) return wordHint(token.image, before);
  if (type === t.Bang && after?.tokenType === t.In) return "write `not in`";
  if (type === t.Greater && before?.tokenType === t.Less) return "compare with `!=`";
  if (type === t.Open && before?.tokenType === t.Ident) return `there are no functions; ${MATCHING}`;
  if (before?.tokenType === t.In || before?.tokenType === t.AllIn) return membershipHint(token);
  if (type === t.OpenList) return openListHint(before);
  if (type === t.CloseList && before?.tokenType === t.OpenList) return "a list has at least one value";
  if (type === t.CloseList && before?.tokenType === t.Comma) return "there is no comma behind the last value";
  if (type === t.Close) return "there is no `(` that it closes";
  return undefined;
}

function wordHint(word: string, before: IToken | undefined): string | undefined {
  const lower = word.toLowerCase();
  if (MATCHING_WORDS.test(word)) return MATCHING;
  if (before?.tokenType === t.Int && UNITS[lower] !== undefined) return `write ${before.image}${UNITS[lower]}`;
  return LOWER_CASE[lower] ?? WORDS[lower];
}

function membershipHint({ tokenType, image }: IToken): string | undefined {
  if (tokenType === t.Open) return LISTS;
  if (tokenType === t.Text || tokenType === t.Pattern || tokenType === t.Regex || tokenType === t.Int)
    return image.length > 40
      ? "`in` wants a list: write `[…]` around the value"
      : `\`in\` wants a list: write \`[${image}]\``;
  return undefined;
}

function openListHint(before: IToken | undefined): string | undefined {
  const type = before?.tokenType;
  if (type === t.Equal || type === t.Like) return "to compare with the values of a list write `in […]`";
  if (type === t.NotEqual || type === t.NotLike) return "to compare with the values of a list write `not in […]`";
  return type === t.Ident ? INDEX : undefined;
}
