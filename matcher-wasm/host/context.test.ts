/** Context blocks: what fits is written as it is, what does not is marked as not known. */
import { describe, expect, it } from "vitest";
import { CONTEXT_BYTES, CONTEXT_FIELDS, CONTEXT_UNKNOWN, FIELDS } from "../format/index.ts";
import { type ContextValue, contextOfFields, writeContext } from "./context.ts";
import { MatcherInputError } from "./errors.ts";

const idOf = (name: string): number => {
  const source = FIELDS.find((field) => field.name === name)?.source;
  if (source?.from !== "context") throw new Error(`${name} is no context field`);
  return source.id;
};

/** Values by name; all others absent. */
const values = (named: Record<string, ContextValue>): ContextValue[] => {
  const list: ContextValue[] = Array.from({ length: CONTEXT_FIELDS }, () => undefined);
  for (const [name, value] of Object.entries(named)) list[idOf(name)] = value;
  return list;
};

function read(block: Uint8Array, name: string): { count: number; strings: string[]; ints: bigint[] } {
  const view = new DataView(block.buffer);
  const offset = view.getUint32(idOf(name) * 8, true);
  const count = view.getInt32(idOf(name) * 8 + 4, true);
  const at = Array.from({ length: Math.max(count, 0) }, (_, i) => offset + i * 8);
  const isInt = FIELDS.find((field) => field.name === name)?.type === "int";
  return {
    count,
    ints: isInt ? at.map((a) => view.getBigInt64(a, true)) : [],
    strings: isInt
      ? []
      : at.map((a) => {
          const start = view.getUint32(a, true);
          return new TextDecoder().decode(block.subarray(start, start + view.getUint32(a + 4, true)));
        }),
  };
}

describe("writeContext", () => {
  it("writes strings, integers and lists, absent ones as empty", () => {
    const block = new Uint8Array(CONTEXT_BYTES).fill(0xff);
    const unfit = writeContext(
      block,
      values({
        "process.file.path": "/usr/bin/ü",
        "process.parent.pid": -1n,
        "process.argv": ["a", "", "ccc"],
        "process.ancestors.pid": [1n, 2n ** 63n - 1n],
        "process.container.id": null,
      }),
    );
    expect(unfit).toEqual([]);
    expect(read(block, "process.file.path")).toMatchObject({ count: 1, strings: ["/usr/bin/ü"] });
    expect(read(block, "process.parent.pid")).toMatchObject({ count: 1, ints: [-1n] });
    expect(read(block, "process.argv")).toMatchObject({ count: 3, strings: ["a", "", "ccc"] });
    expect(read(block, "process.ancestors.pid")).toMatchObject({ count: 2, ints: [1n, 2n ** 63n - 1n] });
    expect(read(block, "process.args").count).toBe(0);
    expect(read(block, "process.container.id").count).toBe(CONTEXT_UNKNOWN);
  });

  it("marks what does not fit and goes on", () => {
    const block = new Uint8Array(CONTEXT_BYTES);
    const unfit = writeContext(
      block,
      values({
        "process.args": "é".repeat(CONTEXT_BYTES / 2),
        "process.argv": Array.from({ length: CONTEXT_BYTES / 8 }, () => ""),
        "process.argv0": "sh",
      }),
    );
    expect(unfit).toEqual(["process.args", "process.argv"]);
    expect(read(block, "process.args").count).toBe(CONTEXT_UNKNOWN);
    expect(read(block, "process.argv0")).toMatchObject({ strings: ["sh"] });
  });

  it("fills the block to its last byte", () => {
    const room = CONTEXT_BYTES - CONTEXT_FIELDS * 8 - 8;
    const block = new Uint8Array(CONTEXT_BYTES);
    expect(writeContext(block, values({ "process.args": "x".repeat(room) }))).toEqual([]);
    expect(writeContext(block, values({ "process.args": "x".repeat(room + 1) }))).toEqual(["process.args"]);
  });

  it.each<[string, Record<string, ContextValue>]>([
    ["an integer for a string", { "process.args": 1n }],
    ["a string for an integer", { "process.parent.pid": "1" }],
    ["a list for a scalar", { "process.args": ["a"] }],
    ["a scalar for a list", { "process.argv": "a" }],
    ["a list of both", { "process.argv": ["a", 1n] as unknown as string[] }],
  ])("refuses %s", (_, named) => {
    expect(() => writeContext(new Uint8Array(CONTEXT_BYTES), values(named))).toThrow(MatcherInputError);
  });

  it("refuses more values than there are fields", () => {
    const block = new Uint8Array(CONTEXT_BYTES);
    expect(() => writeContext(block, [...values({}), "x"])).toThrow(MatcherInputError);
  });
});

describe("contextOfFields", () => {
  it("takes numbers as integers and leaves other fields out", () => {
    const list = contextOfFields({ "process.ancestors.pid": [1, 2n], "process.parent.pid": 3, "process.uid": 4 });
    expect(list[idOf("process.ancestors.pid")]).toEqual([1n, 2n]);
    expect(list[idOf("process.parent.pid")]).toBe(3n);
    expect(list.filter((value) => value !== undefined).length).toBe(2);
  });
});
