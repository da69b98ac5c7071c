import { type Field, findField } from "@weir/matcher-wasm/format";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { childPath, directoriesNear, namesNear, rulesAndDirectories } from "../../test/directories.ts";
import { globText } from "../../test/text-arbitraries.ts";
import { checkExpression } from "../check/index.ts";
import { evaluate } from "../evaluate.ts";
import type { CheckedRule, Nnf, StringTest } from "../ir.ts";
import { toNnf } from "../nnf.ts";
import { globMatches, PATTERN_BYTES_MAX, parseGlob } from "../pattern.ts";
import { wholeText } from "../source.ts";
import { parseExpression } from "../syntax/parser.ts";
import { directoryExpr, directoryField, directoryProof } from "./directory.ts";

function ruleOf(text: string): CheckedRule {
  const { event, nnf } = checkExpression(parseExpression(text), wholeText("test", text), new Map());
  return { id: "rule", event, expr: nnf };
}

const silent = (text: string, directory: string): boolean => {
  const rule = ruleOf(text);
  return directoryProof([rule], rule.event)(directory);
};

/** An expression and the directories of this list in which it may match. */
const DIRECTORIES = ["/", "/etc", "/etc/cron.d", "/etc/cron.d/x", "/a", "/a/b", "/a/b/c", "/a/x/b", "/a/b/x/b", "/b"];
const BELOW_ETC = ["/etc", "/etc/cron.d", "/etc/cron.d/x"];
const BELOW_A = ["/a", "/a/b", "/a/b/c", "/a/x/b", "/a/b/x/b"];
const except = (...excluded: string[]): string[] => DIRECTORIES.filter((d) => !excluded.includes(d));

describe("a rule may match in", () => {
  test.each<[string, readonly string[]]>([
    // Exact paths: their parent, where it is one.
    ['open.file.path == "/etc/passwd"', ["/etc"]],
    ['open.file.path == "/etc"', ["/"]],
    ['open.file.path == "/"', []],
    ['open.file.path in ["/etc/", "/etc/../a", "/a//b", "a/b", "", "//a", "/a/."]', []],
    ['open.file.path in ["/etc/x", "/a/b/y", ~"/b/*"]', ["/etc", "/a/b", "/b"]],
    // Globs without a double star have as many components as the path.
    ['open.file.path =~ "/*"', ["/"]],
    ['open.file.path =~ "*"', ["/"]],
    ['open.file.path =~ "/x*"', ["/"]],
    ['open.file.path =~ "x*"', []],
    ['open.file.path =~ "/*/x"', ["/etc", "/a", "/b"]],
    ['open.file.path =~ "*/x"', ["/etc", "/a", "/b"]],
    ['open.file.path =~ "/a/*/c*"', ["/a/b"]],
    ['open.file.path =~ "/e*c/cron.*/x"', ["/etc/cron.d"]],
    ['open.file.path =~ "/etc/*/"', []],
    ['open.file.path =~ "/etc/*/.."', []],
    ['open.file.path =~ "/etc//*"', []],
    // A double star: the directory itself and all below it.
    ['open.file.path =~ "/etc/**"', BELOW_ETC],
    ['open.file.path =~ "/e*/**"', BELOW_ETC],
    ['open.file.path =~ "/*/**"', except("/")],
    ['open.file.path =~ "/**"', DIRECTORIES],
    ['open.file.path =~ "**"', DIRECTORIES],
    ['open.file.path =~ "etc/**"', []],
    ['open.file.path =~ "**/x"', DIRECTORIES],
    ['open.file.path =~ "/**/x*"', DIRECTORIES],
    ['open.file.path =~ "/**/"', []],
    ['open.file.path =~ "/etc/**/x"', BELOW_ETC],
    ['open.file.path =~ "/a/**/b/x"', ["/a/b", "/a/x/b", "/a/b/x/b"]],
    ['open.file.path =~ "/a/**/a/x"', ["/a"]],
    ['open.file.path =~ "/a/b/**/b/c/x"', ["/a/b/c"]],
    ['open.file.path =~ "/a/*/**/b/x"', ["/a/b", "/a/x/b", "/a/b/x/b"]],
    ['open.file.path =~ "**/b/x"', ["/a/b", "/a/x/b", "/a/b/x/b", "/b"]],
    ['open.file.path =~ "**/*/*/x"', except("/")],
    ['open.file.path =~ "**/*/*/*/x"', except("/", "/etc", "/a", "/b")],
    ['open.file.path =~ "**/*/x"', DIRECTORIES],
    // Names can occur in every directory, if they are names.
    ['open.file.name == "passwd"', DIRECTORIES],
    ['open.file.name =~ "*.conf"', DIRECTORIES],
    ['open.file.name in ["", ".", "..", "a/b"]', []],
    ['open.file.name =~ "a/*"', []],
    // Negation: silent only where every child is excepted by one of the patterns.
    ['open.file.path != "/etc/passwd"', DIRECTORIES],
    ['open.file.path not in [~"/etc/**"]', except(...BELOW_ETC)],
    ['open.file.path not in [~"/etc/**", ~"/a/**/*", "/b/x"]', except(...BELOW_ETC, ...BELOW_A)],
    ['open.file.path not in [~"/etc/*"]', except("/etc")],
    ['open.file.path not in [~"/etc/*/*"]', except("/etc/cron.d")],
    ['open.file.path not in [~"/etc/**/x*"]', DIRECTORIES],
    ['open.file.path !~ "/*/**"', ["/"]],
    ['open.file.path !~ "/*/*"', except("/etc", "/a", "/b")],
    ['open.file.path !~ "/*"', except("/")],
    ['open.file.path !~ "/**"', []],
    ['open.file.path !~ "/a/**/b/*"', except("/a/b", "/a/x/b", "/a/b/x/b")],
    ['open.file.path !~ "**/*/*"', []],
    ['not (open.file.path =~ "/etc/**")', except(...BELOW_ETC)],
    ['open.file.name !~ "*"', []],
    ['open.file.name != "x"', DIRECTORIES],
    // Everything else is not decided by a directory.
    ["open.retval == 0 && process.uid == 0", DIRECTORIES],
    ["open.flags & O_CREAT > 0", DIRECTORIES],
    ["open.file.path.length < 3", DIRECTORIES],
    ["open.file.path == process.file.path", DIRECTORIES],
    ["open.created", DIRECTORIES],
    ['open.retval == 0 && process.file.path == "/usr/bin/vi"', DIRECTORIES],
    ["open.retval == 0 && process.ancestors.pid == 1", DIRECTORIES],
    // Junctions.
    ['open.file.path =~ "/etc/**" && process.uid == 0 && open.flags & 3 > 0', BELOW_ETC],
    ['open.file.path =~ "/etc/**" || process.uid == 0', DIRECTORIES],
    ['(open.file.path =~ "/etc/**" && process.uid == 0) || open.file.path == "/a/x"', [...BELOW_ETC, "/a"]],
    ['open.file.path =~ "/etc/**" && open.file.path !~ "/etc/cron.d/*"', ["/etc", "/etc/cron.d/x"]],
    ['open.file.path =~ "/etc/**" && open.file.name == "a/b"', []],
    ['open.file.path =~ "/etc/**" && open.file.path =~ "/a/**"', []],
    // The destination is another directory's.
    ['rename.file.path == "/etc/x" && rename.file.destination.path == "/a/y"', ["/etc"]],
    ['rename.file.path == "/etc/x" || rename.file.destination.path == "/a/y"', DIRECTORIES],
    ['rename.file.destination.name == "a/b"', DIRECTORIES],
    ['unlink.file.path == "/etc/x"', ["/etc"]],
    ['chmod.file.path == "/etc/x"', ["/etc"]],
  ])("%s", (text, expected) => {
    expect(DIRECTORIES.filter((directory) => !silent(text, directory))).toEqual(
      DIRECTORIES.filter((directory) => expected.includes(directory)),
    );
  });
});

