/** The hash in TypeScript and in AssemblyScript, optimised and not, against the vectors that C reproduces too. */
import { beforeAll, describe, expect, it } from "vitest";
import { compileRuntime } from "../compile.ts";
import vectors from "./hash-vectors.json" with { type: "json" };
import { childHash, nameHash, pathHash, ROOT_HASH } from "./index.ts";

const encoder = new TextEncoder();

interface HashExports {
  readonly memory: WebAssembly.Memory;
  test_input(): number;
  test_name_hash(address: number, length: number): bigint;
  test_child_hash(directory: bigint, name: bigint): bigint;
  test_root_hash(): bigint;
}

describe("hash in TypeScript", () => {
  it.each(vectors.names)("of the name $name", ({ name, hash }) => {
    expect(nameHash(encoder.encode(name))).toBe(BigInt(hash));
  });

  it.each(vectors.paths)("of the path $path", ({ path, hash }) => {
    expect(pathHash(path)).toBe(BigInt(hash));
  });

  it.each(["a", "/a/", "//", "/a//b", "/./a", "/..", "a/b"])("of %j is refused", (path) => {
    expect(() => pathHash(path)).toThrow(TypeError);
  });
});

describe.each([
  ["optimised", false],
  ["with assertions", true],
])("hash in AssemblyScript, %s", (_, debug) => {
  let wasm: HashExports;

  beforeAll(async () => {
    const module = new WebAssembly.Module(await compileRuntime({ entry: "testing", debug }));
    const table = new WebAssembly.Table({ initial: 1, element: "anyfunc" });
    const env = { table, abort: () => expect.fail("abort") };
    wasm = new WebAssembly.Instance(module, { env }).exports as unknown as HashExports;
  }, 60_000);

  /** With bytes behind the text that must not count. */
  const hashOf = (text: string): bigint => {
    const bytes = encoder.encode(text);
    const memory = new Uint8Array(wasm.memory.buffer, wasm.test_input(), bytes.length + 16);
    memory.fill(0xff);
    memory.set(bytes);
    return BigInt.asUintN(64, wasm.test_name_hash(wasm.test_input(), bytes.length));
  };

  it.each(vectors.names)("of the name $name", ({ name, hash }) => {
    expect(hashOf(name)).toBe(BigInt(hash));
  });

  it.each(vectors.paths)("of the path $path", ({ path, hash }) => {
    const parts = path === "/" ? [] : path.slice(1).split("/");
    const found = parts.reduce((h, part) => wasm.test_child_hash(h, hashOf(part)), wasm.test_root_hash());
    expect(BigInt.asUintN(64, found)).toBe(BigInt(hash));
  });

  it("starts and extends as TypeScript does", () => {
    expect(BigInt.asUintN(64, wasm.test_root_hash())).toBe(ROOT_HASH);
    expect(BigInt.asUintN(64, wasm.test_child_hash(3n, 5n))).toBe(childHash(3n, 5n));
  });
});
