/**
 * What can be proven of string tests against one another: that everything one accepts the other accepts too, and that
 * nothing is accepted by both. False means that nothing was proven.
 */

import { sameBytes } from "../evaluate.ts";
import { testText } from "../explain.ts";
import type { StringTest } from "../ir.ts";
import {
  type FlatPattern,
  globComponents,
  matchFlat,
  matchGlob,
  type PathGlob,
  parseGlob,
  parsePattern,
} from "../pattern.ts";
import { regexFits } from "../regex/index.ts";

/** Longest regular expression and text that are held against each other. */
const REGEX_LENGTH_MAX = 200;
const REGEX_TEXT_BYTES_MAX = 200;
/** Most stars of a pattern that is held against others. */
const STARS_MAX = 32;
const encoder = new TextEncoder();
/** Occurs in no UTF-8 text; stands for a star of the narrower pattern. */
const STAR = 0xff;
const ANY_COMPONENT: FlatPattern = { parts: [new Uint8Array(), new Uint8Array()] };

/** `start`: the text with which everything begins that is accepted; it decides most comparisons. */
type Prepared =
  | { readonly kind: "equals"; readonly start: string; readonly bytes: Uint8Array }
  | { readonly kind: "glob"; readonly start: string; readonly glob: PathGlob }
  | { readonly kind: "pattern"; readonly start: string; readonly pattern: FlatPattern }
  | { readonly kind: "regex"; readonly start: ""; readonly source: string }
  /** Of these only equality of the source is used. */
  | { readonly kind: "other"; readonly source: string };

type Known = Exclude<Prepared, { kind: "other" }>;

const prepared = new WeakMap<StringTest, Prepared>();

function prepare(test: StringTest): Prepared {
  let result = prepared.get(test);
  if (result === undefined) {
    result = build(test);
    prepared.set(test, result);
  }
  return result;
}

function build(test: StringTest): Prepared {
  switch (test.kind) {
    case "equals":
      return { kind: "equals", start: test.value, bytes: encoder.encode(test.value) };
    case "glob":
      if (hasManyStars(test.pattern)) return other(test);
      return { kind: "glob", start: beforeStar(globComponents(test.pattern).join("/")), glob: parseGlob(test.pattern) };
    case "pattern":
      if (hasManyStars(test.pattern)) return other(test);
      return { kind: "pattern", start: beforeStar(test.pattern), pattern: parsePattern(test.pattern) };
    case "regex":
      return test.source.length > REGEX_LENGTH_MAX ? other(test) : { kind: "regex", start: "", source: test.source };
    case "template":
      return other(test);
  }
}

function hasManyStars(pattern: string): boolean {
  let at = -1;
  for (let stars = 0; stars <= STARS_MAX; stars++) {
    at = pattern.indexOf("*", at + 1);
    if (at < 0) return false;
  }
  return true;
}

const other = (test: StringTest): Prepared => ({ kind: "other", source: testText(test) });

const beforeStar = (pattern: string): string => pattern.split("*", 1)[0] as string;

/** @returns true only if every string that `narrow` accepts is accepted by `wide` */
export function covers(wide: StringTest, narrow: StringTest): boolean {
  const w = prepare(wide);
  const n = prepare(narrow);
  if (w.kind === "other" || n.kind === "other")
    return w.kind === "other" && n.kind === "other" && w.source === n.source;
  if (!n.start.startsWith(w.start)) return false;
  if (n.kind === "equals") return accepts(w, n.bytes);
  if (w.kind === "regex" && n.kind === "regex") return w.source === n.source;
  if (w.kind === "glob" && n.kind === "glob") return coversGlob(w.glob, n.glob);
  return w.kind === "pattern" && n.kind === "pattern" && coversFlat(w.pattern, n.pattern);
}

/** @returns true only if no string is accepted by both */
export function disjoint(a: StringTest, b: StringTest): boolean {
  const x = prepare(a);
  const y = prepare(b);
  if (x.kind === "other" || y.kind === "other") return false;
  if (!x.start.startsWith(y.start) && !y.start.startsWith(x.start)) return true;
  if (x.kind === "equals") return rejects(y, x.bytes);
  if (y.kind === "equals") return rejects(x, y.bytes);
  if (x.kind === "glob" && y.kind === "glob") return disjointGlobs(x.glob, y.glob);
  return x.kind === "pattern" && y.kind === "pattern" && disjointFlat(x.pattern, y.pattern);
}

/** False also when it would take too long to tell; so for `rejects`. */
function accepts(test: Known, value: Uint8Array): boolean {
  switch (test.kind) {
    case "equals":
      return sameBytes(test.bytes, value);
    case "glob":
      return matchGlob(test.glob, value);
    case "pattern":
      return matchFlat(test.pattern, value);
    case "regex":
      return value.length <= REGEX_TEXT_BYTES_MAX && regexFits(test.source, value);
  }
}

function rejects(test: Known, value: Uint8Array): boolean {
  return (test.kind !== "regex" || value.length <= REGEX_TEXT_BYTES_MAX) && !accepts(test, value);
}

/** A star of the wider one takes in any literal and any star of the narrower one; nothing else takes in a star. */
function coversFlat(wide: FlatPattern, narrow: FlatPattern): boolean {
  const first = wide.parts[0] as Uint8Array;
  const start = narrow.parts[0] as Uint8Array;
  if (wide.parts.length === 1) return narrow.parts.length === 1 && sameBytes(first, start);
  if (first.length > start.length || (first.length > 0 && first[0] !== start[0])) return false;
  if (wide.parts.length === 2 && first.length === 0 && wide.parts[1]?.length === 0) return true;
  return matchFlat(wide, starsAsBytes(narrow));
}

