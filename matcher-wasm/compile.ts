/**
 * Compiles the AssemblyScript runtime, in memory.
 *
 * Invariant: the same sources give the same bytes, whatever folder they lie in. What is returned imports
 * nothing but the predicate table and has no start function.
 */
import asc from "assemblyscript/asc";
import { HEADER } from "./format/index.ts";
import { listSections, SECTION_START } from "./host/sections.ts";

const PAGE_BYTES = 65536;
const RELEASE = ["--optimizeLevel", "3", "--noAssert"];
const DEBUG = ["--debug", "--optimizeLevel", "0"];

/** The runtime does not compile, or compiles to something that can't be linked. */
export class RuntimeBuildError extends Error {
  override readonly name = "RuntimeBuildError";
}

export interface CompileOptions {
  /** Entry in assembly/, without its extension. */
  readonly entry: string;
  /** Without optimisation and with assertions, for tests. */
  readonly debug: boolean;
}

/** @throws RuntimeBuildError */
export async function compileRuntime({ entry, debug }: CompileOptions): Promise<Uint8Array<ArrayBuffer>> {
  const written = new Map<string, Uint8Array<ArrayBuffer>>();
  const args = [
    `assembly/${entry}.ts`,
    ...["--baseDir", import.meta.dirname, "--outFile", "runtime.wasm", "--runtime", "stub", "--importTable"],
    // The linker sets the real size; this one only lets the optimiser see that the fixed regions exist.
    ...["--initialMemory", String(Math.ceil(HEADER / PAGE_BYTES) + 1)],
    ...(debug ? DEBUG : RELEASE),
  ];
  const { error, stderr } = await asc.main(args, {
    writeFile(name: string, contents: string | Uint8Array) {
      if (typeof contents !== "string") written.set(name, new Uint8Array(contents));
    },
  });
  const bytes = written.get("runtime.wasm");
  if (error !== null || bytes === undefined)
    throw new RuntimeBuildError(`the matcher runtime does not compile:\n${stderr.toString()}`, { cause: error });
  assertShape(bytes);
  return bytes;
}

function assertShape(bytes: Uint8Array): void {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes)).map((i) => `${i.module}.${i.name}`);
  if (imports.join() !== "env.table")
    throw new RuntimeBuildError(`the runtime imports ${imports.join(", ")}, expected env.table alone`);
  if (listSections(bytes).some((section) => section.id === SECTION_START))
    throw new RuntimeBuildError("the runtime has a start function: a global is initialised by code, not a constant");
}
