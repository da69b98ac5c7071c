/** Tests of strings as JavaScript: sets for lists, methods of strings where they do, else one regular expression. */
import type { StringTest } from "@weir/rules";
import type { Constants } from "./constants.ts";
import { globSource, patternSource, regexOf } from "./patterns.ts";

/** Texts from which on a set is asked instead of one after the other. */
const SET_MIN = 3;

export interface StringTests {
  readonly constants: Constants;
  /** Code that reads the variable of a template. */
  readonly read: (
    part: Extract<Extract<StringTest, { kind: "template" }>["parts"][number], { kind: "variable" }>,
  ) => string;
}

/**
 * @param value code of the string
 * @returns code that is true when one of the tests fits; null when one of them has no counterpart in JavaScript
 */
export function stringTestsCode(
  tests: readonly StringTest[],
  value: string,
  { constants, read }: StringTests,
): string | null {
  const texts = new Set<string>();
  const sources: string[] = [];
  const conditions: string[] = [];
  for (const test of tests) {
    switch (test.kind) {
      case "equals":
        texts.add(test.value);
        break;
      case "glob":
      case "pattern": {
        if (!test.pattern.includes("*")) texts.add(test.pattern);
        else {
          const simple = simpleCode(test, value);
          if (simple === null)
            sources.push(test.kind === "glob" ? globSource(test.pattern) : patternSource(test.pattern));
          else conditions.push(simple);
        }
        break;
      }
      case "regex": {
        const regex = regexOf(test.source);
        if (regex === null) return null;
        conditions.push(`${constants.add(`${regex}`, () => regex)}.test(${value})`);
        break;
      }
      case "template": {
        const parts = test.parts.map((part) => (part.kind === "text" ? JSON.stringify(part.value) : read(part)));
        conditions.push(`("" + ${parts.join(" + ")}) === ${value}`);
      }
    }
  }
  return (
    [...textsCode([...texts], value, constants), ...conditions, ...sourcesCode(sources, value, constants)].join(
      " || ",
    ) || "false"
  );
}

function textsCode(texts: readonly string[], value: string, constants: Constants): string[] {
  if (texts.length < SET_MIN) return texts.map((text) => `${value} === ${JSON.stringify(text)}`);
  const name = constants.add(`texts ${JSON.stringify(texts)}`, () => new Set(texts));
  return [`${name}.has(${value})`];
}

/** Several patterns are alternatives of one regular expression. */
function sourcesCode(sources: readonly string[], value: string, constants: Constants): string[] {
  if (sources.length === 0) return [];
  const source = sources.length === 1 ? (sources[0] as string) : `(?:${sources.join("|")})`;
  return [`${constants.add(`pattern ${source}`, () => new RegExp(source))}.test(${value})`];
}

/** `DIRECTORY/**`, `TEXT*`, `*TEXT` and `*TEXT*` need no regular expression. */
function simpleCode(test: Extract<StringTest, { kind: "glob" | "pattern" }>, value: string): string | null {
  const { pattern } = test;
  const inner = pattern.slice(1, -1);
  if (test.kind === "glob")
    return /^[^*]+\/\*\*$/.test(pattern) ? `${value}.startsWith(${JSON.stringify(pattern.slice(0, -2))})` : null;
  if (!pattern.slice(0, -1).includes("*")) return `${value}.startsWith(${JSON.stringify(pattern.slice(0, -1))})`;
  if (!pattern.slice(1).includes("*")) return `${value}.endsWith(${JSON.stringify(pattern.slice(1))})`;
  if (pattern.startsWith("*") && pattern.endsWith("*") && !inner.includes("*"))
    return `${value}.includes(${JSON.stringify(inner)})`;
  return null;
}
