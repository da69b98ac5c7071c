import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** How often the process is killed; `WEIR_KILLS=100` takes some minutes. */
const KILLS = Number(process.env["WEIR_KILLS"] ?? 5);
/** Long enough for cursors to be kept before some of the kills. */
const KILL_MS_MAX = 2000;
const FIXTURE = fileURLToPath(new URL("./kill.fixture.ts", import.meta.url));

interface Run {
  readonly written: number;
  readonly stderr: string;
}

const ended = (child: ChildProcess): Promise<void> => new Promise((resolve) => child.once("close", () => resolve()));

/** @returns the last event that was written to the spool for sure */
async function run(args: readonly string[], killAfterMs?: number): Promise<Run> {
  const child = spawn(process.execPath, [FIXTURE, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const close = ended(child);
  child.stdout.on("data", (chunk) => {
    // The time counts from the first event, however long the process took to start.
    if (stdout === "" && killAfterMs !== undefined) setTimeout(() => child.kill("SIGKILL"), killAfterMs);
    stdout += chunk;
  });
  await close;
  const written = [...stdout.matchAll(/^written (-?\d+)$/gm)].at(-1)?.[1];
  return { written: Number(written ?? -1), stderr };
}

test(`${KILLS} times SIGKILL at random points: nothing that was written is lost`, async () => {
  const folder = mkdtempSync(join(tmpdir(), "weir-kill-"));
  try {
    const spool = join(folder, "spool");
    const path = join(folder, "out.log");
    const must: number[] = [];
    for (let round = 0; round < KILLS; round++) {
      const first = round * 1_000_000;
      const { written, stderr } = await run([spool, path, String(first)], Math.random() * KILL_MS_MAX);
      expect(stderr).toBe("");
      for (let n = first; n <= written; n++) must.push(n);
    }
    expect((await run([spool, path, "0", "drain"])).stderr).toBe("");
    const got = readFileSync(path, "utf8").split("\n").flatMap(idOf);
    const seen = new Set(got);
    expect(must.filter((n) => !seen.has(n))).toEqual([]);
    expect(must.length).toBeGreaterThan(KILLS);
    // What is delivered again comes again in its order.
    const firsts = [...seen];
    expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
    expect(readFileSync(path, "utf8")).toContain('"agent ended without stopping"');
    expect(readdirSync(spool)).toEqual(["cursors.json"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 600_000);

/** None for loss events, and for a line that a kill has cut. */
function idOf(line: string): number[] {
  try {
    const { id } = JSON.parse(line) as { id: string };
    return /^\d+$/.test(id) ? [Number(id)] : [];
  } catch {
    return [];
  }
}
