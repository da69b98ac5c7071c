/**
 * The texts with one of which every text that fits must begin, or end: what can be looked up before the
 * automaton is run. Found for regexes that are anchored on that side, from their syntax.
 */
import type { RegexNode } from "./ast.ts";
import { contains, size } from "./char-set.ts";

/** Most texts of one side; a class or a letter without case multiplies them. */
export const AFFIXES_MAX = 16;
/** Characters beyond which a text gets no longer. */
const LENGTH_MAX = 8;
const REPLACEMENT = 0xfffd;

export type Side = "start" | "end";

/** `texts` with which what a node stands for begins (or ends); `whole` when it is nothing but those. */
interface Affixes {
  readonly texts: readonly string[];
  readonly whole: boolean;
}

const NOTHING: Affixes = { texts: [""], whole: true };
const ANYTHING: Affixes = { texts: [""], whole: false };

/** @returns the texts, none of them empty; null when there is no such list */
export function affixes(node: RegexNode, side: Side): readonly string[] | null {
  const branches = node.kind === "alternate" ? node.parts : [node];
  const texts = new Set<string>();
  for (const branch of branches) {
    const parts = branch.kind === "concat" ? branch.parts : [branch];
    const edge = parts.at(side === "start" ? 0 : -1);
    if (edge?.kind !== "assert" || edge.assertion !== (side === "start" ? "textStart" : "textEnd")) return null;
    for (const text of ofSequence(parts, side).texts) texts.add(text);
  }
  return texts.has("") || texts.size > AFFIXES_MAX ? null : [...texts];
}

function of(node: RegexNode, side: Side): Affixes {
  switch (node.kind) {
    case "empty":
    case "assert":
      return NOTHING;
    case "chars": {
      // Bytes that are no UTF-8 are read as U+FFFD too, so it is no text to look up.
      if (size(node.set) > AFFIXES_MAX || contains(node.set, REPLACEMENT)) return ANYTHING;
      const texts: string[] = [];
      for (let i = 0; i < node.set.length; i += 2)
        for (let point = node.set[i] as number; point <= (node.set[i + 1] as number); point++)
          texts.push(String.fromCodePoint(point));
      return texts.length === 0 ? ANYTHING : { texts, whole: true };
    }
    case "concat":
      return ofSequence(node.parts, side);
    case "alternate": {
      const parts = node.parts.map((part) => of(part, side));
      const texts = [...new Set(parts.flatMap((part) => part.texts))];
      return texts.length > AFFIXES_MAX ? ANYTHING : { texts, whole: parts.every((part) => part.whole) };
    }
    case "repeat": {
      if (node.min === 0 && node.max !== 1) return ANYTHING;
      const { texts, whole } = of(node.part, side);
      return node.min === 0 ? { texts: ["", ...texts], whole } : { texts, whole: false };
    }
  }
}

function ofSequence(parts: readonly RegexNode[], side: Side): Affixes {
  let result = NOTHING;
  for (const part of side === "start" ? parts : parts.toReversed()) {
    const next = of(part, side);
    const joined = result.texts.flatMap((text) =>
      next.texts.map((other) => (side === "start" ? text + other : other + text)),
    );
    const texts = [...new Set(joined)];
    if (texts.length > AFFIXES_MAX) return { texts: result.texts, whole: false };
    result = { texts, whole: next.whole };
    if (!result.whole || texts.every((text) => text.length >= LENGTH_MAX)) return { texts, whole: false };
  }
  return result;
}
