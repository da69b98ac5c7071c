/**
 * How many instructions the verifier looks at for each program: the figures of every kernel and mode are kept in
 * `verifier.json`, and bpf/README.md has a table of their sums.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { AttachMode } from "@weir/agent";

/** Instructions by program. */
export type Costs = Readonly<Record<string, number>>;
/** By kernel, as "6.12", and attach mode. */
export type Recorded = Readonly<Record<string, Readonly<Partial<Record<AttachMode, Costs>>>>>;

/** The kernel's own limit, of which no program may need more than this share. */
export const LIMIT = 1_000_000;
export const SHARE_MAX = 0.8;
/** How far figures may lie from what is recorded before they have to be recorded again. */
const TOLERANCE = 0.5;
const TOLERANCE_INSTRUCTIONS = 1_000;

const FILE = fileURLToPath(new URL("verifier.json", import.meta.url));
const README = fileURLToPath(new URL("../../bpf/README.md", import.meta.url));
const TABLE = /^\| kernel, mode \|.*?(?=\n\n)/ms;

export const recorded = (): Recorded => JSON.parse(readFileSync(FILE, "utf8")) as Recorded;

/** The table that bpf/README.md has. */
export const tableInReadme = (): string | undefined => TABLE.exec(readFileSync(README, "utf8"))?.[0];

/** Puts the figures of one kernel and mode in the place of those before, here and in bpf/README.md. */
export function record(kernel: string, mode: AttachMode, costs: Costs): void {
  const all = recorded();
  const next = { ...all, [kernel]: { ...all[kernel], [mode]: costs } };
  const byVersion = Object.entries(next).sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(byVersion), null, 2)}\n`);
  writeFileSync(README, readFileSync(README, "utf8").replace(TABLE, table(recorded())));
}

/** @returns what is wrong with the figures, in sentences; without earlier ones only the limit counts */
export function complaints(costs: Costs, before: Costs | undefined): string[] {
  const names = [...new Set([...Object.keys(costs), ...Object.keys(before ?? {})])].sort();
  return names.flatMap((name) => {
    const [now, then] = [costs[name], before?.[name]];
    if (before !== undefined && (now === undefined || then === undefined))
      return [`${name}: ${now === undefined ? "recorded, but not loaded" : "not recorded"}`];
    if (now === undefined || !(now <= LIMIT * SHARE_MAX))
      return [`${name}: ${now} instructions, more than ${SHARE_MAX * 100}% of the limit`];
    const toleratedOf = (count: number): number => Math.max(TOLERANCE_INSTRUCTIONS, count * TOLERANCE);
    if (then === undefined || Math.abs(now - then) <= toleratedOf(then)) return [];
    return [`${name}: ${now} instructions, recorded: ${then}`];
  });
}

const thousands = (count: number): string => String(Math.round(count / 1000));

/** The table for bpf/README.md: thousands of instructions, of the most expensive program and of all together. */
export function table(all: Recorded): string {
  const rows = Object.entries(all).flatMap(([kernel, modes]) =>
    Object.entries(modes).map(([mode, costs]) => {
      const programs = Object.entries(costs).sort(([, a], [, b]) => b - a);
      const [most, count] = programs[0] ?? ["", 0];
      const sum = programs.reduce((total, [, instructions]) => total + instructions, 0);
      return `| ${kernel} ${mode} | ${programs.length} | \`${most}\` | ${thousands(count)} | ${thousands(sum)} |`;
    }),
  );
  const head = ["| kernel, mode | programs | the most expensive | thousand instructions | all together |"];
  return [...head, "| --- | ---: | --- | ---: | ---: |", ...rows].join("\n");
}
