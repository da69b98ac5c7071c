/** A search over many cases: sums up what they showed, and ends with the first that fails, made small. */
import { type Counters, totals } from "@weir/agent/testing";
import { type CaseOptions, makeCase } from "./cases.ts";
import { type FindingKind, NO_TALLY, type Tally } from "./judge.ts";
import { type Case, opCount } from "./plan.ts";
import { Harness, type HarnessOptions, type RoundResult } from "./round.ts";
import { type Shrunk, shrink } from "./shrink.ts";

/** What a search has shown so far. */
export interface Summary extends Tally {
  readonly attach: string;
  rounds: number;
  /** Rounds in which some stage lost events, whose cases judged nothing. */
  roundsDiscarded: number;
  /** Rounds whose workload did not come to its end. */
  roundsAbandoned: number;
  swaps: number;
  /** System calls of the workloads: those that succeeded, and that failed. */
  callsDone: number;
  callsFailed: number;
  /** Of the filtering stage, over all programs of this machine: file events by what became of them. */
  kernel: Record<string, number>;
}

export interface Failure {
  readonly seed: number;
  readonly kind: FindingKind;
  readonly messages: readonly string[];
  /** As small as the time allowed. */
  readonly shrunk: Shrunk;
}

export interface CampaignOptions extends HarnessOptions {
  readonly seed: number;
  readonly deadlineMs: number;
  /** How long a failing case may be made smaller. */
  readonly shrinkMs: number;
  readonly cases?: CaseOptions;
  readonly log: (line: string) => void;
  readonly progress?: (cases: number) => void;
}

/** A workload that hangs says something of the machine; several of them say something of Weir. */
const ABANDONED_MAX = 2;
const MESSAGES_MAX = 5;

/** @throws StageUnavailableError; Error where workloads don't come to their end */
export async function search(options: CampaignOptions): Promise<{ summary: Summary; failure: Failure | undefined }> {
  const { seed, log, progress } = options;
  const startedMs = Date.now();
  const harness = await Harness.open(options);
  // Loading takes most of a minute in a guest without hardware of its own.
  const deadlineMs = options.deadlineMs + Date.now() - startedMs;
  try {
    const before = harness.counters();
    const summary = emptySummary(harness.mode);
    let failure: Failure | undefined;
    for (let at = seed; failure === undefined && (Date.now() < deadlineMs || at === seed); at = (at + 1) >>> 0) {
      const found = makeCase(at, options.cases);
      const result = await tried(harness, found, summary, log);
      progress?.(summary.rounds);
      const [first] = result?.findings ?? [];
      if (result === undefined || first === undefined) continue;
      const messages = result.findings.filter(({ kind }) => kind === first.kind).map(({ message }) => message);
      log(`seed ${at}: ${first.kind}: ${first.message}\n${messages.length} like it; making the case smaller`);
      const shrunk = await shrink(found, attempts(harness, first.kind), Date.now() + options.shrinkMs);
      failure = { seed: at, kind: first.kind, messages: messages.slice(0, MESSAGES_MAX), shrunk };
    }
    summary.kernel = difference(before, harness.counters());
    return { summary, failure };
  } finally {
    await harness.close();
  }
}

async function tried(
  harness: Harness,
  found: Case,
  summary: Summary,
  log: (line: string) => void,
): Promise<RoundResult | undefined> {
  try {
    const result = await harness.run(found);
    add(summary, result);
    return result;
  } catch (error) {
    if (++summary.roundsAbandoned > ABANDONED_MAX) throw error;
    log(`a round was abandoned: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** Runs a case so often; those count that fail in the same way. */
export function attempts(harness: Harness, kind: FindingKind): (found: Case, runs: number) => Promise<number> {
  return async (found, runs) => {
    let failed = 0;
    for (let i = 0; i < runs; i++) {
      const { findings } = await harness.run(found).catch(() => ({ findings: [] }));
      if (findings.some((finding) => finding.kind === kind)) failed++;
    }
    return failed;
  };
}

function emptySummary(attach: string): Summary {
  const rounds = { rounds: 0, roundsDiscarded: 0, roundsAbandoned: 0, swaps: 0, callsDone: 0, callsFailed: 0 };
  return { attach, ...rounds, ...NO_TALLY, kernel: {} };
}

function add(summary: Summary, { tally, lossy, swaps, workload }: RoundResult): void {
  summary.rounds++;
  if (lossy) summary.roundsDiscarded++;
  summary.swaps += swaps;
  summary.callsDone += workload.done;
  summary.callsFailed += workload.failed;
  for (const name of Object.keys(NO_TALLY) as (keyof Tally)[]) summary[name] += tally[name];
}

function difference(before: Counters, after: Counters): Record<string, number> {
  const [from, to] = [totals(before), totals(after)] as [Record<string, number>, Record<string, number>];
  return Object.fromEntries(Object.entries(to).map(([name, value]) => [name, value - (from[name] ?? 0)]));
}

export function failureText({ seed, kind, messages, shrunk }: Failure): string {
  const { found, failed, runs } = shrunk;
  const calls = found.plan.lanes.reduce((sum, { ops }) => sum + opCount(ops), opCount(found.plan.setup));
  return `seed ${seed}: ${kind}
${messages.join("\n")}
The smallest case that was found has ${calls} calls and failed in ${failed} of ${runs} runs:
${JSON.stringify(found)}`;
}
