import { expect, test } from "vitest";
import { analysePolicies } from "./analyse.ts";
import { EXPANDED_NODES_MAX } from "./check/scope.ts";
import { Expansion, FILE_NODES_MAX, SET_NODES_MAX } from "./expansion.ts";
import { parseExpression, parseMacro } from "./syntax/parser.ts";

const macros = (texts: Record<string, string>) =>
  new Map(Object.entries(texts).map(([name, text]) => [name, { root: parseMacro(text) }]));

const MAX = 4 * FILE_NODES_MAX;

/** How often a rule of this text fits a set of four files, up to a limit. */
function fits(table: ReturnType<typeof macros>, text: string, most = 200): number {
  const expansion = new Expansion(table, 4);
  let count = 0;
  while (count < most && expansion.add([parseExpression(text)]) === null) count++;
  return count;
}

const list = (length: number): string => `[${Array.from({ length }, (_, i) => i).join(",")}]`;

test("macros are counted each time they are used, those within others included", () => {
  // The comparison, the field, the name, the list and its items.
  expect(fits(macros({ m: list(9_996) }), "open.flags in m")).toBe(MAX / 10_000);
  expect(fits(macros({ m: list(9_996), n: "open.flags in m" }), "n || n")).toBe(Math.floor(MAX / 20_003));
});

test("what stands for several event types is counted for each, wherever it says so", () => {
  const table = macros({ m: list(9_996), f: 'fim.write.file.path == "/a"' });
  expect(fits(table, "fim.write.file.inode in m")).toBe(Math.floor(MAX / 80_000));
  expect(fits(table, "open.flags in m && f")).toBe(Math.floor(MAX / (10_005 * 8)));
});

test("one rule counts for no more than its own limit", () => {
  const levels = Array.from({ length: 40 }, (_, i) => [`m${i + 1}`, `m${i} || m${i}`]);
  expect(fits(macros({ m0: "open.created", ...Object.fromEntries(levels) }), "m40")).toBe(MAX / EXPANDED_NODES_MAX);
});

test("macros that use themselves, and chains longer than the stack", () => {
  expect(fits(macros({ a: "b || b", b: "a && open.created" }), "a")).toBe(200);
  const chain = Array.from({ length: 30_000 }, (_, i) => [`m${i}`, `m${i + 1}`]);
  expect(fits(macros({ ...Object.fromEntries(chain), m30000: "open.created" }), "m0")).toBe(Math.floor(MAX / 30_001));
});

test("what a rule came to beyond its text counts, and fills the set where it is too much", () => {
  const expansion = new Expansion(macros({}), 1);
  const small = [parseExpression("open.created")];
  expect(expansion.add(small)).toBe(null);
  expect(expansion.grow(1000)).toBe(null);
  expect(expansion.add(small)).toBe(null);
  expect(expansion.grow(FILE_NODES_MAX - 1000)).toBe(null);
  expect(expansion.add(small)).toBe(FILE_NODES_MAX + 1);
  const full = new Expansion(macros({}), 1);
  expect(full.add(small)).toBe(null);
  expect(full.grow(FILE_NODES_MAX + 1)).toBe(FILE_NODES_MAX + 1);
  expect(full.add(small)).toBe(FILE_NODES_MAX + 1);
});

test("a set of many files has a limit, too", () => {
  expect(new Expansion(macros({}), 1).max).toBe(FILE_NODES_MAX);
  expect(new Expansion(macros({}), 1000).max).toBe(SET_NODES_MAX);
});

test("a small file cannot come to much", () => {
  const rules = Array.from({ length: 120 }, (_, i) => `  - { id: r${i}, expression: open.file.name in m }\n`);
  const values = Array.from({ length: 10_000 }, (_, i) => `"${i}"`);
  const { ok, diagnostics } = analysePolicies([
    { name: "p", text: `macros:\n  - { id: m, values: [${values.join(",")}] }\nrules:\n${rules.join("")}` },
  ]);
  expect(ok).toBe(false);
  expect(diagnostics[0]).toMatchObject({ code: "set-too-large", line: 13, rule: "r9" });
  expect(diagnostics[0]?.message).toContain(
    `come to 100040 parts once their macros are expanded, at most ${FILE_NODES_MAX} are allowed for all of a set, `,
  );
});
