/** `weir demo` as anybody tries it first: every part shown, and nothing left behind. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { ROOT } from "../tidy/files.ts";
import { loaded, programsOf } from "./agent.fixture.ts";
import { Child, endAll, policy, run, type Value } from "./weir.fixture.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "weir-e2e-demo-")));
let home: string;
let count = 0;

beforeEach(() => {
  home = join(folder, String(count++));
  mkdirSync(home);
});

afterAll(async () => {
  for (const pid of involved(folder)) process.kill(pid, "SIGKILL");
  await endAll();
  rmSync(folder, { recursive: true, force: true });
});

/** Processes whose arguments name the folder. */
function involved(path: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(path);
      } catch {
        return false;
      }
    })
    .map(Number);
}

function expectComplete(report: Value, under: string): void {
  expect(report).toMatchObject({
    kernel: expect.stringMatching(/^\d+\.\d+/),
    cpus: expect.any(Number),
    attach: expect.stringMatching(/^(trampoline|tracepoint)$/),
    agentPid: expect.any(Number),
    publish: { rules: expect.any(Number), digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    detection: {
      detection: { rule: { id: "demo_secret_changed" }, process: { ancestors: expect.any(Array) } },
      latencyMs: expect.any(Number),
    },
    update: { samePid: true, detection: { rule: { id: "demo_drop_by_shell" } }, swapMs: expect.any(Number) },
    noise: { workloads: expect.any(Array), events: { lost: 0 } },
  });
  const { detection, update, publish, noise } = report as {
    detection: { detection: { file: { path: string } } };
    update: { digest: string; detection: { bundle: string; generation: number } };
    publish: { digest: string; rules: number };
    noise: { workloads: { ms: number }[]; events: Record<string, number> };
  };
  expect(detection.detection.file.path.startsWith(`${under}/weir-demo-`)).toBe(true);
  expect(update.digest).not.toBe(publish.digest);
  expect(update.detection).toMatchObject({ bundle: update.digest, generation: 2 });
  expect(publish.rules).toBeGreaterThan(30);
  expect(noise.workloads.length).toBeGreaterThanOrEqual(2);
  const { seen, passed, ...others } = noise.events;
  expect(seen).toBeGreaterThan(5000);
  const dropped = Object.entries(others).filter(([name]) => name.startsWith("droppedBy"));
  expect(dropped.reduce((sum, [, count]) => sum + count, passed ?? 0)).toBe(seen);
}

describe("weir demo", () => {
  test("--json: exit 0, every part, no process and no folder left", async () => {
    const { code, stdout, stderr } = await run(join(ROOT, "cli/bin/weir"), ["demo", "--json"], { TMPDIR: home });
    expect(code, stderr).toBe(0);
    expectComplete(JSON.parse(stdout), home);
    expect(readdirSync(home)).toEqual([]);
    expect(involved(home)).toEqual([]);
  });

  test.each(["starting the agent", "noise: copying"])(
    "interrupted at '%s': exit 1, nothing left either",
    async (step) => {
      const demo = new Child(["demo", "--json"], { TMPDIR: home });
      await demo.next(step, ({ line }) => String(line).includes(step));
      expect(await demo.stop()).toBe(1);
      expect(demo.text.stderr.join("\n")).toMatch(/weir demo: interrupted by SIGTERM$/);
      expect(demo.text.stdout).toEqual([]);
      expect(readdirSync(home)).toEqual([]);
      expect(involved(home)).toEqual([]);
    },
  );

  test("--keep: both go on, and every printed command works", async () => {
    const demo = await run(join(ROOT, "cli/bin/weir"), ["demo", "--keep"], { TMPDIR: home });
    expect(demo.code, demo.stderr).toBe(0);
    const commands = (heading: string): string[] =>
      (new RegExp(`^${heading}:\\n((?: {2}.*\\n)+)`, "m").exec(demo.stdout)?.[1] ?? "").trim().split(/\n\s*/);
    const rules = join(home, "try.yaml");
    writeFileSync(rules, policy({ tried: `== "${home}/tried"` }));
    const shell = (command: string) => run("/bin/sh", ["-c", `cd "$0" && ${command}`, ROOT]);

    const [change, status, publish] = commands("Try").map((line) => line.replace("POLICY.yaml", rules));
    const detection = JSON.parse((await shell(change as string)).stdout);
    expect(detection).toMatchObject({
      rule: { id: "demo_secret_changed" },
      process: { args: ["/bin/sh", "-c", expect.any(String), ROOT] },
    });
    const agentPid = Number(/pid (\d+), attached by/.exec((await shell(status as string)).stdout)?.[1]);
    expect(involved(home)).toContain(agentPid);
    expect((await shell(publish as string)).stdout).toMatch(/^Published for demo: release 3, 1 rule/);

    const programs = programsOf(agentPid);
    expect(loaded(programs).length).toBeGreaterThan(0);
    const [stop] = commands("Stop and remove");
    expect(await shell(stop as string)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(involved(home)).toEqual([]);
    expect(loaded(programs)).toEqual([]);
    expect(readdirSync(home)).toEqual(["try.yaml"]);
  });
});
