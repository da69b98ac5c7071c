import { analysePolicies, completeEvent, evaluate } from "@weir/rules";
import { checkedRules, rulesAndEvents } from "@weir/rules/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { javascriptJudge } from "./judge.ts";

function matchesOf(
  judge: ReturnType<typeof javascriptJudge>,
  type: string,
  fields: Parameters<typeof completeEvent>[1],
) {
  const matches: number[] = [];
  judge.judge(judge.decode(type, fields), matches);
  return matches;
}

test("the generated function says what the reference evaluator says", () => {
  let matching = 0;
  let silent = 0;
  fc.assert(
    fc.property(
      rulesAndEvents({ rulesMax: 6, eventsMax: 6 }),
      fc.integer({ min: 1, max: 8 }),
      (sample, rulesPerFunction) => {
        const rules = checkedRules(sample.type, sample.exprs);
        const judge = javascriptJudge(rules, { rulesPerFunction });
        for (const { type, fields } of sample.events) {
          const expected = rules.flatMap((rule, i) => (evaluate(rule.expr, fields) ? [i] : []));
          expect(matchesOf(judge, type, fields)).toEqual(expected);
          matching += expected.length;
          silent += rules.length - expected.length;
        }
      },
    ),
    { numRuns: 150 },
  );
  expect(Math.min(matching, silent)).toBeGreaterThan(200);
});

const CASES: readonly (readonly [expression: string, matching: readonly string[], others: readonly string[]])[] = [
  ['open.file.path =~ ~"/etc/**"', ["/etc/a", "/etc/a/b"], ["/etc", "/etcetera", "/a/etc/b"]],
  ['open.file.path =~ ~"/a/**/a/b"', ["/a/b", "/a/a/b", "/a/x/y/a/b"].slice(1), ["/a/b/c"]],
  ['open.file.path =~ ~"/srv/*/log*"', ["/srv/a/log", "/srv/\n/log.1"], ["/srv/a/b/log", "/srv/log"]],
  ['open.file.name =~ ~"core*.[x]*"', ["/core.[x]", "/core.1.[x]y"], ["/core.x", "/score.[x]"]],
  [
    'open.file.name =~ r"(?i)^note[-_ ]?\\d{1,2}\\.(txt|md)$"',
    ["/Note-7.TXT", "/NOTE12.md"],
    ["/note123.md", "/note-7-txt"],
  ],
  ['open.file.name =~ r"a.c"', ["/xabcx", "/aüc"], ["/ac", "/a\nc"]],
  ['open.file.name in [r"^[a-f0-9]{4}$", ~"*.key", "x"]', ["/00ff", "/a.key", "/x"], ["/00fg", "/xx", "/key"]],
  ['open.file.name =~ r"\\p{Lu}"', ["/Ä"], ["/ä"]],
];

test.each(CASES)("%s", (expression, matching, others) => {
  const analysis = analysePolicies([
    { name: "case.yaml", text: JSON.stringify({ rules: [{ id: "case", expression }] }) },
  ]);
  const rules = analysis.rules.map(({ checked }) => checked);
  expect(rules, JSON.stringify(analysis.diagnostics)).toHaveLength(1);
  const judge = javascriptJudge(rules, { rulesPerFunction: 1 });
  for (const [paths, expected] of [
    [matching, [0]],
    [others, []],
  ] as const)
    for (const path of paths) {
      const fields = completeEvent("open", { "open.file.path": path });
      expect(rules.map((rule) => evaluate(rule.expr, fields))).toEqual([expected.length === 1]);
      expect(matchesOf(judge, "open", fields), path).toEqual(expected);
    }
});

test("an event of another type matches nothing, a value of another type is refused", () => {
  const [rule] = checkedRules("open", [{ kind: "const", value: true }]);
  const judge = javascriptJudge(rule === undefined ? [] : [rule], { rulesPerFunction: 1 });
  expect(matchesOf(judge, "unlink", {})).toEqual([]);
  expect(matchesOf(judge, "open", {})).toEqual([0]);
  const { rules } = analysePolicies([{ name: "a", text: 'rules: [{ id: r, expression: "open.flags == 1" }]' }]);
  const flags = javascriptJudge(
    rules.map(({ checked }) => checked),
    { rulesPerFunction: 1 },
  );
  expect(() => flags.decode("open", { "open.flags": "1" })).toThrow(
    "open.flags: expected a value of type int, received string",
  );
});
