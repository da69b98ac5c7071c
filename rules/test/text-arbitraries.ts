/** Random names, paths and the texts, globs, patterns and regexes that rules compare them with. */
import type { Field } from "@weir/matcher-wasm/format";
import fc from "fast-check";
import type { StringTest } from "../src/ir.ts";
import { compileRegex } from "../src/regex/index.ts";
import { VARIABLES } from "./field-samples.ts";
import { regexText } from "./regexes.ts";

const NAMES = ["a", "b", "ab", "etc", "cron.d", "passwd", "é", "-", "x.conf"];
const NAME_GLOBS = ["*", "a*", "*b", "*.conf", "c*n.d", "a*b*", "**b", "***"];

/** A name of a file. */
export const name = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).map(cleanName) },
);

function cleanName(text: string): string {
  const clean = text.toWellFormed().replace(/[/\0]/g, "_");
  return clean === "." || clean === ".." ? "dots" : clean;
}

/** An absolute, normalised path; the root now and then. */
export const eventPath: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: fc.array(name, { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join("/")}`) },
  { weight: 1, arbitrary: fc.constant("/") },
);

/** Text as rules compare with: mostly paths and names as events have them, some that no event has. */
export const ruleText = fc.oneof(
  { weight: 6, arbitrary: eventPath },
  { weight: 6, arbitrary: name },
  { weight: 1, arbitrary: fc.constantFrom("", "/etc/", "//", "/a/../b", "etc/a", ".", "*", "/*", "a b") },
);

const component = fc.oneof({ weight: 3, arbitrary: name }, { weight: 3, arbitrary: fc.constantFrom(...NAME_GLOBS) });

/** A path glob with a star, well formed, sometimes one that matches nothing. */
export const globText: fc.Arbitrary<string> = fc
  .record({
    root: fc.constantFrom("/", "/", "/", "/", ""),
    before: fc.array(component, { maxLength: 3 }),
    double: fc.boolean(),
    after: fc.array(component, { maxLength: 2 }),
    slash: fc.constantFrom("", "", "", "", "/"),
  })
  .map(({ root, before, double, after, slash }) => {
    const parts = [...before, ...(double ? ["**"] : []), ...after];
    const text = root + parts.join("/") + slash;
    return text.includes("*") ? text : `${text}*`;
  });

/** A flat pattern with a star. */
export const patternText: fc.Arbitrary<string> = fc
  .array(fc.oneof(name, fc.constantFrom("*", "/", "*")), { minLength: 1, maxLength: 6 })
  .map((parts) => {
    const text = parts.join("").replace(/\*+/g, "*");
    return text.includes("*") ? text : `*${text}`;
  });

/** Text put together of pieces and variables. */
export const templateTest: fc.Arbitrary<Extract<StringTest, { kind: "template" }>> = fc.record({
  kind: fc.constant("template" as const),
  parts: fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("text" as const), value: fc.constantFrom("", "/", "a", "/a/") }),
      fc.record({
        kind: fc.constant("variable" as const),
        field: fc.constantFrom(...VARIABLES.filter((v) => v.type !== "bool")),
      }),
    ),
    { minLength: 1, maxLength: 4 },
  ),
});

function compiles(source: string): boolean {
  try {
    compileRegex(source);
    return true;
  } catch {
    return false;
  }
}

/** Regexes that some names fit: whole texts, beginnings and ends, and anything at all. */
const nameRegex = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom("^(a|b|cron\\.d)$", "^pass", "\\.(conf|d)$", "(?i)^AB?$", "[^ab]", "^$", "é"),
  },
  {
    weight: 2,
    arbitrary: fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }).map((n) => `^(${n.join("|")})`),
  },
  { weight: 1, arbitrary: regexText.filter(compiles) },
);

/** A test that the field's texts can be put to. */
export function stringTest(field: Field): fc.Arbitrary<StringTest> {
  const text = field.optional ? fc.oneof({ weight: 2, arbitrary: ruleText }, fc.constant("")) : ruleText;
  const equals = text.map((value): StringTest => ({ kind: "equals", value }));
  return field.matching === "path"
    ? fc.oneof(
        equals,
        globText.map((pattern): StringTest => ({ kind: "glob", pattern })),
      )
    : fc.oneof(
        equals,
        patternText.map((pattern): StringTest => ({ kind: "pattern", pattern })),
        nameRegex.map((source): StringTest => ({ kind: "regex", source })),
      );
}
