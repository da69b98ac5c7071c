/**
 * Policy files that are wrong, large or ask much for their size, through all that `weir check` and `weir compile`
 * do. None may crash, hold on for longer than its limit, or need more memory than there is for one.
 */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { heavyPolicies, policyTexts } from "@weir/rules/testing";
import fc from "fast-check";
import type { FuzzMember } from "../member.ts";
import type { Outcome } from "../policies/worker.ts";
import { SAMPLE_POLICY } from "../sample-policy.ts";

/** Processor time for checking and for linking one file. */
const CHECK_MS_MAX = 1000;
const LINK_MS_MAX = 5000;
/** By the clock, on a machine that has other things to do. */
const HANG_MS = 30_000;
const MEMORY_MB_MAX = 768;
/** Files made at a time. */
const BATCH = 50;

type Text = string | Uint8Array;
const files: fc.Arbitrary<Text> = fc.oneof(heavyPolicies, heavyPolicies, policyTexts(SAMPLE_POLICY));

class Compiler {
  #worker: Worker | undefined;

  async judge(text: Text): Promise<Outcome> {
    this.#worker ??= await startWorker();
    const worker = this.#worker;
    const giveUp = new AbortController();
    const failed = once(worker, "error", { signal: giveUp.signal }).then(([error]) => {
      throw error;
    });
    const answered = once(worker, "message", { signal: giveUp.signal }).then(([outcome]) => outcome as Outcome);
    const hung = wait(HANG_MS, undefined, { signal: giveUp.signal }).then(() => {
      throw new Error(`no answer within ${HANG_MS} ms`);
    });
    const others = [failed, answered, hung];
    try {
      worker.postMessage(text);
      return await Promise.race(others);
    } finally {
      giveUp.abort();
      await Promise.allSettled(others);
    }
  }

  async end(): Promise<void> {
    await this.#worker?.terminate();
  }
}

async function startWorker(): Promise<Worker> {
  const resourceLimits = { maxOldGenerationSizeMb: MEMORY_MB_MAX };
  const worker = new Worker(new URL("../policies/worker.ts", import.meta.url), { resourceLimits });
  await once(worker, "message");
  return worker;
}

/** @returns what is wrong with the outcome */
function flawOf({ problem, checkMs, linkMs, regexWork }: Outcome): string | undefined {
  if (problem !== undefined) return problem;
  if (checkMs > CHECK_MS_MAX)
    return `checking took ${Math.round(checkMs)} ms, ${regexWork} steps of regexes included: at most ${CHECK_MS_MAX}`;
  return linkMs > LINK_MS_MAX ? `linking took ${Math.round(linkMs)} ms, at most ${LINK_MS_MAX}` : undefined;
}

function kept(text: Text, seed: number): string {
  const path = join(tmpdir(), `weir-fuzz-policy-${seed}.yaml`);
  writeFileSync(path, text);
  return `the file is kept as ${path}`;
}

export const description: FuzzMember["description"] =
  "policies: no file, however large or wrong, crashes, hangs or exhausts the compiler";

export const run: FuzzMember["run"] = async ({ seed, deadlineMs, progress, log }) => {
  const compiler = new Compiler();
  let cases = 0;
  let slowest = { totalMs: 0, text: "what was checked" };
  let loaded = 0;
  try {
    for (let batch = 0; Date.now() < deadlineMs; batch++)
      for (const text of fc.sample(files, { seed: (seed + batch) | 0, numRuns: BATCH })) {
        if (Date.now() >= deadlineMs) break;
        const outcome = await compiler.judge(text).catch((error: unknown) => {
          throw new Error(`${error instanceof Error ? error.message : error}; ${kept(text, seed)}`, { cause: error });
        });
        const flaw = flawOf(outcome);
        if (flaw !== undefined) throw new Error(`${flaw}; ${kept(text, seed)}`);
        const { checkMs, linkMs, regexWork, rules, ok } = outcome;
        if (ok) loaded++;
        if (checkMs + linkMs > slowest.totalMs)
          slowest = {
            totalMs: checkMs + linkMs,
            text: `${text.length} bytes, ${rules} rules, ${regexWork} steps of regexes: checked in ${Math.round(checkMs)} ms, linked in ${Math.round(linkMs)} ms`,
          };
        progress(++cases);
      }
  } finally {
    await compiler.end();
  }
  log(`${loaded} of ${cases} files compiled; the slowest: ${slowest.text}`);
  return { cases };
};
