/** A short search as a program, for a guest: `guest.ts SEED SECONDS` prints the summary as JSON, or the failure. */
import { bpfObject } from "@weir/agent/testing";
import { failureText, search } from "./campaign.ts";

const [seed = 1, seconds = 20] = process.argv.slice(2).map(Number);
const object = bpfObject();
const { summary, failure } = await search({
  object,
  reference: object,
  attach: "trampoline",
  cases: { small: true },
  seed,
  deadlineMs: Date.now() + seconds * 1000,
  shrinkMs: 0,
  log: console.error,
});
if (failure) {
  console.log(failureText(failure));
  process.exitCode = 1;
}
console.log(JSON.stringify(summary));
