import { analysePolicies } from "@weir/rules";
import { expect, test } from "vitest";
import { countsText, loadedText } from "./report.ts";

test("rules are counted by id, whatever they are compiled to and however they are put together", () => {
  const text = `rules:
  - id: wide
    expression: fim.write.file.path == "/a"
  - id: made_of_two
    expression: open.file.path == "/b"
  - id: made_of_two
    combine: override
    silent: true
  - id: elsewhere
    filters: [os == "windows"]
    expression: open.file.path == "/c"
`;
  const { statuses, diagnostics, rules } = analysePolicies([{ name: "p.yaml", text }]);
  expect(rules.length).toBeGreaterThan(3);
  expect(loadedText(statuses)).toBe("2 of 3 rules");
  expect(countsText(diagnostics)).toBe("0 errors, 0 warnings");
});

test("definitions without a usable id are counted, one each, in their place", () => {
  const text = `rules:
  - id: bad id
    expression: open.file.path == "/a"
  - id: good
    expression: open.file.path == "/b"
  - expression: open.file.path == "/c"
  - text
`;
  const { statuses } = analysePolicies([{ name: "p.yaml", text }]);
  expect(statuses.map(({ id, line, state }) => [id, line, state])).toEqual([
    ["", 2, "error"],
    ["good", 4, "loaded"],
    ["", 6, "error"],
    ["", 7, "error"],
  ]);
  expect(loadedText(statuses)).toBe("1 of 4 rules");
});
