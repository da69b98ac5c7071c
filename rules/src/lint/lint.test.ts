/** What each lint reports and where, and what comes near and is fine. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { analysePolicies } from "../analyse.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { lintPolicies } from "./index.ts";

type Macros = Readonly<Record<string, string>>;

function policy(expressions: readonly string[], macros: Macros = {}): string {
  const entry = (id: string, expression: string): string => `  - id: ${id}\n    expression: |-\n      ${expression}\n`;
  const own = Object.entries(macros).map(([id, expression]) => entry(id, expression));
  const rules = expressions.map((expression, i) => entry(`r${i + 1}`, expression));
  return `${own.length > 0 ? `macros:\n${own.join("")}` : ""}rules:\n${rules.join("")}`;
}

function lint(expressions: readonly string[], macros: Macros = {}): readonly Diagnostic[] {
  const analysis = analysePolicies([{ name: "p.yaml", text: policy(expressions, macros) }]);
  expect(analysis.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return lintPolicies(analysis);
}

const marked = ({ excerpt = "", column, length }: Diagnostic): string =>
  [...excerpt].slice(column - 1, column - 1 + length).join("");
const brief = (found: readonly Diagnostic[]): string[] => found.map((one) => `${one.code}: ${marked(one)}`);
const withoutNotes = (found: readonly Diagnostic[]): readonly Diagnostic[] =>
  found.filter(({ severity }) => severity !== "note");

/** An expression and what is said of it, notes aside. */
const CASES: Readonly<Record<string, readonly (readonly [expression: string, ...findings: string[]])[]>> = {
  "never true": [
    [`open.file.path == "/a" && open.file.path == "/b"`, `never-true: open.file.path == "/b"`],
    [`open.file.path in ["/a", "/b"] && open.file.path == "/b"`, `redundant: open.file.path in ["/a", "/b"]`],
    [`open.file.path == "/var/x" && open.file.path =~ "/etc/*"`, `never-true: open.file.path =~ "/etc/*"`],
    [`open.file.path =~ "/etc/**" && open.file.path =~ "/var/**"`, `never-true: open.file.path =~ "/var/**"`],
    [`open.file.path =~ "/etc/**" && open.file.path =~ "**/x"`],
    [`open.file.path =~ "/etc/**" && open.file.path != "/etc/x"`],
    [`open.file.path == "/etc/x" && open.file.path !~ "/etc/**"`, `never-true: open.file.path !~ "/etc/**"`],
    [`open.file.name =~ "a*" && open.file.name =~ "b*"`, `never-true: open.file.name =~ "b*"`],
    [`open.file.name =~ "a*" && open.file.name =~ "*b"`],
    [`open.flags & O_CREAT == 2`, `never-true: open.flags & O_CREAT == 2`],
    [`open.flags & (O_CREAT | O_RDWR) == O_CREAT`],
    [
      `open.flags & O_CREAT > 0 && open.flags & (O_CREAT | O_TRUNC) == 0`,
      `never-true: open.flags & (O_CREAT | O_TRUNC) == 0`,
    ],
    [`open.flags & O_CREAT > 0 && open.flags & (O_CREAT | O_TRUNC) == O_CREAT`, `redundant: open.flags & O_CREAT > 0`],
    [`open.flags & O_CREAT > 0 && open.flags & O_TRUNC == 0`],
    [`open.created && process.uid > 5 && process.uid < 3`, `never-true: process.uid < 3`],
    [`open.created && process.uid > 3 && process.uid < 5`],
    [`open.created && process.uid == 4294967296`, `never-true: process.uid == 4294967296`],
    [`open.created && !open.created`, `never-true: !open.created`],
    [`open.created && not (open.created || process.uid == 1)`, `never-true: open.created`],
  ],
  "beside itself": [
    [`open.file.path != open.file.path`, `never-true: open.file.path != open.file.path`],
    [`open.file.path == open.file.path`, `always-true: open.file.path == open.file.path`],
    [`open.created && process.uid - 1 <= process.uid - 1`, `always-true: process.uid - 1 <= process.uid - 1`],
    [`open.created && process.uid > process.uid`, `never-true: process.uid > process.uid`],
    [`open.created && process.uid == process.gid`],
    [`open.created && process.argv == process.argv`],
    [`open.created && process.argv != process.argv`],
    [`open.created && process.ancestors.pid == process.ancestors.pid`],
    [`open.file.path == process.file.path`],
  ],
  "regular expressions": [
    [`open.file.name == "x" && open.file.name =~ r"^y"`, `never-true: open.file.name =~ r"^y"`],
    [`open.file.name in ["xa", "xb"] && open.file.name =~ r"^x"`, `redundant: open.file.name =~ r"^x"`],
    [`open.file.name =~ r"^x" && open.file.name =~ r"^y"`],
    [`open.file.name =~ r"^x" && open.file.name !~ r"^x"`, `never-true: open.file.name !~ r"^x"`],
  ],
  "arrays: any and none": [
    [`open.created && process.ancestors.file.name == "x" && process.ancestors.file.name == "y"`],
    [`open.created && process.ancestors.file.name != "x" && process.ancestors.file.name == "y"`],
    [
      `open.created && process.ancestors.file.name != "x" && process.ancestors.file.name == "x"`,
      `never-true: process.ancestors.file.name == "x"`,
    ],
    [`process.ancestors.file.name != "x" || process.ancestors.file.name != "y" || open.created`],
    [`open.created && process.ancestors.pid > 5 && process.ancestors.pid < 3`],
    [`open.created && process.ancestors.is_exec == true && process.ancestors.is_exec == false`],
    [`open.created && (process.ancestors.is_exec == true || process.ancestors.is_exec == false)`],
    [
      `open.created && process.ancestors.is_exec != false && process.ancestors.is_exec == false`,
      `never-true: process.ancestors.is_exec == false`,
    ],
    [
      `open.created && process.ancestors.pid == 7 && process.ancestors.pid not in [7, 8]`,
      `never-true: process.ancestors.pid not in [7, 8]`,
    ],
  ],
  "always true": [
    [`open.file.path != "/a" || open.file.path != "/b"`, `always-true: open.file.path != "/b"`],
    [`open.file.path != "/a" && open.file.path != "/b"`],
    [`open.file.path == "/a" || open.file.path != "/b"`, `redundant: open.file.path == "/a"`],
    [`open.created && process.uid >= 0`, `always-true: process.uid >= 0`],
    [`open.created && process.uid > 0`],
    [`open.created && (process.uid < 10 || process.uid > 5)`, `always-true: process.uid > 5`],
    [`open.created && (process.uid < 5 || process.uid > 5)`],
  ],
  "adds nothing": [
    [`open.file.path =~ "/etc/**" && open.file.path in ["/etc/a", "/etc/b"]`, `redundant: open.file.path =~ "/etc/**"`],
    [`open.file.path =~ "/etc/**" && open.file.path in ["/etc/a", "/var/b"]`],
    [`open.file.path =~ "/etc/**" || open.file.path == "/etc/a"`, `redundant: open.file.path == "/etc/a"`],
    [`open.file.path =~ "/etc/**" || open.file.path == "/etc"`],
    [
      `(open.file.path == "/x" || open.file.path =~ "/etc/**") && open.file.path != "/x"`,
      `never-true: open.file.path == "/x"`,
    ],
    [`open.file.path in ["/a", ~"/etc/**", "/etc/x"]`, `redundant-item: "/etc/x"`],
    [`open.file.path in ["/a", ~"/etc/*", "/etc/x/y"]`],
    [`open.file.path in ["/a", "/b", "/a"]`, `redundant-item: "/a"`],
    [`open.file.path in [~"/a/*", ~"/a/**"]`, `redundant-item: ~"/a/*"`],
  ],
  "habits of regular expressions": [
    [`open.created && process.comm =~ "runc.*"`, "regex-habit: .*"],
    [`open.created && process.comm =~ "runc*"`],
    [`open.created && process.file.name in ["nc", ~"nc.*"]`],
    [`open.created && process.file.name in [~"^ba*"]`, "regex-habit: ^"],
    [`open.created && process.file.name =~ "[a-z]*sh"`, "regex-habit: [a-z]*"],
    [`open.created && process.file.name == "["`],
    [`open.created && process.file.name =~ "ba(sh|d)*"`, "regex-habit: (sh|d)"],
    [`open.created && process.file.name =~ "x?y*"`, "regex-habit: ?"],
    [`open.created && process.args =~ "*http*?id=[1]*"`],
    [`open.file.name in [~"*.so.*", ~"c$t*"]`],
    [`open.file.name in [~".*"] || open.file.path =~ "/x/.*"`],
    [`open.file.name =~ ".*sh"`],
    [`open.file.name =~ ".*shadow.*"`, "regex-habit: .*"],
    [`open.file.path in [~"/etc/*.conf.d/*", ~"/home/*/.*", ~"/lib/libc.so.*"]`],
    [`open.file.path =~ "/etc/passwd.*"`, "regex-habit: .*"],
    [`open.file.path =~ "/tmp/.+"`, "regex-habit: .+"],
  ],
  globs: [
    [`open.file.path =~ "/etc/foo**/x"`, "double-star: **"],
    [`open.file.path =~ "/etc/**/x"`],
    [`open.file.path =~ "/a/**/a/b"`, `overlap: "/a/**/a/b"`],
    [`open.file.path =~ "/a/**/b/a"`],
    [`open.file.path =~ "/a/**/a"`],
  ],
  names: [
    [
      `open.created && !(process.comm == "a" && process.uid == 0) && process.comm == "b"`,
      `redundant: !(process.comm == "a" && process.uid == 0)`,
    ],
    [
      `open.created && process.comm == "systemd-networkd"`,
      `never-true: process.comm == "systemd-networkd"`,
      `never-matches: "systemd-networkd"`,
    ],
    [`open.created && process.comm == "systemd-network"`],
    [`open.created && process.comm in ["systemd-networkd", "x"]`, `never-matches: "systemd-networkd"`],
    [`open.file.name =~ "etc/*" || open.created`, `never-matches: "etc/*"`],
    [`exec.file.name == "/bin/sh" || exec.syscall.path == "/bin/sh"`, `never-matches: "/bin/sh"`],
    [`open.created && process.parent.comm == "abcdefghijklm\ufffd\ufffd"`],
  ],
  extensions: [
    [`open.file.extension == "txt" || open.created`, `never-matches: "txt"`],
    [`open.file.extension in [".txt", ""] || open.created`],
    [`open.file.extension in [".gz", ".tar.gz", ~"*.conf*", ~"*xz"]`, `never-matches: ".tar.gz"`],
    [`open.file.extension =~ "conf*" || open.created`, `never-matches: "conf*"`],
    [
      `open.created && process.file.extension != "sh"`,
      `always-true: process.file.extension != "sh"`,
      `never-matches: "sh"`,
    ],
    [`open.file.extension == ".a/b" || open.created`, `never-matches: ".a/b"`],
  ],
  "paths that may be empty": [
    [`mount.source.path == ""`],
    [`mount.source.path in ["", "/a"]`],
    [`mount.source.path =~ "/**"`],
    [`mount.mountpoint.path =~ "/**"`, `always-true: mount.mountpoint.path =~ "/**"`],
    [`mount.source.path == "" || mount.source.path =~ "/**"`, `always-true: mount.source.path =~ "/**"`],
    // Said by the checker.
    [`mount.source.path == "a" || mount.mountpoint.path == "/a"`],
  ],
  "paths that end with a slash": [
    [`exec.file.path in ["/usr/bin/", "/bin/sh"]`, `never-matches: "/usr/bin/"`],
    [
      `open.created && process.parent.file.path =~ "/usr/**/"`,
      `never-true: process.parent.file.path =~ "/usr/**/"`,
      `never-matches: "/usr/**/"`,
    ],
    [`open.created && process.file.path in [~"/**", "/", ""]`, `redundant-item: "/"`],
    [`mount.root.path == "/sub/" || mount.fs_type == "ext4"`, `never-matches: "/sub/"`],
  ],
  numbers: [
    [
      `chmod.file.destination.rights & 777 == 0o777`,
      "never-true: chmod.file.destination.rights & 777 == 0o777",
      "decimal-mode: 777",
    ],
    [`chmod.file.destination.rights & 0777 == 0o777`],
    [`chmod.file.destination.rights & 0x777 > 0 && process.uid == 777`],
    [`chmod.file.uid == 1000`],
    [`open.created && open.file.mode == 0644`, "mode-type: open.file.mode == 0644"],
    [`open.created && open.file.rights == 0644`],
    [`open.created && open.file.mode & S_IFMT == S_IFREG`],
    [`open.file.name == "x" && open.flags == O_RDONLY`, "flags-whole: open.flags == O_RDONLY"],
    [`open.file.name == "x" && open.flags & O_ACCMODE == O_RDONLY`],
    [`open.file.name == "x" && open.flags & O_TMPFILE > 0`, "composite-flag: open.flags & O_TMPFILE > 0"],
    [`open.file.name == "x" && open.flags & O_TMPFILE == O_TMPFILE`],
  ],
};

