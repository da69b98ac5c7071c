/**
 * What the spool remembers beside its records: how far each sink is, and the newest record that was safe on disk.
 *
 * Invariant: the file is replaced as a whole, and one whose checksum is wrong counts as absent: then every sink begins
 * with the oldest record there is, which may be delivered twice, but is not missed.
 */
import { access, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { z } from "zod";
import { syncDirectory } from "./segments.ts";

const seq = z.int().nonnegative();
const State = z.object({
  /** All records up to this one were safe on disk. */
  synced: z.int().gte(-1),
  /** By sink: all records before this one were delivered or told as lost. */
  cursors: z.record(z.string(), seq),
});
export type SpoolState = z.infer<typeof State>;

const FILE = "cursors.json";
const RUNNING = "running";

/** @returns undefined when there is none that can be trusted */
export async function readState(directory: string): Promise<SpoolState | undefined> {
  try {
    const [sum = "", body = ""] = (await readFile(join(directory, FILE), "utf8")).split("\n");
    return sum === sumOf(body) ? State.parse(JSON.parse(body)) : undefined;
  } catch {
    return undefined;
  }
}

const sumOf = (body: string): string => crc32(body).toString(16).padStart(8, "0");

/** @throws the system's error; what was there before is kept then */
export async function writeState(directory: string, state: SpoolState): Promise<void> {
  const body = JSON.stringify(state);
  await replaceFile(directory, FILE, `${sumOf(body)}\n${body}\n`);
}

async function replaceFile(directory: string, name: string, content: string): Promise<void> {
  const fresh = join(directory, `${name}.new`);
  const handle = await open(fresh, "w", 0o600);
  try {
    await handle.writeFile(content);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(fresh, join(directory, name));
  await syncDirectory(directory);
}

/**
 * Leaves a mark that an agent uses the spool.
 * @returns whether the one before has ended without taking its mark away
 */
export async function markRunning(directory: string): Promise<boolean> {
  const path = join(directory, RUNNING);
  const isMarked = await access(path).then(
    () => true,
    () => false,
  );
  if (!isMarked) await replaceFile(directory, RUNNING, "");
  return isMarked;
}

export async function unmarkRunning(directory: string): Promise<void> {
  await rm(join(directory, RUNNING), { force: true });
}
