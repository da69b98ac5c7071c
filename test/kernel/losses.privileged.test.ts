/** Real losses: each becomes part of a loss event, and all of them together are what the counters say. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, type AgentStatus, type AttachMode, bpfObject, type Detection, type LossEvent } from "@weir/agent";
import { engineHere } from "@weir/agent/testing";
import { compileForPublish } from "@weir/control-plane";
import { assembleBundle, type Bundle } from "@weir/trust";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { builtProgram } from "../native/program.ts";

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "weir-losses-")));
  mkdirSync(join(folder, "watched"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function bundleOf(tenant: string, type: string): Promise<Bundle> {
  const text = `version: 1.0.0\nrules:\n  - id: watched\n    expression: ${type}.file.path =~ "${folder}/watched/**"\n`;
  const sources = [{ name: "losses.yaml", text }];
  const compiled = await compileForPublish(sources);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
  return assembleBundle({ ...compiled, tenant, sources });
}

interface Outcome {
  readonly losses: readonly LossEvent[];
  readonly detections: readonly Detection[];
  readonly status: AgentStatus;
}

async function lossesOf(
  stage: { readonly attach: AttachMode | "auto"; readonly ringBytes: number },
  bundles: readonly Bundle[],
  act: (losses: readonly LossEvent[], agent: Agent) => Promise<void>,
): Promise<Outcome> {
  const losses: LossEvent[] = [];
  const detections: Detection[] = [];
  const failure = Promise.withResolvers<never>();
  const agent = Agent.start({
    stage: { object: bpfObject(), ...stage },
    engine: engineHere,
    onDetection: (detection) => detections.push(detection),
    onLoss: (loss) => losses.push(loss),
    onFailure: failure.reject,
  });
  try {
    await agent.activate(bundles);
    await Promise.race([act(losses, agent), failure.promise]);
  } catch (error) {
    await agent.stop();
    throw error;
  }
  return { status: await agent.stop(), losses, detections };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const lostOf = (losses: readonly LossEvent[], type: string): number =>
  sum(losses.flatMap(({ loss }) => loss.types.filter((t) => t.type === type).map(({ events }) => events)));

/** Nothing is read meanwhile: this process waits for its child. */
function flood(opens: number): void {
  const script = `for (1..${opens}) { open(F, ">", "watched/f$_") } for (1..200) { fork || exit } continue { wait }`;
  const { status, stderr } = spawnSync("perl", ["-e", script], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

test("a ring that overflows: produced is what was detected and what loss events tell, by type, span and tenants", async () => {
  const OPENS = 2000;
  const before = Date.now();
  const bundles = [await bundleOf("acme", "open"), await bundleOf("globex", "chmod")];
  const { losses, detections, status } = await lossesOf(
    { attach: "auto", ringBytes: 64 << 10 },
    bundles,
    async (told) => {
      flood(OPENS);
      await vi.waitFor(() => expect(told.length).toBeGreaterThan(0), { timeout: 20_000 });
      flood(OPENS);
    },
  );
  const lostOpens = lostOf(losses, "open");
  expect(lostOpens).toBeGreaterThan(0);
  expect(detections.length + lostOpens).toBe(2 * OPENS);
  expect(lostOf(losses, "fork")).toBeGreaterThan(0);
  expect(sum(losses.map(({ loss }) => loss.events))).toBe(status.lost);
  expect(status.lastLoss).toEqual(losses.at(-1));
  const opened = losses.flatMap(({ loss }) => loss.types).filter(({ type }) => type === "open");
  for (const { causes, events, watched_by } of opened) {
    expect(causes).toEqual({ "ring full": events });
    expect(watched_by).toEqual([{ generation: 1, tenants: ["acme"] }]);
  }
  expect(losses.some(({ loss }) => loss.watched_paths_affected && loss.lineage_incomplete)).toBe(true);
  for (const [index, { loss, time }] of losses.entries()) {
    expect(Date.parse(loss.from)).toBeGreaterThanOrEqual(
      index === 0 ? before : Date.parse(losses[index - 1]?.loss.to ?? ""),
    );
    expect(Date.parse(loss.from)).toBeLessThan(Date.parse(loss.to));
    expect(time).toBe(loss.to);
  }
});

test("an event whose name could not be read: told with its cause", async (context) => {
  writeFileSync(join(folder, "watched/old"), "");
  const program = builtProgram("unreadable");
  const { losses, status } = await lossesOf(
    { attach: "tracepoint", ringBytes: 8 << 20 },
    [await bundleOf("acme", "rename")],
    async (told) => {
      const { status: exit, stderr } = spawnSync(program, ["old", "new"], {
        cwd: join(folder, "watched"),
        encoding: "utf8",
      });
      if (/userfaultfd/.test(stderr)) return context.skip(stderr.trim());
      expect(stderr).toBe("");
      expect(exit).toBe(0);
      await vi.waitFor(() => expect(told.length).toBeGreaterThan(0), { timeout: 20_000 });
    },
  );
  expect(losses.flatMap(({ loss }) => loss.types)).toEqual([
    { type: "rename", events: 1, causes: { unreadable: 1 }, watched_by: [{ generation: 1, tenants: ["acme"] }] },
  ]);
  expect(status.lost).toBe(1);
});