describe.each(Object.entries(CASES))("%s", (_, cases) => {
  test.each(cases)("%s", (expression, ...findings) => {
    expect(brief(withoutNotes(lint([expression])))).toEqual(findings);
  });
});

describe("macros", () => {
  test("a problem inside is reported there, once, with all rules that use it", () => {
    const found = lint(
      ["open.file.path in list", "open.file.path in list && open.created", `unlink.file.path in list`],
      {
        list: `[~"/etc/**", "/etc/x"]`,
      },
    );
    const item = found.find(({ code }) => code === "redundant-item");
    expect(item).toMatchObject({ line: 4, rule: "r1", otherRules: ["r2", "r3"] });
    expect(found.filter(({ code }) => code === "redundant-item")).toHaveLength(1);
  });

  test("what a macro does in a rule is said of its name, not of its text", () => {
    const found = lint([`creates && open.flags & (O_CREAT | O_TRUNC) == 0`, `creates && open.file.path == "/a"`], {
      creates: "open.flags & O_CREAT > 0 && open.flags & O_EXCL > 0",
    });
    expect(brief(withoutNotes(found))).toEqual(["never-true: open.flags & (O_CREAT | O_TRUNC) == 0"]);
  });
});

describe("rules that include one another", () => {
  const pairs = (expressions: readonly string[], macros?: Macros): string[] =>
    lint(expressions, macros)
      .filter(({ code }) => code === "subsumed" || code === "same-as")
      .map(({ rule, code, message }) => `${rule} ${code} ${/rule (\S+)/.exec(message)?.[1]}`);

  test("a narrower one, with the place of the wider", () => {
    const found = lint([`open.file.path =~ "/etc/**"`, `open.file.path == "/etc/passwd" && open.flags & O_CREAT > 0`]);
    const [one] = found.filter(({ code }) => code === "subsumed");
    expect(one).toMatchObject({ rule: "r2", line: 5, column: 9, related: [{ line: 2, file: "p.yaml" }] });
  });

  test.each<readonly [string, readonly string[], readonly string[]]>([
    ["equal", [`open.file.path == "/a"`, `open.file.path == "/a"`], ["r2 same-as r1"]],
    ["turned round", [`open.created && process.uid == 0`, `process.uid == 0 && open.created`], ["r2 same-as r1"]],
    [
      "a part of a list",
      [`open.file.path in ["/a", "/b", "/c"]`, `open.file.path in ["/c", "/a"]`],
      ["r2 subsumed r1"],
    ],
    ["overlapping lists", [`open.file.path in ["/a", "/b"]`, `open.file.path in ["/b", "/c"]`], []],
    ["an alternative", [`open.created || open.file.path == "/a"`, `open.created`], ["r2 subsumed r1"]],
    [
      "every alternative",
      [
        `open.file.path =~ "/etc/**" || open.file.path =~ "/var/**"`,
        `(open.file.path == "/etc/a" || open.file.path == "/var/a") && open.created`,
      ],
      ["r2 subsumed r1"],
    ],
    ["other types", [`open.file.path == "/a"`, `unlink.file.path == "/a"`], []],
    ["one step down only", [`open.file.path =~ "/etc/*"`, `open.file.path =~ "/etc/**"`], ["r1 subsumed r2"]],
    [
      "arrays are no scalars",
      [`open.created && process.ancestors.comm == "a"`, `open.created && process.ancestors.comm != "b"`],
      [],
    ],
    ["scalars", [`open.created && process.comm != "b"`, `open.created && process.comm == "a"`], ["r2 subsumed r1"]],
    [
      "one that never matches",
      [`open.file.path =~ "/etc/**"`, `open.file.path == "/etc/x" && open.file.path == "/etc/y"`],
      [],
    ],
    ["one that always matches", [`open.file.path != "/a" || open.file.path != "/b"`, `open.file.path == "/c"`], []],
  ])("%s", (_, expressions, expected) => {
    expect(pairs(expressions)).toEqual(expected);
  });

  test("not with one that reports less: silent, or limited", () => {
    const text = policy([`open.file.path == "/a" && open.created`]);
    for (const key of ["silent: true", "every: 10s"]) {
      const wide = `  - id: wide\n    ${key}\n    expression: open.file.path == "/a"\n`;
      const found = lintPolicies(analysePolicies([{ name: "p.yaml", text: text + wide }]));
      expect(found.filter(({ code }) => code === "subsumed")).toEqual([]);
    }
  });
});

