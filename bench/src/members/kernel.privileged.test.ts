import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

const FATES = [
  "no interest in its flags",
  "no approver, depth 2",
  "no approver, depth 5",
  "no approver, depth 10",
  "no approver, depth 20",
  "silent directory, depth 4",
  "passes, depth 4",
];
const WORKLOADS = [/to read$/, /to write$/, /^git /, /^npm ci/, / build$/, /^find and tar/];
const WATCHERS = ["Weir", "auditd", "inotifywait -r", "fatrace"];

interface Row {
  readonly what: string;
  readonly beside: string;
}

test("kernel --quick --json: every fate, and every workload beside every watcher that runs here", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, "kernel", "--quick", "--json"], {
    encoding: "utf8",
    timeout: 280_000,
  });
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(/^kernel: round 1 after/m);
  const { result } = JSON.parse(stdout);
  expect(result.targets.map(({ measured }: { measured: unknown }) => typeof measured)).not.toContain("undefined");
  expect(result.programs.byFate.map(({ what }: Row) => what)).toEqual(FATES);
  for (const { overReturnNs } of result.programs.byFate) expect(Number.isFinite(overReturnNs)).toBe(true);

  const { processes, kernel, unavailable } = result.processes;
  const missing = unavailable.map(({ what }: Row) => what);
  expect(missing).not.toContain("Weir");
  const present = WATCHERS.filter((name) => !missing.includes(name));
  for (const workload of WORKLOADS) {
    const rows = processes.filter(({ what }: Row) => workload.test(what));
    expect(rows.map(({ beside }: Row) => beside)).toEqual(present);
    for (const row of rows) {
      expect(row.rounds).toBeGreaterThan(0);
      expect(row.elapsedOverAlone).toBeGreaterThan(0);
      expect(row.processorOverAlone).toBeGreaterThan(0);
    }
    // The workload's own opens were seen.
    const share = kernel.find(({ what }: Row) => workload.test(what));
    expect(share.fileEvents).toBeGreaterThan(100);
    expect(share.droppedInKernel).toBeGreaterThan(0.9);
    expect(share.lost).toBe(0);
  }
}, 300_000);

test("a quick result is not kept", () => {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, "kernel", "--quick", "--record"], { encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toMatch(/--record .* not with --quick/);
});
