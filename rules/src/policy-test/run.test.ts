import { describe, expect, test } from "vitest";
import { type PolicyTestResult, testPolicies } from "./run.ts";

const POLICY = `
rules:
  - id: passwd_written
    expression: open.file.path == "/etc/passwd" && open.flags & (O_WRONLY | O_RDWR) > 0
  - id: by_cron
    expression: open.file.path =~ "/etc/**" && process.ancestors.comm == "cron"
  - id: removed
    expression: unlink.file.path =~ "/etc/*"
  - id: asleep
    disabled: true
    expression: unlink.file.path == "/x"
`;

const run = (tests: string, policy: string | undefined = undefined): Promise<PolicyTestResult> =>
  testPolicies(
    [{ name: "p.yaml", text: POLICY }],
    [{ name: "p.test.yaml", text: tests, ...(policy === undefined ? {} : { policy }) }],
  );

async function ran(tests: string) {
  const result = await run(tests);
  if (!result.ran) throw new Error(JSON.stringify(result.diagnostics));
  return result;
}

async function errors(tests: string, policy?: string): Promise<string[]> {
  const result = await run(tests, policy);
  if (result.ran) throw new Error("the tests were run");
  return result.diagnostics.map((d) => `${d.file}:${d.line}:${d.column} ${d.message}${d.hint ? ` (${d.hint})` : ""}`);
}

test("expectations that hold, with and without context", async () => {
  const result = await ran(`
- event: { type: open, open.file.path: /etc/passwd, open.flags: [O_WRONLY], process.ancestors.comm: [sh, cron] }
  expect: [passwd_written, by_cron]
- name: close to it
  event: { type: open, open.file.path: /etc/passwd, open.flags: O_RDONLY }
  expect: []
- events:
    - event: { type: unlink, unlink.file.path: /etc/a }
      expect: [removed]
    - event: { type: unlink, unlink.file.path: /etc/a/b }
      expect_not: [removed]
`);
  expect(result).toMatchObject({ passed: 3, failed: 0, cases: [{ line: 2, column: 3 }, { name: "close to it" }, {}] });
  expect(result.coverage).toEqual([
    { id: "by_cron", positive: 1, negative: 1 },
    { id: "passwd_written", positive: 1, negative: 1 },
    { id: "removed", positive: 1, negative: 1 },
  ]);
});

test("what is missing is explained, what is unexpected is named", async () => {
  const { passed, failed, cases } = await ran(`
- name: wrong
  event: { type: open, open.file.path: /etc/passwd, open.flags: [O_RDONLY], process.ancestors.comm: [cron] }
  expect: [passwd_written, removed]
- event: { type: unlink, unlink.file.path: /etc/x }
  expect_not: [removed]
`);
  expect({ passed, failed }).toEqual({ passed: 0, failed: 2 });
  expect(cases[0]?.steps).toMatchObject([
    {
      ok: false,
      expected: ["passwd_written", "removed"],
      got: ["by_cron"],
      missing: [
        { id: "passwd_written", traces: [{ value: false, terms: [{ value: true }, { value: false }] }] },
        { id: "removed", traces: [], reason: "it judges unlink events, the event is of type open" },
      ],
      unexpected: ["by_cron"],
      disagreement: [],
      dropped: false,
    },
  ]);
  expect(cases[1]?.steps).toMatchObject([{ expected: null, got: ["removed"], unexpected: ["removed"] }]);
});

test("what no host can know counts as true, unless the event gives it", async () => {
  const policy = {
    name: "a.yaml",
    text: `rules:
  - id: bad
    expression: open.file.path == "/a" && open.file.hashes == "x"
  - id: good
    expression: open.file.path == "/a" && !(open.file.hashes == "x")
`,
  };
  const tests = `
- event: { type: open, open.file.path: /a }
  expect: [bad, good]
- event: { type: open, open.file.path: /a, open.file.hashes: [x] }
  expect: [bad]
- event: { type: open, open.file.path: /a, open.file.hashes: [] }
  expect: [good]
- event: { type: open, open.file.path: /a }
  expect: [bad]
`;
  const result = await testPolicies([policy], [{ name: "a.test.yaml", text: tests }]);
  if (!result.ran) throw new Error(JSON.stringify(result.diagnostics));
  expect(result.cases.map(({ ok }) => ok)).toEqual([true, true, true, false]);
  expect(result.cases[3]?.steps).toMatchObject([
    { unexpected: ["good"], unknownFields: ["open.file.hashes"], disagreement: [] },
  ]);
});

