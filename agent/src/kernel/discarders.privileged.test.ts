/** Discarders in the kernel stage: what they drop, what they never drop, and that each drop is counted. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FileEvent } from "@weir/matcher-wasm/format";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DROP_CAUSES, lost } from "./counters.ts";
import { bpfObject } from "./object.ts";
import { KernelStage } from "./stage.ts";
import { buildTables } from "./tables.ts";
import { readRecords, shell } from "./techniques.run.fixture.ts";

const OPEN = 1;
const UNLINK = 2;
const SECRET = Uint8Array.from({ length: 16 }, (_, i) => i);

let folder: string;
let stage: KernelStage;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "weir-discarders-")));
  stage = KernelStage.open({ object: bpfObject(), attach: "auto", ringBytes: 8 << 20, secret: SECRET });
});
afterEach(() => {
  stage.close();
  rmSync(folder, { recursive: true });
});

/** Everything below the folder passes. */
async function activate(generation = 1): Promise<void> {
  const events = ["open", "unlink", "rename", "link"];
  await stage.activate(
    buildTables(generation, [
      {
        tenant: 0,
        seeds: {
          format: "weir-seeds/1",
          interests: events.map((event) => ({ event, flagsAny: null, unfiltered: false })),
          approvers: events.map((event) => ({
            event,
            kind: "ancestor",
            slot: "file",
            value: folder,
            flagsAny: null,
          })),
        },
      },
    ]),
  );
}

const events = (): FileEvent[] => readRecords(stage).filter((record) => record.kind === "file");
/** Others on this machine may do what passes as well, in trees of their own. */
const paths = (): string[] =>
  events().flatMap(({ path }) => (path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : []));

/** The key that the kernel stage gives to files in a directory. */
function keyOf(directory: string): bigint {
  shell(": > key", join(folder, directory));
  return events().at(-1)?.directoryKey ?? 0n;
}

/** SipHash-1-3 with a 64-bit result, after the paper, in numbers of any size. */
function sipHash13(secret: Uint8Array, text: Uint8Array): bigint {
  const wrap = (x: bigint): bigint => BigInt.asUintN(64, x);
  const rotate = (x: bigint, bits: bigint): bigint => wrap((x << bits) | (x >> (64n - bits)));
  const k = new DataView(secret.buffer);
  const [k0, k1] = [k.getBigUint64(0, true), k.getBigUint64(8, true)];
  let [a, b, c, d] = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  const round = (): void => {
    [a, c] = [wrap(a + b), wrap(c + d)];
    [b, d] = [rotate(b, 13n) ^ a, rotate(d, 16n) ^ c];
    a = rotate(a, 32n);
    [c, a] = [wrap(c + b), wrap(a + d)];
    [b, d] = [rotate(b, 17n) ^ c, rotate(d, 21n) ^ a];
    c = rotate(c, 32n);
  };
  const padded = new Uint8Array((text.length & ~7) + 8);
  padded.set(text);
  padded[padded.length - 1] = text.length & 255;
  const words = new DataView(padded.buffer);
  for (let at = 0; at < padded.length; at += 8) {
    const word = words.getBigUint64(at, true);
    d ^= word;
    round();
    a ^= word;
  }
  c ^= 0xffn;
  for (let i = 0; i < 3; i++) round();
  return a ^ b ^ c ^ d;
}

test("the key of a directory is the SipHash of its path", async () => {
  await activate();
  // Paths of every length modulo 8, and longer than what the program hashes in line.
  for (const length of [1, 2, 3, 4, 5, 6, 7, 8, 100, 250]) {
    const name = "d".repeat(length);
    mkdirSync(join(folder, name));
    expect(keyOf(name), name).toBe(sipHash13(SECRET, new TextEncoder().encode(join(folder, name))));
  }
});

