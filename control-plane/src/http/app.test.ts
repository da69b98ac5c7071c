/** The HTTP interface with everything real behind it: compiler, signing, folder store. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BundleClient, DEFAULT_LIFETIMES, type Fetch } from "@weir/trust";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { compileForPublish } from "../compile.ts";
import { ReleaseFeed } from "../feed.ts";
import { KeyFolder } from "../keys.ts";
import { TenantRepository } from "../releases.ts";
import { FolderStore } from "../store/folder.ts";
import { type ObjectStore, StoreUnavailable } from "../store/store.ts";
import { openAdminToken } from "../tokens.ts";
import { type AppType, createApp } from "./app.ts";
import type { LogEntry } from "./env.ts";
import { REQUEST_BYTES_MAX } from "./policies.ts";

// Real files, sockets and compilers: on a busy machine they take their time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

/** fsync on a disk is most of the time of these tests; what it is for is not tested here. */
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

const folder = mkdtempSync(join(scratch, "weir-http-"));
const entries: LogEntry[] = [];
let store: ObjectStore;
let app: AppType;
let token: string;
let feed: ReleaseFeed;

function build(over: ObjectStore, verifyToken: (token: string) => boolean): AppType {
  const keys = new KeyFolder(join(folder, "keys"));
  const repository = (tenant: string) =>
    new TenantRepository(tenant, { store: over, keys, lifetimes: DEFAULT_LIFETIMES, now: () => new Date() });
  feed = new ReleaseFeed({
    look: async (tenant) => {
      const current = await repository(tenant).current();
      return current === undefined ? undefined : { tenant, digest: current.digest, version: current.version };
    },
    pollMs: 20,
    onError: () => undefined,
  });
  const log = (entry: LogEntry): void => void entries.push(entry);
  return createApp({ store: over, repository, compile: compileForPublish, feed, verifyToken, log });
}

beforeAll(async () => {
  store = await FolderStore.open(join(folder, "store"));
  const admin = await openAdminToken(join(folder, "admin-token.json"));
  token = admin.fresh!;
  app = build(store, admin.verify);
});

afterAll(() => {
  feed.close();
  rmSync(folder, { recursive: true, force: true });
});

const policy = (id: string, path: string): string =>
  `rules:\n  - id: ${id}\n    description: changed\n    expression: open.file.path == "${path}" && open.flags & O_CREAT > 0\n`;

async function publish(tenant: string, text: string, headers: Record<string, string> = {}): Promise<Response> {
  return app.request(`/v1/tenants/${tenant}/policies`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify({ files: [{ name: "policy.yaml", text }] }),
  });
}

async function problem(response: Response): Promise<Record<string, any>> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body = (await response.json()) as Record<string, any>;
  expect(body).toMatchObject({ status: response.status, title: expect.any(String), detail: expect.any(String) });
  expect(body.requestId).toBe(response.headers.get("x-request-id"));
  expect(JSON.stringify(body)).not.toMatch(/\.ts:\d|node_modules| {4}at /);
  return body;
}

