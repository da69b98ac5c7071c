/** Named classes of code points, and which code points differ in case alone. */
import { type CharSet, EVERYTHING, normalise } from "./char-set.ts";
import { CASE_ORBITS, CATEGORIES, SCRIPTS } from "./unicode-data.ts";

/** `[[:name:]]` */
export const POSIX: Readonly<Record<string, CharSet>> = Object.fromEntries(
  Object.entries({
    alnum: "09AZaz",
    alpha: "AZaz",
    ascii: "\x00\x7f",
    blank: "\t\t  ",
    cntrl: "\x00\x1f\x7f\x7f",
    digit: "09",
    graph: "!~",
    lower: "az",
    print: " ~",
    punct: "!/:@[`{~",
    space: "\t\r  ",
    upper: "AZ",
    word: "09AZ__az",
    xdigit: "09AFaf",
  }).map(([name, ends]) => [name, [...ends].map((end) => end.charCodeAt(0))]),
);

/** `\d`, `\s`, `\w`: ASCII only. `\s` has no vertical tab. */
export const PERL: Readonly<Record<string, CharSet>> = {
  d: POSIX["digit"] as CharSet,
  s: [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20],
  w: POSIX["word"] as CharSet,
};

function decode(text: string): CharSet {
  const set: number[] = [];
  let end = 0;
  const words = text.split(" ");
  for (let i = 0; i < words.length; i += 2) {
    const start = end + Number.parseInt(words[i] as string, 36);
    end = start + Number.parseInt(words[i + 1] as string, 36);
    set.push(start, end - 1);
  }
  return set;
}

/** By name what computes the set, and the set once it has been asked for. */
let classes: Map<string, CharSet | (() => CharSet)> | undefined;

function allClasses(): Map<string, CharSet | (() => CharSet)> {
  const categories = (wanted: (name: string) => boolean) => () =>
    normalise(Object.keys(CATEGORIES).flatMap((name) => (wanted(name) ? decode(CATEGORIES[name] as string) : [])));
  const all = new Map<string, CharSet | (() => CharSet)>([
    ["Any", EVERYTHING],
    ["LC", categories((name) => name === "Ll" || name === "Lt" || name === "Lu")],
  ]);
  for (const name of Object.keys(CATEGORIES)) {
    const group = name[0] as string;
    all.set(
      name,
      categories((other) => other === name),
    );
    all.set(
      group,
      categories((other) => other.startsWith(group)),
    );
  }
  for (const [name, ranges] of Object.entries(SCRIPTS)) all.set(name, () => decode(ranges));
  return all;
}

/**
 * @param name as RE2 knows it: a general category or its initial, a script by its long name, `Any`
 * @returns its code points, undefined for an unknown name
 */
export function unicodeClass(name: string): CharSet | undefined {
  classes ??= allClasses();
  const found = classes.get(name);
  if (typeof found !== "function") return found;
  const set = found();
  classes.set(name, set);
  return set;
}

export function unicodeClassNames(): readonly string[] {
  classes ??= allClasses();
  return [...classes.keys()];
}

let orbitOf: Map<number, readonly number[]> | undefined;
let cased: readonly number[] = [];

function orbits(): Map<number, readonly number[]> {
  if (orbitOf !== undefined) return orbitOf;
  orbitOf = new Map();
  for (const group of CASE_ORBITS.split(",")) {
    let point = 0;
    const points = group.split(" ").map((word) => {
      point += Number.parseInt(word, 36);
      return point;
    });
    for (const member of points) orbitOf.set(member, points);
  }
  cased = [...orbitOf.keys()].sort((a, b) => a - b);
  return orbitOf;
}

/** Of large sets, which are mostly the named classes and asked for again. */
const folded = new WeakMap<CharSet, CharSet>();
const FOLDED_LENGTH_MIN = 32;

/** @returns the set with everything that differs from one of its members in case alone */
export function foldCase(set: CharSet): CharSet {
  if (set.length < FOLDED_LENGTH_MIN) return fold(set);
  const known = folded.get(set);
  if (known !== undefined) return known;
  const result = fold(set);
  folded.set(set, result);
  return result;
}

function fold(set: CharSet): CharSet {
  const byPoint = orbits();
  const added: number[] = [];
  let at = 0;
  for (let i = 0; i < set.length; i += 2) {
    const low = set[i] as number;
    const high = set[i + 1] as number;
    while (at < cased.length && (cased[at] as number) < low) at++;
    for (; at < cased.length && (cased[at] as number) <= high; at++)
      for (const other of byPoint.get(cased[at] as number) as readonly number[]) added.push(other, other);
  }
  return added.length === 0 ? set : normalise([...set, ...added]);
}
