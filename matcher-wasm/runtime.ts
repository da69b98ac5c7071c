/** The compiled matcher runtime, for the linker. Agents never read it: it is inside every matcher. */
import { readFileSync } from "node:fs";

const RUNTIME_URL = new URL("./build/runtime.wasm", import.meta.url);

/** The runtime has not been built. */
export class RuntimeMissingError extends Error {
  override readonly name = "RuntimeMissingError";
}

/**
 * @returns the bytes of build/runtime.wasm
 * @throws RuntimeMissingError when `npm run build` has not been run
 */
export function readRuntime(): Uint8Array {
  try {
    return new Uint8Array(readFileSync(RUNTIME_URL));
  } catch (cause) {
    throw new RuntimeMissingError(`no matcher runtime at ${RUNTIME_URL.pathname}: run "npm run build"`, { cause });
  }
}
