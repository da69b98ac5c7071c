/** `weir check` as its users see it: problems with carets, what is not loaded, what the kernel stage filters by. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ROOT } from "../tidy/files.ts";
import { weirHere as weir } from "./in-process.fixture.ts";
import { type Outcome, WEIR } from "./weir.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "weir-e2e-check-"));
const PACK = join(ROOT, "rules/packs/linux-fim.yaml");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, rules: Readonly<Record<string, string>>): string {
  const path = join(folder, name);
  const entries = Object.entries(rules).map(([id, expression]) => `  - id: ${id}\n    expression: ${expression}\n`);
  writeFileSync(path, `rules:\n${entries.join("")}`);
  return path;
}

/** Runs the command with a text on its standard input. */
function piped(args: readonly string[], text: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(WEIR, args, { env: { ...process.env, NO_COLOR: "1" } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
    child.stdin?.end(text);
  });
}

const DOUBTFUL = {
  twice: `open.file.path == "/etc/a" && open.file.path == "/etc/b"`,
  runc: `process.comm =~ "runc.*" && open.file.path == "/etc/c"`,
  wide: `open.file.path =~ "/etc/**"`,
  narrow: `open.file.path == "/etc/passwd"`,
  anywhere: "process.uid == 0 && open.flags & O_CREAT > 0",
};

describe("the shipped pack", () => {
  test("is clean, also under --strict, and filtered entirely", async () => {
    const { code, stdout, stderr } = await weir(["check", PACK, "--strict"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Kernel stage$/m);
    expect(stdout).not.toMatch(/Not filtered|Not loaded/);
    expect(stdout).toMatch(/\n(\d+) of \1 rules loaded; 0 errors, 0 warnings; \d+ notes, shown with --notes\n$/);
  });

  test("notes and rules are shown on demand", async () => {
    const { code, stdout, stderr } = await weir(["check", PACK, "--notes", "--rules"]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/linux-fim\.yaml:\d+:\d+: note: rules? .*\[directory-itself\]/);
    expect(stdout).toMatch(/^loaded +credentials_written \(open\)\n {2}passes path \/etc\/group, flags & 0x243$/m);
  });
});

describe("a doubtful policy", () => {
  const path = write("doubtful.yaml", DOUBTFUL);

  test("problems with place, caret and suggestion; the rule that is not filtered, why, and what it costs", async () => {
    const { code, stdout, stderr } = await weir(["check", path]);
    expect(code).toBe(0);
    expect(stderr).toContain(`${path}:3:47: warning: rule twice: `);
    expect(stderr).toContain(
      'never true together with `open.file.path == "/etc/a"`: the rule can never match [never-true]',
    );
    const [line = "", marks = ""] = stderr.split("\n").slice(1, 3);
    expect(line).toBe(`        expression: ${DOUBTFUL.twice}`);
    expect(marks).toBe(`${" ".repeat(20)}${"-".repeat(26)}    ^${"~".repeat(25)}`);
    expect(stderr).toMatch(/rule runc: .*\[regex-habit\]\n.*\n.*\n {4}hint: write `~"runc\*"`/);
    expect(stderr).toMatch(/rule narrow: every event that it matches rule wide matches too \[subsumed\]/);
    expect(stdout).toMatch(
      /Not filtered by path in the kernel: 1 rule\n {2}anywhere \(open\): every open with O_CREAT reaches the agent/,
    );
    expect(stdout).toContain(`${path}:11:17: no condition in it names a path`);
    expect(stdout).toMatch(/\n5 of 5 rules loaded; 0 errors, \d+ warnings; \d+ notes?, shown with --notes\n$/);
  });

  test("--strict: warnings are errors", async () => {
    expect((await weir(["check", path, "--strict"])).code).toBe(1);
  });

  test("--json: everything, and nothing else on either output", async () => {
    const { code, stdout, stderr } = await weir(["check", path, "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const result = JSON.parse(stdout);
    const codes = result.diagnostics.map(({ code: one }: { code: string }) => one);
    expect(new Set(codes)).toEqual(new Set(["never-true", "regex-habit", "subsumed", "any-open"]));
    expect(result.diagnostics.find(({ rule }: { rule: string }) => rule === "narrow")).toMatchObject({
      code: "subsumed",
      line: 8,
      related: [{ line: 6, column: 9, message: "rule wide" }],
    });
    expect(result.rules.find(({ id }: { id: string }) => id === "anywhere")).toMatchObject({
      state: "loaded",
      event: "open",
      approvers: [{ event: "open", kind: "any", flagsAny: 64 }],
      unfiltered: [
        { event: "open", class: "events-with-flags", flags: ["O_CREAT"], because: [{ line: 11, column: 17 }] },
      ],
    });
    expect(result.kernel).toMatchObject([
      { event: "open", rules: 5, unfiltered: { rules: ["anywhere"], flagsAny: 64 } },
    ]);
  });
});

test("what is not loaded is listed with its reason", async () => {
  const path = write("mixed.yaml", {
    fine: `open.file.path == "/a"`,
    foreign: `dns.question.name == "a"`,
    wrong: "open.fil == 1",
  });
  const { code, stdout, stderr } = await weir(["check", path]);
  expect(code).toBe(1);
  expect(stderr).toContain(`${path}:7:17: error: rule wrong: `);
  expect(stdout).toMatch(/Not loaded: 2 rules\n {2}unsupported foreign .*\n {2}error +wrong /);
  expect(stdout).toMatch(/\n1 of 3 rules loaded \(1 error, 1 unsupported\); 1 error, /);
});

test("a policy from standard input", async () => {
  const { code, stderr } = await piped(["check", "-"], `rules:\n  - id: a\n    expression: open.fil == 1\n`);
  expect(code).toBe(1);
  expect(stderr).toContain("(stdin):3:17: error: rule a: ");
});
