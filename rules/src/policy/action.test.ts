import { describe, expect, it, test } from "vitest";
import { analysePolicies } from "../analyse.ts";
import { SourceFile } from "../source.ts";
import { policyMetadata } from "./metadata.ts";
import { readPolicy } from "./policy.ts";

const policy = (body: string) => `rules:\n  - id: r\n    expression: open.file.path == "/a"\n${body}`;

const analyse = (body: string) => analysePolicies([{ name: "p", text: policy(body) }]);

const listOf = (actions: readonly string[]) =>
  `    actions:\n${actions.map((action) => `      - ${action}\n`).join("")}`;

const withActions = (...actions: string[]) => analyse(listOf(actions));

/** What the reader makes of actions that it has no objection to. */
function actionsOf(...actions: string[]) {
  const file = new SourceFile("p", policy(listOf(actions)));
  const { policy: read, diagnostics } = readPolicy(file, { agentVersion: [7, 78, 0], unsupported: "skip" });
  expect(diagnostics.sorted()).toEqual([]);
  const [rule] = read.rules;
  if (rule === undefined) throw new Error("no rule was read");
  return policyMetadata(rule).actions;
}

const problems = (...actions: string[]): string[] =>
  withActions(...actions).diagnostics.map((d) => `${d.line}:${d.column} ${d.severity} ${d.code} ${d.message}`);

describe("actions as they are taken over", () => {
  const set = (name: string) => ({ kind: "set", name, append: false, private: false, inherited: false });
  it("set to constants", () =>
    expect(
      actionsOf(
        "set: { name: text, value: text }",
        "set: { name: count, value: -5 }",
        "set: { name: seen, value: true }",
        "set: { name: names, value: [a, b] }",
        "set: { name: numbers, value: [1, 2], append: true, size: 10, ttl: 5m }",
      ),
    ).toEqual([
      { ...set("text"), value: "text" },
      { ...set("count"), value: -5 },
      { ...set("seen"), value: true },
      { ...set("names"), value: ["a", "b"] },
      { ...set("numbers"), value: [1, 2], append: true, size: 10, ttlNs: 300_000_000_000 },
    ]));
  it("set to a field and to an expression, with a scope", () =>
    expect(
      actionsOf(
        "set: { name: paths, field: process.file.path, scope: container, default_value: [], append: true }",
        'set: { name: count, expression: "${process.count} + 1", default_value: 0, scope: process, inherited: true }',
        "set: { name: mark, value: 1, scope: process, scope_field: process.parent.pid, private: true }",
      ),
    ).toEqual([
      { ...set("paths"), field: "process.file.path", scope: "container", defaultValue: [], append: true },
      { ...set("count"), expression: "${process.count} + 1", defaultValue: 0, scope: "process", inherited: true },
      { ...set("mark"), value: 1, scope: "process", scopeField: "process.parent.pid", private: true },
    ]));
  it("kill, hash, coredump, log, with filters", () =>
    expect(
      actionsOf(
        'kill: { signal: SIGKILL }\n        filter: process.comm == "x"',
        "kill: { signal: SIGTERM, scope: cgroup, disable_container_disarmer: true, disable_executable_disarmer: true }",
        "hash: {}",
        "hash:",
        "hash: { field: process.file, max_file_size: 1048576 }",
        "coredump: { process: true, no_compression: true }",
        'log: { level: info, message: "seen" }',
      ),
    ).toEqual([
      {
        kind: "kill",
        signal: "SIGKILL",
        scope: "process",
        disableContainerDisarmer: false,
        disableExecutableDisarmer: false,
        filter: 'process.comm == "x"',
      },
      {
        kind: "kill",
        signal: "SIGTERM",
        scope: "cgroup",
        disableContainerDisarmer: true,
        disableExecutableDisarmer: true,
      },
      { kind: "hash" },
      { kind: "hash" },
      { kind: "hash", field: "process.file", maxFileSizeBytes: 1048576 },
      { kind: "coredump", process: true, mount: false, dentry: false, noCompression: true },
      { kind: "log", level: "info", message: "seen" },
    ]));
  it("a filter on packets is left out, the rule stays", () => {
    const { ok, rules, diagnostics } = withActions("network_filter: { filter: port 53 }", "hash: {}");
    expect(ok).toBe(true);
    expect(diagnostics.map((d) => `${d.line}:${d.column} ${d.severity} ${d.code}`)).toEqual([
      "5:9 warning unsupported",
    ]);
    expect(rules[0]?.source.actions.map((action) => action.kind)).toEqual(["hash"]);
  });
  it("strictly, it is an error", () => {
    const text =
      'rules: [{ id: r, expression: open.file.path == "/a", actions: [{ network_filter: { filter: port 53 } }] }]';
    expect(analysePolicies([{ name: "p", text }], { unsupported: "error" }).ok).toBe(false);
  });
});

