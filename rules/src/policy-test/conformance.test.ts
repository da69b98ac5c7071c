import { EVENT_TYPES, FIELDS } from "@weir/matcher-wasm/format";
import { describe, expect, test } from "vitest";
import { type ConformanceFailure, runConformance } from "./conformance.ts";

interface Line {
  readonly [key: string]: unknown;
}

async function run(...lines: readonly (Line | string)[]) {
  const failures: ConformanceFailure[] = [];
  const counts = await runConformance(
    lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))),
    { failure: (failure) => failures.push(failure) },
  );
  return { ...counts, failures };
}

const open = (fields: object = {}): object => ({ type: "open", "open.file.path": "/etc/passwd", ...fields });
const PASSWD = 'open.file.path == "/etc/passwd"';

test("cases that hold, each of its own kind", async () => {
  const result = await run(
    "# comments, blank lines and windows line ends\r",
    "",
    { expression: PASSWD, event: open(), expected: true },
    { expression: PASSWD, event: open({ "open.file.path": "/etc/shadow" }), expected: false },
    { expression: "open.fil.path == 1", event: open(), expected: "error", name: "unknown field" },
    { expression: 'process.ancestors.comm == "sh"', event: open({ "process.ancestors.comm": ["sh"] }), expected: true },
    { expression: 'unlink.file.path == "/etc/passwd"', event: open(), expected: false },
    { expression: "process.uid == 0", event: { type: "chmod" }, expected: true },
    { expression: "true", event: { type: "rename" }, expected: true },
    {
      expression: "watched && open.flags & O_CREAT > 0",
      macros: { files: '["/etc/passwd", ~"/etc/cron.d/*"]', watched: "open.file.path in files" },
      event: open({ "open.file.path": "/etc/cron.d/x", "open.flags": ["O_CREAT"] }),
      expected: true,
    },
  );
  expect(result).toEqual({ passed: 8, failed: 0, failures: [] });
});

test("values of every kind of field, and what follows from them", async () => {
  const exec = { type: "exec", "exec.file.path": "/usr/bin/curl", "process.argv": ["-o", "x"], "process.ppid": 4 };
  const result = await run(
    { expression: 'exec.file.name == "curl" && process.args == "-o x"', event: exec, expected: true },
    { expression: 'process.file.path == "/usr/bin/curl"', event: exec, expected: true },
    { expression: "exec.argv.length == 2 && exec.ppid == 4", event: exec, expected: true },
    {
      expression: "open.file.modification_time > 5s && open.file.rights == 0644",
      event: open({ "open.file.modification_time": 1, "event.timestamp": 5000000002, "open.file.mode": "0o100644" }),
      expected: true,
    },
    {
      expression: "process.user_session.ssh_client_ip in 10.0.0.0/8",
      event: open({ "process.user_session.ssh_client_ip": "10.1.2.3" }),
      expected: true,
    },
    { expression: 'open.file.name =~ r"^pass(wd|word)$"', event: open(), expected: true },
    { expression: "process.cap_effective & (1 << 63) != 0", event: open(), expected: "error" },
    {
      expression: 'fim.write.file.path == "/etc/passwd"',
      event: { type: "rename", "rename.file.destination.path": "/etc/passwd" },
      expected: true,
    },
    { expression: 'fim.write.file.path == "/etc/passwd"', event: { type: "mkdir" }, expected: false },
  );
  expect(result).toEqual({ passed: 9, failed: 0, failures: [] });
});

test("registers are about one ancestor", async () => {
  const expression =
    'open.created && process.ancestors[A].comm == "git" && process.ancestors[A].argv in ["clone", "x"]';
  const ancestors = (argv: readonly string[], ends?: readonly number[]): object => ({
    "open.created": true,
    "process.ancestors.comm": ["sh", "git"],
    "process.ancestors.argv": argv,
    ...(ends === undefined ? {} : { "process.ancestors.argv.ends": ends }),
  });
  const result = await run(
    { expression, event: open(ancestors(["-c", "clone"])), expected: true },
    { expression, event: open(ancestors(["clone", "-c"])), expected: false },
    { expression, event: open(ancestors(["-c", "sh", "clone", "y"], [2, 4])), expected: true },
    { expression, event: open(ancestors(["-c", "clone", "y"], [2, 3])), expected: false },
    { expression: expression.replace("argv in", "argv not in"), event: open(ancestors(["x"], [1, 1])), expected: true },
  );
  expect(result).toEqual({ passed: 5, failed: 0, failures: [] });
});

