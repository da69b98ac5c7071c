/** One line of a conformance file: an expression, an event, and what is expected of them. */
import type { Macro, MacroTable } from "../check/index.ts";
import { type EventProblem, type EventResult, notJson, parseJson, problemText, readEvent } from "../events/index.ts";
import { received } from "../events/values.ts";
import { quoted } from "../quote.ts";
import { wholeText } from "../source.ts";
import { suggestion } from "../suggest.ts";
import { parseMacro } from "../syntax/parser.ts";

export type Expected = boolean | "error";

export interface ConformanceCase {
  readonly name: string | undefined;
  readonly expression: string;
  /** Expressions by name. */
  readonly macros: ReadonlyMap<string, string>;
  /** Or what is wrong with it, which does not matter to an expression that is wrong itself. */
  readonly event: EventResult;
  readonly expected: Expected;
}

/** A line that is no case: what is wrong with it. */
export class CaseError extends Error {
  override readonly name = "CaseError";
}

const KEYS = ["expression", "event", "expected", "name", "macros"];

/**
 * @param line JSON
 * @throws CaseError naming every key that is wrong
 */
export function parseCase(line: string): ConformanceCase {
  let value: unknown;
  try {
    value = parseJson(line);
  } catch (error) {
    throw new CaseError(notJson(error));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new CaseError(`expected an object with expression, event and expected, received ${received(value)}`);
  const given = new Map<string, unknown>(Object.entries(value));
  const problems = [...given.keys()]
    .filter((key) => !KEYS.includes(key))
    .map((key) => `unknown key ${quoted(key)} (${suggestion(key, KEYS) ?? `known keys: ${KEYS.join(", ")}`})`);
  const expression = stringAt(given, "expression", problems);
  const name = given.has("name") ? stringAt(given, "name", problems) : undefined;
  const expected = given.get("expected");
  if (typeof expected !== "boolean" && expected !== "error")
    problems.push(`expected: expected true, false or "error", received ${receivedOrNothing(expected)}`);
  const macros = macrosAt(given, problems);
  const event = given.has("event") ? readEvent(given.get("event")) : undefined;
  if (event === undefined) problems.push("event: expected a mapping of field names to values, received nothing");
  else if (!event.ok && expected !== "error") problems.push(...eventProblems(event.problems));
  if (problems.length > 0 || event === undefined) throw new CaseError(problems.join("\n"));
  return { name, expression, macros, event, expected: expected as Expected };
}

export const eventProblems = (problems: readonly EventProblem[]): string[] =>
  problems.map((problem) => `event: ${problemText(problem)}`);

const receivedOrNothing = (value: unknown): string => (value === undefined ? "nothing" : received(value));

function stringAt(given: ReadonlyMap<string, unknown>, key: string, problems: string[]): string {
  const value = given.get(key);
  if (typeof value === "string") return value;
  problems.push(`${key}: expected a string, received ${receivedOrNothing(value)}`);
  return "";
}

function macrosAt(given: ReadonlyMap<string, unknown>, problems: string[]): ReadonlyMap<string, string> {
  const value = given.get("macros") ?? {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    problems.push(`macros: expected a mapping of names to expressions, received ${received(value)}`);
    return new Map();
  }
  for (const [name, body] of Object.entries(value))
    if (typeof body !== "string")
      problems.push(`macros: ${quoted(name)}: expected an expression as a string, received ${received(body)}`);
  return new Map(Object.entries(value as Record<string, string>));
}

/** @throws ExpressionError for the first macro that does not parse */
export function parseMacros(macros: ReadonlyMap<string, string>): MacroTable {
  const table = new Map<string, Macro>();
  for (const [id, body] of macros)
    table.set(id, { id, root: parseMacro(body), excerpt: wholeText(`macro ${id}`, body) });
  return table;
}
