/**
 * Under which keys the matcher finds a rule.
 *
 * Access predicates are what the kernel stage can ask for: paths, directories and names. The matcher can
 * ask for more, how a name begins or ends, which keys rules that the kernel stage must let everything
 * through for.
 *
 * Sound by construction, as access predicates are: one of the keys is present in every event for which the
 * expression is true and whose paths are absolute and normalised. Other paths are not looked up at all.
 */
import { AFFIX_BYTES_MAX, type ApproverKind, type Field } from "@weir/matcher-wasm/format";
import { leafKeys } from "../access/keys.ts";
import type { AccessPredicate, Leaf, Nnf, StringTest } from "../ir.ts";
import { type FlatPattern, parseGlob, parsePattern } from "../pattern.ts";
import { compileRegex } from "../regex/index.ts";
import { EXPRESSION_DEPTH_MAX } from "./runtime.ts";

const encoder = new TextEncoder();

export type KeyKind = ApproverKind | "prefix" | "suffix";

/** Where `value` has to be found in an event; bytes, as a prefix may end inside a character. */
export interface IndexKey {
  readonly kind: KeyKind;
  readonly slot: "file" | "destination";
  readonly value: string | Uint8Array;
}

/** A key together with the flags without which the rule needs not be asked, 0: always; key null: no key. */
export interface IndexEntry {
  readonly key: IndexKey | null;
  readonly flagsAny: number;
}

/** @returns entries of which one fits every event that the expression matches */
export function indexEntries(expr: Nnf, access: readonly AccessPredicate[]): readonly IndexEntry[] {
  const own = access.map(({ key, flagsAny }): IndexEntry => ({ key, flagsAny: flagsAny ?? 0 }));
  if (own.length > 0 && own.every(({ key }) => key !== null)) return own;
  const conditions = own.map(({ flagsAny }) => flagsAny);
  const flagsAny = conditions.includes(0) ? 0 : conditions.reduce((all, mask) => (all | mask) >>> 0, 0);
  const keys = keysOf(expr, 0);
  if (keys !== null) return keys.map((key) => ({ key, flagsAny }));
  return own.length > 0 ? own : [{ key: null, flagsAny: 0 }];
}

/** @returns keys of which one is present whenever the expression is true, null when there are none */
function keysOf(expr: Nnf, depth: number): readonly IndexKey[] | null {
  if (depth > EXPRESSION_DEPTH_MAX) return null;
  switch (expr.kind) {
    case "const":
      return null;
    case "and": {
      const found = expr.terms.map((term) => keysOf(term, depth + 1)).filter((keys) => keys !== null);
      return found.length === 0 ? null : found.reduce((a, b) => (worth(b) > worth(a) ? b : a));
    }
    case "or": {
      const found = expr.terms.map((term) => keysOf(term, depth + 1));
      return found.every((keys) => keys !== null) ? found.flat() : null;
    }
    default:
      return expr.kind === "string" && !expr.negated ? leafKeysOf(expr) : null;
  }
}

const WORTH: Readonly<Record<KeyKind, number>> = { path: 100, basename: 80, ancestor: 60, suffix: 0, prefix: 0 };

/** How much the least selective key tells; longer affixes tell more. */
function worth(keys: readonly IndexKey[]): number {
  return keys.reduce((least, { kind, value }) => Math.min(least, WORTH[kind] + Math.min(value.length, 50)), 1000);
}

function leafKeysOf(leaf: Extract<Leaf, { kind: "string" }>): readonly IndexKey[] | null {
  const { source } = leaf.field;
  if (source.from !== "path" && source.from !== "basename") return null;
  const keys: IndexKey[] = [];
  for (const test of leaf.tests) {
    const found = leafKeys({ ...leaf, tests: [test] }) ?? affixKeys(leaf.field, test, source.slot);
    if (found === null) return null;
    keys.push(...found);
  }
  return keys;
}

function affixKeys(field: Field, test: StringTest, slot: IndexKey["slot"]): readonly IndexKey[] | null {
  if (test.kind !== "regex") return affix(test, slot);
  return field.source.from === "basename" ? regexAffixes(test.source, slot) : null;
}

/** The beginnings or the ends of which one is a name's, whichever are longer. */
function regexAffixes(source: string, slot: IndexKey["slot"]): readonly IndexKey[] | null {
  const { prefixes, suffixes } = compileRegex(source);
  const bytes = (texts: readonly string[] | null) => texts?.map((text) => encoder.encode(text)) ?? null;
  const [starts, ends] = [bytes(prefixes), bytes(suffixes)];
  const shortest = (texts: readonly Uint8Array[]) => Math.min(...texts.map((text) => text.length));
  if (starts !== null && (ends === null || shortest(starts) > shortest(ends)))
    return starts.map((text) => ({ kind: "prefix", slot, value: text.subarray(0, AFFIX_BYTES_MAX) }));
  return ends?.map((text) => ({ kind: "suffix", slot, value: text.subarray(-AFFIX_BYTES_MAX) })) ?? null;
}

/** The literal with which the last component has to begin or end, the longer of both. */
function affix(test: StringTest, slot: IndexKey["slot"]): readonly IndexKey[] | null {
  const name = lastComponent(test);
  if (name === null) return null;
  const prefix = name.parts[0] ?? new Uint8Array();
  const suffix = name.parts.at(-1) ?? new Uint8Array();
  if (prefix.length === 0 && suffix.length === 0) return null;
  return prefix.length > suffix.length
    ? [{ kind: "prefix", slot, value: prefix.subarray(0, AFFIX_BYTES_MAX) }]
    : [{ kind: "suffix", slot, value: suffix.subarray(-AFFIX_BYTES_MAX) }];
}

/**
 * The pattern of the path's last component, or null when the test says nothing about it. A flat pattern
 * with slashes in a literal could reach into the component in front, so it says nothing.
 */
function lastComponent(test: StringTest): FlatPattern | null {
  if (test.kind === "glob") {
    const { prefix, suffix } = parseGlob(test.pattern);
    return (suffix ?? prefix).at(-1) ?? null;
  }
  if (test.kind !== "pattern") return null;
  const parts = parsePattern(test.pattern).parts;
  return parts.some((part) => part.includes(SLASH)) ? null : { parts };
}

const SLASH = 0x2f;
