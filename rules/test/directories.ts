/**
 * Directories and names close to what rules name, so that a wrong proof is met: parents of their paths, what
 * their globs fit, one component more and one less, names that their patterns end with.
 */
import { FIELDS } from "@weir/matcher-wasm/format";
import fc from "fast-check";
import { directoryField } from "../src/access/directory.ts";
import type { EventFields } from "../src/evaluate.ts";
import { completeEvent } from "../src/event.ts";
import type { Expr, StringTest } from "../src/ir.ts";
import { eventOf, eventPath, exprOf, globText, type TypedEvent } from "./arbitraries.ts";

/** What stars are replaced by; beside names that patterns of the generators compare with. */
const FILLINGS = ["", "a", "zz"];
const OTHER_NAMES = ["a", "b", "x.conf", "zz", "~", "..."];

const isName = (text: string): boolean => text !== "" && text !== "." && text !== ".." && !text.includes("/");

/** @returns names that files could have, of which some fit the last components of the patterns and some don't */
export function namesNear(patterns: readonly string[]): string[] {
  const last = patterns.flatMap((pattern) => filled(pattern.slice(pattern.lastIndexOf("/") + 1)));
  return [...new Set([...last, ...OTHER_NAMES])].filter(isName);
}

/** @returns absolute, normalised directories */
export function directoriesNear(patterns: readonly string[]): string[] {
  const found = new Set(["/", "/a", "/zz", "/a/b", "/a/zz/b"]);
  for (const path of patterns.flatMap(expanded)) {
    const parts = path.split("/").filter(isName);
    for (let depth = 0; depth <= parts.length; depth++) {
      found.add(`/${parts.slice(0, depth).join("/")}`);
      found.add(`/${[...parts.slice(0, depth), "zz"].join("/")}`);
      found.add(`/${["zz", ...parts.slice(depth)].join("/")}`);
      found.add(`/${parts.slice(depth).join("/")}`);
    }
  }
  return [...found];
}

/** Rules of one type, a directory near what they name, and events of files that lie directly in it. */
export interface RulesAndDirectory {
  readonly type: string;
  readonly exprs: readonly Expr[];
  readonly directory: string;
  readonly events: readonly TypedEvent[];
}

/** @param types names of event types, all with a file */
export function rulesAndDirectories(
  types: fc.Arbitrary<string>,
  options: { readonly rulesMax: number; readonly eventsMax: number },
): fc.Arbitrary<RulesAndDirectory> {
  return types
    .chain((type) =>
      fc.record({
        type: fc.constant(type),
        exprs: fc.array(fc.oneof({ weight: 1, arbitrary: exprOf(type) }, { weight: 4, arbitrary: placedExpr(type) }), {
          minLength: 1,
          maxLength: options.rulesMax,
        }),
      }),
    )
    .chain(({ type, exprs }) => {
      const patterns = exprs.flatMap(texts);
      return fc
        .record({
          directory: fc.oneof(
            { weight: 6, arbitrary: fc.constantFrom(...directoriesNear(patterns)) },
            { weight: 1, arbitrary: eventPath },
          ),
          files: fc.array(fc.tuple(fc.constantFrom(...namesNear(patterns)), eventOf(type)), {
            minLength: 1,
            maxLength: options.eventsMax,
          }),
        })
        .map(({ directory, files }) => ({
          type,
          exprs,
          directory,
          events: files.map(([name, event]) => withPath(event, childPath(directory, name))),
        }));
    });
}

/** @returns the path of what lies under that name directly in the directory */
export const childPath = (directory: string, name: string): string => `${directory === "/" ? "" : directory}/${name}`;

/** @returns the event with another path of its file, and what follows from it */
export function withPath({ type, fields }: TypedEvent, path: string): TypedEvent {
  const kept = Object.entries(fields).filter(([name]) => !derivedFromFile.has(name));
  const field = directoryField(type);
  if (field === undefined) throw new Error(`events of type ${type} have no file`);
  return { type, fields: completeEvent(type, { ...Object.fromEntries(kept), [field.name]: path } as EventFields) };
}

const derivedFromFile = new Set(
  FIELDS.filter(({ source }) => "slot" in source && source.slot === "file").map(({ name }) => name),
);

/** A condition on the path beside any other one: rules as people write them, most directories are not theirs. */
function placedExpr(type: string): fc.Arbitrary<Expr> {
  const field = directoryField(type);
  if (field === undefined) throw new Error(`events of type ${type} have no file`);
  const test = fc.oneof(
    eventPath.map((value): StringTest => ({ kind: "equals", value })),
    globText.map((pattern): StringTest => ({ kind: "glob", pattern })),
  );
  const leaf = fc.record({
    kind: fc.constant("string" as const),
    field: fc.constant(field),
    tests: fc.array(test, { minLength: 1, maxLength: 3 }),
    negated: fc.constantFrom(false, false, false, true),
  });
  return fc.oneof(
    { weight: 3, arbitrary: leaf as fc.Arbitrary<Expr> },
    { weight: 3, arbitrary: fc.tuple(leaf, exprOf(type)).map((terms): Expr => ({ kind: "and", terms })) },
    { weight: 1, arbitrary: fc.tuple(leaf, leaf).map((terms): Expr => ({ kind: "or", terms })) },
  );
}

/** Every text that the expression's string tests compare with. */
function texts(expr: Expr): string[] {
  switch (expr.kind) {
    case "and":
    case "or":
      return expr.terms.flatMap(texts);
    case "not":
      return texts(expr.term);
    case "string":
      return expr.tests.flatMap((test) => {
        if (test.kind === "equals") return [test.value];
        return "pattern" in test ? [test.pattern] : [];
      });
    default:
      return [];
  }
}

const filled = (text: string): string[] => FILLINGS.map((filling) => text.replaceAll(/\*+/g, filling));

/** Its stars replaced, a double one by none, one or two components. */
const expanded = (pattern: string): string[] =>
  ["", "a", "b/zz"].flatMap((middle) => filled(pattern.replace(/(^|\/)\*\*(\/|$)/, `$1${middle}$2`)));