test("a rule without a test of its type has no coverage", async () => {
  const { coverage } = await ran("- event: { type: unlink, unlink.file.path: /etc/x }\n  expect: [removed]\n");
  expect(coverage).toContainEqual({ id: "removed", positive: 1, negative: 0 });
  expect(coverage).toContainEqual({ id: "by_cron", positive: 0, negative: 0 });
});

test("tests beside a policy are about its rules alone", async () => {
  const result = await testPolicies(
    [
      { name: "a.yaml", text: 'rules:\n  - id: a\n    expression: open.file.path =~ "/etc/**"\n' },
      { name: "b.yaml", text: 'rules:\n  - id: b\n    expression: open.file.name == "x"\n' },
    ],
    [
      {
        name: "a.test.yaml",
        policy: "a.yaml",
        text: "- event: { type: open, open.file.path: /etc/x }\n  expect: [a]\n",
      },
      { name: "all.yaml", text: "- event: { type: open, open.file.path: /etc/x }\n  expect: [a, b]\n" },
    ],
  );
  expect(result).toMatchObject({ ran: true, passed: 2, failed: 0 });
});

describe("state between events", () => {
  const policy = `
rules:
  - id: passwd_read
    expression: open.file.path == "/etc/passwd"
    actions:
      - set: { name: seen, value: true, scope: process, inherited: true, ttl: 10s }
      - set: { name: count, expression: "\${count} + 1", default_value: 0 }
      - set: { name: names, field: process.comm, append: true }
  - id: removed_after
    expression: unlink.file.path =~ "/tmp/*" && \${process.seen}
  - id: third
    expression: chdir.file.path == "/" && \${count} >= 2
  - id: by_the_same
    expression: rename.file.path == "/a" && process.comm in \${names}
`;
  const failures = async (tests: string): Promise<unknown> => {
    const result = await testPolicies([{ name: "p.yaml", text: policy }], [{ name: "p.test.yaml", text: tests }]);
    if (!result.ran) throw new Error(JSON.stringify(result.diagnostics));
    expect(result.passed + result.failed).toBeGreaterThan(0);
    return result.cases.filter((one) => !one.ok);
  };

  test("variables of a process: for it and its children, while they live", async () => {
    const tests = `
- events:
    - event: { type: unlink, unlink.file.path: /tmp/a, process.pid: 7 }
      expect: []
    - event: { type: open, open.file.path: /etc/passwd, process.pid: 7, event.timestamp: 1000000000 }
      expect: [passwd_read]
    - event: { type: unlink, unlink.file.path: /tmp/a, process.pid: 7 }
      expect: [removed_after]
    - event: { type: unlink, unlink.file.path: /tmp/a, process.pid: 8, process.ancestors.pid: [7, 1] }
      expect: [removed_after]
    - event: { type: unlink, unlink.file.path: /tmp/a, process.pid: 9, process.ancestors.pid: [1] }
      expect: []
    - event: { type: unlink, unlink.file.path: /tmp/a, process.pid: 7, event.timestamp: 11000000000 }
      expect: []
`;
    expect(await failures(tests)).toEqual([]);
  });

  test("counters and lists, and nothing of them in the next test", async () => {
    const tests = `
- events:
    - event: { type: open, open.file.path: /etc/passwd, process.comm: cat }
      expect: [passwd_read]
    - event: { type: chdir, chdir.file.path: / }
      expect: []
    - event: { type: open, open.file.path: /etc/passwd, process.comm: less }
      expect: [passwd_read]
    - event: { type: chdir, chdir.file.path: / }
      expect: [third]
    - event: { type: rename, rename.file.path: /a, process.comm: cat }
      expect: [by_the_same]
    - event: { type: rename, rename.file.path: /a, process.comm: mv }
      expect: []
- event: { type: rename, rename.file.path: /a, process.comm: cat }
  expect: []
`;
    expect(await failures(tests)).toEqual([]);
  });

  test("values for variables that are not, or of another type", async () => {
    const event = `{ type: unlink, "\${process.sen}": true, "\${count}": x, "\${names}": [a, 1] }`;
    const result = await testPolicies(
      [{ name: "p.yaml", text: policy }],
      [{ name: "p.test.yaml", text: `- event: ${event}\n  expect: []\n` }],
    );
    expect(result).toMatchObject({ ran: false, diagnostics: [{ line: 1, column: 81 }] });
    const other = await testPolicies(
      [{ name: "p.yaml", text: policy }],
      [{ name: "p.test.yaml", text: `- event: ${event.replace(", 1]", "]")}\n  expect: []\n` }],
    );
    if (other.ran) throw new Error("the tests were run");
    expect(other.diagnostics.map(({ column, message, hint }) => [column, message, hint])).toEqual([
      [26, "${process.sen}: no rule sets this variable", "did you mean `${process.seen}`?"],
      [50, expect.stringMatching(/^\$\{count\}: expected an integer.*received the string "x"$/), undefined],
    ]);
  });

  test("a value that the event itself gives", async () => {
    const event = `{ type: unlink, unlink.file.path: /tmp/a, "\${process.seen}": true }`;
    expect(await failures(`- event: ${event}\n  expect: [removed_after]\n`)).toEqual([]);
  });
});

