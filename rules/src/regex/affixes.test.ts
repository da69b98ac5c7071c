import fc from "fast-check";
import { expect, test } from "vitest";
import { regexText, textBytes } from "../../test/regexes.ts";
import { affixes } from "./affixes.ts";
import { parseRegex } from "./parser.ts";
import { regexMatches } from "./reference.ts";

test.each([
  ["^abc", ["abc"], null],
  ["\\.(txt|html?)$", null, [".txt", ".htm", ".html"]],
  ["^(a|bc)d.*x$", ["ad", "bcd"], ["x"]],
  ["(?i)^ab1", ["AB1", "Ab1", "aB1", "ab1"], null],
  ["^a+b", ["a"], null],
  ["^ab?", ["a", "ab"], null],
  ["^a(b+)?", ["a", "ab"], null],
  ["^a*b", null, null],
  ["^a|b", null, null],
  ["^a|^b$", ["a", "b"], null],
  ["(?m)^a", null, null],
  ["^[a-z]b", null, null],
  ["^[ab]\ufffd", ["a", "b"], null],
  ["^\\ba", ["a"], null],
  ["^abcdefghijkl", ["abcdefgh"], null],
  [
    "(?i)^es1x",
    [
      "ES1X",
      "ES1x",
      "Es1X",
      "Es1x",
      "E\u017f1X",
      "E\u017f1x",
      "eS1X",
      "eS1x",
      "es1X",
      "es1x",
      "e\u017f1X",
      "e\u017f1x",
    ],
    null,
  ],
  [
    "(?i)^restore",
    ["RES", "REs", "RE\u017f", "ReS", "Res", "Re\u017f", "rES", "rEs", "rE\u017f", "reS", "res", "re\u017f"],
    null,
  ],
  ["(a$)", null, ["a"]],
  ["^$", null, null],
])("%s begins with %j, ends with %j", (source, starts, ends) => {
  const node = parseRegex(source);
  expect(affixes(node, "start")?.toSorted() ?? null).toEqual(starts?.toSorted() ?? null);
  expect(affixes(node, "end")?.toSorted() ?? null).toEqual(ends?.toSorted() ?? null);
});

test("whatever matches has one of them", () => {
  let found = 0;
  const anchored = fc.tuple(fc.boolean(), regexText).map(([start, text]) => (start ? `^(?:${text})` : `(?:${text})$`));
  fc.assert(
    fc.property(anchored, fc.array(textBytes, { minLength: 8, maxLength: 8 }), (source, samples) => {
      const node = parseRegex(source);
      const starts = affixes(node, "start");
      const ends = affixes(node, "end");
      if (starts === null && ends === null) return;
      found++;
      for (const bytes of samples) {
        if (!regexMatches(source, bytes)) continue;
        const text = Buffer.from(bytes).toString("latin1");
        const isAt = (affix: string, side: "startsWith" | "endsWith") =>
          text[side](Buffer.from(affix, "utf8").toString("latin1"));
        expect(starts?.some((affix) => isAt(affix, "startsWith")) ?? true).toBe(true);
        expect(ends?.some((affix) => isAt(affix, "endsWith")) ?? true).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
  expect(found).toBeGreaterThan(50);
});
