/** Context blocks: what fits is written as it is, what does not is marked as not known. */
import { describe, expect, it } from "vitest";
import { CONTEXT_BYTES, CONTEXT_KEYS, CONTEXT_UNKNOWN, type ContextKey } from "../format/index.ts";
import { type ContextValue, contextOfFields, writeContext } from "./context.ts";
import { MatcherInputError } from "./errors.ts";

const NAMES = [
  "process.args",
  "process.argv",
  "process.argv0",
  "process.file.path",
  "process.container.id",
  "process.parent.pid",
  "process.ancestors.pid",
  "process.is_exec",
  "process.user_session.ssh_client_ip",
];
const KEYS = NAMES.map((name) => CONTEXT_KEYS.get(name) as ContextKey);
const indexOf = (name: string): number => NAMES.indexOf(name);

/** Values by name; all others absent. */
const values = (named: Record<string, ContextValue>): ContextValue[] => NAMES.map((name) => named[name]);

function read(block: Uint8Array, name: string): { count: number; strings: string[]; ints: bigint[] } {
  const view = new DataView(block.buffer);
  const offset = view.getUint32(indexOf(name) * 8, true);
  const count = view.getInt32(indexOf(name) * 8 + 4, true);
  const at = Array.from({ length: Math.max(count, 0) }, (_, i) => offset + i * 8);
  const isInt = ["int", "bool"].includes(KEYS[indexOf(name)]?.type ?? "");
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
      KEYS,
      values({
        "process.file.path": "/usr/bin/ü",
        "process.parent.pid": -1n,
        "process.argv": ["a", "", "ccc"],
        "process.ancestors.pid": [1n, 2n ** 63n - 1n],
        "process.container.id": null,
        "process.is_exec": true,
        "process.user_session.ssh_client_ip": new TextEncoder().encode("sixteen bytes ok"),
      }),
    );
    expect(unfit).toEqual([]);
    expect(read(block, "process.file.path")).toMatchObject({ count: 1, strings: ["/usr/bin/ü"] });
    expect(read(block, "process.parent.pid")).toMatchObject({ count: 1, ints: [-1n] });
    expect(read(block, "process.argv")).toMatchObject({ count: 3, strings: ["a", "", "ccc"] });
    expect(read(block, "process.ancestors.pid")).toMatchObject({ count: 2, ints: [1n, 2n ** 63n - 1n] });
    expect(read(block, "process.args").count).toBe(0);
    expect(read(block, "process.is_exec")).toMatchObject({ count: 1, ints: [1n] });
    expect(read(block, "process.user_session.ssh_client_ip")).toMatchObject({ strings: ["sixteen bytes ok"] });
    expect(read(block, "process.container.id").count).toBe(CONTEXT_UNKNOWN);
  });

  it("marks what does not fit and goes on", () => {
    const block = new Uint8Array(CONTEXT_BYTES);
    const unfit = writeContext(
      block,
      KEYS,
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
    const room = CONTEXT_BYTES - KEYS.length * 8 - 8;
    const block = new Uint8Array(CONTEXT_BYTES);
    expect(writeContext(block, KEYS, values({ "process.args": "x".repeat(room) }))).toEqual([]);
    expect(writeContext(block, KEYS, values({ "process.args": "x".repeat(room + 1) }))).toEqual(["process.args"]);
  });

  it.each<[string, Record<string, ContextValue>]>([
    ["an integer for a string", { "process.args": 1n }],
    ["a string for an integer", { "process.parent.pid": "1" }],
    ["a list for a scalar", { "process.args": ["a"] }],
    ["a scalar for a list", { "process.argv": "a" }],
    ["an integer for a boolean", { "process.is_exec": 1n }],
    ["an address of another length", { "process.user_session.ssh_client_ip": new Uint8Array(4) }],
    ["a list of both", { "process.argv": ["a", 1n] as unknown as string[] }],
  ])("refuses %s", (_, named) => {
    expect(() => writeContext(new Uint8Array(CONTEXT_BYTES), KEYS, values(named))).toThrow(MatcherInputError);
  });

  it("refuses more values than there are fields", () => {
    const block = new Uint8Array(CONTEXT_BYTES);
    expect(() => writeContext(block, KEYS, [...values({}), "x"])).toThrow(MatcherInputError);
  });
});

describe("contextOfFields", () => {
  it("takes numbers as integers, addresses as bytes, and leaves other fields out", () => {
    const list = contextOfFields(KEYS, "open", {
      "process.ancestors.pid": [1, 2n],
      "process.parent.pid": 3,
      "process.uid": 4,
      "process.user_session.ssh_client_ip": "10.0.0.1",
    });
    expect(list[indexOf("process.ancestors.pid")]).toEqual([1n, 2n]);
    expect(list[indexOf("process.parent.pid")]).toBe(3n);
    expect(list[indexOf("process.user_session.ssh_client_ip")]).toEqual(
      Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1),
    );
    expect(list.filter((value) => value !== undefined).length).toBe(3);
  });

  it("finds a value by any of its field names, of the event's type only", () => {
    expect(contextOfFields(KEYS, "open", { "container.id": "c" })[indexOf("process.container.id")]).toBe("c");
    expect(contextOfFields(KEYS, "exec", { "exec.args": "a" })[indexOf("process.args")]).toBe("a");
    expect(contextOfFields(KEYS, "open", { "exec.args": "a" })[indexOf("process.args")]).toBeUndefined();
  });
});
