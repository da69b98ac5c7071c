import { statSync } from "node:fs";
import type { DecodedRecord, ExecRecord, ForkRecord, RecordHeader } from "@weir/matcher-wasm/format";
import { describe, expect, test } from "vitest";
import { readProcess } from "./proc.ts";
import { ANCESTORS_MAX, ancestorsOf, type Process } from "./process.ts";
import { ProcessTable } from "./table.ts";

/** Above any pid of this machine, so that /proc knows none of them. */
const BASE = 1 << 23;

const header = (tgid: number, parts: Partial<RecordHeader> = {}): RecordHeader => ({
  size: 112,
  type: 0,
  flags: 0,
  timeNs: 0n,
  tenants: 0n,
  generation: 1,
  retval: 0,
  processStartNs: BigInt(tgid) * 1_000_000_000n,
  cgroupId: 1n,
  tgid: BASE + tgid,
  tid: BASE + tgid,
  ppid: BASE,
  uid: 0,
  gid: 0,
  euid: 0,
  egid: 0,
  fsuid: 0,
  fsgid: 0,
  auid: 0,
  mountNs: 0,
  pidNs: 0,
  comm: `p${tgid}`,
  ...parts,
});

const fork = (child: number, forker: number, ppid = forker): ForkRecord => ({
  kind: "fork",
  ...header(child, { ppid: BASE + ppid }),
  forkerTgid: BASE + forker,
  forkerStartNs: BigInt(forker) * 1_000_000_000n,
});
const exec = (tgid: number, path: string, args: string[]): ExecRecord => ({
  kind: "exec",
  ...header(tgid),
  path,
  pathTruncated: false,
  args,
  argsTruncated: false,
});
const exit = (tgid: number): DecodedRecord => ({ kind: "exit", ...header(tgid) });

/** Ends and whether descendants were left, `container` for a container's end. */
function endsAfter(...records: DecodedRecord[]): string[] {
  const ends: string[] = [];
  const onProcessEnd = (identity: string, hasDescendants: boolean): number =>
    ends.push(`${Number(identity.split("@")[0]) - BASE}${hasDescendants ? "+" : ""}`);
  const table = new ProcessTable({ onProcessEnd });
  for (const record of records) table.apply(record);
  return ends;
}

function tableAfter(...records: DecodedRecord[]): ProcessTable {
  const table = new ProcessTable();
  for (const record of records) table.apply(record);
  return table;
}

test("lineage outlives the processes in it", () => {
  const table = tableAfter(
    fork(2, 1),
    exec(2, "/usr/sbin/sshd", ["sshd"]),
    fork(3, 2),
    exec(3, "/usr/bin/bash", ["bash", "-l"]),
    fork(4, 3),
    exit(2),
    exit(3),
  );
  const process = table.processOf(header(4));
  expect(process.image).toMatchObject({ path: "/usr/bin/bash", args: ["bash", "-l"] });
  expect(ancestorsOf(process).map((p) => p.image.path)).toEqual(["/usr/bin/bash", "/usr/sbin/sshd", ""]);
});

test("a child keeps its image when the parent goes on to another", () => {
  const table = tableAfter(fork(2, 1), exec(2, "/bin/sh", ["sh"]), fork(3, 2), exec(2, "/bin/vim", ["vim"]));
  expect(table.processOf(header(3)).image.path).toBe("/bin/sh");
  expect(table.processOf(header(2)).image.path).toBe("/bin/vim");
});

test("with CLONE_PARENT the forker is a sibling, not the parent", () => {
  const table = tableAfter(fork(2, 1), fork(3, 2), exec(3, "/bin/c", ["c"]), fork(4, 3, 2));
  const process = table.processOf(header(4));
  expect(process.image.path).toBe("/bin/c");
  expect(process.parent?.tgid).toBe(BASE + 2);
});

test("a reused pid is another process", () => {
  const table = tableAfter(fork(2, 1), exec(2, "/bin/old", ["old"]));
  const later = header(2, { processStartNs: 99_000_000_000n, comm: "new", ppid: 0 });
  expect(table.processOf(later)).toMatchObject({ comm: "new", image: { path: "" } });
});

