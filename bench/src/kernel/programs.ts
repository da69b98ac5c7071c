/**
 * What the programs of the kernel stage cost an event, by the kernel's own run-time statistics, scenario by scenario
 * in turns.
 *
 * The measure of a program that returns at once is the same program at the open of a file that is missing, about which
 * it wants to know nothing more, and at a call that concerns no file. From the cost of each open and close the one is
 * taken away for the open and the other for the close, so that the rest is what the event was charged.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bpfObject } from "@weir/agent";
import { buildTables, KernelStage } from "@weir/agent/testing";
import { type Approver, decodeRecord, ringRecords } from "@weir/matcher-wasm/format";
import { median } from "../interleave.ts";
import type { Load } from "./load.ts";
import { SHALLOW_FILE } from "./workloads.ts";

const O_WRONLY = 1;
const OPEN = 1;
const CALLS = 400;
const APPROVERS = 2000;
const DEPTHS = [2, 5, 10, 20];
/** What is taken away. */
const [NO_FILE, NO_OPEN] = ["returns at once, no file", "returns at once, no open"];

interface Scenario {
  readonly name: string;
  readonly file?: string;
  readonly flags?: number;
}

export interface ProgramCost {
  readonly what: string;
  /** Over a program that returns at once. */
  readonly overReturnNs: number;
  readonly withDirectoryCacheNs?: number;
}

export interface ProgramCosts {
  readonly returnsAtOnceNs: number;
  readonly byFate: readonly ProgramCost[];
  readonly directoryCache: string;
}

/** A file at this depth, in folders of ordinary names. */
function fileAt(folder: string, depth: number): string {
  if (depth === 2) return SHALLOW_FILE;
  const above = folder.split("/").length - 1;
  const path = join(folder, ...Array.from({ length: depth - above - 1 }, (_, i) => `folder${i}`));
  mkdirSync(path, { recursive: true });
  return join(path, "some-file.txt");
}

function scenarios(folder: string): Scenario[] {
  const at = (name: string): string => {
    mkdirSync(join(folder, name));
    return join(folder, name, "some-file.txt");
  };
  const all: Scenario[] = [
    { name: NO_FILE },
    { name: NO_OPEN, file: join(folder, "missing") },
    { name: "no interest in its flags", file: fileAt(folder, 5), flags: 0 },
    ...DEPTHS.map((depth) => ({ name: `no approver, depth ${depth}`, file: fileAt(folder, depth), flags: O_WRONLY })),
    { name: "silent directory, depth 4", file: at("silent"), flags: O_WRONLY },
    { name: "passes, depth 4", file: at("passes"), flags: O_WRONLY },
  ];
  for (const { file, name } of all) if (file && name !== NO_OPEN) writeFileSync(file, "");
  return all;
}

function tables(folder: string) {
  const others = Array.from({ length: APPROVERS }, (_, i): Approver => {
    const kind = (["path", "ancestor", "basename"] as const)[i % 3] as Approver["kind"];
    const value = kind === "basename" ? `name${i}` : `/etc/some/path${i}`;
    return { event: "open", kind, slot: "file", value, flagsAny: null };
  });
  const approvers = ["silent", "passes"].map(
    (name): Approver => ({ event: "open", kind: "ancestor", slot: "file", value: join(folder, name), flagsAny: null }),
  );
  const interests = [{ event: "open", flagsAny: 3, unfiltered: false as const }];
  return buildTables(1, [
    { tenant: 0, seeds: { format: "weir-seeds/1", interests, approvers: [...others, ...approvers] } },
  ]);
}

/** Has the stage drop what is opened in the directory of the last record. */
async function silence(stage: KernelStage, load: Load, file: string): Promise<void> {
  stage.ring.release(stage.ring.backlogBytes());
  await load.run({ count: 1, file, flags: O_WRONLY });
  const span = new Uint8Array(1 << 20);
  const length = stage.ring.read(span);
  for (const { offset } of ringRecords(span.subarray(0, length))) {
    const record = decodeRecord(span, offset);
    if (record.kind === "file" && record.path === file)
      stage.discard({ generation: 1, directoryKey: record.directoryKey, type: OPEN });
  }
}

