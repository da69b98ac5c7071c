import { describe, expect, test } from "vitest";
import {
  DiagnosticList,
  diagnosticAt,
  diagnosticJson,
  diagnosticOf,
  mergeDiagnostics,
  placeAt,
  type RelatedPlace,
  renderDiagnostic,
} from "./diagnostics.ts";
import { SourceFile } from "./source.ts";

const file = new SourceFile("p.yaml", "rules:\n\tx: ünknown\r\n\x1b[2J evil\n");
const parts = {
  severity: "error",
  code: "unknown-name",
  message: "unknown field",
  hint: "did you mean `known`?",
  rule: "r",
} as const;

test("points at the place with a caret line", () => {
  expect(renderDiagnostic(diagnosticAt(placeAt(file, 11, 7), parts))).toBe(
    [
      "p.yaml:2:5: error: rule r: unknown field [unknown-name]",
      "    \tx: ünknown",
      "    \t   ^~~~~~~",
      "    hint: did you mean `known`?",
    ].join("\n"),
  );
});

test("colours only when asked, and never passes control characters on", () => {
  const diagnostic = diagnosticAt(placeAt(file, 20), { ...parts, message: "a\x1b[31mb" });
  expect(renderDiagnostic(diagnostic)).not.toContain("\x1b");
  expect(renderDiagnostic(diagnostic, { color: true })).toContain("\x1b[31merror");
});

test("a file as a whole has no line", () => {
  expect(renderDiagnostic(diagnosticOf("p.yaml", { severity: "warning", code: "c", message: "m" }))).toBe(
    "p.yaml: warning: m [c]",
  );
});

test("cuts long lines around the place", () => {
  const long = new SourceFile("p", `${"a".repeat(5000)}X${"b".repeat(5000)}`);
  const [, line = "", caret = ""] = renderDiagnostic(diagnosticAt(placeAt(long, 5000), parts)).split("\n");
  expect(line.length).toBeLessThan(200);
  expect(line[caret.indexOf("^")]).toBe("X");
});

test("JSON has the same facts", () => {
  expect(JSON.parse(diagnosticJson(diagnosticAt(placeAt(file, 11, 7), parts)))).toMatchObject({
    line: 2,
    column: 5,
    length: 7,
    code: "unknown-name",
  });
});

describe("several places and rules", () => {
  const file = new SourceFile("p.yaml", "first: a && b\nsecond: c\n");
  const parts = { severity: "warning", code: "x", message: "m" } as const;
  const relatedTo = (offset: number): RelatedPlace => {
    const { line, column, excerpt = "" } = diagnosticAt(placeAt(file, offset), parts);
    return { message: "other", file: "p.yaml", line, column, length: 1, excerpt };
  };

  test("a second place on the same line is marked there, on another line it is shown", () => {
    const near = { ...diagnosticAt(placeAt(file, 12), parts), related: [relatedTo(7)] };
    expect(renderDiagnostic(near).split("\n").slice(1)).toEqual(["    first: a && b", "           -    ^"]);
    const far = { ...diagnosticAt(placeAt(file, 12), parts), related: [relatedTo(22)] };
    expect(renderDiagnostic(far).split("\n").slice(3)).toEqual([
      "    p.yaml:2:9: other",
      "    second: c",
      "            ^",
    ]);
  });

  test("what is said of several rules at one place is one diagnostic", () => {
    const of = (rule: string) => diagnosticAt(placeAt(file, 12), { ...parts, rule });
    const [merged, ...rest] = mergeDiagnostics([of("a"), of("b")], [of("b"), of("c"), of("d")]);
    expect(rest).toEqual([]);
    expect(merged).toMatchObject({ rule: "a", otherRules: ["b", "c", "d"] });
    expect(merged && renderDiagnostic(merged)).toMatch(/^p\.yaml:1:13: warning: rules a, b, c and 1 more: m \[x\]/);
  });

  test("errors take the place of what is no error", () => {
    const list = new DiagnosticList();
    const add = (severity: "error" | "note", message: string) =>
      list.add(severity, () => ({ ...diagnosticOf("p.yaml", { ...parts, message }), severity }));
    for (let i = 0; i < 300; i++) add("note", `note ${i}`);
    for (let i = 0; i < 3; i++) add("error", `error ${i}`);
    const sorted = list.sorted();
    expect(sorted.filter(({ severity }) => severity === "error").map(({ message }) => message)).toEqual([
      "error 0",
      "error 1",
      "error 2",
      "103 more problems are not shown",
    ]);
    expect(sorted).toHaveLength(201);
  });

  test("too many notes are a note", () => {
    const list = new DiagnosticList();
    for (let i = 0; i < 300; i++)
      list.add("note", () => ({ ...diagnosticOf("p.yaml", { ...parts, message: `m${i}` }), severity: "note" }));
    expect(list.sorted().at(-1)).toMatchObject({ severity: "note", code: "too-many" });
  });
});
