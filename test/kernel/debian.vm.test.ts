/**
 * Debian's kernels, 5.10 to the newest: one boot of each runs its parts of `matrix.ts` in both attach modes, two guests
 * at a time. `WEIR_RECORD=1` records instead of comparing: what is detected (bpf/COVERAGE.md) and what the verifier
 * looked at (verifier.json).
 */
import { fileURLToPath } from "node:url";
import type { AttachMode } from "@weir/agent";
import { beforeAll, describe, expect, test } from "vitest";
import { builtProgram } from "../native/program.ts";
import { expectCorpus, recordCorpus } from "../tamper/expectations.ts";
import { buildPrograms } from "../tamper/programs.ts";
import { fetchKernel, type Release, runInVm, VmError, vmMissing } from "../vm/vm.ts";
import { expectedFates } from "./directory-cache.ts";
import { expectScenario } from "./expectations.ts";
import type { Outcomes, Part, PartResult } from "./matrix.ts";
import { ATTACK_RESULTS } from "./silent-directories.ts";
import { expectedSwaps } from "./swaps.ts";
import { complaints, record, recorded } from "./verifier.ts";

interface Kernel {
  readonly release: Release;
  readonly version: string;
  readonly parts: Readonly<Record<AttachMode, readonly Part[]>>;
}

/** 6.1 does everything; others what may differ there. */
const KERNELS: readonly Kernel[] = [
  {
    release: "bookworm",
    version: "6.1",
    parts: {
      trampoline: ["stage", "corpus", "scenario", "attacks", "fuzz"],
      tracepoint: ["stage", "corpus", "attacks"],
    },
  },
  { release: "trixie", version: "6.12", parts: { trampoline: ["stage", "attacks"], tracepoint: [] } },
];
const GUESTS_AT_ONCE = 2;
const BOOTS_MAX = 4;
/** Statuses of commands that a signal ended. */
const CRASHED_FROM = 128;
const TIMEOUT_MS = 2_400_000;
const ALL_TIMEOUT_MS = TIMEOUT_MS * KERNELS.length;

const RECORDING = process.env["WEIR_RECORD"] === "1";
const matrix = fileURLToPath(new URL("matrix.ts", import.meta.url));
const missing = vmMissing();

const jsonLines = (output: string): PartResult[] =>
  output.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as PartResult] : []));

interface GuestRun {
  readonly results: readonly PartResult[];
  /** Everything that was said. */
  readonly output: string;
}

/** What has a result is not done again when Node crashes, as it may under software emulation. */
async function runGuest({ release, parts }: Kernel): Promise<GuestRun> {
  await fetchKernel(release);
  const run = { results: [] as PartResult[], output: "" };
  for (let boot = 1; boot <= BOOTS_MAX; boot++) {
    const isDone = (mode: string, part: Part): boolean =>
      run.results.some((result) => result.mode === mode && result.part === part);
    const work = Object.entries(parts).flatMap(([mode, names]) => {
      const left = names.filter((part) => !isDone(mode, part));
      return left.length > 0 ? [`${mode}=${left.join(",")}`] : [];
    });
    if (work.length === 0) break;
    const command = [process.execPath, matrix, ...work] as const;
    const { exitCode, output } = await runInVm({ release, command, timeoutMs: TIMEOUT_MS, attempts: 1 });
    run.results.push(...jsonLines(output));
    run.output += output;
    if (exitCode < CRASHED_FROM) break;
    process.stderr.write(`${release}: boot ${boot} of ${BOOTS_MAX}: status ${exitCode}:\n${output.slice(-3000)}\n`);
  }
  return run;
}

const runs = new Map<Release, GuestRun>();

beforeAll(async () => {
  if (missing !== undefined) return;
  // Guests would take long to build them.
  builtProgram("workload");
  await buildPrograms();
  const waiting = [...KERNELS];
  const work = async (): Promise<void> => {
    for (let kernel = waiting.shift(); kernel !== undefined; kernel = waiting.shift()) {
      const failed = (error: unknown): GuestRun => ({
        results: error instanceof VmError ? jsonLines(error.output) : [],
        output: String(error),
      });
      runs.set(kernel.release, await runGuest(kernel).catch(failed));
    }
  };
  await Promise.all(Array.from({ length: GUESTS_AT_ONCE }, work));
}, ALL_TIMEOUT_MS);

interface Circumstances {
  readonly mode: AttachMode;
  /** `6.1` of the kernel's release. */
  readonly kernel: string;
}

const JUDGES: { readonly [P in Part]: (outcome: Outcomes[P], circumstances: Circumstances) => void } = {
  scenario(outcome, { mode }) {
    expect(outcome.attach).toBe(mode);
    expect(outcome.resolutions).toEqual([mode === "trampoline" ? "object" : "syscall"]);
    expectScenario(outcome);
  },
  stage({ techniques, cache, otherNames, swaps, missing: types, missedRuns, verified }, { mode, kernel }) {
    expect(techniques.length).toBeGreaterThan(40);
    for (const { name, expected, seen } of techniques) expect(seen, name).toEqual(expected);
    expect(cache).toEqual({ caches: true, fates: expectedFates(otherNames) });
    expect(swaps).toMatchObject(expectedSwaps(mode));
    expect({ types, missedRuns }).toEqual({ types: {}, missedRuns: 0 });
    if (RECORDING) record(kernel, mode, verified);
    expect(complaints(verified, recorded()[kernel]?.[mode])).toEqual([]);
  },
  attacks(outcome) {
    expect(outcome).toEqual(ATTACK_RESULTS);
  },
  fuzz(outcome, { mode }) {
    expect(outcome).toMatchObject({ attach: mode, passed: outcome.required });
    expect(outcome.judged).toBeGreaterThan(0);
  },
  corpus({ results, lost }) {
    if (RECORDING) recordCorpus(results);
    expectCorpus(results);
    expect(lost).toBe(0);
  },
};

describe.each(KERNELS)("$release, Linux $version", ({ release, version, parts }) => {
  const cases = Object.entries(parts).flatMap(([mode, names]) => names.map((part) => ({ part, mode })));
  test.for(cases)("$part ($mode)", ({ part, mode }, context) => {
    if (missing !== undefined) context.skip(missing);
    const { results, output } = runs.get(release) as GuestRun;
    const result = results.find((candidate) => candidate.part === part && candidate.mode === mode);
    if (result === undefined) throw new Error(`no result; output of the guest:\n${output.slice(-5000)}`);
    if ("error" in result) throw new Error(result.error);
    expect(result.kernel.startsWith(version), result.kernel).toBe(true);
    (JUDGES[part] as (outcome: unknown, circumstances: Circumstances) => void)(result.outcome, result);
  });
});
