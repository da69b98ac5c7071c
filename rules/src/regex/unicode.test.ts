import { RE2JS } from "re2js";
import { expect, test } from "vitest";
import { contains } from "./char-set.ts";
import { foldCase, unicodeClass, unicodeClassNames } from "./unicode.ts";
import { CASE_ORBITS, UNICODE_VERSION } from "./unicode-data.ts";

const isScalar = (point: number): boolean => point >= 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);

/** The reference has tables of its own. Wherever a class begins or ends, it has to begin or end there too. */
test.each(unicodeClassNames())("\\p{%s} is what it is to the reference", (name) => {
  const set = unicodeClass(name) ?? [];
  const reference = RE2JS.compile(`^\\p{${name}}$`);
  const points = [...new Set(set.flatMap((end) => [end - 1, end, end + 1]))].filter(isScalar);
  const differing = points.filter((point) => reference.test(String.fromCodePoint(point)) !== contains(set, point));
  expect(differing).toEqual([]);
});

test("characters that differ in case alone are the same ones to the reference", () => {
  const orbits = CASE_ORBITS.split(",").map((orbit) => Number.parseInt(orbit, 36));
  expect(orbits.length).toBeGreaterThan(1400);
  const differing = orbits
    .filter((_, i) => i % 4 === 0)
    .flatMap((first) => {
      const reference = RE2JS.compile(`(?i)^\\x{${first.toString(16)}}$`);
      const fellows = foldCase([first, first]);
      const points = fellows.flatMap((end) => [end - 1, end, end + 1]);
      return points.filter((point) => reference.test(String.fromCodePoint(point)) !== contains(fellows, point));
    });
  expect(differing).toEqual([]);
});

test("a set without cased characters is its own folding", () => {
  const digits = [0x30, 0x39];
  expect(foldCase(digits)).toBe(digits);
});

// A newer platform knows more characters; then the file is to be made anew, with the dependency that it is compared with.
test.runIf(process.versions["unicode"] === UNICODE_VERSION)("the tables are those of the platform", () => {
  for (const name of ["Lu", "Nd", "Cn", "Greek", "Han"]) {
    const property = new RegExp(`^\\p{${name.length === 2 ? "gc" : "sc"}=${name}}$`, "u");
    const set = unicodeClass(name) ?? [];
    const points = set.flatMap((end) => [end - 1, end, end + 1]).filter(isScalar);
    expect(points.filter((point) => property.test(String.fromCodePoint(point)) !== contains(set, point))).toEqual([]);
  }
});
