import { describe, expect, test } from "vitest";
import type { RegexNode } from "./ast.ts";
import { RegexError, RegexLimitError } from "./error.ts";
import { parseRegex, REGEX_DEPTH_MAX } from "./parser.ts";

/** The tree in few characters: sets as their ranges, `·` for the empty text. */
function shape(node: RegexNode): string {
  switch (node.kind) {
    case "empty":
      return "·";
    case "chars": {
      const ends = node.set.map((point) =>
        point < 0x7f && point > 0x20 ? String.fromCharCode(point) : point.toString(16),
      );
      return ends.length === 2 && ends[0] === ends[1] ? (ends[0] as string) : `[${ends.join(" ")}]`;
    }
    case "assert":
      return `<${node.assertion}>`;
    case "concat":
      return `(${node.parts.map(shape).join("")})`;
    case "alternate":
      return `(${node.parts.map(shape).join("|")})`;
    case "repeat":
      return `${shape(node.part)}{${node.min},${node.max ?? ""}}`;
  }
}

test.each([
  ["", "·"],
  ["ab|c|", "((ab)|c|·)"],
  ["a(?:b(c))", "(abc)"],
  ["a*b+?c??d{2}e{3,}f{0,4}?", "(a{0,}b{1,}c{0,1}d{2,2}e{3,}f{0,4})"],
  ["a{,2}{b{02}", "(a{,2}{b{02})"],
  ["a{0}b{1}", "(·b)"],
  ["^a$", "(<textStart>a<textEnd>)"],
  ["(?m)^a$\\A\\z\\b\\B", "(<lineStart>a<lineEnd><textStart><textEnd><wordEdge><noWordEdge>)"],
  [".(?s:.).", "([0 9 b 10ffff][0 10ffff][0 9 b 10ffff])"],
  ["(?i)k(?-i)k", "([K K k k 212a 212a]k)"],
  ["((?i)a)b|(?i)c|d", "(([A A a a]b)|[C C c c]|[D D d d])"],
  ["(?P<x>a)(?<y>b)", "(ab)"],
  ["\\Q*a\\E+\\Q.", "(*a{1,}.)"],
  ["\\d\\S", "([0 9][0 8 b b e 1f ! 10ffff])"],
  // `]` and `^` are neighbours.
  ["[]a-c^-]", "[- - ] ^ a c]"],
  ["[^\\D5-9]", "[0 4]"],
  ["[[:^alpha:]_]", "[0 @ [ ` { 10ffff]"],
  ["(?i)[^k]", "[0 J L j l 2129 212b 10ffff]"],
  ["(?i)\\W", "[0 / : @ [ ^ ` ` { 17e 180 2129 212b 10ffff]"],
  ["\\x41\\x{000042}\\103\\07\\a\\t\\.\\_", "(ABC779._)"],
  ["\\pN{1}", "\\pN"],
])("%s", (source, expected) => {
  if (expected === "\\pN") expect(shape(parseRegex(source))).toContain("0 9 b2 b3");
  else expect(shape(parseRegex(source))).toBe(expected);
});

function errorOf(source: string): RegexError {
  try {
    parseRegex(source);
  } catch (error) {
    if (error instanceof RegexError) return error;
    throw error;
  }
  throw new Error(`${source} is accepted`);
}

describe("errors name the part that is wrong", () => {
  test.each([
    ["a(b", "(", "`)` is missing"],
    ["a)b", ")", "no group is open"],
    ["a|*b", "*", "repeats nothing"],
    ["(?i)+", "+", "repeats nothing"],
    ["a**", "**", "nested repetition `**`"],
    ["a{2}?{3}", "{2}?{3}", "nested repetition"],
    ["xa{2,1}", "{2,1}", "2 is more than 1"],
    ["[a", "[a", "`]` is missing"],
    ["[]", "[]", "`]` is missing"],
    ["[z-a]", "z-a", "ends before it starts"],
    ["[a-\\d]", "\\d", "invalid escape `\\d`"],
    ["[[:nope:]]", "[:nope:]", "unknown class"],
    ["a\\", "\\", "trailing backslash"],
    ["\\x{}", "\\x", "invalid escape"],
    ["\\x{110000}", "\\x{110000}", "no Unicode character"],
    ["\\p{Grek}", "\\p{Grek}", "unknown Unicode class `Grek`"],
    ["\\p{greek}", "\\p{greek}", "unknown Unicode class"],
    ["\\pé", "\\pé", "unknown Unicode class `é`"],
    ["\\p{L", "\\p{L", "not closed"],
    ["(a)\\1", "\\1", "back-reference"],
    ["\\k<n>", "\\k", "back-reference"],
    ["\\u00e9", "\\u", "invalid escape"],
    ["(?=a)", "(?=", "lookaround"],
    ["(?<!a)", "(?<!", "lookaround"],
    ["(?>a)", "(?>", "atomic group"],
    ["(?P=n)", "(?P=", "back-reference"],
    ["(?P<n>a)(?<n>b)", "(?<n>", "two groups have the name `n`"],
    ["(?P<é>a)", "(?P<é>", "malformed group name"],
    ["(?P<n", "(?P<n", "malformed group name"],
    ["(?x)", "(?x)", "unsupported group"],
    ["(?i-)", "(?i-)", "unsupported group"],
    ["a\ud800", "\ud800", "surrogate"],
  ])("%s", (source, marked, message) => {
    const error = errorOf(source);
    expect(error.message).toContain(message);
    expect(source.slice(error.start, error.end)).toBe(marked);
  });

  test("back-references and lookaround say why", () => {
    expect(errorOf("(a)\\1").hint).toContain("one pass");
    expect(errorOf("a(?!b)").hint).toContain("one pass");
  });
});

describe("limits", () => {
  test.each([
    ["x{1001}", 1001],
    ["x{2000000000000}", 2_000_000_000_000],
    ["(x{30}){40}", 1200],
    ["(?i)(x{0,1000}){0,1000}", 1_000_000],
  ])("%s is repeated too often", (source, value) => {
    expect(errorOf(source)).toMatchObject({ limit: "REPEAT_MAX", value, maximum: 1000 });
  });

  test("counts of 1000 in a row, and none within a repetition of zero times", () => {
    expect(() => parseRegex("x{1000}y{1000}(x{1000}){0}(x{1000})*")).not.toThrow();
  });

  test("groups and repetitions nest to a depth", () => {
    const groups = (depth: number) => "(".repeat(depth) + ")".repeat(depth);
    expect(() => parseRegex(groups(REGEX_DEPTH_MAX))).not.toThrow();
    expect(errorOf(groups(REGEX_DEPTH_MAX + 1))).toBeInstanceOf(RegexLimitError);
    expect(errorOf(groups(30_000))).toBeInstanceOf(RegexLimitError);
    expect(errorOf(`a${"*(?i)".repeat(10_000)}`)).toBeInstanceOf(RegexLimitError);
  });

  test("classes have so many ranges together", () => {
    expect(errorOf("\\pL".repeat(20_000))).toMatchObject({ limit: "CLASS_RANGES_MAX" });
    expect(errorOf(`[${"\\pL".repeat(20_000)}]`)).toMatchObject({ limit: "CLASS_RANGES_MAX" });
  });
});
