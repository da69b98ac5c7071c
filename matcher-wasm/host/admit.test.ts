/** Each module here breaks the contract in one way, and is refused for that. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ABI_VERSION, MEMORY_PAGES_MAX, MODULE_BYTES_MAX } from "../format/index.ts";
import { admitModule } from "./admit.ts";
import { MatcherRejectedError, type RejectReason } from "./errors.ts";
import { Matcher } from "./matcher.ts";
import { ADMITTED, buildModule, leb, type ModuleShape } from "./module-builder.ts";

async function reasonOf(bytes: Uint8Array): Promise<string> {
  try {
    await admitModule(bytes);
  } catch (error) {
    if (error instanceof MatcherRejectedError) return error.reason;
    throw error;
  }
  return "admitted";
}

const without = (name: string): ModuleShape => ({
  ...ADMITTED,
  functions: Object.fromEntries(Object.entries(ADMITTED.functions).filter(([n]) => n !== name)),
});
const returning = (name: string, value: number): ModuleShape => ({
  ...ADMITTED,
  functions: { ...ADMITTED.functions, [name]: value },
});

const COUNT = { name: "count", scope: "global", type: "int", array: false, inherited: false, private: false };

const describing = (parts: object): ModuleShape => ({
  ...ADMITTED,
  descriptions: [JSON.stringify({ format: "weir-matcher/1", context: [], variables: [], programs: [], ...parts })],
});

const shapes: readonly (readonly [string, ModuleShape, RejectReason])[] = [
  ["imports a function", { ...ADMITTED, importFunction: true }, "imports"],
  ["has a start function", { ...ADMITTED, start: true }, "start-function"],
  ["has a memory without a maximum", { ...ADMITTED, memories: [[0, 64]] }, "memory"],
  ["has a maximum too high", { ...ADMITTED, memories: [[1, 64, MEMORY_PAGES_MAX + 1]] }, "memory"],
  ["has a shared memory", { ...ADMITTED, memories: [[3, 64, 64]] }, "memory"],
  ["has a 64-bit memory", { ...ADMITTED, memories: [[5, 64, 64]] }, "memory"],
  ["has no memory", { ...ADMITTED, memories: [], exportMemory: false }, "memory"],
  [
    "has two memories",
    {
      ...ADMITTED,
      memories: [
        [1, 64, 64],
        [1, 1, 1],
      ],
    },
    "memory",
  ],
  ["does not export its memory", { ...ADMITTED, exportMemory: false }, "exports"],
  ["lacks match_batch", without("match_batch"), "exports"],
  ["lacks abi_version", without("abi_version"), "exports"],
  ["exports one function more", returning("debug", 0), "exports"],
  ["exports a table", { ...ADMITTED, exportTable: true }, "exports"],
  ["describes itself not at all", { ...ADMITTED, descriptions: [] }, "description"],
  ["describes itself twice", { ...ADMITTED, descriptions: [...ADMITTED.descriptions, "{}"] }, "description"],
  ["describes itself in no JSON", { ...ADMITTED, descriptions: ["{"] }, "description"],
  [
    "reads a known value as another type",
    describing({ context: [{ key: "process.args", type: "int", array: false }] }),
    "description",
  ],
  [
    "reads a variable that it does not declare as it is",
    describing({ variables: [COUNT], context: [{ key: "${count}", type: "string", array: false }] }),
    "description",
  ],
  [
    "sets a variable that it does not declare",
    describing({ programs: [{ rule: 0, action: 0, set: { variable: "x", append: false, value: 1 } }] }),
    "description",
  ],
  [
    "sets a variable to nothing",
    describing({ variables: [COUNT], programs: [{ rule: 0, action: 0, set: { variable: "count", append: false } }] }),
    "description",
  ],
  ["speaks another version", returning("abi_version", ABI_VERSION + 1), "abi-version"],
  ["traps when asked for its version", { ...ADMITTED, trap: true }, "invalid"],
  ["has its input past the memory", returning("input_ptr", 64 * 65536 - 8), "layout"],
  ["has its output below 0", returning("output_ptr", -8), "layout"],
  ["has its context misaligned", returning("context_ptr", 1001), "layout"],
  ["has its proof past the memory", returning("proof_ptr", 64 * 65536 - 8), "layout"],
  ["lacks prove", without("prove"), "exports"],
  ["has a memory smaller than its regions", { ...ADMITTED, memories: [[1, 1, 64]] }, "layout"],
];

describe("admitModule", () => {
  it("admits a module that keeps the contract, at the memory limit too", async () => {
    expect(await reasonOf(buildModule(ADMITTED))).toBe("admitted");
    expect(await reasonOf(buildModule({ ...ADMITTED, memories: [[1, 64, MEMORY_PAGES_MAX]] }))).toBe("admitted");
  });

  it.each(shapes)("refuses a module that %s", async (_, shape, reason) => {
    expect(await reasonOf(buildModule(shape))).toBe(reason);
  });

  it("refuses bytes beyond the limit before it looks at them", async () => {
    expect(await reasonOf(new Uint8Array(MODULE_BYTES_MAX + 1))).toBe("too-large");
  });

  it("refuses what is no module", async () => {
    const good = buildModule(ADMITTED);
    expect(await reasonOf(new Uint8Array(0))).toBe("malformed");
    expect(await reasonOf(new TextEncoder().encode("<html>not found</html>"))).toBe("malformed");
    expect(await reasonOf(good.subarray(0, good.length - 1))).toBe("malformed");
    const component = good.slice();
    component[4] = 0x0d;
    expect(await reasonOf(component)).toBe("malformed");
    const longInteger = new Uint8Array([...good.subarray(0, 8), 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    expect(await reasonOf(longInteger)).toBe("malformed");
  });

  it("refuses a second start section hidden behind the first sections", async () => {
    const good = buildModule(ADMITTED);
    expect(await reasonOf(new Uint8Array([...good, 8, 1, ...leb(0)]))).toBe("start-function");
  });

  it("admits or refuses any change of bytes, and never fails otherwise", async () => {
    const good = buildModule(ADMITTED);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const bytes = good.slice();
          for (const [at, value] of changes) bytes[at] = value;
          await reasonOf(bytes);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("Matcher", () => {
  it("notices a module that stands still", async () => {
    const matcher = await Matcher.load(buildModule(ADMITTED));
    expect(() => matcher.matchBatch({ length: 8, generation: 1, tenant: 0 })).toThrow("stands still");
  });

  it.each([
    { length: -1, generation: 0, tenant: 0 },
    { length: 2 ** 20 + 1, generation: 0, tenant: 0 },
    { length: 0.5, generation: 0, tenant: 0 },
    { length: 0, generation: 2 ** 32, tenant: 0 },
    { length: 0, generation: 0, tenant: 64 },
  ])("refuses the request %j", async (request) => {
    const matcher = await Matcher.load(buildModule(ADMITTED));
    expect(() => matcher.matchBatch(request)).toThrow(RangeError);
  });
});
