/**
 * The compiled kernel stage, built three times: whole, without the judging by other names where calls share one small
 * stack (before 6.13, and on arm64), and for kernels without bpf_loop() (before 5.17).
 */
import { readFileSync } from "node:fs";
import { release } from "node:os";
import { fileURLToPath } from "node:url";
import { kernelFunctions } from "./btf.ts";

import { StageUnavailableError } from "./stage.ts";

const BUILD = new URL("../../../bpf/build/", import.meta.url);

/** Whether this kernel is one before Linux 5.17; false where it does not say. */
function isLegacyKernel(): boolean {
  try {
    return kernelFunctions(["bpf_loop"]).size === 0;
  } catch {
    return false; // the stage says what is missing when it is opened
  }
}

/** Whether each call of a program has a stack of its own: where it has, events are judged by other names, too. */
export function hasPrivateStacks(): boolean {
  try {
    const [major = 0, minor = 0] = release().split(".").map(Number);
    // The function alone does not tell: Debian's 6.12 has it, and checks the stacks of all calls together.
    if (major < 6 || (major === 6 && minor < 13)) return false;
    return process.arch === "x64" && kernelFunctions(["bpf_jit_supports_private_stack"]).size > 0;
  } catch {
    return true;
  }
}

function objectName(): string {
  if (isLegacyKernel()) return "weir-legacy.bpf.o";
  return hasPrivateStacks() ? "weir.bpf.o" : "weir-names-less.bpf.o";
}

/**
 * The one that fits this kernel.
 * @throws StageUnavailableError when it has not been built
 */
export function bpfObject(): Uint8Array {
  const built = fileURLToPath(new URL(objectName(), BUILD));
  try {
    return readFileSync(built);
  } catch (error) {
    throw new StageUnavailableError(`the compiled kernel stage is missing (${built})`, "run 'npm run setup'", error);
  }
}
