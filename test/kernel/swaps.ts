/**
 * Swaps of generations that need other hooks: what is attached for each set of types, and what is seen of a process
 * that acts all the while.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AttachMode } from "@weir/agent";
import { buildTables, type KernelStage, lost } from "@weir/agent/testing";
import { decodeRecord, eventTypeById, ringRecords } from "@weir/matcher-wasm/format";

/** Always wanted, so every one of these events has to be reported, whatever is attached and detached beside them. */
const ALWAYS = ["open", "rename"];
/** Wanted in turn, the first at last. */
const SETS: readonly (readonly string[])[] = [
  [],
  ["unlink"],
  ["chmod", "chown", "mkdir"],
  [],
  ["setxattr", "link", "rmdir", "utimes", "splice"],
  ["mount", "umount", "chdir", "removexattr", "unlink"],
];
const ROUNDS = 2;

export interface SwapsResult {
  readonly attach: AttachMode;
  /** Programs that are attached where no file event is wanted at all. */
  readonly idle: readonly string[];
  /** How many programs beyond those are attached for ALWAYS with each of SETS. */
  readonly attached: readonly number[];
  /** Whether at every swap the hooks of both generations were attached. */
  readonly both: boolean;
  /** Done and not reported, reported twice; the first few. */
  readonly missing: readonly string[];
  readonly twice: readonly string[];
  readonly enough: boolean;
  readonly lost: number;
}

/** Creates n and renames it to n+, for n from 0 until its input ends, and prints how often. */
const ACTOR = `use strict; use IO::Select; my ($n, $s) = (0, IO::Select->new(\\*STDIN));
  until ($s->can_read(0)) { open(my $f, ">", $n) or die $!; close $f; rename $n, "$n+" or die $!; $n++; select undef, undef, undef, 0.002 }
  print $n`;

const tables = (generation: number, types: readonly string[], folder: string): ReturnType<typeof buildTables> =>
  buildTables(generation, [
    {
      tenant: 0,
      seeds: {
        format: "weir-seeds/1",
        interests: types.map((event) => ({ event, flagsAny: null, unfiltered: false })),
        approvers: types.map((event) => ({
          event,
          kind: "ancestor" as const,
          slot: "file" as const,
          value: folder,
          flagsAny: null,
        })),
      },
    },
  ]);

/** Adds what the ring holds of a folder to `seen`. */
function drain(stage: KernelStage, seen: Map<string, number>, folder: string): void {
  const span = new Uint8Array(8 << 20);
  for (let length = stage.ring.read(span); length > 0; length = stage.ring.read(span)) {
    for (const { offset } of ringRecords(span.subarray(0, length))) {
      const record = decodeRecord(span, offset);
      if (record.kind !== "file" || !record.path.startsWith(`${folder}/`)) continue;
      const key = `${eventTypeById(record.type)?.name} ${record.path.split("/").at(-1)}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    stage.ring.release(length);
  }
}

export async function runSwaps(stage: KernelStage): Promise<SwapsResult> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "weir-swaps-")));
  const work = join(folder, "work");
  mkdirSync(work);
  try {
    let generation = 1;
    await stage.activate(tables(generation, ["exec"], work));
    const idle = stage.attached;
    await stage.activate(tables(++generation, ALWAYS, work));
    const actor = spawn("perl", ["-e", ACTOR], { cwd: work, stdio: ["pipe", "pipe", "inherit"] });
    let printed = "";
    actor.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
    const seen = new Map<string, number>();
    const attached: number[] = [];
    let both = true;
    for (let i = 0; i < SETS.length * ROUNDS; i++) {
      const before = stage.attached;
      let atSwitch: readonly string[] = [];
      await stage.activate(tables(++generation, [...ALWAYS, ...(SETS[i % SETS.length] ?? [])], work), () => {
        atSwitch = stage.attached;
      });
      both &&= [...before, ...stage.attached].every((program) => atSwitch.includes(program));
      // Those of io_uring come with any file event, as many as the kernel has tracepoints for.
      const hooks = stage.attached.filter((program) => !program.startsWith("uring_"));
      if (i < SETS.length) attached.push(hooks.length - idle.length);
      drain(stage, seen, work);
    }
    actor.stdin.end();
    await once(actor, "close");
    drain(stage, seen, work);
    const count = Number(printed);
    const done = Array.from({ length: count }, (_, n) => [`open ${n}`, `rename ${n}`]).flat();
    return {
      attach: stage.mode,
      idle,
      attached,
      both,
      missing: done.filter((key) => !seen.has(key)).slice(0, 5),
      twice: [...seen].flatMap(([key, times]) => (times > 1 ? [key] : [])).slice(0, 5),
      enough: count > SETS.length * ROUNDS,
      lost: lost(stage.counters()),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What has to come of it. */
export const expectedSwaps = (attach: AttachMode): Record<string, unknown> => ({
  attach,
  idle: ["process_exec", "process_exit", "process_fork"],
  both: true,
  missing: [],
  twice: [],
  enough: true,
  lost: 0,
  ...(attach === "tracepoint" && { attached: SETS.map(() => 1) }),
});
