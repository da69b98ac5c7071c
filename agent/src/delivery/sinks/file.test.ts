import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nativeFormat } from "../formats/native.ts";
import type { SpoolRecord } from "../record.ts";
import { FileSink } from "./file.ts";

let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "weir-file-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fresh = (): string => join(folder, `${count++}.log`);
const batch = (from: number, to: number): SpoolRecord[] =>
  Array.from({ length: to - from }, (_, i) => ({
    seq: from + i,
    payload: Buffer.from(JSON.stringify({ n: from + i })),
  }));
const lines = (path: string): string[] => readFileSync(path, "utf8").split("\n");
const numbers = (path: string): number[] =>
  lines(path).flatMap((line) => (line === "" ? [] : [(JSON.parse(line) as { n: number }).n]));

test("appends lines to a file that only its owner reads", async () => {
  const path = fresh();
  writeFileSync(path, '{"n":-1}\n', { mode: 0o600 });
  const sink = new FileSink({ path, rotate: undefined }, nativeFormat);
  await sink.deliver(batch(0, 3));
  await sink.sync();
  await sink.close();
  expect(numbers(path)).toEqual([-1, 0, 1, 2]);
  const other = new FileSink({ path: fresh(), rotate: undefined }, nativeFormat);
  await other.deliver(batch(0, 1));
  await other.close();
  expect(statSync(join(folder, `${count - 1}.log`)).mode & 0o777).toBe(0o600);
});

test("ends a line that was cut, so that the next is whole", async () => {
  const path = fresh();
  writeFileSync(path, '{"n":0}\n{"n":');
  const sink = new FileSink({ path, rotate: undefined }, nativeFormat);
  await sink.deliver(batch(1, 3));
  await sink.close();
  expect(lines(path)).toEqual(['{"n":0}', '{"n":', '{"n":1}', '{"n":2}', ""]);
});

test("rotates by size, and keeps as many as it is told", async () => {
  const path = fresh();
  const sink = new FileSink({ path, rotate: { bytesMax: 40, files: 2 } }, nativeFormat);
  for (let n = 10; n < 30; n++) await sink.deliver(batch(n, n + 1));
  await sink.close();
  const files = readdirSync(folder).filter((name) => join(folder, name).startsWith(path));
  expect(files).toHaveLength(3);
  for (const name of files) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(40);
  expect([`${path}.2`, `${path}.1`, path].flatMap(numbers)).toEqual(
    [18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29].slice(-12),
  );
});

test("follows its name when another program rotates", async () => {
  const path = fresh();
  const sink = new FileSink({ path, rotate: undefined }, nativeFormat);
  await sink.deliver(batch(0, 2));
  renameSync(path, `${path}.old`);
  await sink.deliver(batch(2, 3));
  await sink.close();
  expect(numbers(`${path}.old`)).toEqual([0, 1]);
  expect(numbers(path)).toEqual([2]);
});

test("a file that can't be opened is tried again", async () => {
  const sink = new FileSink({ path: join(folder, "absent", "x.log"), rotate: undefined }, nativeFormat);
  await expect(sink.deliver(batch(0, 1))).rejects.toThrow(/absent\/x\.log: ENOENT/);
  await expect(sink.deliver(batch(0, 1))).rejects.toMatchObject({ name: "UnreachableError" });
});
