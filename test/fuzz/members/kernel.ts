/**
 * The kernel stage at work: random rules in a whole agent, random file operations on real directories. An unfiltered
 * kernel stage sees the same operations, the reference evaluator judges them, and whatever a rule may match must
 * have passed the filtering stage and been detected. See kernel/judge.ts.
 *
 * Attaches in the best way that this kernel allows; WEIR_FUZZ_ATTACH=tracepoint asks for the other one.
 */
import { type AttachMode, bpfObject } from "@weir/agent";
import { failureText, search } from "../kernel/campaign.ts";
import { foreign } from "../kernel/foreign.ts";
import { keepCase } from "../kernel/found.ts";
import type { FuzzMember } from "../member.ts";

const SHRINK_MS = 120_000;

export const description: FuzzMember["description"] =
  "the kernel stage drops no event that a rule may match, whatever is renamed, mounted or raced (as root)";

export const run: FuzzMember["run"] = async ({ seed, deadlineMs, log, progress }) => {
  const object = bpfObject();
  const attach = (process.env["WEIR_FUZZ_ATTACH"] ?? "auto") as AttachMode | "auto";
  const options = { object, reference: object, attach, shrinkMs: SHRINK_MS, cases: { foreign } };
  const { summary, failure } = await search({ ...options, seed, deadlineMs, log, progress });
  if (failure === undefined) return { cases: summary.rounds, summary: { ...summary } };
  log(JSON.stringify(summary));
  throw new Error(`${failureText(failure)}\nkept as ${keepCase(`seed-${failure.seed}`, failure.shrunk.found)}`);
};
