/** Policies that are wrong in every way: they are reported, in one way whatever the order of files, and nothing throws. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { parse, stringify } from "yaml";
import { heavyPolicies } from "../../test/heavy.ts";
import { policyTexts } from "../../test/texts.ts";
import { type Analysis, analysePolicies } from "../analyse.ts";
import { FILE_NODES_MAX } from "../expansion.ts";
import { allDiagnostics, kernelFilters, unfilteredPart } from "../lint/index.ts";
import { leavesOf } from "../reads.ts";
import { Budget } from "../regex/budget.ts";
import { FILE_REGEX_WORK_MAX } from "../regex/index.ts";
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

/** Leaves of all loaded rules. */
function leafCount({ rules }: Analysis): number {
  return rules.reduce((sum, { checked }) => sum + [...leavesOf(checked.expr)].length, 0);
}

const analyseText = (text: string): Analysis => analysePolicies([{ name: "p", text }]);

const tower = (levels: number, item: (inner: string) => string): string =>
  Array.from({ length: levels }, (_, i) => `  - { id: m${i + 1}, expression: '${item(`m${i}`)}' }\n`).join("");

test("what macros repeat is there once", () => {
  const base = 'open.file.path == "/etc/0" || process.file.path == "/etc/1" || process.uid != 2';
  const either = `macros:\n  - { id: m0, expression: '${base}' }\n${tower(10, (m) => `${m} || ${m}`)}`;
  const { rules } = analyseText(`${either}rules:\n  - { id: r, expression: 'm10 && not (m10 && m9)' }\n`);
  // A condition and its negation, three leaves each.
  expect(rules[0] && [...leavesOf(rules[0].checked.expr)].length).toBe(6);
  const lists = `macros:\n  - { id: m0, expression: '["/a", ~"/b/*"]' }\n${tower(10, (m) => `[${m}, ${m}]`)}`;
  const listed = analyseText(`${lists}rules:\n  - { id: r, expression: 'open.file.path in m10' }\n`);
  expect(listed.rules[0]?.checked.expr).toMatchObject({
    tests: [
      { kind: "equals", value: "/a" },
      { kind: "glob", pattern: "/b/*" },
    ],
  });
});

test("comparing conditions with one another over and over fills the set, and the rules behind are not checked", () => {
  const nested = `${"open.created == (".repeat(12)}open.created${")".repeat(12)}`;
  const rules = Array.from({ length: 200 }, (_, i) => `  - { id: r${i}, expression: '${nested}' }\n`);
  const analysis = analyseText(`rules:\n${rules.join("")}`);
  expect(analysis.diagnostics[0]).toMatchObject({ code: "set-too-large" });
  expect(leafCount(analysis)).toBeLessThan(FILE_NODES_MAX);
  expect(analysis.rules.length).toBeGreaterThan(0);
});

/** Regexes without approvers, of which the kernel report asks what texts they are. */
const REGEXES = `rules:\n${Array.from({ length: 300 }, (_, i) => `  - { id: r${i}, expression: 'open.file.name =~ r"^f${i}[a-z]+\\.(txt|sh)$"' }\n`).join("")}`;

test("one file keeps within its limits, and what is said of it makes no regex anew", () => {
  const spend = vi.spyOn(Budget.prototype, "spend");
  let regexes = 0;
  fc.assert(
    fc.property(heavyPolicies, (text) => {
      const analysis = analyseText(text);
      expect(leafCount(analysis)).toBeLessThanOrEqual(FILE_NODES_MAX);
      expect(analysis.regexes.work).toBeLessThan(1.1 * FILE_REGEX_WORK_MAX);
      regexes += analysis.regexes.work;
      spend.mockClear();
      allDiagnostics(analysis);
      kernelFilters(analysis);
      analysis.rules.map(unfilteredPart);
      expect(spend).not.toHaveBeenCalled();
    }),
    { numRuns: 8, examples: [[REGEXES]] },
  );
  spend.mockRestore();
  expect(regexes).toBeGreaterThan(0);
});