test("variables are those that the event has values for", async () => {
  const result = await run(
    { expression: "${process.seen} && true", event: open({ "${process.seen}": true }), expected: true },
    { expression: "${x} == 3", event: open({ "${x}": 3 }), expected: true },
    { expression: '${x} == "3"', event: open({ "${x}": "3" }), expected: true },
    { expression: "open.file.path in ${paths}", event: open({ "${paths}": ["/a", "/etc/passwd"] }), expected: true },
    { expression: 'open.file.path == "/etc/${x}"', event: open({ "${x}": "passwd" }), expected: true },
    { expression: "${y} == 3", event: open(), expected: "error" },
  );
  expect(result).toEqual({ passed: 6, failed: 0, failures: [] });
});

test("what differs from the expectation is told with both judgements", async () => {
  const { passed, failed, failures } = await run(
    { expression: PASSWD, event: open(), expected: false, name: "wrong" },
    { expression: PASSWD, event: open(), expected: "error" },
    { expression: `${PASSWD} &&`, event: open(), expected: true },
    { expression: "m", macros: { m: "open.fil.path == 1" }, event: open(), expected: true },
  );
  expect({ passed, failed }).toEqual({ passed: 0, failed: 4 });
  expect(failures).toMatchObject([
    { line: 1, name: "wrong", expression: PASSWD, expected: false, evaluator: true, matcher: true },
    { line: 2, expected: "error", evaluator: true, matcher: true },
    {
      line: 3,
      evaluator: "error",
      matcher: "error",
      detail: expect.stringMatching(/^expression:1:35: error: .*\n.*\n +\^/),
    },
    { line: 4, evaluator: "error", detail: expect.stringMatching(/^macro m:1:1: error: unknown field/) },
  ]);
});

test("lines that are no cases", async () => {
  const { passed, failures } = await run(
    "{",
    "[]",
    { expression: PASSWD, event: open() },
    { expression: 1, event: open(), expected: "yes", evnt: 1 },
    { expression: PASSWD, event: open({ "open.flags": "O_NONE" }), expected: true },
    { expression: PASSWD, expected: true },
    { expression: PASSWD, event: open(), expected: true, macros: { a: 1 } },
    { expression: PASSWD, event: open(), expected: true },
  );
  expect(passed).toBe(1);
  expect(failures.map(({ line, detail }) => [line, detail])).toEqual([
    [1, expect.stringMatching(/^not JSON: /)],
    [2, "expected an object with expression, event and expected, received a list"],
    [3, 'expected: expected true, false or "error", received nothing'],
    [4, expect.stringMatching(/^unknown key "evnt" \(did you mean `event`\?\)\nexpression: .*\nexpected: .*"yes"$/)],
    [5, expect.stringMatching(/^event: open\.flags: .*received the string "O_NONE"/)],
    [6, "event: expected a mapping of field names to values, received nothing"],
    [7, 'macros: "a": expected an expression as a string, received 1'],
  ]);
});

test("a byte order mark, and keys that are there twice", async () => {
  const good = JSON.stringify({ expression: PASSWD, event: open(), expected: true });
  const { passed, failures } = await run(
    `\ufeff${good}`,
    good.replace('"expected":true', '"expected":false,"expected":true'),
    good.replace('"type":', '"type":"open","type":'),
  );
  expect(passed).toBe(1);
  expect(failures).toEqual([
    { line: 2, detail: 'the key "expected" occurs twice' },
    { line: 3, detail: 'the key "type" occurs twice' },
  ]);
});

