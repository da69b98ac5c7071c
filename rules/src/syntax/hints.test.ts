import { expect, test } from "vitest";
import { ExpressionError } from "./error.ts";
import { parseExpression } from "./parser.ts";

/** What is marked, and the hint. */
function problem(text: string): string {
  try {
    parseExpression(text);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return `${text.slice(error.span.start, error.span.end)} → ${error.hint ?? "no hint"}`;
  }
  return "none";
}

test.each([
  ['a ~= "/x"', '~ → `=~` matches a pattern: `=~ "/etc/*"`'],
  ['a = "/x"', "= → compare with `==`; match with `=~`"],
  ['a === "/x"', "= → compare with `==`"],
  ['a <> "/x"', "> → compare with `!=`"],
  ["a AND b", "AND → write `and` in lower case, or `&&`"],
  ["a Or b", "Or → write `or` in lower case, or `||`"],
  ["NOT a", "NOT → write `not` in lower case, or `!`"],
  ["a && NOT b == 1", "NOT → write `not` in lower case, or `!`"],
  ['a IN ["x"]', "IN → write `in` in lower case"],
  ['a !in ["x"]', "! → write `not in`"],
  ['a in "/x"', '"/x" → `in` wants a list: write `["/x"]`'],
  ['a not in ~"/x"', '~"/x" → `in` wants a list: write `[~"/x"]`'],
  ['a in ("x", "y")', "( → write a list in square brackets: `[…]`"],
  ['a in {"x"}', "{ → write a list in square brackets: `[…]`"],
  ["a in []", "] → a list has at least one value"],
  ['a in ["x",]', "] → there is no comma behind the last value"],
  ['a == ["x"]', "[ → to compare with the values of a list write `in […]`"],
  ['a !~ ["x"]', "[ → to compare with the values of a list write `not in […]`"],
  ["a == 'x'", '\' → text is written in double quotes: "…"'],
  ["a == “x”", '“ → text is written in double quotes: "…"'],
  ["a =~ ~'x'", '~ → text is written in double quotes: "…"'],
  ["a =~ /x/", '/ → write a path in quotes, "/etc/passwd", a pattern as ~"/etc/*", a regex as r"…"'],
  ["a /* x */", "/ → a comment starts with `#` or `//` and ends with its line"],
  ["a;", "; → an expression ends without `;`"],
  ["a == 1)", ") → there is no `(` that it closes"],
  [
    "a[0].b == 1",
    ". → no single value is taken from an array: a condition asks for any of its values, `allin` for all",
  ],
  ["a[0] == 1", "[ → no single value is taken from an array: a condition asks for any of its values, `allin` for all"],
  ["a == 1.5", ". → numbers are integers"],
  ["a == 1_000", "1_000 → write 1000"],
  ["a == 0b101", "0b101 → write 0x5"],
  ["a > 5m30s", "5m30s → a duration has one unit: write 330s"],
  ["a > 1d12h", "1d12h → a duration has one unit: write 36h"],
  ["a > 5 minutes", "minutes → write 5m"],
  ["a > 10MB", "10MB → numbers have no units of size"],
  ["$a == 1", "$ → a variable is written `${name}`"],
  ["a @ b", "@ → no hint"],
  ["a b", "b → no hint"],
])("%s", (text, expected) => expect(problem(text)).toBe(expected));

test.each(["contains", "startswith", "starts_with", "like", "matches", "notMatches", "endsWith"])("a %s b", (word) => {
  expect(problem(`a ${word} "x"`)).toMatch(new RegExp(`^${word} → match a pattern with `));
  expect(problem(`${word}(a, "x")`)).toMatch(/^\( → there are no functions; match a pattern with /);
});
