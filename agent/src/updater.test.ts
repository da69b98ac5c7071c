/** The updater against a control plane that means harm. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type TenantSource, Updater } from "./updater.ts";

let server: Server;
let folder: string;
let looks: number;
let hints: number;

beforeEach(async () => {
  [looks, hints] = [0, 0];
  folder = mkdtempSync(join(tmpdir(), "weir-updater-"));
  server = createServer((request, response) => {
    if (!request.url?.includes("/events/")) {
      looks++;
      response.writeHead(500).end();
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const flood = (): void => {
      hints++;
      if (!response.destroyed) response.write("data: news\n\n", () => setImmediate(flood));
    };
    flood();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const updaterOf = (root: TenantSource["root"]): Updater =>
  new Updater({
    agent: {
      activate: () => Promise.reject(new Error("there is nothing to activate")),
      bundles: [],
    },
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tenants: [{ name: "acme", root }],
    stateDir: folder,
    pollMs: 3_600_000,
    report: () => {},
  });

test("a flood of hints is no flood of requests", async () => {
  const updater = updaterOf("a".repeat(64));
  await updater.start();
  await vi.waitUntil(() => hints > 2000, { timeout: 20_000 });
  await updater.stop();
  expect(looks).toBeGreaterThan(1);
  expect(looks).toBeLessThan(hints / 20);
});

test.each([
  ["fingerprint", "a".repeat(64)],
  ["file", new TextEncoder().encode("{}")],
])("a host stays with the root it was enrolled by, whatever %s is given later", async (_, root) => {
  mkdirSync(join(folder, "tenants", "acme"), { recursive: true });
  writeFileSync(join(folder, "tenants", "acme", "pinned-root.json"), "another root");
  const updater = updaterOf(root);
  await expect(updater.start()).rejects.toThrow("was enrolled on this host by a root with SHA-256");
  await updater.stop();
});
