/** One compilation step by step, from policy files to the bundle that gets signed. */
import type { PolicyInput } from "@weir/rules";

export interface CompileTimes {
  /** Parsing and checking, approvers included. */
  readonly analyseMs: number;
  /** Index, predicates, proofs, the module's bytes. */
  readonly linkMs: number;
  /** Manifest with digests, seeds and sources in canonical form: what a signature is made over. */
  readonly assembleMs: number;
  readonly totalMs: number;
  readonly wasm: Uint8Array;
  readonly bundleBytes: number;
}

/**
 * Compiles once. The compiler is loaded at the first call, which takes that much longer.
 * @throws Error when the files do not compile
 */
export async function compileOnce(files: readonly (PolicyInput & { readonly text: string })[]): Promise<CompileTimes> {
  const start = performance.now();
  const { analysePolicies, compileAnalysis } = await import("@weir/rules");
  const { assembleBundle } = await import("@weir/trust");
  const analyseStart = performance.now();
  const analysis = analysePolicies(files);
  const linkStart = performance.now();
  const compiled = await compileAnalysis(analysis);
  if (!compiled.ok) throw new Error(`the rules do not compile: ${compiled.diagnostics[0]?.message}`);
  const assembleStart = performance.now();
  const { wasm, seeds, metadata } = compiled;
  const bundle = assembleBundle({
    tenant: "bench",
    wasm,
    seeds,
    rules: metadata.map(({ id, event, expression, tags }) => ({ id, event, expression, tags: { ...tags } })),
    sources: files,
    compiler: { name: "weir", version: "0.1.0" },
  });
  const end = performance.now();
  return {
    analyseMs: linkStart - analyseStart,
    linkMs: assembleStart - linkStart,
    assembleMs: end - assembleStart,
    totalMs: end - start,
    wasm,
    bundleBytes: Object.values(bundle.files).reduce((sum, { length }) => sum + length, 0),
  };
}