describe("a proof", () => {
  const rules = ['open.file.path == "/etc/x"', 'unlink.file.path == "/a/x"'].map(ruleOf);

  it("is about all rules of its type and no others", () => {
    const more = [...rules, ruleOf('open.file.path == "/b/x"')];
    expect(["/etc", "/b", "/a"].map((d) => directoryProof(more, "open")(d))).toEqual([false, false, true]);
    expect(["/etc", "/b", "/a"].map((d) => directoryProof(more, "unlink")(d))).toEqual([true, true, false]);
    expect(directoryProof(more, "chmod")("/a")).toBe(true);
  });

  it.each(["", "b", "b/c", "/b/", "//", "/b//c", "/b/../c", "/./b"])("is refused for %j", (directory) => {
    expect(directoryProof(rules, "open")(directory)).toBe(false);
  });

  it("is refused for a path longer than records hold", () => {
    const path = `/${"b/".repeat(2046)}bc`;
    expect([path, `${path}d`].map((directory) => directoryProof(rules, "open")(directory))).toEqual([true, false]);
  });

  it("compares bytes, whatever they encode", () => {
    const latin = Buffer.from("/\xe9", "latin1");
    const rule = ruleOf('open.file.path == "/\u00e9/x"');
    expect(directoryProof([rule], "open")(latin)).toBe(true);
    expect(directoryProof([rule], "open")(Buffer.from("/\u00e9"))).toBe(false);
  });

  it("is refused for types without a file", () => {
    expect(directoryField("open")?.name).toBe("open.file.path");
    expect(directoryField("fork")).toBeUndefined();
    expect(directoryProof([], "fork")("/a")).toBe(false);
  });
});