/**
 * Where the kernel does not tell its counters of path changes there is no cache; to see what it would cost, a place in
 * the kernel's text that holds an even number stands in for them.
 */
function standIn(): bigint | undefined {
  const address = /^([0-9a-f]+) . __pfx_nop_func$/m.exec(readFileSync("/proc/kallsyms", "latin1"))?.[1];
  return address === undefined || /^0+$/.test(address) ? undefined : BigInt(`0x${address}`);
}

async function open(folder: string, load: Load, silent: string, cache: "none" | bigint | undefined) {
  const stage = KernelStage.open({
    object: bpfObject(),
    attach: "tracepoint",
    ringBytes: 8 << 20,
    ...(cache === undefined ? {} : { pathCounters: cache === "none" ? cache : { renames: cache, mounts: cache } }),
  });
  await stage.activate(tables(folder));
  await silence(stage, load, silent);
  return stage;
}

const ROUNDS = 25;

/** @returns for each scenario what an open cost over a return at once; of the returns, what they cost */
async function measureRound(stage: KernelStage, all: readonly Scenario[], load: Load): Promise<[string, number][]> {
  const statistics = () => stage.runStatistics()["tracepoint_sys_exit"] ?? { runTimeNs: 0, runs: 0 };
  const costs: [string, number][] = [];
  let [noFileNs, noOpenNs] = [0, 0];
  for (const { name, ...calls } of all) {
    const before = statistics();
    await load.run({ count: CALLS, ...calls });
    const after = statistics();
    const [ns, runs] = [after.runTimeNs - before.runTimeNs, after.runs - before.runs];
    if (name === NO_FILE) noFileNs = ns / runs;
    else if (name === NO_OPEN) noOpenNs = (ns - (runs - CALLS) * noFileNs) / CALLS;
    costs.push([
      name,
      name === NO_FILE ? noFileNs : name === NO_OPEN ? noOpenNs : (ns - (runs - CALLS) * noFileNs) / CALLS - noOpenNs,
    ]);
    stage.ring.release(stage.ring.backlogBytes());
  }
  return costs;
}

/** @param turns of each way, of ROUNDS rounds of each scenario */
export async function measurePrograms(folder: string, load: Load, turns: number): Promise<ProgramCosts> {
  const all = scenarios(folder);
  const silent = all.find(({ name }) => name.startsWith("silent"))?.file ?? "";
  const probe = KernelStage.open({ object: bpfObject(), attach: "tracepoint", ringBytes: 1 << 20 });
  const real = probe.cachesDirectories;
  probe.close();
  const address = real ? undefined : standIn();
  const ways = real || address !== undefined ? (["none", address] as const) : (["none"] as const);
  const samples = ways.map(() => new Map(all.map(({ name }) => [name, [] as number[]])));
  for (let turn = 0; turn < turns; turn++) {
    for (const [i, way] of ways.entries()) {
      const stage = await open(folder, load, silent, way);
      try {
        for (let round = 0; round < ROUNDS; round++)
          for (const [name, ns] of await measureRound(stage, all, load)) samples[i]?.get(name)?.push(ns);
      } finally {
        stage.close();
      }
    }
  }
  const ns = (stage: number, name: string): number => median(samples[stage]?.get(name) ?? [0]);
  const fates = all.filter(({ name }) => name !== NO_FILE && name !== NO_OPEN);
  return {
    returnsAtOnceNs: ns(0, NO_OPEN),
    byFate: fates.map(({ name }) => ({
      what: name,
      overReturnNs: ns(0, name),
      ...(ways.length > 1 ? { withDirectoryCacheNs: ns(1, name) } : {}),
    })),
    directoryCache: real
      ? "by the kernel's counters"
      : address === undefined
        ? "none: this kernel does not tell its counters of path changes"
        : "this kernel does not tell its counters of path changes; constants stand in for them",
  };
}
