import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { DELIVERY_DEFAULTS, Delivery } from "./delivery.ts";
import { nativeFormat } from "./formats/native.ts";
import { FileSink } from "./sinks/file.ts";

/** A disk that is soon full. */
const DISK_KB = 512;
let folder: string;
let disk: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "weir-full-"));
  disk = join(folder, "disk");
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_KB}k`, "none", disk]);
});
afterAll(() => {
  execFileSync("umount", [disk]);
  rmSync(folder, { recursive: true });
});

function open(directory: string, outputs: Readonly<Record<string, string>>, memoryBytesMax: number): Promise<Delivery> {
  return Delivery.open({
    spool: { directory, bytesMax: 64 << 20, memoryBytesMax, syncMs: 0 },
    outputs: Object.entries(outputs).map(([name, path]) => ({
      name,
      type: "file",
      format: "native",
      sink: new FileSink({ path, rotate: undefined }, nativeFormat),
      ...DELIVERY_DEFAULTS,
    })),
  });
}

const event = (n: number) => ({ id: String(n), filler: "x".repeat(1000) }) as never;
const idsIn = (path: string): number[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => (/^\{"id":"\d+",/.test(line) ? [Number.parseInt(line.slice(7), 10)] : []));
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Fills the disk but for so many bytes, calls back, and makes room again. */
async function whileFull(bytesLeft: number, work: () => Promise<void>): Promise<void> {
  const ballast = join(disk, "ballast");
  try {
    for (const bytes of [4096, 1])
      for (let i = 0; i < DISK_KB; i++) writeFileSync(ballast, "x".repeat(bytes), { flag: "a" });
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
  }
  truncateSync(ballast, statSync(ballast).size - bytesLeft);
  await work();
  rmSync(ballast);
}

test("while the disk of the spool is full, sinks are served from memory; what one lacks is told exactly", async () => {
  const paths = { up: join(folder, "up.log"), down: join(folder, "later", "down.log") };
  const delivery = await open(join(disk, "spool"), paths, 256 << 10);
  const down = () => delivery.status.sinks.find(({ name }) => name === "down");
  for (const n of numbers(0, 50)) delivery.write(event(n));
  await vi.waitFor(() => expect(delivery.status.spool.unwritten).toBe(0));
  await whileFull(0, async () => {
    for (const n of numbers(50, 1000)) {
      delivery.write(event(n));
      if (n % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await vi.waitFor(() => expect(delivery.status.spool.error).toMatch(/ENOSPC/));
    await vi.waitFor(() => expect(idsIn(paths.up).length).toBe(1000));
    expect(delivery.status.spool.unwritten).toBeLessThan(1000);
  });
  mkdirSync(join(folder, "later"));
  await vi.waitFor(() => expect(down()?.queued).toBe(0), { timeout: 20_000 });
  await vi.waitFor(() => expect(delivery.status.spool).toMatchObject({ unwritten: 0, error: null }));
  await vi.waitFor(() => expect(readFileSync(paths.up, "utf8")).toContain('"sink":"down"'), { timeout: 5_000 });
  const dropped = down()?.dropped_by_cause["disk refused"] ?? 0;
  await delivery.close({ drainMs: 2000 });
  expect(idsIn(paths.up)).toEqual(numbers(0, 1000));
  const got = idsIn(paths.down);
  expect(dropped).toBeGreaterThan(0);
  expect(got.length + dropped).toBe(1000);
  // What was on disk before stays, and memory keeps the newest.
  expect(got.slice(0, 50)).toEqual(numbers(0, 50));
  expect(got.slice(50)).toEqual(numbers(50 + dropped, 1000));
  expect(readFileSync(paths.down, "utf8")).toContain(`"disk refused":${dropped}`);
});

test("while the disk of a file sink is full, its lines stay whole and wait in the spool", async () => {
  const paths = { full: join(disk, "out.log") };
  const delivery = await open(join(folder, "spool"), paths, 1 << 20);
  // A batch fits in part.
  await whileFull(50_000, async () => {
    for (const n of numbers(0, 300)) delivery.write(event(n));
    await vi.waitFor(() => expect(delivery.status.sinks[0]?.last_error?.message).toMatch(/ENOSPC/));
  });
  await vi.waitFor(() => expect(delivery.status.sinks[0]?.queued).toBe(0), { timeout: 20_000 });
  await delivery.close({ drainMs: 2000 });
  expect(idsIn(paths.full)).toEqual(numbers(0, 300));
  expect(readFileSync(paths.full, "utf8").split("\n")).toHaveLength(301);
});
