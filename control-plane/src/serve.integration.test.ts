import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_LIFETIMES } from "@weir/trust";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LogEntry } from "./http/env.ts";
import { enrol, policy, publish, start } from "./serve.fixture.ts";

// Real files, sockets and compilers: on a busy machine they take their time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

/** fsync on a disk is most of the time of these tests; what it is for is not tested here. */
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(scratch, "weir-serve-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("publish over a socket, restart, publish again: agents follow with the root they have", async () => {
  const first = await start(folder);
  const token = first.freshToken!;
  expect(await publish(first.url, { token, tenant: "acme", text: policy("a") })).toMatchObject({ status: 201 });
  const client = await enrol(first.url, "acme", join(folder, "agent"));
  expect((await client.refresh()).bundle.manifest.rules[0]?.id).toBe("a");
  await first.close();
  await expect(client.refresh()).rejects.toMatchObject({ code: "unreachable" });
  expect((await client.lastKnownGood())?.manifest.rules[0]?.id).toBe("a");

  const second = await start(folder);
  expect(second.freshToken).toBeUndefined();
  expect(await publish(second.url, { token, tenant: "acme", text: policy("b") })).toMatchObject({ status: 201 });
  const again = await enrol(second.url, "acme", join(folder, "agent"));
  expect((await again.refresh()).bundle.manifest.rules[0]?.id).toBe("b");
  await second.close();
});

test("the token is stored as a hash, for its owner only", async () => {
  const service = await start(folder);
  const path = join(folder, "data", "admin-token.json");
  expect(readFileSync(path, "utf8")).not.toContain(service.freshToken!.slice(5));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await service.close();
});

test("two replicas on one store: a release of one is told to listeners of the other", async () => {
  const [a, b] = [await start(folder), await start(folder, { feedPollMs: 20 })];
  const token = a.freshToken!;
  expect(b.freshToken).toBeUndefined();
  await publish(a.url, { token, tenant: "acme", text: policy("a") });
  const response = await fetch(`${b.url}/v1/events/acme`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const until = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(text)) text += (await reader.read()).value ?? "";
  };
  await until(/"version":1/);
  await publish(a.url, { token, tenant: "acme", text: policy("b") });
  await until(/"version":2/);
  // Closing does not wait for streams that never end.
  await Promise.all([a.close(), b.close()]);
});

test("metadata is signed anew while serving, before it expires", async () => {
  const entries: LogEntry[] = [];
  const lifetimes = { ...DEFAULT_LIFETIMES, timestamp: 3000 };
  const service = await start(folder, { lifetimes, renewEveryMs: 50, log: (entry) => entries.push(entry) });
  await publish(service.url, { token: service.freshToken!, tenant: "acme", text: policy("a") });
  const version = async (): Promise<number> => {
    const response = await fetch(`${service.url}/v1/tenants/acme/metadata/timestamp.json`);
    return ((await response.json()) as { signed: { version: number } }).signed.version;
  };
  const client = await enrol(service.url, "acme", join(folder, "agent"));
  while ((await version()) < 2) {
    await client.refresh();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await client.refresh()).toMatchObject({ changed: false });
  expect(entries.filter((entry) => entry.message === "renewed").length).toBeGreaterThanOrEqual(1);
  await service.close();
});

test("an address in use, and a store that is none: an error, nothing left running", async () => {
  const service = await start(folder);
  const port = Number(new URL(service.url).port);
  await expect(start(folder, { listen: { host: "127.0.0.1", port } })).rejects.toThrow(/EADDRINUSE/);
  await expect(start(folder, { store: "ftp://x" })).rejects.toThrow(/expected a folder or s3/);
  await service.close();
});
