/** The commands around rules: tests, explanations, conformance and the table of fields, as people run them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ROOT } from "../tidy/files.ts";
import { weirHere as weir } from "./in-process.fixture.ts";
import { type Outcome, run, WEIR } from "./weir.fixture.ts";

const PACK = join(ROOT, "rules/packs/linux-fim.yaml");
const folder = mkdtempSync(join(tmpdir(), "weir-e2e-rules-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Runs weir with a file as its standard input. */
const weirWithInput = (input: string, args: readonly string[]): Promise<Outcome> =>
  run("sh", ["-c", 'weir=$1 input=$2; shift 2; exec "$weir" "$@" < "$input"', "sh", WEIR, input, ...args]);

const STACK_TRACE = /\n\s+at .*\(?(?:file|node):|node:internal/;

function expectFailure({ code, stdout, stderr }: Outcome, pattern: RegExp): void {
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(pattern);
  expect(stderr).not.toMatch(STACK_TRACE);
}

const last = (text: string): string => text.trimEnd().split("\n").at(-1) ?? "";

const POLICY = `
rules:
  - id: passwd_written
    expression: open.file.path == "/etc/passwd" && open.flags & (O_WRONLY | O_RDWR) > 0
  - id: read_by_shell
    expression: open.file.path =~ "/etc/**" && process.ancestors.comm == "bash"
`;
const policy = write("p.yaml", POLICY);

describe("weir conformance", () => {
  const passwd = { type: "open", "open.file.path": "/etc/passwd", "open.flags": ["O_RDWR"] };
  const expression = 'open.file.path == "/etc/passwd"';
  const lines = (...cases: readonly unknown[]): string => cases.map((one) => JSON.stringify(one)).join("\n");

  test("all hold: exit 0, the counts", async () => {
    const path = write("good.jsonl", `# cases\n\n${lines({ expression, event: passwd, expected: true })}\n`);
    expect(await weir(["conformance", path])).toEqual({ code: 0, stdout: "1 passed, 0 failed\n", stderr: "" });
    expect(await weirWithInput(path, ["conformance", "-"])).toMatchObject({ code: 0, stdout: "1 passed, 0 failed\n" });
  });

  test("every line that fails: where, what each said, the place of an error; exit 1", async () => {
    const bad = "open.fil.path == 1";
    const path = write(
      "bad.jsonl",
      `${lines({ expression, event: passwd, expected: false, name: "wrong" }, { expression: bad, event: passwd, expected: true })}\n{"\n${lines({ expression, event: passwd, expected: true })}`,
    );
    const { code, stdout, stderr } = await weir(["conformance", path]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout).toContain(`✗ ${path}:1 wrong: expected false; evaluator true, matcher true\n    ${expression}\n`);
    expect(stdout).toContain(`✗ ${path}:2: expected true; evaluator error, matcher error\n    ${bad}\n`);
    expect(stdout).toMatch(/unknown field `open\.fil\.path`.*\n +open\.fil\.path == 1\n +\^~+\n +hint: did you mean/);
    expect(stdout).toContain(`✗ ${path}:3: not a case\n    not JSON: `);
    expect(last(stdout)).toBe("1 passed, 3 failed");
    const json = await weir(["conformance", path, "--json"]);
    expect(json).toMatchObject({ code: 1, stderr: "" });
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      passed: 1,
      failed: 3,
      failures: [{ line: 1, expected: false, evaluator: true, matcher: true }, { line: 2 }, { line: 3 }],
    });
  });

  test("hostile text does not reach the terminal", async () => {
    const path = write(
      "hostile.jsonl",
      lines({ expression: "\u001b[2J\u009b", event: passwd, expected: true, name: "\u202e" }),
    );
    const { stdout } = await weir(["conformance", path]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what this is about
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  test("no file, a folder, something endless, nothing in it", async () => {
    expectFailure(await weir(["conformance", join(folder, "none")]), /none: no such file or folder\n/);
    expectFailure(await weir(["conformance", folder]), /this is a folder\n/);
    expectFailure(await weir(["conformance", "/dev/zero"]), /a line has more than \d+ characters\n/);
    const empty = await weir(["conformance", "/dev/null"]);
    expect(empty).toMatchObject({
      code: 1,
      stdout: "0 passed, 0 failed\n",
      stderr: expect.stringMatching(/holds no case/),
    });
  });
});

describe("weir explain", () => {
  const event = JSON.stringify({ type: "open", "open.file.path": "/etc/passwd", "open.flags": ["O_RDONLY"] });

  test("which rules match, each part with its value, kernel stage, matcher", async () => {
    const { code, stdout, stderr } = await weir(["explain", policy, "--event", event]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain('    open.file.path == "/etc/passwd"  ✓  is "/etc/passwd"\n');
    expect(stdout).toContain("    open.flags & (O_WRONLY | O_RDWR) > 0  ✗  is 0 (O_RDONLY)\n");
    expect(stdout).toContain('process.ancestors.comm == "bash"  ✗  is []\n');
    expect(stdout).toMatch(/^kernel stage {2}passes: approved by ancestor \/etc$/m);
    expect(stdout).toMatch(/^evaluator {5}no rule$/m);
    expect(stdout).toMatch(/^matcher {7}no rule$/m);
  });

  test("from a file, from standard input, one rule, as JSON", async () => {
    const path = write(
      "event.json",
      JSON.stringify({ ...JSON.parse(event), "process.ancestors.comm": ["bash"] }, null, 2),
    );
    const args = ["--rule", "read_by_shell", "--json"];
    const outcomes = [
      await weir(["explain", policy, "--event", path, ...args]),
      await weirWithInput(path, ["explain", policy, "--event", "-", ...args]),
    ];
    for (const { code, stdout, stderr } of outcomes) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const result = JSON.parse(stdout);
      expect(result).toMatchObject({
        event: { type: "open", "open.file.name": "passwd" },
        rules: [{ id: "read_by_shell", matches: true, trace: { kind: "and", value: true } }],
        kernel: { passes: true, because: "approver", approver: { kind: "ancestor", value: "/etc" } },
        evaluator: ["read_by_shell"],
        matcher: ["read_by_shell"],
      });
      expect(result.rules).toHaveLength(1);
    }
  });

  test("a policy from standard input, but not the event as well", async () => {
    expect(await weirWithInput(policy, ["explain", "-", "--event", event])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^evaluator {5}no rule$/m),
    });
    expectFailure(await weir(["explain", "-", "--event", "-"]), /standard input is either the policy or the event/);
  });

  test("events and policies that cannot be used", async () => {
    const of = (text: string): Promise<Outcome> => weir(["explain", policy, "--event", text]);
    expectFailure(await of("{nonsense"), /the event cannot be used\n {2}not JSON: /);
    expectFailure(
      await of('{"type": "open", "open.fil.path": 1, "open.flags": "O_RDRW"}'),
      /unknown field \(did you mean `open\.file\.path`\?\)\n {2}open\.flags: .*`O_RDWR`/,
    );
    expectFailure(await of('{"type": "open", "open.file.path": "etc"}'), /expected a path as the kernel reports it/);
    expectFailure(await of(join(folder, "none.json")), /none\.json: no such file/);
    expectFailure(await weir(["explain", policy, "--event", event, "--rule", "x"]), /no rule has the id "x"/);
    expectFailure(await weir(["explain", write("bad.yaml", "rules: 1\n"), "--event", event]), /bad\.yaml:1:8: error: /);
  });
});

