/**
 * Random rules and events through everything that judges them, and random policies through the compiler.
 *
 * In turn: the reference evaluator against the compiled matcher and against the model of the kernel stage,
 * which must pass whatever a rule matches; directories that are proven silent, in which no rule may match;
 * policies from valid to garbage, which must neither crash the compiler nor keep it busy.
 */
import { analysePolicies } from "@weir/rules";
import {
  assertKernelAgrees,
  assertMatcherAgrees,
  assertMatcherProves,
  assertProofsHold,
  type JudgedCase,
  keepCase,
  policyTexts,
  rulesAndEvents,
  rulesAndFilesNear,
  writeCase,
} from "@weir/rules/testing";
import fc from "fast-check";
import type { FuzzMember } from "../member.ts";
import { SAMPLE_POLICY } from "../sample-policy.ts";

/** Cases between two looks at the clock. */
const BATCH_RUNS = 20;
/** A policy of a few hundred bytes that takes longer has hit something worse than linear. */
const POLICY_MS_MAX = 1000;

const judging = fc.asyncProperty(rulesAndEvents({ rulesMax: 8, eventsMax: 8 }), async (found) => {
  assertKernelAgrees(found);
  await assertMatcherAgrees(found);
});

/** Rules one at a time, so that no other rule's approvers cover for a missing one; without a module to link it is quick. */
const filtering = fc.property(rulesAndEvents({ rulesMax: 1, eventsMax: 12 }), assertKernelAgrees);

const proving = fc.property(rulesAndFilesNear({ rulesMax: 1, directoriesMax: 12, eventsMax: 6 }), assertProofsHold);

const provingCompiled = fc.asyncProperty(
  rulesAndFilesNear({ rulesMax: 8, directoriesMax: 12, eventsMax: 2 }),
  async (found) => {
    assertProofsHold(found);
    await assertMatcherProves(found);
  },
);

const compiling = fc.property(policyTexts(SAMPLE_POLICY), (text) => {
  const start = performance.now();
  const { ok, diagnostics, rules } = analysePolicies([{ name: "policy.yaml", text }]);
  const took = performance.now() - start;
  if (took > POLICY_MS_MAX) throw new Error(`the compiler took ${Math.round(took)} ms`);
  if (ok === diagnostics.some(({ severity }) => severity === "error"))
    throw new Error(`ok is ${ok} against the diagnostics`);
  if (ok && rules.length === 0) throw new Error("compiles to nothing without an error");
});

export const description: FuzzMember["description"] =
  "rules: matcher, kernel model and directory proofs agree with the evaluator; no policy crashes the compiler";

export const run: FuzzMember["run"] = async ({ seed, deadlineMs, progress }) => {
  const sample = analysePolicies([{ name: "sample.yaml", text: SAMPLE_POLICY }], { unsupported: "error" });
  if (!sample.ok) throw new Error(`the sample policy does not compile: ${JSON.stringify(sample.diagnostics)}`);
  let cases = 0;
  for (let batch = 0; Date.now() < deadlineMs; batch++) {
    const options = { seed: (seed + batch) | 0, numRuns: BATCH_RUNS };
    const judged = await fc.check(judging, options);
    const filtered = fc.check(filtering, { ...options, numRuns: BATCH_RUNS * 10 });
    const proven = fc.check(proving, { ...options, numRuns: BATCH_RUNS * 5 });
    const provenCompiled = await fc.check(provingCompiled, options);
    for (const details of [judged, filtered, proven, provenCompiled, fc.check(compiling, options)]) {
      cases += details.numRuns;
      progress(cases);
      if (!details.failed) continue;
      const reason =
        details.errorInstance instanceof Error ? details.errorInstance.stack : String(details.errorInstance);
      throw new Error(`${reason}\n${kept(details.counterexample, `seed-${seed}-${batch}`)}`);
    }
  }
  return { cases };
};

/** Judged cases become files that the unit tests replay; texts are printed. */
function kept(counterexample: readonly unknown[] | null, name: string): string {
  const [found] = counterexample ?? [];
  if (typeof found === "object" && found !== null && "exprs" in found)
    return `kept as ${keepCase(name, found as JudgedCase)}`;
  return `case: ${JSON.stringify(counterexample, writeCase)}`;
}
