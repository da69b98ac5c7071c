/**
 * Compiles the matcher runtime: assembly/ → build/runtime.wasm.
 *
 * Invariant: the same sources give the same bytes, whatever folder they are built in. The result imports
 * nothing but the predicate table and has no start function; a runtime that breaks this is not written.
 */
import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";
import { INPUT, INPUT_BYTES } from "./format/index.ts";
import { listSections, SECTION_START } from "./host/sections.ts";

const folder = import.meta.dirname;
const PAGE_BYTES = 65536;

/** Compiles the runtime. `sourceDir` is the folder that holds assembly/ and format/. */
async function buildRuntime(sourceDir: string, outFile: string): Promise<void> {
  const partial = `${outFile}.partial`;
  const options = [
    join("assembly", "index.ts"),
    ...["--baseDir", sourceDir, "--outFile", partial, "--runtime", "stub", "--optimizeLevel", "3"],
    ...["--noAssert", "--importTable"],
    // The linker sets the real size; this one only lets the optimiser see that the fixed regions exist.
    ...["--initialMemory", String(Math.ceil((INPUT + INPUT_BYTES) / PAGE_BYTES) + 1)],
  ];
  const { error, stderr } = await asc.main(options);
  if (error !== null) throw new Error(`the matcher runtime does not compile:\n${stderr.toString()}`, { cause: error });
  process.stderr.write(stderr.toString());
  assertShape(readFileSync(partial));
  renameSync(partial, outFile);
}

function assertShape(bytes: Uint8Array<ArrayBuffer>): void {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes)).map((i) => `${i.module}.${i.name}`);
  if (imports.join() !== "env.table") throw new Error(`runtime imports ${imports.join(", ")}, expected env.table alone`);
  if (listSections(bytes).some((section) => section.id === SECTION_START))
    throw new Error("runtime has a start function: a global is initialised by code; make it a constant");
}

mkdirSync(join(folder, "build"), { recursive: true });
await buildRuntime(folder, join(folder, "build", "runtime.wasm"));