test("conditions on the host count as true", async () => {
  const rule = `
  - id: newer
    expression: open.file.path == "/x"
    filters: [kernel.version.major >= 99]
  - id: everywhere
    expression: open.file.path == "/x"
`;
  const tests = "- event: { type: open, open.file.path: /x }\n  expect: [everywhere, newer]\n";
  const result = await testPolicies(
    [{ name: "p.yaml", text: `rules:${rule}` }],
    [{ name: "p.test.yaml", text: tests }],
  );
  expect(result).toMatchObject({ ran: true, passed: 1, failed: 0 });
});

test("a rule for several types of event is one rule", async () => {
  const policy = 'rules:\n  - id: written\n    expression: fim.write.file.path == "/etc/passwd"\n';
  const tests = `
- event: { type: open, open.file.path: /etc/passwd, open.flags: O_WRONLY }
  expect: [written]
- event: { type: rename, rename.file.path: /tmp/a, rename.file.destination.path: /etc/passwd }
  expect: [written]
- event: { type: open, open.file.path: /etc/passwd }
  expect: []
`;
  const result = await testPolicies([{ name: "p.yaml", text: policy }], [{ name: "p.test.yaml", text: tests }]);
  expect(result).toMatchObject({ ran: true, passed: 3, coverage: [{ id: "written", positive: 2, negative: 1 }] });
});

