import { VARIABLE_VALUES_MAX } from "@weir/matcher-wasm/format";
import { expect, test } from "vitest";
import { analysePolicies } from "../analyse.ts";
import { parseEvent } from "../events/index.ts";
import { PolicySet } from "./policy-set.ts";

async function load(...expressions: readonly string[]): Promise<PolicySet> {
  const rules = expressions.map((text, i) => `  - id: r${i}\n    expression: ${JSON.stringify(text)}\n`);
  const set = await PolicySet.load(analysePolicies([{ name: "p.yaml", text: `rules:\n${rules.join("")}` }]));
  if (!(set instanceof PolicySet)) throw new Error(JSON.stringify(set));
  return set;
}

test("what each part says of an event", async () => {
  const set = await load('open.file.path =~ "/etc/**" && process.comm == "a"', 'open.file.path == "/srv/x"');
  const judge = (path: string, comm = "a") =>
    set.session().judge(parseEvent(JSON.stringify({ type: "open", "open.file.path": path, "process.comm": comm })));
  const matching = judge("/etc/a/b");
  expect([matching.matcher, matching.evaluator]).toEqual([[set.rules[0]], [set.rules[0]]]);
  expect(matching).toMatchObject({ kernel: { passes: true, because: "approver" }, silent: false });
  expect(judge("/etc/a/b", "b")).toMatchObject({ matcher: [], evaluator: [], kernel: { passes: true } });
  expect(judge("/srv/y")).toMatchObject({ kernel: { passes: false, because: "approvers" }, silent: false });
  expect(judge("/home/x/y")).toMatchObject({ kernel: { passes: false }, silent: true });
  expect(set.session().judge(parseEvent('{"type": "unlink", "unlink.file.path": "/etc/a"}'))).toMatchObject({
    kernel: { passes: false, because: "type" },
  });
});

test("events without a path are not asked of the kernel stage", async () => {
  const set = await load("open.flags & O_CREAT > 0", 'exec.file.name == "sh"');
  const judge = (event: object) => set.session().judge(parseEvent(JSON.stringify(event)));
  expect(judge({ type: "open", "open.flags": "O_CREAT" })).toMatchObject({
    matcher: [{ checked: { id: "r0" } }],
    kernel: { passes: true, because: "no-path" },
    silent: false,
  });
  expect(judge({ type: "exec", "exec.file.path": "/bin/sh" })).toMatchObject({
    matcher: [{ checked: { id: "r1" } }],
    kernel: { passes: true, because: "process" },
  });
});

test("a path that is optional may be absent: the kernel stage is asked", async () => {
  const set = await load(
    'mount.source.path in ["", "/a"] && mount.mountpoint.path =~ "/m/**"',
    'mount.source.path == "/b"',
  );
  const judge = (fields: object) => set.session().judge(parseEvent(JSON.stringify({ type: "mount", ...fields })));
  expect(judge({ "mount.mountpoint.path": "/m/x" })).toMatchObject({
    matcher: [{ checked: { id: "r0" } }],
    evaluator: [{ checked: { id: "r0" } }],
    kernel: { passes: true, because: "approver" },
  });
  expect(judge({ "mount.mountpoint.path": "/x" })).toMatchObject({
    matcher: [],
    kernel: { passes: false, because: "approvers" },
  });
  expect(judge({ "mount.source.path": "/b" })).toMatchObject({ kernel: { because: "no-path" } });
});

test("policies that do not compile", async () => {
  const analysis = analysePolicies([{ name: "p.yaml", text: "rules: 1\n" }]);
  expect(await PolicySet.load(analysis)).toEqual(analysis.diagnostics);
});

test("variables as large as a policy may make them", async () => {
  const values = Array.from({ length: VARIABLE_VALUES_MAX }, (_, i) => i).join(",");
  const text = `rules:
  - id: a
    expression: open.file.path == "/a" && process.pid in \${process.many}
    actions:
      - set: { name: many, field: process.pid, append: true, scope: process, size: ${VARIABLE_VALUES_MAX}, default_value: [${values}] }
`;
  expect(await PolicySet.load(analysePolicies([{ name: "p.yaml", text }]))).toBeInstanceOf(PolicySet);
});