describe("notes", () => {
  test.each<readonly [string, ...string[]]>([
    [`rename.file.path in [~"/etc/cron.d/**", "/etc/x"]`, `directory-itself: ~"/etc/cron.d/**"`],
    [`rename.file.path in [~"/etc/cron.d/**", "/etc/cron.d"]`],
    [`rename.file.path not in [~"/etc/cron.d/**"]`],
    [`unlink.file.path =~ "/etc/cron.d/**"`],
    [`open.file.path =~ "/etc/cron.d/**"`, `any-open: open.file.path =~ "/etc/cron.d/**"`],
    [`open.file.path =~ "/etc/cron.d/**" && open.flags & O_CREAT > 0`],
    [`not open.created && open.file.name == "x"`, "not-binds: not open.created"],
    [`not (open.created) && open.file.name == "x"`],
  ])("%s", (expression, ...findings) => {
    const found = lint([expression]);
    expect(brief(found)).toEqual(findings);
    expect(found.every(({ severity }) => severity === "note")).toBe(true);
  });
});

test("one rule over several event types: only what is true of all", () => {
  const found = lint([`fim.write.file.path =~ "/srv/**" && process.uid > 5 && process.uid < 3`]);
  expect(brief(withoutNotes(found))).toEqual(["never-true: process.uid < 3"]);
});

test("the shipped pack has notes alone", () => {
  const text = readFileSync(new URL("../../packs/linux-fim.yaml", import.meta.url), "utf8");
  const analysis = analysePolicies([{ name: "pack.yaml", text }]);
  expect(analysis.rules.length).toBeGreaterThan(40);
  expect(new Set(lintPolicies(analysis).map(({ severity, code }) => `${severity} ${code}`))).toEqual(
    new Set(["note directory-itself"]),
  );
});

test.each([`open.file.path == "~/.ssh/id"`, `open.file.path =~ "~/.ssh/*"`])(
  "%s: what a shell would expand",
  (text) => {
    const { diagnostics } = analysePolicies([{ name: "p.yaml", text: policy([text]) }]);
    expect(diagnostics.find(({ code }) => code === "never-matches")?.hint).toContain("`~` is not expanded");
  },
);