describe("weir test", () => {
  const TESTS = `
- name: written
  event: { type: open, open.file.path: /etc/passwd, open.flags: [O_WRONLY] }
  expect: [passwd_written]
- event: { type: open, open.file.path: /etc/passwd, open.flags: [O_RDONLY] }
  expect: []
`;

  test("the shipped pack, with every rule covered", async () => {
    const { code, stdout, stderr } = await weir(["test", PACK, "--require-coverage"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(last(stdout)).toMatch(/^1\d\d passed, 0 failed$/);
    expect(stdout).toContain("50 of 50 rules have");
  });

  test("a folder: tests beside a policy are no policies", async () => {
    const own = join(folder, "own");
    mkdirSync(own);
    writeFileSync(join(own, "a.yaml"), POLICY);
    writeFileSync(join(own, "a.test.yaml"), TESTS);
    expect(await weir(["test", own])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/\n2 passed, 0 failed\n$/),
    });
    expect(await weir(["check", own])).toMatchObject({ code: 0 });
    const covered = await weir(["test", own, "--require-coverage"]);
    expect(covered.code).toBe(1);
    expect(covered.stdout).toContain("✗ rule read_by_shell lacks an event that it is expected to match\n");
  });

  test("the difference of a test that fails, and why a rule does not match", async () => {
    const tests = write(
      "wrong.yaml",
      `- name: wrong\n  event: { type: open, open.file.path: /etc/passwd, process.ancestors.comm: [bash] }\n  expect: [passwd_written]\n${TESTS}`,
    );
    const { code, stdout } = await weir(["test", policy, "--tests", tests]);
    expect(code).toBe(1);
    expect(stdout).toContain(`✗ ${tests}:1:3 wrong
    expected  passwd_written
    got       read_by_shell
    - passwd_written  missing
        all of  ✗
          open.file.path == "/etc/passwd"  ✓  is "/etc/passwd"
          open.flags & (O_WRONLY | O_RDWR) > 0  ✗  is 0 (O_RDONLY)
    + read_by_shell  unexpected
`);
    expect(last(stdout)).toBe("2 passed, 1 failed");
    const json = await weir(["test", policy, "--tests", tests, "--json"]);
    expect(json).toMatchObject({ code: 1, stderr: "" });
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      passed: 2,
      failed: 1,
      cases: [{ ok: false, line: 1, steps: [{ got: ["read_by_shell"], missing: [{ id: "passwd_written" }] }] }, {}, {}],
    });
  });

  test("what cannot be run says where and why", async () => {
    expectFailure(
      await weir(["test", policy]),
      /there are no tests beside these policies\n {2}expected .*p\.test\.yaml, or/,
    );
    const tests = write("broken.yaml", "- event: { type: open, open.flags: [O_X] }\n  expect: [passwd_writen]\n");
    const outcome = await weir(["test", policy, "--tests", tests]);
    expectFailure(outcome, /broken\.yaml:1:37: error: open\.flags\[0\]: .*\n.*\n.*\^/);
    expect(outcome.stderr).toMatch(/weir test: 1 error, 0 warnings; no test was run\n$/);
    const json = await weir(["test", policy, "--tests", tests, "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, diagnostics: [{ line: 1, column: 37 }] });
    const missing = await weir(["test", join(folder, "none.yaml"), "--json"]);
    expect(missing).toMatchObject({ code: 1, stderr: "" });
    expect(JSON.parse(missing.stdout)).toEqual({
      ok: false,
      error: expect.stringMatching(/no such file/),
      diagnostics: [],
    });
  });
});

