/** Programs of actions: filters that are certainly true, values as the reference evaluator gives them. */
import {
  encodeSpan,
  type Field,
  type FieldType,
  findField,
  PROGRAM_TEXT_BYTES_MAX,
  RING_HEADER_BYTES,
} from "@weir/matcher-wasm/format";
import { Matcher } from "@weir/matcher-wasm/host";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventOf, type TypedEvent } from "../../test/arbitraries.ts";
import { contextOf, encodeStamped, loadRules } from "../../test/linked.ts";
import { templateTest } from "../../test/text-arbitraries.ts";
import { analysePolicies } from "../analyse.ts";
import { variableField } from "../check/variables.ts";
import { compileAnalysis } from "../compile.ts";
import { type EventFields, templateText } from "../evaluate.ts";
import { completeEvent } from "../event.ts";
import type { SetValue } from "../ir.ts";

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
      - set: { name: group, expression: process.cgroup.id }
      - set: { name: arguments, expression: process.argv }
      - set: { name: copy, expression: "\${process.key}" }
      - set: { name: key, scope: process, expression: '"\${group}:\${process.key}/\${pids},\${ancestors};\${process.count}.\${process.pid}"' }
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
  "process.pid": 7,
  "process.cgroup.id": "/system.slice",
  "process.argv": ["-c", "x"],
  "${process.key}": "k",
  "${group}": "g",
  "${pids}": [-3, 0],
  "${ancestors}": ["a", "b"],
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
      group: ["/system.slice"],
      arguments: ["-c", "x"],
      copy: ["k"],
      "process.key": ["g:k/-3,0,a,b;41.7"],
      "action 11": { holds: true, given: undefined },
    });
  });

  it("give nothing when they read what is not known, and their filters do not hold then", async () => {
    const unknown = ["process.ancestors.file.path", "process.file.name", "${process.count}", "process.cgroup.id"];
    expect(await run(EVENT, unknown)).toMatchObject({
      "process.count": null,
      ancestors: null,
      pids: [20n, 1n],
      root: { holds: false, given: [1n] },
      group: null,
      copy: ["k"],
      "process.key": null,
    });
  });

  it("decide filters by the event", async () => {
    const other = completeEvent("open", { "open.file.path": "/a", "process.file.path": "/bin/bash", "process.uid": 1 });
    expect(await run(other)).toMatchObject({
      "process.count": [1n],
      ancestors: [],
      root: { holds: false, given: [0n] },
      group: [""],
      "process.key": [":/,;0.0"],
      "action 11": { holds: false },
    });
  });
});

/** A program that gives a value, run on an event. */
async function put(value: SetValue, { type, fields }: TypedEvent): Promise<unknown> {
  const variable = {
    name: "x",
    scope: "global",
    type: "string",
    array: false,
    inherited: false,
    private: false,
  } as const;
  const set = { variable, append: false, value };
  const matcher = await loadRules([
    { id: "a", event: type, expr: { kind: "const", value: true }, actions: [{ action: 0, set }] },
  ]);
  matcher.input.set(encodeSpan([encodeStamped({ type, fields, stamp: {} })]));
  const program = matcher.description.programs[0]?.set?.program as number;
  return matcher.runProgram(program, "string", RING_HEADER_BYTES, contextOf(matcher, { type, fields }));
}

describe("texts that are put together", () => {
  it("are those of the reference evaluator", async () => {
    const cases = fc.tuple(templateTest, eventOf("open"));
    await fc.assert(
      fc.asyncProperty(cases, async ([{ parts }, typed]) => {
        expect(await put({ kind: "template", parts }, typed)).toEqual([
          new TextDecoder().decode(templateText(parts, typed.fields)),
        ]);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ["no UTF-8", Uint8Array.of(0xff, 0xfe), Uint8Array.of(0xff, 0xfe)],
    ["text with a byte order mark", Uint8Array.of(0xef, 0xbb, 0xbf, 0x61), "\ufeffa"],
  ])("of fields keep their bytes: %s", async (_, name, expected) => {
    const path = Uint8Array.from([0x2f, ...name]);
    const typed = { type: "open", fields: completeEvent("open", { "open.file.path": path }) };
    expect(await put({ kind: "field", field: findField("open.file.name") as Field }, typed)).toEqual([expected]);
  });

  it.each([0, 1])("may have a number of bytes; with %i more", async (more) => {
    const field = variableField({ name: "long", type: "string", array: false });
    const long = "y".repeat(PROGRAM_TEXT_BYTES_MAX - 3 + more);
    const typed = { type: "open", fields: completeEvent("open", { "open.file.path": "/a", "${long}": long }) };
    const parts = [{ kind: "text", value: "é-" } as const, { kind: "variable", field } as const];
    expect(await put({ kind: "template", parts }, typed)).toEqual(more === 0 ? [`é-${long}`] : null);
  });
});
