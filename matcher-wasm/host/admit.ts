/**
 * Which modules a host runs at all. Signatures say who made a module; this says what it can do.
 *
 * Invariant: an admitted module imports nothing, so it can reach nothing but its own memory; its memory
 * can't outgrow MEMORY_PAGES_MAX; none of its code runs before all of this is established.
 */
import {
  ABI_VERSION,
  CONTEXT_BYTES,
  INPUT_BYTES,
  MATCHER_EXPORTS,
  type MatcherDescription,
  MEMORY_PAGES_MAX,
  MODULE_BYTES_MAX,
  OUTPUT_BYTES,
  PROOF_BYTES,
} from "../format/index.ts";
import { readDescription } from "./description.ts";
import { MatcherRejectedError } from "./errors.ts";
import { listSections, memoryLimits, SECTION_MEMORY, SECTION_START } from "./sections.ts";

/** The exports of a matcher, see `format/module.ts`. */
export interface MatcherExports {
  readonly memory: WebAssembly.Memory;
  abi_version(): number;
  input_ptr(): number;
  output_ptr(): number;
  context_ptr(): number;
  match_batch(start: number, length: number, generation: number, tenant: number): number;
  match_context(offset: number): number;
  proof_ptr(): number;
  prove(): number;
  resume(): number;
  consumed(): number;
  malformed(): number;
  run_program(index: number, offset: number): number;
}

/** A module that passed, instantiated, with the addresses of its regions. */
export interface AdmittedMatcher {
  readonly exports: MatcherExports;
  readonly description: MatcherDescription;
  readonly input: number;
  readonly output: number;
  readonly context: number;
  readonly proof: number;
}

/**
 * @param bytes of a module from anywhere
 * @throws MatcherRejectedError
 */
export async function admitModule(bytes: Uint8Array): Promise<AdmittedMatcher> {
  // A module too large to be ours isn't given to the compiler.
  if (bytes.length > MODULE_BYTES_MAX)
    throw new MatcherRejectedError("too-large", `${bytes.length} bytes, at most ${MODULE_BYTES_MAX}`);

  // The JavaScript API shows neither start functions nor memory limits, so the binary is asked.
  assertSections(bytes);

  const module = await compile(bytes);
  assertInterface(module);
  const description = readDescription(module);

  // Nothing is imported and there is no start function, so this runs none of the module's code.
  const instance = await instantiate(module);
  const exports = instance.exports as unknown as MatcherExports;

  const version = ask(exports.abi_version);
  if (version !== ABI_VERSION)
    throw new MatcherRejectedError(
      "abi-version",
      `module has version ${String(version)}, this host speaks ${ABI_VERSION}`,
    );
  return {
    exports,
    description,
    input: region(exports, "input", ask(exports.input_ptr), INPUT_BYTES),
    output: region(exports, "output", ask(exports.output_ptr), OUTPUT_BYTES),
    context: region(exports, "context", ask(exports.context_ptr), CONTEXT_BYTES),
    proof: region(exports, "proof", ask(exports.proof_ptr), PROOF_BYTES),
  };
}

function assertSections(bytes: Uint8Array): void {
  const sections = listSections(bytes);
  if (sections.some((section) => section.id === SECTION_START))
    throw new MatcherRejectedError("start-function", "the module would run code when it is instantiated");
  const memories = sections.flatMap((section) => (section.id === SECTION_MEMORY ? memoryLimits(section.body) : []));
  const [memory] = memories;
  if (memory === undefined || memories.length !== 1)
    throw new MatcherRejectedError("memory", `${memories.length} memories, expected one`);
  if (memory.special) throw new MatcherRejectedError("memory", "the memory is shared, 64-bit or of another page size");
  if (memory.maximum === null) throw new MatcherRejectedError("memory", "the memory has no maximum");
  if (memory.maximum > MEMORY_PAGES_MAX)
    throw new MatcherRejectedError("memory", `maximum of ${memory.maximum} pages, at most ${MEMORY_PAGES_MAX}`);
}

async function compile(bytes: Uint8Array): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new MatcherRejectedError("invalid", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function assertInterface(module: WebAssembly.Module): void {
  const imports = WebAssembly.Module.imports(module);
  if (imports.length > 0) {
    const names = imports.map((entry) => `${entry.module}.${entry.name}`);
    throw new MatcherRejectedError("imports", `imports ${names.join(", ")}, none are allowed`);
  }
  const found = WebAssembly.Module.exports(module);
  const kinds = new Map(found.map((entry) => [entry.name, entry.kind]));
  for (const name of MATCHER_EXPORTS) {
    const expected = name === "memory" ? "memory" : "function";
    if (kinds.get(name) !== expected)
      throw new MatcherRejectedError(
        "exports",
        `export ${name}: expected a ${expected}, found ${kinds.get(name) ?? "none"}`,
      );
  }
  const extra = found.filter((entry) => !MATCHER_EXPORTS.includes(entry.name));
  if (extra.length > 0)
    throw new MatcherRejectedError(
      "exports",
      `exports ${extra.map((entry) => `${entry.kind} ${entry.name}`).join(", ")}, which is not allowed`,
    );
}

async function instantiate(module: WebAssembly.Module): Promise<WebAssembly.Instance> {
  try {
    return await WebAssembly.instantiate(module, {});
  } catch (cause) {
    throw new MatcherRejectedError("invalid", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Calls one of the functions that only give a constant; in a hostile module it may do anything but reach out. */
function ask(constant: () => unknown): unknown {
  try {
    return constant();
  } catch (cause) {
    throw new MatcherRejectedError("invalid", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** @returns the address, when the region lies inside the memory */
function region(exports: MatcherExports, name: string, address: unknown, bytes: number): number {
  const available = exports.memory.buffer.byteLength;
  if (typeof address !== "number" || address < 0 || address % 8 !== 0 || address + bytes > available)
    throw new MatcherRejectedError(
      "layout",
      `${name} region of ${bytes} bytes at ${String(address)} does not lie in the memory of ${available}`,
    );
  return address;
}
