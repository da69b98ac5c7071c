/** Checks and compiles one policy after another, in a thread of its own that can be ended when one keeps it too long. */
import { parentPort } from "node:worker_threads";
import { allDiagnostics, analysePolicies, compileAnalysis, kernelFilters, unfilteredPart } from "@weir/rules";

/** What became of one file; times are of the processor, of this thread. */
export interface Outcome {
  /** What `weir check` does. */
  readonly checkMs: number;
  /** Linking, 0 where there was nothing to link. */
  readonly linkMs: number;
  /** Steps that its regexes took. */
  readonly regexWork: number;
  readonly rules: number;
  readonly ok: boolean;
  readonly problem?: string;
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

async function judge(text: string | Uint8Array): Promise<Outcome> {
  const start = threadMs();
  const analysis = analysePolicies([{ name: "policy.yaml", text }]);
  const diagnostics = allDiagnostics(analysis);
  kernelFilters(analysis);
  analysis.rules.map(unfilteredPart);
  const checked = threadMs();
  const { ok, rules, regexes } = analysis;
  const outcome = { checkMs: checked - start, regexWork: regexes.work, rules: rules.length, ok };
  if (ok === diagnostics.some(({ severity }) => severity === "error"))
    return { ...outcome, linkMs: 0, problem: `ok is ${ok} against the diagnostics` };
  if (!ok) return { ...outcome, linkMs: 0 };
  if (rules.length === 0) return { ...outcome, linkMs: 0, problem: "compiles to nothing without an error" };
  const linking = threadMs();
  const compiled = await compileAnalysis(analysis);
  const linkMs = threadMs() - linking;
  const { message = "" } = compiled.ok ? {} : (compiled.diagnostics.find(({ code }) => code !== "limit") ?? {});
  return { ...outcome, linkMs, ...(message === "" ? {} : { problem: `checks, but does not compile: ${message}` }) };
}

// Loading and the first use of everything is not what is measured.
await judge("rules: [{ id: r, expression: 'open.file.name =~ r\"^a+\" && process.uid in [1, 2]' }]");
parentPort?.on("message", (text: string | Uint8Array) => {
  judge(text).then(
    (outcome) => parentPort?.postMessage(outcome),
    (error: unknown) => parentPort?.postMessage({ problem: error instanceof Error ? error.stack : String(error) }),
  );
});
parentPort?.postMessage("ready");
