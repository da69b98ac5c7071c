/**
 * What is to hold on every kernel, as one program for a guest: `matrix.ts MODE=PART,PART… …` runs the parts one after
 * the other and prints a line of JSON as each ends. One process, as most of a short program's time in a guest without
 * hardware of its own is loading its modules.
 */
import { release } from "node:os";
import type { AttachMode } from "@weir/agent";
import { bpfObject, hasPrivateStacks, KernelStage, runTechniques } from "@weir/agent/testing";
import { failureText, type Summary, search } from "../fuzz/kernel/campaign.ts";
import { runCorpus } from "../tamper/corpus.ts";
import { TECHNIQUES } from "../tamper/techniques.ts";
import { runSteps } from "./directory-cache.ts";
import { runScenario } from "./scenario.ts";
import { runAttacks } from "./silent-directories.ts";
import { runSwaps } from "./swaps.ts";

const FUZZ_SECONDS = 15;

/** What needs no agent, under one kernel stage, as loading it takes long: its own techniques, the directory cache, swaps. */
async function runStage(attach: AttachMode) {
  const stage = KernelStage.open({ object: bpfObject(), attach, ringBytes: 8 << 20, verifierStatistics: true });
  try {
    return {
      techniques: await runTechniques(stage),
      cache: await runSteps(stage),
      otherNames: hasPrivateStacks(),
      swaps: await runSwaps(stage),
      missing: stage.missing,
      missedRuns: stage.missedRuns(),
      verified: stage.verifiedInstructions(),
    };
  } finally {
    stage.close();
  }
}

/** A short search for an event that a rule may match and that is dropped. */
async function fuzz(attach: AttachMode): Promise<Summary> {
  const object = bpfObject();
  const seed = Date.now() % 2 ** 32;
  const { summary, failure } = await search({
    object,
    reference: object,
    attach,
    cases: { small: true },
    seed,
    deadlineMs: Date.now() + FUZZ_SECONDS * 1000,
    shrinkMs: 0,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  if (failure) throw new Error(failureText(failure));
  return summary;
}

/** Below a folder whose file system is one that the directory cache takes. */
async function inMemory<T>(act: () => Promise<T>): Promise<T> {
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = "/run";
  try {
    return await act();
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
}

const PARTS = {
  // Trampolines are what it chooses by itself, where they work.
  scenario: (mode: AttachMode) => runScenario(mode === "trampoline" ? "auto" : mode),
  stage: runStage,
  attacks: (mode: AttachMode) => inMemory(() => runAttacks(mode)),
  fuzz,
  corpus: async (mode: AttachMode) => {
    const { results, lost } = await runCorpus(mode, TECHNIQUES);
    return { results, lost };
  },
};

export type Part = keyof typeof PARTS;
export type Outcomes = { readonly [P in Part]: Awaited<ReturnType<(typeof PARTS)[P]>> };

/** A line of the output. */
export type PartResult = { readonly mode: AttachMode; readonly seconds: number; readonly kernel: string } & (
  | { readonly [P in Part]: { readonly part: P; readonly outcome: Outcomes[P] } }[Part]
  | { readonly part: Part; readonly error: string }
);

async function run(part: Part, mode: AttachMode): Promise<string> {
  const startedMs = Date.now();
  const kernel = release().split(".").slice(0, 2).join(".");
  const outcome = await PARTS[part](mode).then(
    (value) => ({ outcome: value }),
    (error: unknown) => ({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
  const seconds = Math.round((Date.now() - startedMs) / 1000);
  return JSON.stringify({ part, mode, kernel, seconds, ...outcome });
}

if (process.argv[1] === import.meta.filename)
  for (const argument of process.argv.slice(2)) {
    const [mode, parts = ""] = argument.split("=");
    for (const part of parts.split(",")) process.stdout.write(`${await run(part as Part, mode as AttachMode)}\n`);
  }
