/** Programs of actions: filters that are certainly true, values as the reference evaluator gives them. */
import { encodeSpan, type FieldType, RING_HEADER_BYTES } from "@weir/matcher-wasm/format";
import { Matcher } from "@weir/matcher-wasm/host";
import { describe, expect, it } from "vitest";
import { contextOf, encodeStamped } from "../../test/linked.ts";
import { analysePolicies } from "../analyse.ts";
import { compileAnalysis } from "../compile.ts";
import type { EventFields } from "../evaluate.ts";
import { completeEvent } from "../event.ts";

const POLICY = `
rules:
  - id: first
    expression: open.file.path == "/a"
    actions:
      - set: { name: constant, value: [a, b], append: true }
      - set: { name: count, expression: "\${process.count} + 1", scope: process }
      - set: { name: path, field: open.file.path }
      - set: { name: ancestors, field: process.ancestors.file.path, append: true }
      - set: { name: pids, field: process.ancestors.pid, append: true }
      - set: { name: owner, field: open.file.uid }
      - set: { name: root, expression: process.uid == 0 && open.file.name == "a" }
        filter: process.file.name == "sh"
      - hash: {}
        filter: open.flags & O_CREAT > 0
`;

async function load(): Promise<Matcher> {
  const analysis = analysePolicies([{ name: "p.yaml", text: POLICY }]);
  expect(analysis.diagnostics).toEqual([]);
  const compiled = await compileAnalysis(analysis);
  if (!compiled.ok) throw new Error("does not compile");
  return Matcher.load(compiled.wasm);
}

const EVENT: EventFields = completeEvent("open", {
  "open.file.path": "/a",
  "open.file.uid": 7,
  "open.flags": 64,
  "process.uid": 0,
  "process.file.path": "/bin/sh",
  "process.ancestors.file.path": ["/bin/sh", "/sbin/init"],
  "process.ancestors.pid": [20, 1],
  "${process.count}": 41,
});

/** What each action of the rule does for the event: values of a `set`, or whether its filter holds. */
async function run(fields: EventFields, unknown: readonly string[] = []): Promise<Record<string, unknown>> {
  const matcher = await load();
  matcher.input.set(encodeSpan([encodeStamped({ type: "open", fields, stamp: {} })]));
  const values = contextOf(matcher, { type: "open", fields });
  const context = matcher.description.context.map(({ key }, i) => (unknown.includes(key) ? null : values[i]));
  const types = new Map(matcher.description.variables.map(({ name, type }) => [name, type]));
  return Object.fromEntries(
    matcher.description.programs.map(({ action, filter, set }) => {
      const holds = filter === undefined ? undefined : matcher.runFilter(filter, RING_HEADER_BYTES, context);
      const given =
        set?.program === undefined
          ? set?.value
          : matcher.runProgram(set.program, types.get(set.variable) as FieldType, RING_HEADER_BYTES, context);
      return [set?.variable ?? `action ${action}`, holds === undefined ? given : { holds, given }];
    }),
  );
}

describe("programs", () => {
  it("give constants, expressions and fields, one value or several", async () => {
    expect(await run(EVENT)).toEqual({
      constant: ["a", "b"],
      "process.count": [42n],
      path: ["/a"],
      ancestors: ["/bin/sh", "/sbin/init"],
      pids: [20n, 1n],
      owner: [7n],
      root: { holds: true, given: [1n] },
      "action 7": { holds: true, given: undefined },
    });
  });

  it("give nothing when they read what is not known, and their filters do not hold then", async () => {
    const unknown = ["process.ancestors.file.path", "process.file.name", "${process.count}"];
    expect(await run(EVENT, unknown)).toMatchObject({
      "process.count": null,
      ancestors: null,
      pids: [20n, 1n],
      root: { holds: false, given: [1n] },
    });
  });

  it("decide filters by the event", async () => {
    const other = completeEvent("open", { "open.file.path": "/a", "process.file.path": "/bin/bash", "process.uid": 1 });
    expect(await run(other)).toMatchObject({
      "process.count": [1n],
      ancestors: [],
      root: { holds: false, given: [0n] },
      "action 7": { holds: false },
    });
  });
});
