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
import type { JudgedCase } from "./agreement.ts";
import { eventOf, eventTypeName, exprOf, type TypedEvent } from "./arbitraries.ts";
import { eventPath, globText, templateTest } from "./text-arbitraries.ts";

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

/** Rules of one type, directories near what they name, and events of files that lie directly in those. */
export interface RulesAndDirectories {
  readonly type: string;
  readonly exprs: readonly Expr[];
  readonly directories: readonly { readonly path: string; readonly events: readonly TypedEvent[] }[];
}

interface Most {
  readonly rulesMax: number;
  readonly directoriesMax: number;
  /** In each directory. */
  readonly eventsMax: number;
}

/** Of event types that have a file. */
export function rulesAndDirectories({ rulesMax, directoriesMax, eventsMax }: Most): fc.Arbitrary<RulesAndDirectories> {
  return eventTypeName
    .filter((type) => directoryField(type) !== undefined)
    .chain((type) => {
      const expr = fc.oneof({ weight: 1, arbitrary: exprOf(type) }, { weight: 9, arbitrary: placedExpr(type) });
      return fc.record({ type: fc.constant(type), exprs: fc.array(expr, { minLength: 1, maxLength: rulesMax }) });
    })
    .chain(({ type, exprs }) => {
      const patterns = exprs.flatMap(texts);
      const near = fc.constantFrom(...directoriesNear(patterns));
      const file = fc.tuple(fc.constantFrom(...namesNear(patterns)), eventOf(type));
      const directory = fc
        .record({
          path: fc.oneof({ weight: 6, arbitrary: near }, { weight: 1, arbitrary: eventPath }),
          files: fc.array(file, { minLength: 1, maxLength: eventsMax }),
        })
        .map(({ path, files }) => ({
          path,
          events: files.map(([name, event]) => withPath(event, childPath(path, name))),
        }));
      return fc
        .array(directory, { minLength: 1, maxLength: directoriesMax })
        .map((directories) => ({ type, exprs, directories }));
    });
}

/** The same as rules and events alone. */
export function rulesAndFilesNear(most: Most): fc.Arbitrary<JudgedCase> {
  return rulesAndDirectories(most).map(({ type, exprs, directories }) => ({
    type,
    exprs,
    events: directories.flatMap(({ events }) => events),
  }));
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
    { weight: 6, arbitrary: eventPath.map((value): StringTest => ({ kind: "equals", value })) },
    { weight: 6, arbitrary: globText.map((pattern): StringTest => ({ kind: "glob", pattern })) },
    { weight: 1, arbitrary: templateTest },
  );
  const leaf = fc.record({
    kind: fc.constant("string" as const),
    field: fc.constant(field),
    tests: fc.array(test, { minLength: 1, maxLength: 3 }),
    negated: fc.constantFrom(false, false, false, false, false, true),
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
      return expr.tests.flatMap(textOf);
    default:
      return [];
  }
}

function textOf(test: StringTest): string[] {
  switch (test.kind) {
    case "equals":
      return [test.value];
    case "glob":
    case "pattern":
      return [test.pattern];
    case "template":
      return [test.parts.map((part) => (part.kind === "text" ? part.value : "a")).join("")];
    case "regex":
      return [];
  }
}

const filled = (text: string): string[] => FILLINGS.map((filling) => text.replaceAll(/\*+/g, filling));

/** Its stars replaced, a double one by none, one or two components. */
const expanded = (pattern: string): string[] =>
  ["", "a", "b/zz"].flatMap((middle) => filled(pattern.replace(/(^|\/)\*\*(\/|$)/, `$1${middle}$2`)));
