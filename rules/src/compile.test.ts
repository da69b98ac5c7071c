import { readFileSync } from "node:fs";
import { encodeEvent, encodeSpan, RING_HEADER_BYTES } from "@weir/matcher-wasm/format";
import { Matcher } from "@weir/matcher-wasm/host";
import { expect, test } from "vitest";
import { analysePolicies } from "./analyse.ts";
import { compilePolicies } from "./compile.ts";

const a = {
  name: "a.yaml",
  text: "macros:\n  - id: m\n    values: [/x]\nrules:\n  - id: two\n    expression: open.file.path in m\n",
};
const b = {
  name: "b.yaml",
  text: 'rules:\n  - id: one\n    description: d\n    expression: unlink.file.path == "/y"\n    tags: { k: v }\n',
};

test("files are one set, whatever their order and folder", async () => {
  const first = await compilePolicies([a, b]);
  const second = await compilePolicies([{ ...b, name: "/elsewhere/b.yaml" }, a]);
  if (!first.ok || !second.ok) throw new Error("does not compile");
  expect(first.rules.map((rule) => rule.id)).toEqual(["one", "two"]);
  expect(first.metadata).toEqual([
    { id: "one", event: "unlink", description: "d", tags: { k: "v" }, expression: 'unlink.file.path == "/y"' },
    { id: "two", event: "open", tags: {}, expression: "open.file.path in m" },
  ]);
  expect(Buffer.from(second.wasm).equals(first.wasm)).toBe(true);
  expect(second.seeds).toEqual(first.seeds);
  expect(second.metadata).toEqual(first.metadata);
});

test("nothing is compiled when one rule is wrong", async () => {
  const result = await compilePolicies([
    a,
    { name: "c.yaml", text: "rules:\n  - id: c\n    expression: open.x == 1\n" },
  ]);
  expect(result.ok).toBe(false);
  expect(result.statuses.map((s) => s.state)).toEqual(["loaded", "error"]);
});

test("an id used in two files is reported at the second", () => {
  const { diagnostics } = analysePolicies([{ ...a, name: "z.yaml" }, a]);
  expect(diagnostics.filter((d) => d.code === "duplicate-id").map((d) => d.file)).toEqual(["z.yaml", "z.yaml"]);
});

test("hosts choose between definitions of one rule", async () => {
  const rule = (filter: string): string =>
    `  - { id: r, filters: [${filter}], expression: open.file.path == "/a", tags: { filter: "${filter}" } }\n`;
  const filters = ["kernel.version.major >= 5", "kernel.version.major >= 4", "kernel.version.major < 5"];
  const compiled = await compilePolicies([{ name: "p", text: `rules:\n${filters.map(rule).join("")}` }]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
  expect(compiled.metadata.map(({ id, variant, tags }) => [id, variant, tags["filter"]])).toEqual(
    filters.map((filter, i) => ["r", i + 1, filter]),
  );
  const matcher = await Matcher.load(compiled.wasm);
  const fields = { "open.file.path": "/a" };
  matcher.input.set(encodeSpan([encodeEvent("open", fields, { generation: 1, tenants: 1n })]));
  const on = (major: bigint | null): number[] => matcher.matchContext(RING_HEADER_BYTES, [major]);
  // The first that holds on a host; where nothing is known of it, any may.
  expect([on(6n), on(5n), on(4n), on(3n), on(null)]).toEqual([[0], [0], [1], [2], [0, 1, 2]]);
});

test("an unsupported rule is left out with a warning, or an error when asked", () => {
  const text = `${b.text}  - id: rx\n    expression: open.created && bind.addr.port == 80\n`;
  const lenient = analysePolicies([{ name: "p", text }]);
  expect(lenient).toMatchObject({ ok: true, diagnostics: [{ severity: "warning", code: "unsupported", rule: "rx" }] });
  expect(lenient.rules.map((rule) => rule.checked.id)).toEqual(["one"]);
  expect(lenient.statuses.map((s) => s.state)).toEqual(["loaded", "unsupported"]);
  expect(analysePolicies([{ name: "p", text }], { unsupported: "error" }).ok).toBe(false);
});

test("a macro with an error is reported once, not at each use", () => {
  const text = 'macros:\n  - id: m\n    expression: "a =="\nrules:\n  - id: r\n    expression: open.created && m\n';
  const { diagnostics, statuses } = analysePolicies([{ name: "p", text }]);
  expect(diagnostics.map((d) => d.code)).toEqual(["syntax"]);
  expect(statuses[0]).toMatchObject({ state: "error", reason: "macro `m` has an error" });
});

test("macros cannot blow an expression up", () => {
  const levels = Array.from({ length: 30 }, (_, i) => `  - { id: m${i + 1}, expression: "m${i} || m${i}" }`);
  const text = `macros:\n  - { id: m0, expression: open.created }\n${levels.join("\n")}\nrules:\n  - { id: r, expression: m30 }\n`;
  expect(analysePolicies([{ name: "p", text }]).diagnostics[0]).toMatchObject({ code: "expression-too-large" });
});

test("deep expressions are refused, long ones are not", () => {
  const ruleOf = (expression: string) =>
    analysePolicies([{ name: "p", text: JSON.stringify({ rules: [{ id: "r", expression }] }) }]);
  expect(ruleOf(`${"(".repeat(101)}open.created${")".repeat(101)}`).diagnostics[0]).toMatchObject({ code: "nesting" });
  expect(ruleOf(`${"not ".repeat(5000)}open.created`).diagnostics[0]).toMatchObject({ code: "nesting" });
  expect(ruleOf(`open.flags == ${"1 - ".repeat(5000)}1`).diagnostics[0]).toMatchObject({ code: "nesting" });
  const chain = Array.from({ length: 1500 }, (_, i) => `open.file.name == "f${i}"`);
  expect(ruleOf(chain.join(" || "))).toMatchObject({ ok: true, diagnostics: [] });
  const alternating = chain.map((term, i) => term + (i % 2 ? " && " : " || ")).join("");
  expect(ruleOf(`${alternating}open.created`).diagnostics.map((d) => d.code)).toContain("nesting");
});

test("the shipped pack is clean, and the kernel stage can filter every rule of it", async () => {
  const name = "linux-fim.yaml";
  const text = readFileSync(new URL(`../packs/${name}`, import.meta.url));
  const result = await compilePolicies([{ name, text }]);
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics));
  expect(result.diagnostics).toEqual([]);
  expect(result.statuses.every((status) => status.state === "loaded")).toBe(true);
  for (const interest of result.seeds.interests) expect(interest.unfiltered).toBe(false);
  for (const status of result.statuses) expect(status.access?.length, status.id).toBeGreaterThan(0);
  for (const { id, tags, description } of result.metadata) {
    expect(Object.keys(tags).sort(), id).toEqual(["action", "family", "mitre", "severity"]);
    expect(description, id).toBeTruthy();
  }
});
