/**
 * "Did you mean": the nearest of a set of names.
 *
 * Names are compared part by part, because a long name leaves room for edits that make another word of one of its
 * parts: `open.file.size` is not meant as `open.file.gid`. A suggestion that is far from what was written misleads
 * more than none.
 */

/**
 * @param name what was written
 * @param candidates names that exist
 * @returns the nearest candidate, the first in their order among equals; undefined when none is near
 */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  const written = name.toLowerCase();
  let best: { readonly candidate: string; readonly cost: number; readonly prefix: number } | undefined;
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    const cost = distance(written, other);
    if (cost === undefined || (best !== undefined && cost > best.cost)) continue;
    const prefix = commonPrefix(written, other);
    if (best === undefined || cost < best.cost || prefix > best.prefix) best = { candidate, cost, prefix };
  }
  return best?.candidate;
}

const SEPARATORS = /[._]/;
/** What a part too few or too many costs. */
const PART_COST = 2;
/** Most parts that differ. */
const DIFFERING_MAX = 2;

/** Most edits of a part, by its length. */
function editsMax(length: number): number {
  if (length < 3) return 0;
  return length < 7 ? 1 : length < 11 ? 2 : 3;
}

/** @returns how far two names in lower case are apart; undefined for too far */
function distance(a: string, b: string): number | undefined {
  if (a === b) return 0;
  const [left, right] = [a.split(SEPARATORS), b.split(SEPARATORS)];
  if (left.length === right.length) return partsDistance(left, right);
  if (Math.abs(left.length - right.length) > 1) return undefined;
  // A separator left out, added, or struck in place of a letter.
  if (a.length >= 3 && Math.abs(a.length - b.length) <= 1 && editDistance(a, b) <= 1) return 1;
  return left.length < right.length ? missingPart(left, right) : missingPart(right, left);
}

function partsDistance(left: readonly string[], right: readonly string[]): number | undefined {
  let sum = 0;
  let differing = 0;
  for (const [i, part] of left.entries()) {
    const other = right[i] as string;
    if (part === other) continue;
    const most = editsMax(Math.max(part.length, other.length));
    if (Math.abs(part.length - other.length) > most || ++differing > DIFFERING_MAX) return undefined;
    const edits = editDistance(part, other);
    if (edits > most) return undefined;
    sum += edits;
  }
  // If no part differs, a separator does.
  return Math.max(1, sum);
}

/** Names of one part alone say too little: `name` is in a hundred of them. */
function missingPart(short: readonly string[], long: readonly string[]): number | undefined {
  if (short.length < 2) return undefined;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at++;
  return short.slice(at).every((part, i) => part === long[at + 1 + i]) ? PART_COST : undefined;
}

function commonPrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

/** Insertions, deletions, replacements and swaps of neighbours, each counting one. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** @returns ``did you mean `…`?`` as a hint, or undefined */
export function suggestion(name: string, candidates: Iterable<string>): string | undefined {
  const found = suggest(name, candidates);
  return found === undefined ? undefined : `did you mean \`${found}\`?`;
}
