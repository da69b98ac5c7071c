/** The agent's updater against a real control plane, with a kernel stage that takes its time or refuses. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Activation, type UpdateEvent, Updater } from "@weir/agent";
import { type ControlPlane, startControlPlane } from "@weir/control-plane";
import { type Bundle, sha256 } from "@weir/trust";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { policy, publish } from "./weir.fixture.ts";

/** Longer than any test: whatever happens in time was not found by polling. */
const NEVER_MS = 3_600_000;
const WAIT = { timeout: 15_000, interval: 20 };

let folder: string;
let plane: ControlPlane;
let updater: Updater;
let events: UpdateEvent[];
let active: readonly Bundle[];
/** What an activation does before it succeeds. */
let hurdle: () => Promise<void>;

const host = {
  activate: async (bundles: readonly Bundle[]): Promise<Activation> => {
    await hurdle();
    active = bundles;
    return { generation: 1, switchedAfterMs: 0, refused: [], uncaptured: [] };
  },
  get bundles() {
    return active.map(({ manifest, digest }) => ({ tenant: manifest.tenant, digest, rules: manifest.rules.length }));
  },
};

const release = (name: string): Promise<string> =>
  publish(
    { url: plane.url, token: plane.freshToken as string },
    { tenant: "acme", text: policy({ [name]: `== "/etc/${name}"` }) },
  );

async function start(pollMs: number): Promise<void> {
  const root = new Uint8Array(await (await fetch(`${plane.url}/v1/tenants/acme/root`)).arrayBuffer());
  updater = new Updater({
    agent: host,
    server: plane.url,
    tenants: [{ name: "acme", root: sha256(root) }],
    stateDir: join(folder, "agent"),
    pollMs,
    report: (event) => events.push(event),
  });
  await updater.start();
}

const activeDigest = (): string | undefined => active[0]?.digest;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "weir-e2e-updater-"));
  plane = await startControlPlane({
    store: join(folder, "store"),
    stateDir: join(folder, "server"),
    listen: { host: "127.0.0.1", port: 0 },
  });
  events = [];
  active = [];
  hurdle = async () => {};
});

afterEach(async () => {
  await updater.stop();
  await plane.close();
  rmSync(folder, { recursive: true, force: true });
});

test("a release made while another one is being activated is found at once", async () => {
  const first = await release("first");
  await start(NEVER_MS);
  expect(activeDigest()).toBe(first);
  const entered = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  hurdle = async () => {
    entered.resolve();
    await go.promise;
  };
  await release("second");
  await entered.promise;
  // A listener of its own says when the hint of the third release went out.
  const abort = new AbortController();
  const stream = await fetch(`${plane.url}/v1/events/acme`, { signal: abort.signal });
  const third = await release("third");
  for await (const chunk of (stream.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()))
    if (chunk.includes(third)) break;
  abort.abort();
  go.resolve();
  await vi.waitFor(() => expect(activeDigest()).toBe(third), WAIT);
});

test("the kernel refuses an activation: reported, the old rules named, tried again", async () => {
  const first = await release("first");
  await start(200);
  let refusals = 0;
  hurdle = async () => {
    if (refusals++ < 2) throw new Error("bpf_map_create: cannot allocate memory");
  };
  const second = await release("second");
  await vi.waitFor(() => expect(activeDigest()).toBe(second), WAIT);
  expect(refusals).toBe(3);
  const failures = events.filter(({ kind }) => kind === "failed");
  expect(failures.length).toBeGreaterThan(0);
  for (const failure of failures)
    expect(failure).toMatchObject({
      tenant: "acme",
      enforcing: first,
      error: { message: expect.stringMatching(/cannot allocate memory/) },
    });
});
