import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Gap, SpoolReader } from "./reader.ts";
import { Spool, type SpoolOptions } from "./spool.ts";

/** In memory where there is such a file system: a test of every byte syncs thousands of files. */
const PLACE = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(PLACE, "weir-spool-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fresh = (): string => join(folder, String(count++));
const LIMIT = { recordsMax: 3, bytesMax: 1 << 20 };

function open(directory: string | undefined, options: Partial<SpoolOptions> = {}): Promise<Spool> {
  return Spool.open({
    directory,
    bytesMax: 1 << 20,
    memoryBytesMax: 1 << 20,
    syncMs: 0,
    cursors: () => ({ a: 0 }),
    ...options,
  });
}

async function readAll(reader: SpoolReader): Promise<{ texts: string[]; gaps: Gap[] }> {
  const texts: string[] = [];
  const gaps: Gap[] = [];
  for (;;) {
    const records = await reader.read(LIMIT);
    gaps.push(...reader.takeGaps());
    if (records.length === 0) return { texts, gaps };
    texts.push(...records.map(({ payload }) => payload.toString()));
  }
}

const lost = (gaps: readonly Gap[]): number => gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0);
const text = (n: number): string => JSON.stringify({ n, filler: "x".repeat(n % 7) });
const texts = (n: number): string[] => Array.from({ length: n }, (_, i) => text(i));

async function filled(events: number, options: Partial<SpoolOptions> = {}): Promise<string> {
  const directory = fresh();
  const spool = await open(directory, options);
  for (const line of texts(events)) {
    spool.append(Buffer.from(line));
    while (spool.status.unwritten > 0) await new Promise(setImmediate);
  }
  await spool.finish();
  await spool.close();
  return directory;
}

test("what one agent has written the next one reads, in order, and numbers go on", async () => {
  const directory = await filled(100);
  const spool = await open(directory);
  expect(spool.nextSeq).toBe(100);
  expect(spool.endedUncleanly).toBeUndefined();
  const reader = spool.reader("a");
  spool.append(Buffer.from(text(100)));
  expect(await readAll(reader)).toEqual({ texts: texts(101), gaps: [] });
  await spool.finish();
  await spool.close();
});

test("a sink goes on where it was; segments that all sinks have passed are removed", async () => {
  const directory = fresh();
  const options = { bytesMax: 16_000, cursors: () => ({ a: 400, b: 250 }) };
  const before = await open(directory, options);
  for (const line of texts(420)) before.append(Buffer.from(line));
  await before.finish();
  await before.close();
  const spool = await open(directory, options);
  expect((await readAll(spool.reader("a"))).texts).toEqual(texts(420).slice(400));
  expect((await readAll(spool.reader("b"))).texts).toEqual(texts(420).slice(250));
  const bases = readdirSync(directory).flatMap((name) => (name.endsWith(".spool") ? [Number.parseInt(name, 10)] : []));
  expect(bases.filter((base) => base <= 250)).toHaveLength(1);
  expect((await readAll(spool.reader("new"))).texts).toEqual([]);
  await spool.finish();
  await spool.close();
});

test("beyond its bound the spool gives up the oldest, and tells exactly those who lack it", async () => {
  const directory = fresh();
  const spool = await open(directory, { bytesMax: 8_000 });
  const slow = spool.reader("slow");
  const quick = spool.reader("quick");
  const got: string[] = [];
  for (const line of texts(1000)) {
    spool.append(Buffer.from(line));
    while (spool.status.unwritten > 0) await new Promise(setImmediate);
    got.push(...(await readAll(quick)).texts);
    spool.trim();
    expect(spool.status.bytes).toBeLessThanOrEqual(8_000);
  }
  expect(got).toEqual(texts(1000));
  // Before it is read: a sink that is down tells its losses, too.
  const early = slow.takeGaps();
  const { texts: kept, gaps } = await readAll(slow);
  expect(kept).toEqual(texts(1000).slice(-kept.length));
  expect(lost([...early, ...gaps]) + kept.length).toBe(1000);
  expect(new Set([...early, ...gaps].map(({ cause }) => cause))).toEqual(new Set(["spool full"]));
  expect(early.length).toBeGreaterThan(0);
  await spool.finish();
  await spool.close();
});

test("without a directory, memory keeps the newest", async () => {
  const spool = await open(undefined, { memoryBytesMax: 4_000 });
  const reader = spool.reader("a");
  for (const line of texts(1000)) spool.append(Buffer.from(line));
  // Before it is read.
  const early = reader.takeGaps();
  const { texts: kept, gaps } = await readAll(reader);
  expect(kept).toEqual(texts(1000).slice(-kept.length));
  expect(kept.length).toBeGreaterThan(50);
  expect(gaps).toEqual([]);
  expect(early).toEqual([{ from: 0, to: 999 - kept.length, cause: "spool full" }]);
  await spool.finish();
  await spool.close();
});

test("one wrong byte, wherever it is, costs one record at most, and that is counted", async () => {
  const directory = await filled(6, { cursors: () => ({ a: 2 }) });
  for (const name of readdirSync(directory)) {
    const bytes = statSync(join(directory, name)).size;
    for (let at = 0; at < bytes; at++) {
      const copy = fresh();
      cpSync(directory, copy, { recursive: true });
      const content = readFileSync(join(copy, name));
      content[at] = (content[at] as number) ^ (1 << (at % 8));
      writeFileSync(join(copy, name), content);
      const spool = await open(copy);
      const { texts: got, gaps } = await readAll(spool.reader("a"));
      const expected = name === "cursors.json" ? texts(6) : texts(6).slice(2);
      const where = `${name} at ${at}`;
      expect(expected, where).toEqual(expect.arrayContaining(got));
      expect(got.length + lost(gaps), where).toBe(expected.length);
      expect(lost(gaps), where).toBeLessThanOrEqual(1);
      expect([...got].sort(), where).toEqual(got);
      await spool.finish();
      await spool.close();
      rmSync(copy, { recursive: true });
    }
  }
}, 60_000);

test("a file that is cut off, emptied or gone costs what it held, and that is counted", async () => {
  const directory = await filled(300, { bytesMax: 64_000 });
  const names = readdirSync(directory).filter((name) => name.endsWith(".spool"));
  expect(names.length).toBeGreaterThan(2);
  for (const name of names)
    for (const harm of ["cut", "empty", "gone"]) {
      const copy = fresh();
      cpSync(directory, copy, { recursive: true });
      const content = readFileSync(join(copy, name));
      if (harm === "gone") rmSync(join(copy, name));
      else writeFileSync(join(copy, name), content.subarray(0, harm === "cut" ? content.length >> 1 : 0));
      // Everybody is at the beginning.
      rmSync(join(copy, "cursors.json"));
      const spool = await open(copy);
      const reader = spool.reader("a");
      const first = reader.next;
      const { texts: got, gaps } = await readAll(reader);
      expect(got.length + lost(gaps) + first, `${name} ${harm}`).toBe(spool.nextSeq);
      expect(texts(300), `${name} ${harm}`).toEqual(expect.arrayContaining(got));
      await spool.finish();
      await spool.close();
    }
});

test("a spool that was not closed says so to the next agent", async () => {
  const directory = await filled(3);
  writeFileSync(join(directory, "running"), "");
  const spool = await open(directory);
  expect(spool.endedUncleanly).toBeInstanceOf(Date);
  await spool.finish();
  await spool.close();
  const next = await open(directory);
  expect(next.endedUncleanly).toBeUndefined();
  await next.finish();
  await next.close();
});
