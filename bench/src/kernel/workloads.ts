/** Whole processes, with the agent and its shipped rules attached and with nothing attached, in turns. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Agent, bpfObject, DROP_CAUSES, totals } from "@weir/agent";
import { compileForPublish } from "@weir/control-plane";
import { assembleBundle, type Bundle } from "@weir/trust";
import { median } from "../interleave.ts";
import type { Load } from "./load.ts";
import { SHALLOW_FILE } from "./programs.ts";

const CHECKOUT = join(import.meta.dirname, "../../..");
const PACK = join(CHECKOUT, "rules/packs/linux-fim.yaml");
const OPENS = 50_000;

async function shippedPack(): Promise<Bundle> {
  const files = [{ name: "linux-fim.yaml", text: readFileSync(PACK, "utf8") }];
  const compiled = await compileForPublish(files);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
  const { rules, seeds, wasm, compiler } = compiled;
  return assembleBundle({ tenant: "bench", rules, seeds, wasm, compiler, sources: files });
}

/** Shell scripts that run in an empty folder; `$CHECKOUT` is this repository. */
const WORKLOADS: readonly (readonly [name: string, script: string])[] = [
  ["git clone and checkout", 'git clone -q --no-local "$CHECKOUT" clone'],
  ["build of a C program", 'for i in 1 2 3; do make -s -B -C "$CHECKOUT/bpf" OUT="$PWD/build"; done'],
  [
    "find and tar of a tree",
    'find "$CHECKOUT/node_modules" -type f | wc -l; tar cf tree.tar -C "$CHECKOUT" node_modules',
  ],
];

export interface WorkloadCost {
  readonly what: string;
  readonly aloneMs: number;
  readonly withAgentMs: number;
  readonly overAlone: number;
  readonly fileEvents?: number;
  readonly droppedInKernel?: number;
  readonly lost?: number;
}

interface Contender {
  readonly what: string;
  /** @returns milliseconds */
  readonly run: () => Promise<number>;
}

function contenders(folder: string, load: Load): Contender[] {
  const script = ([what, text]: readonly [string, string]): Contender => ({
    what,
    run: async () => {
      const work = join(folder, "work");
      mkdirSync(work);
      const start = performance.now();
      const env = { ...process.env, CHECKOUT };
      const { status, stderr } = spawnSync("/bin/bash", ["-ec", text], { cwd: work, env, encoding: "utf8" });
      const ms = performance.now() - start;
      rmSync(work, { recursive: true });
      if (status !== 0) throw new Error(`${what} failed: ${stderr}`);
      return ms;
    },
  });
  const opening = (what: string, file: string, flags: number): Contender => ({
    what,
    run: async () => (await load.run({ count: OPENS, file, flags })) / 1e6,
  });
  return [
    opening(`${OPENS} times open and close of a file, to read`, "/etc/hostname", 0),
    opening(`${OPENS} times open and close of a file, to write`, SHALLOW_FILE, 1),
    ...WORKLOADS.map(script),
  ];
}

const COUNTED = ["seen", "passed", ...DROP_CAUSES] as const;

/** @param rounds alternations of nothing attached and the agent attached */
export async function measureWorkloads(folder: string, load: Load, rounds: number): Promise<WorkloadCost[]> {
  const bundle = await shippedPack();
  const all = contenders(folder, load);
  const times = all.map(() => ({ alone: [] as number[], attached: [] as number[], seen: 0, dropped: 0, lost: 0 }));
  for (const contender of all) await contender.run(); // what is read from disk once is not measured
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of all.entries()) times[i]?.alone.push(await contender.run());
    const agent = Agent.start({
      stage: { object: bpfObject(), attach: "auto", ringBytes: 8 << 20 },
      onDetection: () => {},
      onFailure: (error) => console.error(error),
    });
    try {
      await agent.activate([bundle]);
      for (const [i, contender] of all.entries()) {
        const before = agent.status();
        times[i]?.attached.push(await contender.run());
        const after = agent.status();
        const [a, b] = [totals(after.kernel), totals(before.kernel)];
        const since = (name: (typeof COUNTED)[number]): number => a[name] - b[name];
        const figures = times[i];
        if (!figures) continue;
        figures.seen += since("seen");
        figures.dropped += DROP_CAUSES.reduce((sum, name) => sum + since(name), 0);
        figures.lost += after.lost - before.lost;
      }
    } finally {
      await agent.stop();
    }
  }
  return all.map(({ what }, i) => {
    const { alone = [], attached = [], seen = 0, dropped = 0, lost = 0 } = times[i] ?? {};
    const ratios = attached.map((ms, round) => ms / (alone[round] ?? ms));
    return {
      what,
      aloneMs: median(alone),
      withAgentMs: median(attached),
      overAlone: median(ratios),
      fileEvents: seen,
      droppedInKernel: seen === 0 ? 0 : dropped / seen,
      lost,
    };
  });
}
