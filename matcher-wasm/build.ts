/** `npm run build`: assembly/ → build/runtime.wasm, replaced as a whole. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileRuntime } from "./compile.ts";

const folder = join(import.meta.dirname, "build");
const bytes = await compileRuntime({ entry: "index", debug: false });
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "runtime.wasm.partial"), bytes);
renameSync(join(folder, "runtime.wasm.partial"), join(folder, "runtime.wasm"));
