/**
 * Path keys: what of an event's path must be present for a string leaf to be true.
 *
 * Paths of events are absolute and normalised: `/`, or components that are neither empty nor `.` nor
 * `..`. The argument for each key is made for those; a path that the kernel could not resolve is marked
 * truncated and passes without approver. A path that is optional may be empty instead: what accepts that has
 * no key.
 */
import type { AccessPredicate, Leaf, StringTest } from "../ir.ts";
import { couldFitBelowRoot, isEventPath, isName } from "../paths.ts";
import { globComponents, globMatchesRoot, hasStar } from "../pattern.ts";
import { compileRegex } from "../regex/index.ts";

export type Key = NonNullable<AccessPredicate["key"]>;
type Slot = Key["slot"];

/** Keys of which at least one is present whenever the test is true; null when there is no such set. */
type Keys = readonly Key[] | null;

/** @returns keys for a leaf: one of them is present in every event for which it is true; null: no usable part */
export function leafKeys(leaf: Leaf): Keys {
  if (leaf.kind !== "string" || leaf.negated) return null;
  const { source, optional } = leaf.field;
  if (source.from !== "path" && source.from !== "basename") return null;
  const keys: Key[] = [];
  for (const test of leaf.tests.flatMap(asTexts)) {
    const found = source.from === "path" ? pathKeys(test, source.slot) : nameKeys(test, source.slot);
    if (found === null || (optional && acceptsNothing(test))) return null;
    keys.push(...found);
  }
  return keys;
}

/** Whether the test accepts the empty text; a glob never does. */
const acceptsNothing = (test: StringTest): boolean => exactText(test) === "";

function pathKeys(test: StringTest, slot: Slot): Keys {
  if (test.kind === "equals") return isEventPath(test.value) ? [{ kind: "path", slot, value: test.value }] : [];
  return test.kind === "glob" ? globKeys(test.pattern, slot) : null;
}

/** The last component of `/` is empty; nothing else has that name, and no name has a slash. */
function nameKeys(test: StringTest, slot: Slot): Keys {
  const value = exactText(test);
  if (value === null) return null;
  if (value === "") return [{ kind: "path", slot, value: "/" }];
  return isName(value) ? [{ kind: "basename", slot, value }] : [];
}

/** @returns the one text that fits, null when there may be several */
function exactText(test: StringTest): string | null {
  if (test.kind === "equals") return test.value;
  return (test.kind === "glob" || test.kind === "pattern") && !hasStar(test.pattern) ? test.pattern : null;
}

/** A regex that only a few texts fit is as good as those. */
function asTexts(test: StringTest): readonly StringTest[] {
  const texts = test.kind === "regex" ? compileRegex(test.source).texts : null;
  return texts === null ? [test] : texts.map((value) => ({ kind: "equals", value }));
}

/**
 * The root is looked at by itself, so that the rest may argue about paths with at least one component.
 * A literal last component is the basename of every path that fits. The literal components before the
 * first star are a directory strictly above it: without `**` because the path has as many components as
 * the glob, with `**` because it has more than stand before it.
 */
function globKeys(pattern: string, slot: Slot): Keys {
  const root: Key[] = globMatchesRoot(pattern) ? [{ kind: "path", slot, value: "/" }] : [];
  const components = globComponents(pattern);
  if (!couldFitBelowRoot(components)) return root;
  const last = components.at(-1) as string;
  if (!hasStar(last)) {
    if (components.some(hasStar)) return [...root, { kind: "basename", slot, value: last }];
    return [...root, { kind: "path", slot, value: pattern }];
  }
  const literal = components.slice(0, components.findIndex(hasStar));
  // `/**` and `/*/…` lie below the root like everything else: that is no filter.
  return literal.length > 1 ? [...root, { kind: "ancestor", slot, value: literal.join("/") }] : null;
}

/** How selective a key is expected to be: path, basename, deep directory, shallow directory. */
export function selectivity(key: Key | null): number {
  if (key === null) return 0;
  if (key.kind === "path") return 1000;
  if (key.kind === "basename") return 900;
  return Math.min(key.value.split("/").length, 800);
}
