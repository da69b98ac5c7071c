/** The compiled kernel stage. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { StageUnavailableError } from "./stage.ts";

const BUILT = fileURLToPath(new URL("../../../bpf/build/weir.bpf.o", import.meta.url));

/** @throws StageUnavailableError when it has not been built */
export function bpfObject(): Uint8Array {
  try {
    return readFileSync(BUILT);
  } catch (error) {
    throw new StageUnavailableError(`the compiled kernel stage is missing (${BUILT})`, "run 'npm run setup'", error);
  }
}