test("an expression that is wrong is so whatever the event", async () => {
  const dns = { type: "dns", "dns.question.name": "x" };
  const { passed, failures } = await run(
    { expression: 'dns.question.name == "x"', event: dns, expected: "error" },
    { expression: PASSWD, event: dns, expected: "error" },
    { expression: PASSWD, event: dns, expected: false },
  );
  expect(passed).toBe(1);
  expect(failures).toMatchObject([
    { line: 2, detail: expect.stringMatching(/^event: type: expected an event type/) },
    { line: 3, detail: expect.stringMatching(/^event: type: expected an event type/) },
  ]);
});

describe("events that no kernel reports", () => {
  test.each([
    ["absent path", {}, 'open.file.name == ""'],
    ["relative path", { "open.file.path": "etc" }, 'open.file.path == "etc"'],
    ["path with dots", { "open.file.path": "/a/../b" }, 'open.file.path == "/a/../b"'],
    ["name alone", { "open.file.name": "passwd" }, 'open.file.name == "passwd"'],
    ["length alone", { "open.file.path.length": 2 }, "open.file.path.length == 2 && open.file.path.length != 3"],
    ["length of the name alone", { "open.file.name.length": 7 }, "open.file.name.length in [7, 8]"],
    ["extension alone", { "open.file.extension": ".txt" }, 'open.file.extension == ".txt"'],
  ])("%s", async (_, fields, expression) => {
    const result = await run({ expression, event: { type: "open", ...fields }, expected: true });
    expect(result).toEqual({ passed: 1, failed: 0, failures: [] });
  });
});

test("what breaks a limit of linking fails alone", async () => {
  const names = Array.from({ length: 1100 }, (_, i) => `\${v${i}}`);
  const event = open(Object.fromEntries(names.map((name, i) => [name, i])));
  const good = { expression: "${v1} == 1", event, expected: true };
  const huge = { expression: names.map((name, i) => `${name} == ${i}`).join(" && "), event, expected: true };
  const { passed, failures } = await run(good, huge, { ...good, expression: "${v2} == 2" });
  expect(passed).toBe(2);
  expect(failures).toMatchObject([
    {
      line: 2,
      evaluator: true,
      matcher: "error",
      detail: expect.stringMatching(/1100 fields and variables.*at most 1024/),
    },
  ]);
});

test("more cases than a batch has", async () => {
  const lines = Array.from({ length: 2300 }, (_, i) => ({
    expression: `open.file.path == "/f${i % 50}"`,
    event: open({ "open.file.path": `/f${i % 49}` }),
    expected: i % 50 === i % 49,
  }));
  const progress: number[] = [];
  const counts = await runConformance(
    lines.map((line) => JSON.stringify(line)),
    {
      failure: () => undefined,
      progress: ({ passed, failed }) => progress.push(passed + failed),
    },
  );
  expect(counts).toEqual({ passed: 2300, failed: 0 });
  expect(progress).toEqual([1000, 2000, 2300]);
});

test("every type of event, with the names that its paths have", async () => {
  const types = EVENT_TYPES.filter(({ file }) => file).flatMap(({ name, destination }) => {
    const paths = FIELDS.filter((field) => field.event === name && field.source.from === "path");
    expect(paths).toHaveLength(destination ? 2 : 1);
    const event = { type: name, ...Object.fromEntries(paths.map((field, i) => [field.name, `/a/${i}`])) };
    return paths.map((field, i) => ({ expression: `${field.name} == "/a/${i}"`, event, expected: true }));
  });
  const processes = [
    { expression: 'exec.file.name == "sh"', event: { type: "exec", "exec.file.path": "/bin/sh" }, expected: true },
    { expression: "exit.code == 3", event: { type: "exit", "exit.code": 3 }, expected: true },
  ];
  expect(types.length).toBeGreaterThan(15);
  expect(await run(...types, ...processes)).toEqual({ passed: types.length + 2, failed: 0, failures: [] });
});
