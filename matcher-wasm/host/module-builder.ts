/**
 * Writes small WebAssembly modules for tests of admission: one that is admitted, and what is wrong with the
 * others. Reference: WebAssembly Core Specification, 5.5 Modules.
 */
import { ABI_VERSION, CONTEXT, DESCRIPTION_SECTION, INPUT, OUTPUT, PROOF } from "../format/index.ts";

export interface ModuleShape {
  /** Flags and limits of the memory section's entries. */
  readonly memories: readonly (readonly number[])[];
  /** Functions by export name: what each returns; all take as many i32 as `MatcherExports` says. */
  readonly functions: Readonly<Record<string, number>>;
  readonly exportMemory: boolean;
  readonly importFunction: boolean;
  readonly start: boolean;
  readonly exportTable: boolean;
  /** Bodies of custom sections DESCRIPTION_SECTION. */
  readonly descriptions: readonly string[];
  /** Makes abi_version trap. */
  readonly trap?: boolean;
}

const PARAMETERS: Readonly<Record<string, number>> = { match_batch: 4, match_context: 1, run_program: 2 };

export const ADMITTED: ModuleShape = {
  memories: [[1, 64, 64]],
  functions: {
    abi_version: ABI_VERSION,
    consumed: 0,
    context_ptr: CONTEXT,
    input_ptr: INPUT,
    malformed: 0,
    match_batch: 0,
    match_context: 0,
    output_ptr: OUTPUT,
    proof_ptr: PROOF,
    prove: 0,
    resume: 0,
    run_program: 0,
  },
  exportMemory: true,
  importFunction: false,
  start: false,
  exportTable: false,
  descriptions: [JSON.stringify({ format: "weir-matcher/1", context: [], variables: [], programs: [] })],
};

const I32 = 0x7f;
const FUNCREF = 0x70;
const encoder = new TextEncoder();

export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128, for i32.const. */
function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0);
    bytes.push(done ? byte : byte | 0x80);
    if (done) return bytes;
  }
}

const text = (value: string): number[] => [...leb(encoder.encode(value).length), ...encoder.encode(value)];
const vector = (entries: readonly (readonly number[])[]): number[] => [...leb(entries.length), ...entries.flat()];
const section = (id: number, body: readonly number[]): number[] => [id, ...leb(body.length), ...body];

/** @returns a well-formed module of that shape */
export function buildModule(shape: ModuleShape): Uint8Array<ArrayBuffer> {
  const names = Object.keys(shape.functions);
  const imported = shape.importFunction ? 1 : 0;
  // Types 0 … 4: that many i32 → i32; type 5: nothing → nothing, for the start function.
  const types = [
    ...Array.from({ length: 5 }, (_, n) => [0x60, ...vector(Array.from({ length: n }, () => [I32])), 1, I32]),
    [0x60, 0, 0],
  ];
  const functions = names.map((name) => leb(PARAMETERS[name] ?? 0));
  const bodies = names.map((name) =>
    name === "abi_version" && shape.trap === true
      ? [0, 0x00, 0x0b]
      : [0, 0x41, ...signedLeb(shape.functions[name] as number), 0x0b],
  );
  if (shape.start) {
    functions.push([5]);
    bodies.push([0, 0x0b]);
  }
  const exports = names.map((name, i) => [...text(name), 0, ...leb(i + imported)]);
  if (shape.exportMemory) exports.push([...text("memory"), 2, 0]);
  if (shape.exportTable) exports.push([...text("table"), 1, 0]);
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...(shape.importFunction ? section(2, vector([[...text("env"), ...text("log"), 0, 0]])) : []),
    ...section(3, vector(functions)),
    ...(shape.exportTable ? section(4, vector([[FUNCREF, 0, 1]])) : []),
    ...(shape.memories.length > 0 ? section(5, vector(shape.memories.map(limits))) : []),
    ...section(7, vector(exports)),
    ...(shape.start ? section(8, leb(imported + names.length)) : []),
    ...section(10, vector(bodies.map((body) => [...leb(body.length), ...body]))),
    ...shape.descriptions.flatMap((body) => section(0, [...text(DESCRIPTION_SECTION), ...encoder.encode(body)])),
  ]);
}

const limits = ([flags = 0, ...pages]: readonly number[]): number[] => [flags, ...pages.flatMap(leb)];