describe("publish", () => {
  test("real policy → release → agent's client", async () => {
    const response = await publish("acme", policy("passwd", "/etc/passwd"));
    expect(response.status).toBe(201);
    const result = (await response.json()) as Record<string, unknown>;
    expect(result).toMatchObject({
      tenant: "acme",
      version: 1,
      changed: true,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      rules: [{ id: "passwd", event: "open" }],
      diagnostics: [],
    });
    const root = await app.request("/v1/tenants/acme/root");
    const fetcher: Fetch = async (url, init) => app.request(url, init);
    const client = new BundleClient({
      metadataUrl: "http://control.test/v1/tenants/acme/metadata/",
      targetsUrl: "http://control.test/v1/tenants/acme/targets/",
      stateDir: join(folder, "agent"),
      trustedRoot: new Uint8Array(await root.arrayBuffer()),
      fetcher,
    });
    const { bundle } = await client.refresh();
    expect(bundle.digest).toBe(result.digest);
    expect((globalThis as any).WebAssembly.validate(bundle.wasm)).toBe(true);
    expect(bundle.seeds.approvers).toContainEqual(expect.objectContaining({ value: "/etc/passwd" }));
    expect(bundle.manifest.rules[0]).toMatchObject({ id: "passwd", event: "open", description: "changed" });
    expect(bundle.sources).toEqual([{ name: "policy.yaml", text: policy("passwd", "/etc/passwd") }]);

    const again = await publish("acme", policy("passwd", "/etc/passwd"));
    expect([again.status, await again.json()]).toMatchObject([200, { changed: false }]);
    const next = await publish("acme", policy("shadow", "/etc/shadow"));
    expect(await next.json()).toMatchObject({ changed: true, version: 2 });
    expect((await client.refresh()).bundle.manifest.rules[0]?.id).toBe("shadow");

    const current = await (await app.request("/v1/tenants/acme")).json();
    expect(current).toMatchObject({
      tenant: "acme",
      version: 2,
      rules: [{ id: "shadow" }],
      compiler: { name: "weir" },
    });
  });

  test.each([
    ["syntax error", policy("x", "/a").replace("==", "= =")],
    ["unknown field", policy("x", "/a").replace("open.file.path", "open.fil.path")],
    ["empty file", ""],
    ["garbage", "\u0001\u0002 { ["],
    ["duplicate id", `${policy("x", "/a")}${policy("x", "/b").replace("rules:\n", "")}`],
  ])("%s: 422 with diagnostics, nothing published", async (_, text) => {
    const before = await store.list("t/");
    const body = await problem(await publish("broken", text));
    expect(body).toMatchObject({ status: 422, detail: "nothing was published" });
    expect(body["diagnostics"]).toContainEqual(expect.objectContaining({ severity: "error", file: "policy.yaml" }));
    expect(await store.list("t/")).toEqual(before);
    expect((await app.request("/v1/tenants/broken")).status).toBe(404);
  });

  test.each([
    ["no token", { authorization: "" }, 401],
    ["wrong token", { authorization: "Bearer weir_wrong" }, 401],
    ["another scheme", { authorization: "Basic d2Vpcjo=" }, 401],
    ["another content type", { "content-type": "text/yaml" }, 415],
  ])("%s", async (_, headers, status) => {
    const response = await publish("acme", policy("x", "/a"), headers);
    expect((await problem(response)).status).toBe(status);
    if (status === 401) expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/);
  });

  test.each([
    ["not JSON", "{", /not JSON/],
    ["not an object", "[]", /expected object/i],
    ["no files", "{}", /files/],
    ["empty files", '{"files":[]}', /files/],
    ["text of another type", '{"files":[{"name":"a","text":1}]}', /files\.0\.text/],
    ["unknown member", '{"files":[{"name":"a","text":"","x":1}]}', /files\.0/],
    ["control characters in a name", '{"files":[{"name":"a\\nb","text":""}]}', /control characters/],
    ["two files of one name", '{"files":[{"name":"a","text":""},{"name":"a","text":""}]}', /same name/],
    ["deep nesting", `${"[".repeat(100_000)}`, /not JSON|body/],
  ])("body: %s", async (_, body, pattern) => {
    const response = await app.request("/v1/tenants/acme/policies", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body,
    });
    expect((await problem(response))["detail"]).toMatch(pattern);
    expect(response.status).toBe(400);
  });

  test("a body beyond the limit is refused, announced or not", async () => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const announced = { ...headers, "content-length": String(REQUEST_BYTES_MAX + 1) };
    const request = (body: string | ReadableStream, sent: Record<string, string>) =>
      app.request("/v1/tenants/acme/policies", { method: "POST", headers: sent, body, duplex: "half" } as RequestInit);
    expect((await problem(await request("{}", announced))).status).toBe(413);
    let chunks = 0;
    const endless = new ReadableStream({
      pull: (controller) => {
        controller.enqueue(new Uint8Array(1 << 20));
        chunks++;
      },
    });
    expect((await problem(await request(endless, headers))).status).toBe(413);
    expect(chunks).toBeLessThan(30);
  });
});

