/**
 * Comparisons in which no side is read from an event. They are decided here, whatever their type and operator, so
 * that macros can hold any value and be compared with any other. Patterns and regexes find what they find in a field
 * that is no path.
 */
import type { Field } from "@weir/matcher-wasm/format";
import type { StringTest } from "../ir.ts";
import { matchFlat, parsePattern } from "../pattern.ts";
import { regexFits } from "../regex/index.ts";
import { readTest, type TextOperand } from "./operand.ts";
import type { Scope } from "./scope.ts";

const encoder = new TextEncoder();

/** What stands for the text on one side where a test asks for the field that it is about. */
const TEXT: Field = {
  name: "text",
  type: "string",
  array: false,
  matching: "flat",
  timestamp: false,
  unresolved: false,
  source: { from: "variable", key: "text" },
  doc: "",
};

/** @returns whether it is a text and nothing that other texts may fit */
export const isPlain = (text: TextOperand): boolean => !text.pattern && !text.regex && text.parts === undefined;

/**
 * @param like compared by `=~`: plain text is a pattern too
 * @returns whether the text fits one of the others
 */
export function constantFits(scope: Scope, text: TextOperand, others: readonly TextOperand[], like: boolean): boolean {
  const odd = [text, ...others].find(({ parts }) => parts !== undefined);
  if (odd !== undefined)
    scope.unsupported(
      odd.span,
      "a text with variables beside another text is",
      "read the variable by itself, without quotes",
    );
  if (!isPlain(text)) scope.fail("type", text.span, "a pattern or regular expression needs a text to look at");
  const bytes = encoder.encode(text.value);
  return others.map((other) => readTest(scope, TEXT, other, like)).some((test) => fits(test, text.value, bytes));
}

function fits(test: StringTest, value: string, bytes: Uint8Array): boolean {
  switch (test.kind) {
    case "equals":
      return test.value === value;
    case "pattern":
      return matchFlat(parsePattern(test.pattern), bytes);
    case "regex":
      return regexFits(test.source, bytes);
    case "glob":
    case "template":
      throw new TypeError(`a text that is no field was compared with a ${test.kind}`);
  }
}
