/**
 * The agent with the shipped pack, as a process of its own: attaches, tells its counters and detaches by lines on its
 * standard input, and answers each by one line of JSON. Between them it does nothing.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Agent, bpfObject, DROP_CAUSES, totals } from "@weir/agent";
import { compileForPublish } from "@weir/control-plane";
import { assembleBundle, type Bundle } from "@weir/trust";

/** Beside the checkout's. */
const PACK = join(import.meta.dirname, "../../../rules/packs/linux-fim.yaml");

/** What became of the file events since the agent was attached. */
export interface WeirCounters {
  readonly seen: number;
  readonly dropped: number;
  readonly lost: number;
}

/** Answer to `attach`. */
export interface WeirAttached {
  readonly mode: string;
  readonly cachesDirectories: boolean;
}

async function shippedPack(): Promise<Bundle> {
  const files = [{ name: "linux-fim.yaml", text: readFileSync(PACK, "utf8") }];
  const compiled = await compileForPublish(files);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
  const { rules, seeds, wasm, compiler } = compiled;
  return assembleBundle({ tenant: "bench", rules, seeds, wasm, compiler, sources: files });
}

async function attachAgent(bundle: Bundle): Promise<Agent> {
  const agent = Agent.start({
    stage: { object: bpfObject(), attach: "auto", ringBytes: 8 << 20 },
    onDetection: () => {},
    onFailure: (error) => console.error(error),
  });
  await agent.activate([bundle]);
  return agent;
}

async function counters(agent: Agent): Promise<WeirCounters> {
  const { kernel, lost } = await agent.status();
  const sums = totals(kernel);
  return { seen: sums.seen, dropped: DROP_CAUSES.reduce((sum, cause) => sum + sums[cause], 0), lost };
}

async function main(): Promise<void> {
  const bundle = await shippedPack();
  let agent: Agent | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    let answer: object = {};
    if (line === "attach") {
      agent = await attachAgent(bundle);
      const { attach: mode, cachesDirectories } = await agent.status();
      answer = { mode, cachesDirectories } satisfies WeirAttached;
    } else if (agent && line === "counters") {
      answer = await counters(agent);
    } else if (agent && line === "detach") {
      await agent.stop();
      agent = undefined;
    } else {
      throw new Error(`got ${JSON.stringify(line)}, expected attach, counters or detach`);
    }
    console.log(JSON.stringify(answer));
  }
  await agent?.stop();
}

await main();