test.each([
  ["{}", "5:9 error action an action is exactly one of set, kill, hash, coredump, log, network_filter; received none"],
  ["nothing", "5:9 error yaml an action must be a mapping, received a string"],
  ["{ kill: { signal: SIGKILL }, hash: {} }", "5:9 error action an action is exactly one of"],
  ["kil: { signal: SIGKILL }", "5:9 error unknown-key unknown key `kil` in an action"],
  ["kill: SIGKILL", "5:15 error yaml `kill` must be a mapping, received a string"],
  ["kill: {}", "5:9 error missing-key `kill` has no `signal`"],
  ["kill: { signal: SIGKIL }", '5:25 error unknown-value "SIGKIL" is no signal'],
  ["kill: { signal: SIGKILL, scope: pod }", '5:41 error unknown-value `scope` cannot be "pod"'],
  ["kill: { signal: SIGKILL, sope: process }", "5:34 error unknown-key unknown key `sope` in `kill`"],
  ["kill: { signal: SIGKILL, disable_container_disarmer: 1 }", "5:62 error yaml `disable_container_disarmer` must be"],
  ["hash: { field: open.fil }", "5:24 error unknown-name `open.fil` is no file"],
  ["hash: { field: unlink.file }", "5:24 error event-type `unlink.file` belongs to event type unlink"],
  ["hash: { max_file_size: 0 }", "5:32 error range `max_file_size` must be an integer from 1"],
  ["hash: { max_file_size: 1.5 }", "5:32 error range `max_file_size` must be an integer from 1"],
  ["hash: { max_file_size: big }", "5:32 error yaml `max_file_size` must be an integer from 1"],
  ["coredump: { no_compression: true }", "5:9 error missing-key `coredump` needs one of"],
  ["log: { message: m }", "5:9 error missing-key `log` has no `level`"],
  ["log: { level: loud }", '5:23 error unknown-value `level` cannot be "loud"'],
  ["{ hash: {}, filter: process.comm == }", "5:44 error syntax expected"],
  ["{ hash: {}, filter: 5 }", "5:29 error yaml `filter` must be a string, received a number"],
  ["set: { value: 1 }", "5:9 error missing-key `set` has no `name`"],
  ["set: { name: a.b, value: 1 }", '5:22 error id "a.b" is no variable name'],
  ["set: { name: v }", "5:9 error missing-key `set` needs exactly one of"],
  ["set: { name: v, value: 1, field: process.pid }", "5:9 error missing-key `set` needs exactly one of"],
  ["set: { name: v, value: { a: b } }", "5:32 error yaml `value` must be a string, an integer"],
  ["set: { name: v, value: 1.5 }", "5:32 error yaml `value` must be a string, an integer"],
  ["set: { name: v, value: [] }", "5:25 error missing-key `value` is an empty list"],
  ["set: { name: v, value: [a, 1] }", "5:36 error yaml `value` is a list of strings or one of integers"],
  ["set: { name: v, value: [true] }", "5:33 error yaml `value` is a list of strings or one of integers"],
  ["set: { name: v, value: a, default_value: 1 }", "5:50 error type `default_value` is an integer, `value` a string"],
  ["set: { name: v, value: 1, default_value: [] }", "5:50 error type `default_value` is a list, `value` an integer"],
  ["set: { name: v, field: Process }", '5:32 error unknown-name unknown field "Process"'],
  ["set: { name: v, field: process.colour }", '5:32 error unknown-name unknown field "process.colour"'],
  [
    "set: { name: v, field: unlink.file.path }",
    "5:32 error event-type `unlink.file.path` belongs to event type unlink",
  ],
  [
    "set: { name: v, value: 1, inherited: true }",
    "5:35 error action `inherited` is for variables with `scope: process`",
  ],
  ["set: { name: v, value: 1, scope: cgroup, scope_field: process.pid }", "5:50 error action `scope_field` is for"],
  ["set: { name: v, value: 1, ttl: 5d }", '5:40 error duration `ttl`: "5d" has an unknown unit `d`'],
  ["set: { name: v, value: 1, ttl: 60 }", "5:40 warning duration `ttl`: a number without a unit is nanoseconds"],
  ["set: { name: v, value: 1, ttl: [] }", "5:40 error yaml `ttl` must be a duration, received a list"],
  ["set: { name: v, value: 1, size: -1 }", "5:41 error range `size` must be an integer from 0 to 65536, received -1"],
  ["set: { name: v, expression: 1 + }", "5:40 error syntax expected"],
])("problem %#: %s", (action, expected) => {
  expect(problems(action).map((problem) => problem.slice(0, expected.length))).toContain(expected);
});

test("fields have suggestions", () => {
  const { diagnostics } = analyse("    limiter_token: [proces.pid]\n");
  expect(diagnostics[0]?.hint).toBe("did you mean `process.pid`?");
});

test("signals have suggestions", () => {
  const hint = (signal: string) => withActions(`kill: { signal: ${signal} }`).diagnostics[0]?.hint;
  expect(hint("kill")).toBe("did you mean `SIGKILL`?");
  expect(hint("SIGTRM")).toBe("did you mean `SIGTERM`?");
  expect(hint("9")).toBe("a name such as SIGKILL or SIGTERM");
});

test.each([
  ["actions: [{ hash: {} }", "    actions: 5\n", "4:14 yaml `actions` must be a list, received a number"],
  ["too many", `    actions: [${"{ hash: {} },".repeat(33)}]\n`, "4:14 too-long `actions` has 33 items: at most 32"],
  ["every", "    every: soon\n", '4:12 duration `every`: "soon" is no duration'],
  ["limiter", "    limiter_token: [process.pid, nothing.here]\n", '4:34 unknown-name unknown field "nothing.here"'],
  [
    "limiter of another event",
    "    limiter_token: [unlink.file.path]\n",
    "4:21 event-type `unlink.file.path` belongs to",
  ],
  ["priority", "    priority: high\n", "4:15 yaml `priority` must be an integer from -1000000 to 1000000"],
  ["group", "    group_id: a b\n", '4:15 id "a b" is no group id'],
  ["silent", "    silent: sometimes\n", "4:13 yaml `silent` must be true or false, received a string"],
  ["product tags", "    product_tags: [{}]\n", "4:20 yaml `product_tags` holds strings, received a mapping"],
])("key: %s", (_, body, expected) => {
  const found = analyse(body).diagnostics.map((d) => `${d.line}:${d.column} ${d.code} ${d.message}`);
  expect(found.map((problem) => problem.slice(0, expected.length))).toContain(expected);
});
