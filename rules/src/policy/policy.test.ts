import { describe, expect, it, test } from "vitest";
import { analysePolicies } from "../analyse.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { POLICY_BYTES_MAX } from "./text.ts";

function diagnose(text: string | Uint8Array): readonly Diagnostic[] {
  return analysePolicies([{ name: "p.yaml", text }]).diagnostics;
}

/** `line:column code message`, of errors and warnings. */
function problems(text: string | Uint8Array): string[] {
  return diagnose(text).map((d) => `${d.line}:${d.column} ${d.code} ${d.message}`);
}

const rule = (body: string) => `rules:\n  - id: r\n${body}`;
const GOOD = '    expression: open.file.path == "/a"\n';

describe("files that are no policy", () => {
  it("empty", () => expect(problems("")).toEqual(["1:1 empty the policy is empty"]));
  it("comments only", () => expect(problems("# nothing\n")[0]).toMatch(/empty the policy is empty/));
  it("a list", () => expect(problems("- a\n")).toEqual(["1:1 yaml a policy must be a mapping, received a list"]));
  it("no rules", () => expect(problems("version: 1\n")[0]).toMatch(/neither `rules` nor `macros`/));
  it("broken YAML", () => expect(problems("rules: [\n  a: b: c\n")[0]).toMatch(/^2:\d+ yaml YAML: /));
  it("two documents", () => expect(problems("rules: []\n---\nrules: []\n")[0]).toMatch(/multiple documents/));
  it("documents without content", () => {
    for (const text of ["rules: []\n---\n", "---\nrules: []\n---\n# nothing\n---\n...\n"])
      expect(problems(text)).toEqual(["0:0 empty no rule is left to load"]);
  });
  it("a tag, mostly a `!` that was to be text", () =>
    expect(problems("rules:\n  - id: a\n    expression: !(open.created)\n")).toEqual([
      "3:17 yaml YAML: Unresolved tag: !(open.created)",
    ]));
  it("UTF-16, with a byte order mark and without", () => {
    const text = "rules: []\n";
    const little = Buffer.from(text, "utf16le");
    const big = Buffer.from(little).swap16();
    for (const bytes of [little, big, Buffer.from(`\ufeff${text}`, "utf16le"), Buffer.from([0xfe, 0xff, ...big])])
      expect(problems(bytes)).toEqual(["0:0 not-text the file is UTF-16 text: a policy is UTF-8"]);
  });
  it("UTF-8 with a byte order mark, line ends of Windows", () => {
    const text = `\ufeffrules:\n  - id: r\n${GOOD}`.replaceAll("\n", "\r\n");
    expect([...problems(text), ...problems(Buffer.from(text))]).toEqual([]);
    expect(problems(Buffer.from(text.replace("file", "fil")))[0]).toMatch(/^3:17 unknown-name/);
  });
  it("too large", () => {
    const [problem] = diagnose(new Uint8Array(10 << 20).fill(0x20));
    expect(problem).toMatchObject({ code: "file-too-large", line: 0 });
    expect(problem?.message).toContain(`10485760 bytes: at most ${POLICY_BYTES_MAX}`);
  });
  it("binary", () => {
    expect(problems(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe))[0]).toMatch(
      /^1:5 not-text the file is not UTF-8/,
    );
    expect(problems("rules:\n\0\n")[0]).toMatch(/^2:1 not-text control character U\+0000/);
  });
  it("deep nesting", () => {
    const indented = Array.from({ length: 1900 }, (_, i) => `${" ".repeat(i)}a:\n`).join("");
    for (const text of [`rules: ${"[".repeat(100_000)}`, `rules:\n  ${"- ".repeat(100_000)}x`, indented])
      expect(problems(text)).toEqual(["0:0 yaml-limit YAML: the file nests deeper than 100 levels"]);
  });
  it("more tokens than the parser should see", () =>
    expect(problems("a: 1\n".repeat(200_000))[0]).toContain("more than 250000 tokens: split it"));
  it("more problems than anybody reads", () => {
    const all = diagnose(`rules:\n${"  - id: r\n    expression: x\n".repeat(1000)}`);
    expect(all).toHaveLength(201);
    expect(all.at(-1)?.message).toBe("800 more problems are not shown");
  });
  it("aliases that stand for more than a file may hold", () => {
    const long = `open.file.path == "/${"a".repeat(9_000)}"`;
    const rules = Array.from({ length: 150 }, (_, i) => `  - { id: r${i}, expression: *e }\n`);
    expect(problems(`x: &e '${long}'\nrules:\n${rules.join("")}`)).toContain(
      "0:0 yaml-limit YAML: the aliases stand for more than 1048576 characters",
    );
  });
  it("an alias bomb costs nothing", () => {
    const levels = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`);
    expect(problems(`a0: &a0 [x]\n${levels.join("\n")}\nrules: *a30\n`).length).toBeGreaterThan(0);
  });
});

test("more overrides than one rule may have", () => {
  const overrides = Array.from({ length: 65 }, (_, i) => `  - { id: r, combine: override, priority: ${i} }\n`);
  expect(problems(`${rule(GOOD)}${overrides.join("")}`)).toEqual([
    "68:11 too-long 65 overrides of one rule: at most 64 are allowed",
  ]);
  expect(problems(`${rule(GOOD)}${overrides.slice(1).join("")}`)).toEqual([]);
});

test.each([
  [rule(""), "2:5 missing-key the rule `r` has no `expression`"],
  ["rules:\n  - expression: a\n", "2:5 missing-key the rule has no `id`"],
  [rule(`    expresion: x\n${GOOD}`), "3:5 unknown-key unknown key `expresion` in a rule"],
  [rule(`${GOOD}${GOOD}`), "4:5 duplicate-key key `expression` occurs twice in a rule"],
  [rule("    expression: 5\n"), "3:17 yaml `expression` must be a string, received a number"],
  [rule("    expression:\n"), "3:5 yaml `expression` must be a string, received nothing"],
  [rule(`${GOOD}    disabled: "yes"\n`), "4:15 yaml `disabled` must be true or false, received a string"],
  [rule(`${GOOD}    tags: [a]\n`), "4:11 yaml `tags` must be a mapping, received a list"],
  [
    rule(`${GOOD}    tags: { a: { b: c } }\n`),
    "4:13 yaml tag `a` must be a string or a list of strings, received a mapping",
  ],
  [rule(`${GOOD}    tags: { a: b, a: c }\n`), "4:19 duplicate-key tag `a` occurs twice"],
  [
    rule(`${GOOD}    version: ${"1".repeat(65)}x\n`),
    "4:14 too-long `version` of 66 characters: at most 64 are allowed",
  ],
  [
    "rules:\n  - id: a b\n    expression: x\n",
    '2:9 id "a b" is no rule id: expected letters, digits, `_`, `-` and `.`',
  ],
  ["rules:\n  - id: *x\n", "2:9 yaml YAML: there is no anchor `&x` before this alias"],
  [`${rule(GOOD)}  - id: r\n${GOOD}`, "4:9 duplicate-id rule id `r` is used twice"],
  [`macros:\n  - id: m\n${rule(GOOD)}`, "2:9 missing-key macro `m` needs either `expression` or `values`"],
  [`macros:\n  - id: O_CREAT\n    values: [a]\n${rule(GOOD)}`, "2:9 id macro id `O_CREAT` is a name of the language"],
  [
    `macros:\n  - id: m\n    values: [a, [b]]\n${rule(GOOD)}`,
    "3:17 yaml `values` holds strings or integers, received a list",
  ],
  [`macros:\n  - id: m\n    expression: a ==\n${rule(GOOD)}`, "3:21 syntax macro `m`: expected a field"],
])("problem %#", (text, expected) => {
  expect(problems(text).map((problem) => problem.slice(0, expected.length))).toContain(expected);
});

describe("places of errors in expressions", () => {
  const at = (text: string) => diagnose(text).map(({ line, column, length }) => ({ line, column, length }))[0];
  it("plain", () =>
    expect(at(rule("    expression: open.file.path == 1\n"))).toEqual({ line: 3, column: 32, length: 2 }));
  it("plain over several lines", () =>
    expect(at(rule('    expression: open.file.path == "/a"\n      && open.fil == 1\n'))).toEqual({
      line: 4,
      column: 10,
      length: 8,
    }));
  it("single quotes", () =>
    expect(at(rule(`    expression: 'open.file.path == "it''s ''" && opn > 1'\n`))).toEqual({
      line: 3,
      column: 50,
      length: 3,
    }));
  it("double quotes", () =>
    expect(at(rule('    expression: "open.file.path == \\"/\\u00e9\\" &&\\n\\\n      opn > 1"\n'))).toEqual({
      line: 4,
      column: 7,
      length: 3,
    }));
  it("literal block", () =>
    expect(at(rule('    expression: |\n      open.file.path == "/a" &&\n\n        opn > 1\n'))).toEqual({
      line: 6,
      column: 9,
      length: 3,
    }));
  it("folded block with indentation and chomping", () =>
    expect(at(rule('    expression: >2-\n       open.file.path == "/a"\n\n      && opn > 1\n'))).toEqual({
      line: 6,
      column: 10,
      length: 3,
    }));
  it("end of the expression", () =>
    expect(at(rule("    expression: |\n      open.file.path ==\n    description: x\n"))).toEqual({
      line: 4,
      column: 24,
      length: 1,
    }));
  it("after characters outside the basic plane", () =>
    expect(at(rule('    expression: open.file.path == "/😀" && opn > 1\n'))).toEqual({
      line: 3,
      column: 43,
      length: 3,
    }));
  it("through an alias", () =>
    expect(
      at(`macros:\n  - &m\n    id: m\n    expression: &e open.fil.path == "x"\n${rule("    expression: *e\n")}`),
    ).toEqual({ line: 4, column: 20, length: 13 }));
  it("inside a macro", () =>
    expect(
      at(`macros:\n  - id: m\n    expression: open.fil.path == "x"\n${rule("    expression: open.created && m\n")}`),
    ).toEqual({ line: 3, column: 17, length: 13 }));
  it("in the values of a macro", () =>
    expect(
      at(`macros:\n  - id: m\n    values:\n      - /a\n      - 3\n${rule("    expression: open.file.path in m\n")}`),
    ).toEqual({ line: 5, column: 9, length: 1 }));
});
