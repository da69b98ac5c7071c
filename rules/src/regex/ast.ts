/**
 * Syntax tree of a regular expression, without what does not change whether a text matches: groups are
 * dissolved, greed is forgotten, flags are applied to what they stood over.
 */
import type { CharSet } from "./char-set.ts";

/**
 * - `textStart`, `textEnd`: `\A` and `\z`, also `^` and `$` without the flag m
 * - `lineStart`, `lineEnd`: `^` and `$` with it
 * - `wordEdge`, `noWordEdge`: `\b` and `\B`, about ASCII words
 */
export type Assertion = "textStart" | "textEnd" | "lineStart" | "lineEnd" | "wordEdge" | "noWordEdge";

export type RegexNode =
  | { readonly kind: "empty" }
  /** One code point of the set. */
  | { readonly kind: "chars"; readonly set: CharSet }
  | { readonly kind: "assert"; readonly assertion: Assertion }
  /** Two parts or more; what is neither is not nested in its own kind. */
  | { readonly kind: "concat" | "alternate"; readonly parts: readonly RegexNode[] }
  | {
      readonly kind: "repeat";
      readonly part: RegexNode;
      readonly min: number;
      /** null: any number of times */
      readonly max: number | null;
    };