describe("files", () => {
  test("immutable names are cacheable for ever, the timestamp is revalidated", async () => {
    await publish("files", policy("x", "/a"));
    const root = await app.request("/v1/tenants/files/metadata/1.root.json");
    expect(root.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    const timestamp = await app.request("/v1/tenants/files/metadata/timestamp.json");
    const etag = timestamp.headers.get("etag")!;
    expect(timestamp.headers.get("cache-control")).toBe("no-cache");
    for (const header of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const headers = { "if-none-match": header };
      const again = await app.request("/v1/tenants/files/metadata/timestamp.json", { headers });
      expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag]);
    }
    const stale = { headers: { "if-none-match": '"other"' } };
    expect((await app.request("/v1/tenants/files/metadata/timestamp.json", stale)).status).toBe(200);
  });

  test.each([
    "/v1/tenants/files/metadata/root.json",
    "/v1/tenants/files/metadata/0.root.json",
    "/v1/tenants/files/metadata/99.root.json",
    "/v1/tenants/files/metadata/..%2f..%2f..%2fkeys",
    "/v1/tenants/files/metadata/%00",
    "/v1/tenants/files/targets/matcher.wasm",
    `/v1/tenants/files/targets/${"0".repeat(64)}.matcher.wasm`,
    "/v1/tenants/files/targets/..%2f..%2f..%2f..%2fadmin-token.json",
    "/v1/tenants/nobody",
    "/v1/tenants/nobody/root",
    "/nowhere",
  ])("%s: 404", async (path) => {
    expect((await problem(await app.request(path))).status).toBe(404);
  });

  test.each(["UPPER", "-a", "..%2f..", "a".repeat(64), "1a", "%00"])("tenant name %s: 400", async (tenant) => {
    for (const path of ["", "/root", "/metadata/timestamp.json"])
      expect((await problem(await app.request(`/v1/tenants/${tenant}${path}`))).status).toBe(400);
    expect((await problem(await app.request(`/v1/events/${tenant}`))).status).toBe(400);
    expect((await problem(await publish(tenant, policy("x", "/a")))).status).toBe(400);
  });
});

describe("events", () => {
  test("a stream tells the current release, then each new one, once", async () => {
    await publish("stream", policy("x", "/a"));
    const abort = new AbortController();
    const response = await app.request("/v1/events/stream", { signal: abort.signal });
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const until = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(text)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`ended at ${text}`);
        text += value;
      }
    };
    await until(/event: release\ndata: {"digest":"[0-9a-f]{64}","version":1}\nid: 1\n\n/);
    const { digest } = (await (await publish("stream", policy("x", "/b"))).json()) as { digest: string };
    await until(/"version":2/);
    expect(text).toContain(digest);
    await publish("stream", policy("x", "/c"));
    await until(/"version":3/);
    expect(text.match(/event: release/g)).toHaveLength(3);
    await reader.cancel();
  });
});

describe("failures", () => {
  test("whatever fails inside: 500 with a request id, details in the log only", async () => {
    const broken: ObjectStore = { ...store, name: "broken", get: () => Promise.reject(new Error("secret detail")) };
    const body = await problem(await build(broken, () => false).request("/v1/tenants/acme"));
    expect(body).toMatchObject({ status: 500 });
    expect(JSON.stringify(body)).not.toContain("secret detail");
    expect(entries.find((entry) => entry.level === "error" && entry["id"] === body["requestId"])?.["error"]).toMatch(
      /secret detail/,
    );
  });

  test("a store that does not answer: 503", async () => {
    const away: ObjectStore = { ...store, name: "away", get: () => Promise.reject(new StoreUnavailable("gone")) };
    expect((await problem(await build(away, () => false).request("/v1/tenants/acme"))).status).toBe(503);
  });

  test("healthz", async () => {
    expect(await (await app.request("/healthz")).json()).toEqual({ status: "ok" });
  });
});