test("equal conditions on directories become equal, and the fields that are read go away", () => {
  const expr = (text: string): Nnf => directoryExpr(ruleOf(text).expr).expr;
  const plain = expr('open.file.path in ["/etc/a", "/etc/b", ~"/b/*/c"]');
  expect(plain).toMatchObject({
    kind: "string",
    tests: [
      { kind: "equals", value: "/etc" },
      { kind: "glob", pattern: "/b/*" },
    ],
    negated: false,
  });
  for (const other of [
    'open.file.path =~ "/b/*/d" || open.file.path == "/etc/a" && process.uid == 0',
    'not (open.file.path not in ["/etc/c"] && open.file.path !~ "/b/*/c" || process.uid == 0)',
    'open.file.path == "/etc/x" || open.file.path =~ "/b/*/x" || open.file.path == "/etc/y"',
  ])
    expect(expr(other)).toEqual(plain);
});

test("a glob as long as globs get still has a directory", () => {
  const glob = `*/${"a".repeat(PATTERN_BYTES_MAX - 5)}/**`;
  parseGlob(glob);
  expect(silent(`open.file.path =~ "${glob}"`, `/x/${"a".repeat(PATTERN_BYTES_MAX - 5)}`)).toBe(false);
  expect(silent(`open.file.path =~ "${glob}"`, "/x/b")).toBe(true);
});

/** Exact in both directions: a wider answer would be sound and useless, a narrower one would lose events. */
test("one glob: silent exactly where no child fits, negated exactly where every child does", {
  timeout: 60_000,
}, () => {
  const field = directoryField("open") as Field;
  const counts = { false: [0, 0], true: [0, 0] };
  fc.assert(
    fc.property(globText, fc.boolean(), (pattern, negated) => {
      const tests = [{ kind: "glob", pattern }] as const;
      const { expr } = directoryExpr({ kind: "string", field, tests, negated });
      const names = namesNear([pattern]);
      for (const directory of directoriesNear([pattern])) {
        const mayMatch = names.some((name) => globMatches(pattern, childPath(directory, name)) !== negated);
        const [silent, open] = counts[`${negated}`] as [number, number];
        counts[`${negated}`] = mayMatch ? [silent, open + 1] : [silent + 1, open];
        if (evaluate(expr, { [field.name]: directory }) !== mayMatch)
          throw new Error(`${negated ? "not " : ""}${pattern} in ${directory}: expected ${mayMatch}`);
      }
    }),
    { numRuns: 300 },
  );
  for (const count of [...counts.false, ...counts.true]) expect(count).toBeGreaterThan(150);
});

test("no event in a directory that is proven silent matches", { timeout: 60_000 }, () => {
  const seen = { proven: 0, matched: 0 };
  fc.assert(
    fc.property(
      rulesAndDirectories({ rulesMax: 2, directoriesMax: 8, eventsMax: 6 }),
      ({ type, exprs, directories }) => {
        const rules = exprs.map((expr): CheckedRule => ({ id: "r", event: type, expr: toNnf(expr) }));
        const model = directoryProof(rules, type);
        for (const { path, events } of directories) {
          const proven = model(path);
          const matching = events.filter(({ fields }) => exprs.some((expr) => evaluate(expr, fields)));
          if (proven && matching.length > 0)
            throw new Error(`${path} is proven silent: ${JSON.stringify(matching[0])}`);
          if (proven) seen.proven++;
          if (matching.length > 0) seen.matched++;
        }
      },
    ),
    { numRuns: 120 },
  );
  expect(seen.proven).toBeGreaterThan(60);
  expect(seen.matched).toBeGreaterThan(60);
});

describe("a text with variables", () => {
  const pid = findField("process.pid") as Field;
  const template = (...parts: readonly (string | Field)[]): StringTest => ({
    kind: "template",
    parts: parts.map((part) =>
      typeof part === "string" ? { kind: "text", value: part } : { kind: "variable", field: part },
    ),
  });

  test.each<[StringTest, readonly string[]]>([
    [template("/a/b/", pid), ["/a/b", "/a/b/c", "/a/b/x/b"]],
    [template("/a/b/x", pid, "/y"), ["/a/b", "/a/b/c", "/a/b/x/b"]],
    [template("/a", pid), DIRECTORIES],
    [template("/*/b/", pid), DIRECTORIES],
    [template(pid, "/a/b"), DIRECTORIES],
    [template("a/b/", pid), DIRECTORIES],
    [template("/a/../b/", pid), []],
  ])("%j names directories by its beginning", (part, expected) => {
    const field = directoryField("open") as Field;
    const may = (negated: boolean) => {
      const { expr } = directoryExpr({ kind: "string", field, tests: [part], negated });
      return DIRECTORIES.filter((directory) => evaluate(expr, { [field.name]: directory }));
    };
    expect(may(false)).toEqual(expected);
    expect(may(true)).toEqual(DIRECTORIES);
  });
});
