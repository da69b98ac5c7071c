import { expect, test } from "vitest";
import { diagnosticAt, diagnosticJson, diagnosticOf, placeAt, renderDiagnostic } from "./diagnostics.ts";
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
