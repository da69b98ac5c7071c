/** The compiled kernel stage: built twice, for kernels with bpf_loop() (since 5.17) and for those before. */
import { readFileSync } from "node:fs";
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

/**
 * The one that fits this kernel.
 * @throws StageUnavailableError when it has not been built
 */
export function bpfObject(): Uint8Array {
  const built = fileURLToPath(new URL(isLegacyKernel() ? "weir-legacy.bpf.o" : "weir.bpf.o", BUILD));
  try {
    return readFileSync(built);
  } catch (error) {
    throw new StageUnavailableError(`the compiled kernel stage is missing (${built})`, "run 'npm run setup'", error);
  }
}