function starsAsBytes({ parts }: FlatPattern): Uint8Array {
  let size = parts.length - 1;
  for (const part of parts) size += part.length;
  const text = new Uint8Array(size).fill(STAR);
  let at = 0;
  for (const part of parts) {
    text.set(part, at);
    at += part.length + 1;
  }
  return text;
}

/**
 * Fewest components of a path that fits: more than stand before `**`, and no fewer than behind it.
 */
const componentsMin = ({ prefix, suffix }: PathGlob): number =>
  suffix === null ? prefix.length : Math.max(prefix.length + 1, suffix.length);

function coversGlob(wide: PathGlob, narrow: PathGlob): boolean {
  const { prefix, suffix } = wide;
  const least = componentsMin(narrow);
  if (suffix === null) {
    if (narrow.suffix !== null || narrow.prefix.length !== prefix.length) return false;
  } else if (least <= prefix.length || least < suffix.length) {
    return false;
  }
  for (let i = 0; i < prefix.length; i++)
    if (!coversFlat(prefix[i] as FlatPattern, narrow.prefix[i] ?? ANY_COMPONENT)) return false;
  if (suffix === null) return true;
  const end = narrow.suffix ?? narrow.prefix;
  for (let i = 1; i <= suffix.length; i++)
    if (!coversFlat(suffix[suffix.length - i] as FlatPattern, end[end.length - i] ?? ANY_COMPONENT)) return false;
  return true;
}

function disjointGlobs(a: PathGlob, b: PathGlob): boolean {
  if (a.suffix === null && b.suffix === null && a.prefix.length !== b.prefix.length) return true;
  if (a.suffix === null && b.suffix !== null && a.prefix.length < componentsMin(b)) return true;
  if (b.suffix === null && a.suffix !== null && b.prefix.length < componentsMin(a)) return true;
  for (let i = 0; i < Math.min(a.prefix.length, b.prefix.length); i++)
    if (disjointFlat(a.prefix[i] as FlatPattern, b.prefix[i] as FlatPattern)) return true;
  const [aEnd, bEnd] = [a.suffix ?? a.prefix, b.suffix ?? b.prefix];
  for (let i = 1; i <= Math.min(aEnd.length, bEnd.length); i++)
    if (disjointFlat(aEnd[aEnd.length - i] as FlatPattern, bEnd[bEnd.length - i] as FlatPattern)) return true;
  return false;
}

/** Different literals at the start or at the end. */
export function disjointFlat(a: FlatPattern, b: FlatPattern): boolean {
  if (a.parts.length === 1) return !matchFlat(b, a.parts[0] as Uint8Array);
  if (b.parts.length === 1) return !matchFlat(a, b.parts[0] as Uint8Array);
  const [aFirst, bFirst] = [a.parts[0] as Uint8Array, b.parts[0] as Uint8Array];
  const [aLast, bLast] = [a.parts.at(-1) as Uint8Array, b.parts.at(-1) as Uint8Array];
  const start = Math.min(aFirst.length, bFirst.length);
  const end = Math.min(aLast.length, bLast.length);
  return (
    !sameBytes(aFirst.subarray(0, start), bFirst.subarray(0, start)) ||
    !sameBytes(aLast.subarray(aLast.length - end), bLast.subarray(bLast.length - end))
  );
}

/** Length of a text up to which comparing it costs the same. */
const SHORT_TEXT = 64;

const weightOf = (tests: readonly StringTest[]): number =>
  tests.reduce((sum, test) => sum + Math.ceil(Math.max(1, lengthOf(test)) / SHORT_TEXT), 0);

function lengthOf(test: StringTest): number {
  switch (test.kind) {
    case "equals":
      return test.value.length;
    case "glob":
    case "pattern":
      return test.pattern.length;
    // Long ones are not compared.
    case "regex":
    case "template":
      return 1;
  }
}

/** Several tests of which one has to accept; plain texts are looked up. */
export class TestSet {
  readonly tests: readonly StringTest[];
  readonly #weight: number;
  readonly #othersWeight: number;
  readonly #equals: ReadonlySet<string>;
  readonly #others: readonly StringTest[];

  constructor(tests: readonly StringTest[]) {
    const equals = new Set<string>();
    this.tests = tests.filter((test) => {
      if (test.kind !== "equals") return true;
      const before = equals.size;
      return equals.add(test.value).size > before;
    });
    this.#equals = equals;
    this.#others = tests.filter((test) => test.kind !== "equals");
    this.#weight = weightOf(this.tests);
    this.#othersWeight = weightOf(this.#others);
  }

  /** @returns true only if everything the test accepts is accepted here */
  covers(test: StringTest): boolean {
    if (test.kind === "equals" && this.#equals.has(test.value)) return true;
    return this.#others.some((other) => covers(other, test));
  }

  /** @returns true only if nothing the test accepts is accepted here */
  excludes(test: StringTest): boolean {
    if (test.kind !== "equals") return this.tests.every((other) => disjoint(other, test));
    return !this.#equals.has(test.value) && this.#others.every((other) => disjoint(other, test));
  }

  /** @returns how many pairs of short tests take as long to look at one by one as those of the two */
  comparisons(other: TestSet): number {
    return this.#othersWeight * other.#weight + this.#weight * other.#othersWeight;
  }

  /** @returns those that the predicate accepts; the same set when it accepts all */
  filter(keep: (test: StringTest) => boolean): TestSet {
    const kept = this.tests.filter(keep);
    return kept.length === this.tests.length ? this : new TestSet(kept);
  }
}