test("an exit frees the entry", () => {
  const table = tableAfter(fork(2, 1), fork(3, 2));
  const before = table.size;
  table.apply(exit(3));
  expect(table.size).toBe(before - 1);
});

test("a process that ran before is read from /proc, with its lineage up to init", () => {
  const entry = readProcess(process.pid);
  const table = new ProcessTable();
  table.scan();
  const mine = table.processOf(header(1, { tgid: process.pid, processStartNs: entry?.startNs ?? 0n }));
  expect(mine.image.args).toEqual(entry?.image.args);
  expect(mine.image.path).toBe(process.execPath);
  expect(ancestorsOf(mine).at(-1)?.tgid).toBe(1);
});

test("a chain of processes that fork and end does not grow for ever", () => {
  const table = tableAfter(fork(2, 1));
  for (let i = 2; i < 1000; i++) {
    table.apply(fork(i + 1, i));
    table.apply(exit(i));
  }
  let kept = 0;
  for (let p: Process | undefined = table.processOf(header(1000)); p; p = p.parent) kept++;
  expect(kept).toBe(ANCESTORS_MAX + 1);
});

test("ancestors that live are kept however deep their descendants are", () => {
  const table = tableAfter(fork(2, 1), fork(3, 2));
  for (let i = 3; i < 200; i++) table.apply(fork(i + 1, i));
  expect(table.processOf(header(3)).parent?.tgid).toBe(BASE + 2);
});

test("a process is executed or forked; threads of the kernel only by the kernel", () => {
  const table = tableAfter(fork(2, 1), exec(2, "/bin/sh", ["sh"]), fork(3, 2));
  expect(table.processOf(header(2))).toMatchObject({ executed: true, ofKernel: false });
  expect(table.processOf(header(3))).toMatchObject({ executed: false, ofKernel: false });
});

test("ids are those of the last record", () => {
  const table = tableAfter(fork(2, 1), exec(2, "/usr/bin/su", ["su"]));
  table.processOf(header(2, { euid: 33, mountNs: 5 }));
  const child = tableAfter(fork(2, 1)).processOf(header(2, { uid: 7 }));
  expect(table.processOf(header(2, { euid: 34 })).ids).toMatchObject({ euid: 34, mountNs: 0 });
  expect(child.ids).toMatchObject({ uid: 7 });
});

describe("ends are told, so that what belongs to a process can go", () => {
  test("at once without descendants", () => {
    expect(endsAfter(fork(2, 1), fork(3, 2), exit(3))).toEqual(["3"]);
  });

  test("with living descendants first, and again when the last of them ends", () => {
    const records = [fork(2, 1), fork(3, 2), fork(4, 3), exit(2), exit(3)];
    expect(endsAfter(...records)).toEqual(["2+", "3+"]);
    expect(endsAfter(...records, exit(4))).toEqual(["2+", "3+", "4", "3", "2"]);
  });

  test("of a pid that another process has taken", () => {
    const again: ForkRecord = { ...fork(2, 1), processStartNs: 99_000_000_000n };
    expect(endsAfter(fork(2, 1), again)).toEqual(["2"]);
  });

  test("of those that a long chain forgets", () => {
    const records: DecodedRecord[] = [fork(2, 1)];
    for (let i = 2; i < 200; i++) records.push(fork(i + 1, i), exit(i));
    const ends = endsAfter(...records);
    const final = ends.filter((end) => !end.endsWith("+"));
    expect(ends.length - final.length).toBe(198);
    expect(final.length).toBe(198 - ANCESTORS_MAX);
    expect(new Set(final).size).toBe(final.length);
  });
});

test("details are read at the exec when somebody may ask for them", () => {
  const entry = readProcess(process.pid);
  const own = { tgid: process.pid, processStartNs: entry?.startNs ?? 0n };
  const table = new ProcessTable();
  const record: ExecRecord = { ...exec(0, process.execPath, ["node"]), ...own };
  table.apply(record);
  expect(table.processOf(record).image.attributes).toBeUndefined();
  table.execDetails = ["executable", "capabilities", "terminal"];
  table.apply(record);
  const { image, capabilities, terminal } = table.processOf(record);
  expect(image.attributes?.inode).toBe(statSync(process.execPath, { bigint: true }).ino);
  expect([capabilities, terminal]).not.toContain(undefined);
});