describe("errors have their places", () => {
  test.each<[string, string, string | RegExp]>([
    ["no list", "tests: []\n", /1:1 a file of tests must be a list of tests, received a mapping/],
    ["nothing", "[]\n", "p.test.yaml:1:1 the file holds no test"],
    ["unknown key", "- evnt: {}\n  expect: []\n", /1:3 unknown key `evnt` in a test \(did you mean `event`\?\)/],
    ["no event", "- expect: []\n", "p.test.yaml:1:3 the test has no `event`"],
    ["no expectation", "- event: { type: open }\n", /1:3 the test expects nothing/],
    [
      "bad value",
      "- event:\n    type: open\n    open.flags: [O_RDONLY, O_X]\n  expect: []\n",
      /3:28 open\.flags\[1\]: expected the name of a constant/,
    ],
    [
      "old octal",
      "- event:\n    type: chmod\n    chmod.file.mode: 0644\n  expect: []\n",
      /3:22 chmod\.file\.mode: .*\(a leading zero/,
    ],
    ["unknown field", "- event:\n    type: open\n    open.fil: 1\n  expect: []\n", /3:5 open\.fil: unknown field/],
    ["field twice", "- event: { type: open, type: open }\n  expect: []\n", /1:24 key `type` occurs twice in the event/],
    [
      "relative path",
      "- event: { type: open, open.file.path: etc }\n  expect: []\n",
      /1:40 open\.file\.path: expected a path as the kernel/,
    ],
    [
      "unknown rule",
      "- event: { type: open }\n  expect: [by_corn]\n",
      "p.test.yaml:2:12 unknown rule `by_corn` (did you mean `by_cron`?)",
    ],
    [
      "disabled rule",
      "- event: { type: open }\n  expect_not: [asleep]\n",
      /2:16 rule `asleep` is not loaded: disabled/,
    ],
    ["rule twice", "- event: { type: open }\n  expect: [removed, removed]\n", /2:21 rule `removed` is named twice/],
    ["step and sequence", "- events: []\n  expect: []\n", /2:3 `expect` beside `events`/],
    ["YAML", "- event: {\n", /YAML/],
  ])("%s", async (_, tests, expected) => {
    const found = await errors(tests);
    expect(found).toContainEqual(typeof expected === "string" ? expected : expect.stringMatching(expected));
  });

  test("a rule of another policy", async () => {
    expect(await errors("- event: { type: open }\n  expect: [removed]\n", "q.yaml")).toEqual([
      "p.test.yaml:2:12 rule `removed` is in another policy, p.yaml",
    ]);
  });

  test("policies that do not compile", async () => {
    const result = await testPolicies([{ name: "p.yaml", text: "rules: 3\n" }], []);
    expect(result).toMatchObject({ ran: false, diagnostics: [{ file: "p.yaml" }] });
  });
});

test("texts that rules put together, as later rules read them", async () => {
  const policy = `
rules:
  - id: group
    expression: exec.cgroup.id != process.parent.cgroup.id && \${process.key} in ["", ~"group_*"]
    silent: true
    actions:
      - filter: \${process.key} != ""
        set:
          name: keys
          scope: process
          inherited: true
          append: true
          default_value: ''
          expression: '"\${process.key}:\${process.entity}"'
      - set: { name: key, scope: process, inherited: true, default_value: '', expression: '"group_\${builtins.uuid4}"' }
      - set: { name: other, scope: process, inherited: true, expression: '"\${builtins.uuid4}"' }
      - set: { name: entity, scope: process, inherited: true, default_value: '', expression: exec.cgroup.id }
  - id: grouped
    expression: exec.file.name == "id" && \${process.key} =~ "group_*-*-4*-*-*" && \${process.entity} == "/b"
  - id: regrouped
    expression: exec.file.name == "id" && \${process.keys} in [~"group_*:/a"] && \${process.keys} not in [~"*:/b"]
  - id: alike
    expression: exec.file.name == "id" && "group_\${process.other}" == \${process.key}
  - id: same
    expression: open.file.path == "/tmp/\${process.entity}" && open.file.name != "\${process.keys},"
`;
  const exec = 'type: exec, process.pid: 7, process.parent.cgroup.id: "/"';
  const tests = `
- events:
    - event: { ${exec}, exec.file.path: /bin/sh, exec.cgroup.id: "/a" }
      expect: [group]
    - event: { ${exec}, exec.file.path: /bin/id, exec.cgroup.id: "/" }
      expect: []
    - event: { ${exec}, exec.file.path: /bin/id, exec.cgroup.id: "/b" }
      expect: [group, grouped, regrouped]
- events:
    - event: { ${exec}, exec.file.path: /bin/sh, exec.cgroup.id: "b" }
      expect: [group]
    - event: { type: open, open.file.path: /tmp/b, process.pid: 8, process.ancestors.pid: [7] }
      expect: [same]
`;
  const result = await testPolicies([{ name: "p.yaml", text: policy }], [{ name: "p.test.yaml", text: tests }]);
  expect(result.diagnostics).toEqual([]);
  expect(result).toMatchObject({ passed: 2, failed: 0 });
});

test("variables that no loaded rule sets have their defaults", async () => {
  const policy = `
rules:
  - id: reader
    expression: open.file.path == "/a" && \${process.x} == "no"
  - id: other
    expression: open.file.path == "/a" && \${process.x} == "yes"
  - id: later
    agent_version: ">= 9"
    actions: [{ set: { name: x, value: "yes", default_value: "no", scope: process } }]
`;
  const tests = `
- event: { type: open, open.file.path: /a }
  expect: [reader]
- event: { type: open, open.file.path: /a, "\${process.x}": "yes" }
  expect: [other]
`;
  const result = await testPolicies([{ name: "p.yaml", text: policy }], [{ name: "p.test.yaml", text: tests }]);
  expect(result).toMatchObject({ passed: 2, failed: 0, diagnostics: [{ code: "never-set" }, { code: "never-set" }] });
  expect(result.diagnostics[0]?.hint).toBe(
    'rule `later` (p.yaml:9) would set it, but is not loaded: agent_version ">= 9" is not 7.78.0',
  );
});

describe("variables that are set to what no host knows", () => {
  const policy = {
    name: "p.yaml",
    text: `
rules:
  - id: sets
    expression: open.file.path == "/a"
    actions:
      - set: { name: package, field: open.file.package.name }
      - set: { name: text, expression: '"p\${package}"' }
  - id: is
    expression: chmod.file.path == "/b" && \${package} == "zlib"
  - id: is_not
    expression: chmod.file.path == "/b" && \${package} != "zlib" && !(\${text} == "p")
`,
  };
  const run = (expect: string) =>
    testPolicies(
      [policy],
      [
        {
          name: "t.yaml",
          text: `
- events:
    - event: { type: chmod, chmod.file.path: /b }
      expect: [is_not]
    - event: { type: open, open.file.path: /a }
      expect: [sets]
    - event: { type: open, open.file.path: /a }
      expect: [sets]
    - event: { type: chmod, chmod.file.path: /b }
      expect: [${expect}]
`,
        },
      ],
    );

  test("are unknown, so that conditions over them count as true", async () => {
    const result = await run("is, is_not");
    expect(result).toMatchObject({ ran: true, failed: 0 });
  });

  test("are named where a rule is not expected", async () => {
    const result = await run("is");
    if (!result.ran) throw new Error("did not run");
    expect(result.cases[0]?.steps[3]).toMatchObject({
      unexpected: ["is_not"],
      unknownFields: ["${package}", "${text}"],
    });
  });
});

test("of a register only the conditions that no host knows count as true", async () => {
  const policy = `
rules:
  - id: r
    expression: open.created && process.ancestors[A].file.in_upper_layer && process.ancestors[A].comm == "q"
  - id: alternatives
    expression: open.created && (process.ancestors[A].file.in_upper_layer || process.ancestors[A].comm == "q")
`;
  const tests = `
- event: { type: open, open.created: true }
  expect: [alternatives]
- event: { type: open, open.created: true, process.ancestors.comm: [x, q] }
  expect: [alternatives, r]
- event: { type: open, open.created: true, process.ancestors.comm: [x, q], process.ancestors.file.in_upper_layer: [true] }
  expect: [alternatives]
- event: { type: open, open.created: true, process.ancestors.comm: [q], process.ancestors.file.in_upper_layer: [true] }
  expect: [alternatives, r]
`;
  const result = await testPolicies([{ name: "p.yaml", text: policy }], [{ name: "t.yaml", text: tests }]);
  if (!result.ran) throw new Error(JSON.stringify(result.diagnostics));
  expect(result.cases.flatMap(({ steps }) => steps.map(({ got }) => got))).toEqual([
    ["alternatives"],
    ["alternatives", "r"],
    ["alternatives"],
    ["alternatives", "r"],
  ]);
  expect(result.failed).toBe(0);
});
