/**
 * String tests as data: exact strings in a hash table, globs and patterns as their literals, regular
 * expressions as their automata.
 *
 * A glob or pattern without a star is an exact string and a regex that fits only a few texts is those, so
 * that a long list of paths is one look-up whatever its author called it.
 */
import { nameHash } from "@weir/matcher-wasm/format";
import type { StringTest } from "../ir.ts";
import { type FlatPattern, hasStar, parseGlob, parsePattern } from "../pattern.ts";
import { compileRegex } from "../regex/index.ts";
import { LinkError } from "./error.ts";
import { buildHashTable } from "./hash-table.ts";
import type { DataPool } from "./pool.ts";

const encoder = new TextEncoder();

/** A literal in the pool. */
export interface Literal {
  readonly address: number;
  readonly length: number;
}

/** How a predicate asks: compare with one literal, or look into a set. */
export type StringProgram =
  | { readonly kind: "literal"; readonly literal: Literal }
  | { readonly kind: "set"; readonly address: number };

export function compileStringTests(tests: readonly StringTest[], pool: DataPool): StringProgram {
  const { exact, globs, patterns, regexes } = sortTests(tests, pool);
  const [only] = exact;
  if (only !== undefined && exact.size === 1 && globs.size + patterns.size + regexes.size === 0)
    return { kind: "literal", literal: putLiteral(encoder.encode(only), pool) };
  return compileStringSet(tests, pool);
}

/** @returns address of the string set */
export function compileStringSet(tests: readonly StringTest[], pool: DataPool): { kind: "set"; address: number } {
  const { exact, globs, patterns, regexes } = sortTests(tests, pool);
  const strings = putStrings([...exact], pool);
  const lists = [globs, patterns, regexes].flatMap((addresses) => putList([...addresses], pool));
  return { kind: "set", address: pool.putWords([strings.address, strings.mask, ...lists]) };
}

interface SortedTests {
  readonly exact: ReadonlySet<string>;
  /** Addresses. */
  readonly globs: ReadonlySet<number>;
  readonly patterns: ReadonlySet<number>;
  readonly regexes: ReadonlySet<number>;
}

/** Templates are no constants and have no place here. */
function sortTests(tests: readonly StringTest[], pool: DataPool): SortedTests {
  const exact = new Set<string>();
  const globs = new Set<number>();
  const patterns = new Set<number>();
  const regexes = new Set<number>();
  for (const test of tests) {
    switch (test.kind) {
      case "equals":
        exact.add(test.value);
        break;
      case "glob":
        if (hasStar(test.pattern)) globs.add(putGlob(test.pattern, pool));
        else exact.add(test.pattern);
        break;
      case "pattern":
        if (hasStar(test.pattern)) patterns.add(putPattern(parsePattern(test.pattern), pool));
        else exact.add(test.pattern);
        break;
      case "regex": {
        const { table, texts } = compileRegex(test.source);
        if (texts === null) regexes.add(pool.put(table));
        else for (const text of texts) exact.add(text);
        break;
      }
      case "template":
        throw new LinkError("template", test.parts.length, "a template is not part of a string set");
    }
  }
  return { exact, globs, patterns, regexes };
}

function putLiteral(bytes: Uint8Array, pool: DataPool): Literal {
  return { address: pool.put(bytes), length: bytes.length };
}

/** @returns address and mask of the table, both 0 when there is no string */
function putStrings(strings: readonly string[], pool: DataPool): { address: number; mask: number } {
  if (strings.length === 0) return { address: 0, mask: 0 };
  const entries = strings.map((text) => {
    const bytes = encoder.encode(text);
    const literal = putLiteral(bytes, pool);
    return { hash: nameHash(bytes), words: [literal.address, literal.length] as const };
  });
  const { bytes, mask } = buildHashTable(entries, 0);
  return { address: pool.put(bytes), mask };
}

/** @returns address and count, both 0 for an empty list */
function putList(addresses: readonly number[], pool: DataPool): [number, number] {
  return addresses.length === 0 ? [0, 0] : [pool.putWords(addresses), addresses.length];
}

function putPattern(pattern: FlatPattern, pool: DataPool): number {
  const bytesMin = pattern.parts.reduce((sum, part) => sum + part.length, 0);
  const segments = pattern.parts.flatMap((part) => {
    const literal = putLiteral(part, pool);
    return [literal.address, literal.length];
  });
  return pool.putWords([pattern.parts.length, bytesMin, ...segments]);
}

function putGlob(text: string, pool: DataPool): number {
  const glob = parseGlob(text);
  const suffix = glob.suffix ?? [];
  const components = [...glob.prefix, ...suffix].map((component) => putPattern(component, pool));
  return pool.putWords([glob.prefix.length, suffix.length, glob.suffix === null ? 0 : 1, 0, ...components]);
}

/** @returns address of an integer set; duplicates count once */
export function putIntSet(values: readonly bigint[], pool: DataPool): number {
  const sorted = [...new Set(values.map((value) => BigInt.asIntN(64, value)))].sort((a, b) => (a < b ? -1 : 1));
  const bytes = new Uint8Array(8 + sorted.length * 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, sorted.length, true);
  sorted.forEach((value, i) => {
    view.setBigInt64(8 + i * 8, value, true);
  });
  return pool.put(bytes);
}