describe("weir fields", () => {
  test("all of them, of one event, by a filter", async () => {
    const all = await weir(["fields"]);
    expect(all).toMatchObject({ code: 0, stderr: "" });
    for (const name of ["open.file.path", "process.file.path", "container.id"])
      expect(all.stdout).toMatch(new RegExp(`^ {2}${name} +string`, "m"));
    expect(all.stdout).toMatch(/^ {2}process\.ancestors\.…: \d+ fields, as those of process$/m);
    expect(all.stdout).not.toMatch(/^ {2}process\.ancestors\.file/m);
    const kin = await weir(["fields", "ancestors.file"]);
    expect(kin.stdout).toMatch(/^ {2}process\.ancestors\.file\.path +string/m);
    const open = await weir(["fields", "--event", "open", "*.path"]);
    expect(open.stdout).toMatch(/^ {2}open\.file\.path +string, path +kernel +path in/m);
    expect(open.stdout).toMatch(/^ {2}process\.file\.path +string, path +agent/m);
    expect(open.stdout).not.toMatch(/unlink|open\.flags/);
  });

  test("as JSON and as Markdown", async () => {
    const json = await weir(["fields", "open.flags", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject([
      { name: "open.flags", event: "open", type: "int", known: "kernel" },
    ]);
    const markdown = await weir(["fields", "open.flags", "--markdown"]);
    expect(markdown.stdout).toMatch(
      /\n## open\n\n[^|]*\n\| field \| type \|.*\n\| --- .*\n\| `open\.flags` \| int \| kernel \|/,
    );
  });

  test("by meaning where no name fits", async () => {
    const { stdout } = await weir(["fields", "--event", "open", "owner"]);
    expect(stdout).toMatch(/^ {2}open\.file\.uid +int +kernel +owner$/m);
  });

  test("nothing fits", async () => {
    expectFailure(await weir(["fields", "nothing.like(this"]), /no field fits "nothing\.like\(this"/);
    expectFailure(await weir(["fields", "--event", "opne"]), /"opne" is no event type\n {2}one of open, /);
    expectFailure(await weir(["fields", "--json", "--markdown"]), /exclude each other/);
  });
});
