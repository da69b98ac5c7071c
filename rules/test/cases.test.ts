/**
 * Language tests as text. A file holds cases:
 *
 *     == what it shows
 *     macro NAME = EXPRESSION        any number, optional
 *     variable NAME = TYPE           likewise: string, int, bool, or with [] behind it
 *     the expression, one or more lines
 *     ---
 *     true {"open.file.path": "/a"}  evaluates so for the event (derived fields filled in)
 *     false {}
 *     event open                     inferred event type
 *     access path /a; basename b     the access predicates, `none` for no predicate at all
 *     warn CODE                      a warning of this code; unlisted warnings fail the case
 *     error CODE START-END TEXT      rejected: code, span in the expression, part of the message
 *
 * Every case is evaluated by the reference evaluator on the expression and on its normal form.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { VariableDescription } from "@weir/matcher-wasm/format";
import { describe, expect, test } from "vitest";
import { accessPredicates } from "../src/access/index.ts";
import { type CheckedExpression, checkExpression, type Macro, type VariableTable } from "../src/check/index.ts";
import { evaluate } from "../src/evaluate.ts";
import { completeEvent } from "../src/event.ts";
import { predicateText } from "../src/explain.ts";
import { wholeText } from "../src/source.ts";
import { ExpressionError } from "../src/syntax/error.ts";
import { parseExpression, parseMacro } from "../src/syntax/parser.ts";

const FOLDER = new URL("cases/", import.meta.url);

interface Case {
  readonly name: string;
  readonly macros: ReadonlyMap<string, Macro>;
  readonly variables: VariableTable;
  readonly text: string;
  readonly expectations: readonly string[];
}

function parseCases(text: string): Case[] {
  return text
    .split(/^== /m)
    .slice(1)
    .map((block) => {
      const [head = "", tail] = block.split(/^---$/m);
      if (tail === undefined) throw new Error(`case without ---: ${block}`);
      const [name = "", ...lines] = head.trimEnd().split("\n");
      const macros = new Map<string, Macro>();
      for (const line of lines.filter((l) => l.startsWith("macro "))) {
        const [, id = "", body = ""] = /^macro (\S+) = (.*)$/.exec(line) ?? [];
        macros.set(id, { id, root: parseMacro(body), excerpt: wholeText(`macro ${id}`, body) });
      }
      const variables = new Map<string, VariableDescription>();
      for (const line of lines.filter((l) => l.startsWith("variable "))) {
        const [, id = "", type = "", list] = /^variable (\S+) = (string|int|bool)(\[\])?$/.exec(line) ?? [];
        const description = { scope: "global", inherited: false, private: false } as const;
        variables.set(id, { ...description, name: id, type: type as "string", array: list !== undefined });
      }
      const expression = lines.filter((l) => !/^(?:macro|variable) /.test(l)).join("\n");
      return {
        name,
        macros,
        variables,
        text: expression,
        expectations: tail
          .trim()
          .split("\n")
          .filter((l) => l !== ""),
      };
    });
}

function check(one: Case): CheckedExpression | ExpressionError {
  try {
    const { variables } = one;
    return checkExpression(parseExpression(one.text), wholeText("case", one.text), one.macros, { variables });
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
}

function expectError(result: CheckedExpression | ExpressionError, rest: string): void {
  const [, code, start, end, message = ""] = /^(\S+) (\d+)-(\d+) ?(.*)$/.exec(rest) ?? [];
  if (!(result instanceof ExpressionError)) throw new Error("accepted, expected an error");
  expect({ code: result.code, span: result.span }).toEqual({ code, span: { start: Number(start), end: Number(end) } });
  expect(result.message).toContain(message);
}

function expectResult(result: CheckedExpression, verb: string, rest: string): void {
  if (verb === "true" || verb === "false") {
    const event = completeEvent(result.event, JSON.parse(rest));
    expect(evaluate(result.expr, event), rest).toBe(verb === "true");
    expect(evaluate(result.nnf, event), rest).toBe(verb === "true");
  } else if (verb === "event") {
    expect(result.event).toBe(rest);
  } else if (verb === "access") {
    expect(accessPredicates(result.nnf).map(predicateText).join("; ") || "none").toBe(rest);
  } else if (verb !== "warn") {
    throw new Error(`unknown expectation ${verb}`);
  }
}

const files = readdirSync(FOLDER).filter((file) => file.endsWith(".txt"));
test("there are case files", () => expect(files.length).toBeGreaterThan(3));

describe.each(files)("%s", (file) => {
  const cases = parseCases(readFileSync(new URL(file, FOLDER), "utf8"));
  test("holds cases", () => expect(cases.length).toBeGreaterThan(0));
  test.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    expect(one.expectations.length, "a case without expectations shows nothing").toBeGreaterThan(0);
    const result = check(one);
    const warnings = one.expectations.filter((line) => line.startsWith("warn ")).map((line) => line.slice(5));
    for (const line of one.expectations) {
      const verb = line.split(" ", 1)[0] as string;
      const rest = line.slice(verb.length + 1);
      if (verb === "error") expectError(result, rest);
      else if (result instanceof ExpressionError) throw result;
      else expectResult(result, verb, rest);
    }
    if (!(result instanceof ExpressionError)) expect(result.warnings.map((w) => w.code)).toEqual(warnings);
  });
});
