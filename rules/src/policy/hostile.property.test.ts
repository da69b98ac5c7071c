/** Policies that are wrong in every way: they are reported, in one way whatever the order of files, and nothing throws. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { policyTexts } from "../../test/texts.ts";
import { type Analysis, analysePolicies } from "../analyse.ts";
import type { PolicyInput } from "./text.ts";

const texts = ["default.policy", "site.policy"].map((name) =>
  readFileSync(new URL(`../../test/policies/compat/${name}`, import.meta.url), "utf8"),
);

/** Values that some key takes, so that they are wrong for most others. */
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  "",
  "merge",
  "override",
  "10s",
  "open.file",
  "process.pid",
  "SIGKILL",
  'os == "windows"',
  ">= 7.42 || ",
  "credential_written",
  "default",
  'open.file.path == "/a"',
  "${process.touched} + 1",
  [],
  ["all"],
  ["tags", "actions"],
  [1, "a"],
  {},
  { signal: "SIGTERM" },
  { name: "touched", value: 1 },
  { "": {} },
];

interface Change {
  /** Which of the places, modulo their number. */
  readonly at: number;
  readonly what: "replace" | "remove" | "repeat";
  readonly value: unknown;
}

const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.record({
    at: fc.nat(),
    what: fc.constantFrom("replace" as const, "replace" as const, "remove" as const, "repeat" as const),
    value: fc.constantFrom(...VALUES),
  }),
  { minLength: 1, maxLength: 5 },
);

type Holder = Record<string, unknown> | unknown[];

/** Every value within a document, by what holds it and its key there. */
function placesIn(holder: unknown): [Holder, string][] {
  if (typeof holder !== "object" || holder === null) return [];
  return Object.keys(holder).flatMap((key) => [
    [holder as Holder, key] as [Holder, string],
    ...placesIn((holder as Record<string, unknown>)[key]),
  ]);
}

function changed(text: string, list: readonly Change[]): string {
  const document: unknown = parse(text);
  for (const { at, what, value } of list) {
    const places = placesIn(document);
    const [holder, key] = places[at % places.length] ?? [];
    if (holder === undefined || key === undefined) continue;
    const slot = holder as Record<string, unknown>;
    if (what === "replace") slot[key] = structuredClone(value);
    else if (Array.isArray(holder) && what === "repeat") holder.push(structuredClone(slot[key]));
    else if (what === "remove") delete slot[key];
  }
  return stringify(document, { aliasDuplicateObjects: false });
}

function summary({ ok, statuses, diagnostics, rules }: Analysis) {
  return { ok, statuses, diagnostics, sources: rules.map(({ source }) => `${source.id} ${source.idPlace.offset}`) };
}

function analyse(files: readonly PolicyInput[]): Analysis {
  const analysis = analysePolicies(files);
  const hasErrors = analysis.diagnostics.some(({ severity }) => severity === "error");
  expect(analysis.ok).toBe(!hasErrors);
  expect(summary(analysePolicies(files.toReversed()))).toEqual(summary(analysis));
  return analysis;
}

test("the policies that are changed are good ones", () => {
  expect(analyse(texts.map((text, i) => ({ name: `${i}.policy`, text }))).ok).toBe(true);
});

test("wrong values in right places", () => {
  fc.assert(
    fc.property(changes, changes, (first, second) => {
      const files = [first, second].map((list, i) => ({
        name: `${i}.policy`,
        text: changed(texts[i] as string, list),
      }));
      const { statuses, rules } = analyse(files);
      // Each loaded rule has a definition that says so.
      for (const { checked } of rules)
        expect(statuses.some(({ id, event }) => id === checked.id && event !== undefined)).toBe(true);
    }),
    { numRuns: 25 },
  );
});

test("texts with pieces cut out and put in", () => {
  fc.assert(
    fc.property(policyTexts(texts[0] as string), policyTexts(texts[1] as string), (a, b) => {
      analyse([
        { name: "a", text: a },
        { name: "b", text: b },
      ]);
    }),
    { numRuns: 25 },
  );
});
