import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { listPids, parseStat, readStat } from "./proc.ts";

const stat = (comm: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from("7 ("), comm, Buffer.from(") I 2 0 0 1025 -1 69238880 0 0 0 0 0 0 0 0 20 0 1 0 300 0 0")]);
const commOf = (comm: string): string => parseStat(stat(Buffer.from(comm))).comm;

test("the numbers behind the name", () => {
  expect(parseStat(stat(Buffer.from("a")))).toEqual({
    comm: "a",
    ppid: 2,
    terminal: 1025,
    flags: 69238880,
    startNs: 3_000_000_000n,
  });
});

test("a name may hold what ends it", () => expect(commOf("a) R (b")).toBe("a) R (b"));

test("names have as many bytes as records keep of them", () => {
  expect(commOf("fifteen-bytes-x")).toBe("fifteen-bytes-x");
  expect(commOf("kworker/0:1H-kblockd")).toBe("kworker/0:1H-kb");
  expect(commOf("nfsd4_callbacks_of_a_long_name")).toBe("nfsd4_callbacks");
  // Bytes are what counts, as in the kernel: the last character is cut, and broken bytes are one character each.
  expect(commOf("ééééééééé")).toBe("ééééééé\ufffd");
  expect(parseStat(stat(Buffer.alloc(20, 0xff))).comm).toBe("\ufffd".repeat(15));
});

test("of every process of this machine the name is short", () => {
  const stats = listPids().flatMap((pid) => readStat(pid) ?? []);
  expect(stats.length).toBeGreaterThan(1);
  expect(stats.filter(({ comm }) => Buffer.byteLength(comm.replaceAll("\ufffd", "?")) > 15)).toEqual([]);
  expect(readStat(process.pid)?.comm).toBe(readFileSync("/proc/self/comm", "utf8").trimEnd());
});
