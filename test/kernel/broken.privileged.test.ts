/** Tenants whose signed, admitted modules trap, or never return: they are replaced, and the others notice nothing. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, type BrokenBundle, bpfObject, type Detection } from "@weir/agent";
import { compileForPublish } from "@weir/control-plane";
import { type Harm, harmed } from "@weir/rules/testing";
import { assembleBundle, type Bundle } from "@weir/trust";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "weir-broken-")));
  mkdirSync(join(folder, "watched"));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Options {
  readonly patch?: Harm;
  /** Of events below the watched directory. */
  readonly when?: string;
}

async function bundleOf(tenant: string, rule: string, { patch, when }: Options = {}): Promise<Bundle> {
  const expression = `open.file.path =~ "${folder}/watched/**" && ${when ?? "open.flags & O_CREAT > 0"}`;
  const sources = [
    { name: "broken.yaml", text: `version: 1.0.0\nrules:\n  - id: ${rule}\n    expression: ${expression}\n` },
  ];
  const compiled = await compileForPublish(sources);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
  return assembleBundle({ ...compiled, ...(patch && { wasm: harmed(compiled.wasm, patch) }), tenant, sources });
}

let files = 0;
/** By another process: what the agent does itself is left out. */
function change(): string {
  const name = `f${++files}`;
  run("touch", name);
  return name;
}

function run(command: string, name: string): void {
  const { status, stderr } = spawnSync(command, [join(folder, "watched", name)], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

async function withAgent(
  act: (agent: Agent, seen: () => readonly string[], broken: readonly BrokenBundle[]) => Promise<void>,
): Promise<void> {
  const detections: Detection[] = [];
  const broken: BrokenBundle[] = [];
  const failure = Promise.withResolvers<never>();
  const agent = Agent.start({
    stage: { object: bpfObject(), attach: "auto", ringBytes: 4 << 20 },
    onDetection: (detection) => detections.push(detection),
    onBroken: (bundle) => broken.push(bundle),
    onFailure: failure.reject,
  });
  const seen = () =>
    detections.map(
      ({ tenant, rule, file }) => `${tenant} ${rule.id} ${file.path.slice(file.path.lastIndexOf("/") + 1)}`,
    );
  try {
    await Promise.race([act(agent, seen, broken), failure.promise]);
  } finally {
    await agent.stop();
  }
}

const WAIT = { timeout: 15_000, interval: 50 };

test.for([
  { exported: "match_batch", harm: "trap" },
  { exported: "match_batch", harm: "loop" },
] as const)("$exported: $harm; the tenant's last good rules take over, the others miss nothing", async (patch) => {
  await withAgent(async (agent, seen, broken) => {
    const [other, good] = [await bundleOf("other", "theirs"), await bundleOf("acme", "good")];
    const bad = await bundleOf("acme", "bad", { patch });
    await agent.activate([good, other]);
    const first = change();
    await vi.waitFor(() => expect(seen()).toEqual([`acme good ${first}`, `other theirs ${first}`]), WAIT);

    await agent.activate([bad, other]);
    const second = change();
    await vi.waitFor(
      () => expect(agent.bundles.map(({ digest }) => digest)).toEqual([good.digest, other.digest]),
      WAIT,
    );
    expect(broken).toMatchObject([{ tenant: "acme", digest: bad.digest }]);
    const third = change();
    await vi.waitFor(() => expect(seen().slice(2)).toContain(`other theirs ${third}`), WAIT);
    expect(seen().slice(2).sort()).toEqual([`acme good ${third}`, `other theirs ${second}`, `other theirs ${third}`]);

    // It stays refused, and what was not judged is told.
    const { refused } = await agent.activate([bad, other]);
    expect(refused).toMatchObject([{ tenant: "acme", error: { code: "broken-bundle" } }]);
    const status = await agent.status();
    expect(status.pipeline.broken).toBeGreaterThan(0);
    expect(status.lost).toBe(status.pipeline.broken);
    expect(status.restarts).toBe(patch.harm === "loop" ? 1 : 0);
  });
});

test("a module that does not return when it is loaded is refused, the tenant's rules go on", async () => {
  await withAgent(async (agent, seen, broken) => {
    const [other, good] = [await bundleOf("other", "theirs"), await bundleOf("acme", "good")];
    await agent.activate([good, other]);
    const bad = await bundleOf("acme", "bad", { patch: { exported: "abi_version", harm: "loop" } });
    const { refused } = await agent.activate([bad, other]);
    expect(refused).toMatchObject([{ tenant: "acme" }]);
    expect(broken).toMatchObject([{ tenant: "acme", digest: bad.digest }]);
    expect(agent.bundles.map(({ digest }) => digest)).toEqual([good.digest, other.digest]);
    const name = change();
    await vi.waitFor(() => expect(seen().toSorted()).toEqual([`acme good ${name}`, `other theirs ${name}`]), WAIT);
    expect((await agent.status()).lost).toBe(0);
  });
});

test("a tenant that never had a good module has none; it is nobody else's trouble", async () => {
  await withAgent(async (agent, seen, broken) => {
    const other = await bundleOf("other", "theirs");
    const patch = { exported: "prove", harm: "loop" } as const;
    await agent.activate([await bundleOf("acme", "bad", { patch, when: `open.file.name =~ "z*"` }), other]);
    const name = change();
    await vi.waitFor(() => expect(seen()).toContain(`other theirs ${name}`), WAIT);
    // Nothing matches: the matchers are asked about the directory.
    run("cat", name);
    await vi.waitFor(() => expect(broken).toMatchObject([{ tenant: "acme" }]), WAIT);
    await vi.waitFor(() => expect(agent.bundles).toMatchObject([{ tenant: "other" }]), WAIT);
  });
});