test("its files are dropped and counted; other types, directories below and names beside it are not", async () => {
  await activate();
  mkdirSync(join(folder, "d/below"), { recursive: true });
  mkdirSync(join(folder, "d2"));
  expect(stage.discard({ generation: 1, directoryKey: keyOf("d"), type: OPEN })).toBe(true);
  shell(": > d/f; : > d/below/f; : > d2/f; : > f; rm d/f; ls d > list", folder);
  expect(paths().sort()).toEqual(["d", "d/below/f", "d/f", "d2/f", "f", "list"]);
  const counters = stage.counters();
  expect(counters["open"]?.droppedByDiscarder).toBe(1);
  for (const { seen, passed, ...c } of Object.values(counters))
    expect(DROP_CAUSES.reduce((sum, cause) => sum + c[cause], passed)).toBe(seen);
});

test("names that a task gave, and events with two paths, have no key", async (context) => {
  await activate();
  shell(": > a; ln a b; mv a c; rm b", folder);
  const [opened, linked, renamed, removed] = events();
  expect(opened?.directoryKey).not.toBe(0n);
  expect([linked?.directoryKey, renamed?.directoryKey]).toEqual([0n, 0n]);
  // Trampolines know the object; tracepoints only what it was called by.
  expect(removed?.directoryKey === 0n).toBe(stage.mode === "tracepoint");
  if (stage.mode === "tracepoint") context.annotate("unlink by name");
});

test("a proof of another generation is not taken, nor does one outlive its generation", async () => {
  await activate(1);
  mkdirSync(join(folder, "d"));
  const directoryKey = keyOf("d");
  expect(stage.discard({ generation: 1, directoryKey, type: OPEN })).toBe(true);
  // The proof comes in while the next generation is being made current.
  let late: boolean | undefined;
  const swapped = stage.activate(
    buildTables(2, [
      {
        tenant: 0,
        seeds: {
          format: "weir-seeds/1",
          interests: [{ event: "open", flagsAny: null, unfiltered: { flagsAny: null } }],
          approvers: [],
        },
      },
    ]),
    () => {
      late = stage.discard({ generation: 1, directoryKey, type: OPEN });
    },
  );
  await swapped;
  expect(late).toBe(false);
  events();
  shell(": > d/f", folder);
  expect(paths()).toContain("d/f");
  expect(stage.discard({ generation: 2, directoryKey, type: UNLINK })).toBe(true);
  shell(": > d/f", folder);
  expect(paths()).toContain("d/f");
  expect(stage.discard({ generation: 2, directoryKey, type: OPEN })).toBe(true);
  shell(": > d/f", folder);
  expect(paths()).not.toContain("d/f");
});

// Which old ones go is up to the kernel: its lists are per processor and only roughly in the order of use.
test("a flood of discarders is taken, and drops nothing else", async () => {
  await activate();
  for (const name of ["old", "other"]) mkdirSync(join(folder, name));
  const [old, other] = [keyOf("old"), keyOf("other")];
  const discard = (directoryKey: bigint): boolean => stage.discard({ generation: 1, directoryKey, type: OPEN });
  expect(discard(old)).toBe(true);
  for (let i = 1n; i <= 40_000n; i++) {
    const directoryKey = BigInt.asUintN(64, i * 0x9e3779b97f4a7c15n);
    if (directoryKey !== other) expect(discard(directoryKey)).toBe(true);
  }
  shell(": > other/f", folder);
  expect(paths()).toEqual(["other/f"]);
  expect(discard(old)).toBe(true);
  shell(": > old/f", folder);
  expect(paths()).toEqual([]);
});

test("what is written is what is read and what was counted, when the ring overflows", async () => {
  stage.close();
  stage = KernelStage.open({ object: bpfObject(), attach: "auto", ringBytes: 64 << 10 });
  await activate();
  const children = Array.from({ length: 4 }, (_, i) => `perl -e 'for (1..3000) { open(F, ">", "f${i}") }' &`);
  const before = stage.counters();
  const act = spawnSync("/bin/bash", ["-c", `${children.join("")} wait`], { cwd: folder });
  expect(act.status).toBe(0);
  const read = events().filter(({ path }) => path.startsWith(folder)).length;
  const after = stage.counters();
  const since = (name: "passed" | "lostRingFull") => (after["open"]?.[name] ?? 0) - (before["open"]?.[name] ?? 0);
  expect(since("passed")).toBe(read);
  expect(since("passed") + since("lostRingFull")).toBeGreaterThanOrEqual(12_000);
  expect(lost(after)).toBeGreaterThanOrEqual(12_000 - read);
});
