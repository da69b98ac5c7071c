import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BundleClient, DEFAULT_LIFETIMES, type Fetch } from "@weir/trust";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ReleaseFeed } from "./feed.ts";
import { createApp } from "./http/app.ts";
import { KeyFolder } from "./keys.ts";
import { listTenants } from "./layout.ts";
import { tinyBundle } from "./releases.fixture.ts";
import { type RepositoryOptions, TenantRepository } from "./releases.ts";
import { FolderStore } from "./store/folder.ts";
import type { ObjectStore } from "./store/store.ts";

// Real files, sockets and compilers: on a busy machine they take their time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

/** fsync on a disk is most of the time of these tests; what it is for is not tested here. */
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

let folder: string;
let store: ObjectStore;
let now: Date;
const hourMs = 3_600_000;

beforeEach(async () => {
  folder = mkdtempSync(join(scratch, "weir-releases-"));
  store = await FolderStore.open(join(folder, "store"));
  now = new Date();
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function repository(options: Partial<RepositoryOptions> & { tenant?: string } = {}): TenantRepository {
  const { tenant = "acme", ...rest } = options;
  const keys = new KeyFolder(join(folder, "keys"));
  return new TenantRepository(tenant, { store, keys, lifetimes: DEFAULT_LIFETIMES, now: () => now, ...rest });
}

/** An agent's client over the real routes. */
async function agent(name = "agent", tenant = "acme"): Promise<BundleClient> {
  const feed = new ReleaseFeed({ look: async () => undefined, pollMs: 1000, onError: () => undefined });
  const app = createApp({
    store,
    feed,
    repository: (of) => repository({ tenant: of }),
    compile: () => Promise.reject(new Error("not in this test")),
    verifyToken: () => false,
    log: () => undefined,
  });
  const fetcher: Fetch = async (url, init) => app.request(url, init);
  const root = await app.request(`/v1/tenants/${tenant}/root`);
  return new BundleClient({
    metadataUrl: `http://control.test/v1/tenants/${tenant}/metadata`,
    targetsUrl: `http://control.test/v1/tenants/${tenant}/targets`,
    stateDir: join(folder, name),
    trustedRoot: new Uint8Array(await root.arrayBuffer()),
    fetcher,
  });
}

/** A store that runs something before an operation on a key. */
function intercepted(before: (operation: "create" | "swap", key: string) => Promise<void>): ObjectStore {
  return {
    name: store.name,
    get: (key) => store.get(key),
    list: (prefix) => store.list(prefix),
    create: async (key, body) => {
      await before("create", key);
      return store.create(key, body);
    },
    swap: async (key, body, version) => {
      await before("swap", key);
      return store.swap(key, body, version);
    },
  };
}

describe("publish to client", () => {
  test("first release, next release, back to the first", async () => {
    expect(await repository().current()).toBeUndefined();
    const first = await repository().publish(tinyBundle("acme", "a"));
    expect(first).toMatchObject({ changed: true, version: 1, digest: tinyBundle("acme", "a").digest });
    const client = await agent();
    expect((await client.refresh()).bundle.digest).toBe(first.digest);

    await repository().publish(tinyBundle("acme", "b"));
    expect(await client.refresh()).toMatchObject({ changed: true, bundle: { digest: tinyBundle("acme", "b").digest } });
    expect(await client.refresh()).toMatchObject({ changed: false });

    expect(await repository().publish(tinyBundle("acme", "a"))).toMatchObject({ changed: true, version: 3 });
    expect((await client.refresh()).bundle.digest).toBe(first.digest);
    expect(await listTenants(store)).toEqual(["acme"]);
  });

  test("publishing what is current changes nothing", async () => {
    const first = await repository().publish(tinyBundle("acme", "a"));
    const keys = await store.list("");
    expect(await repository().publish(tinyBundle("acme", "a"))).toMatchObject({ changed: false, version: 1 });
    expect(await store.list("")).toEqual(keys);
    expect((await repository().current())?.swapVersion).toBe(first.swapVersion);
  });

  test("tenants have keys of their own, and one's client refuses the other's files", async () => {
    await repository().publish(tinyBundle("acme", "a"));
    await repository({ tenant: "globex" }).publish(tinyBundle("globex", "a"));
    const client = await agent();
    await client.refresh();
    await store.swap(
      "t/acme/metadata/timestamp.json",
      (await store.get("t/globex/metadata/timestamp.json"))!.body,
      (await store.get("t/acme/metadata/timestamp.json"))!.version,
    );
    await expect(client.refresh()).rejects.toMatchObject({ code: "signature" });
    await expect(repository().current()).rejects.toThrow(/tenant acme: its documents don't verify/);
    await expect(repository().publish(tinyBundle("globex", "b"))).rejects.toThrow(/bundle is for tenant globex/);
  });

  test("key files: all four roles, readable by the owner only", async () => {
    await repository().publish(tinyBundle("acme", "a"));
    expect(readdirSync(join(folder, "keys"))).toEqual(["acme"]);
    const files = readdirSync(join(folder, "keys", "acme"));
    expect(files.sort()).toEqual(["root.pem", "snapshot.pem", "targets.pem", "timestamp.pem"]);
    for (const file of files) expect(statSync(join(folder, "keys", "acme", file)).mode & 0o777).toBe(0o600);
  });

  test("keys made by many at once are one set", async () => {
    const keys = new KeyFolder(join(folder, "keys"));
    const made = await Promise.all(Array.from({ length: 10 }, () => keys.signers("acme", true)));
    expect(new Set(made.map((signers) => signers.root?.key.keyID)).size).toBe(1);
    expect(readdirSync(join(folder, "keys"))).toEqual(["acme"]);
  });

  test("a damaged key file is named", async () => {
    await repository().publish(tinyBundle("acme", "a"));
    writeFileSync(join(folder, "keys", "acme", "targets.pem"), "garbage");
    await expect(repository().publish(tinyBundle("acme", "b"))).rejects.toThrow(/targets\.pem: no usable Ed25519 key/);
  });

  test("a server with other keys publishes nothing for a tenant founded elsewhere", async () => {
    const first = await repository().publish(tinyBundle("acme", "a"));
    const other = repository({ keys: new KeyFolder(join(folder, "other-keys")) });
    await expect(other.publish(tinyBundle("acme", "b"))).rejects.toThrow(/does not hold its targets key/);
    await new KeyFolder(join(folder, "other-keys")).signers("acme", true);
    await expect(other.publish(tinyBundle("acme", "b"))).rejects.toThrow(/keys of another server/);
    expect((await repository().current())?.digest).toBe(first.digest);
  });
});

describe("races and crashes", () => {
  test("two publishers at once: one wins, the other reports the conflict", async () => {
    await repository().publish(tinyBundle("acme", "a"));
    const tags = ["b", "c", "d", "e"];
    const results = await Promise.allSettled(tags.map((tag) => repository().publish(tinyBundle("acme", tag))));
    const won = tags.filter((_, i) => results[i]?.status === "fulfilled");
    expect(won).toHaveLength(1);
    for (const result of results)
      if (result.status === "rejected") expect(result.reason.message).toMatch(/was published at the same time/);
    const client = await agent();
    expect((await client.refresh()).bundle.digest).toBe(tinyBundle("acme", won[0]!).digest);
  });

  test("two first publishers at once", async () => {
    const tags = ["a", "b", "c"];
    const results = await Promise.allSettled(tags.map((tag) => repository().publish(tinyBundle("acme", tag))));
    const won = tags.filter((_, i) => results[i]?.status === "fulfilled");
    expect(won).toHaveLength(1);
    expect((await (await agent()).refresh()).bundle.digest).toBe(tinyBundle("acme", won[0]!).digest);
  });

  test("a publisher who loses to mere re-signing goes on", async () => {
    await repository().publish(tinyBundle("acme", "a"));
    let once = true;
    const racing = intercepted(async (operation) => {
      if (operation !== "swap" || !once) return;
      once = false;
      now = new Date(now.getTime() + 0.6 * hourMs);
      expect((await repository().renew()).renewed).toEqual(["timestamp"]);
    });
    expect(await repository({ store: racing }).publish(tinyBundle("acme", "b"))).toMatchObject({ changed: true });
    expect((await (await agent()).refresh()).bundle.digest).toBe(tinyBundle("acme", "b").digest);
  });

  test("killed before any write of a release: the old one stays whole, and publishing again succeeds", async () => {
    await repository().publish(tinyBundle("acme", "a"));
    let points = 0;
    for (let survive = 0; ; survive++) {
      let writes = 0;
      const dying = intercepted(async () => {
        if (writes++ === survive) throw new Error("killed");
      });
      const bundle = tinyBundle("acme", `b${survive}`);
      const current = (await repository().current())!;
      const outcome = await repository({ store: dying })
        .publish(bundle)
        .catch((error: Error) => error.message);
      if (outcome !== "killed") break;
      points++;
      // Nothing is visible before the swap, and whoever comes next is not held up.
      expect((await repository().current())?.digest).toBe(current.digest);
      expect((await (await agent(`agent-${survive}`)).refresh()).bundle.digest).toBe(current.digest);
      expect(await repository().publish(bundle)).toMatchObject({ changed: true, digest: bundle.digest });
      expect((await (await agent(`agent-${survive}`)).refresh()).bundle.digest).toBe(bundle.digest);
    }
    // Module, manifest and sources are new each time, seeds are not; then targets, snapshot, timestamp.
    expect(points).toBe(7);
  });

  test("killed before any write of the first release", async () => {
    let points = 0;
    for (let survive = 0; ; survive++) {
      const tenant = `t${survive}`;
      let writes = 0;
      const dying = intercepted(async () => {
        if (writes++ === survive) throw new Error("killed");
      });
      const outcome = await repository({ tenant, store: dying })
        .publish(tinyBundle(tenant, "a"))
        .catch((error: Error) => error.message);
      if (outcome !== "killed") break;
      points++;
      await repository({ tenant }).publish(tinyBundle(tenant, "b"));
      expect((await (await agent(tenant, tenant)).refresh()).bundle.digest).toBe(tinyBundle(tenant, "b").digest);
      expect(await listTenants(store)).toContain(tenant);
    }
    expect(points).toBe(9);
  });

  test("a damaged target in the store does not become part of a release", async () => {
    const bundle = tinyBundle("acme", "a");
    await store.create(`t/acme/targets/${bundle.manifest.files.matcher.sha256}.matcher.wasm`, Uint8Array.of(1));
    await expect(repository().publish(bundle)).rejects.toThrow(/matcher\.wasm is damaged/);
    expect(await repository().current()).toBeUndefined();
  });
});

describe("renewal", () => {
  const expiryOf = async (role: "root" | "targets" | "snapshot" | "timestamp") =>
    Date.parse((await repository().current())!.release.documents[role].expires);

  test("nothing while fresh; then what is due and what hangs on it", async () => {
    await repository().publish(tinyBundle("acme", "a"));
    const start = now.getTime();
    expect(await repository().renew()).toEqual({ renewed: [], offline: [] });
    for (const [hours, renewed] of [
      [0.6, ["timestamp"]],
      [13, ["snapshot", "timestamp"]],
      [46 * 24, ["targets", "snapshot", "timestamp"]],
      [200 * 24, ["root", "targets", "snapshot", "timestamp"]],
    ] as const) {
      now = new Date(start + hours * hourMs);
      expect((await repository().renew()).renewed).toEqual(renewed);
      expect((await repository().renew()).renewed).toEqual([]);
      for (const role of renewed) expect(await expiryOf(role)).toBeGreaterThan(now.getTime());
    }
    expect((await repository().current())?.release.documents.root.version).toBe(2);
  });

  test("an agent follows renewals without a change of bundle", async () => {
    now = new Date(Date.now() - 0.9 * hourMs);
    await repository().publish(tinyBundle("acme", "a"));
    const client = await agent();
    await client.refresh();
    now = new Date();
    expect((await repository().renew()).renewed).toEqual(["timestamp"]);
    expect(await client.refresh()).toMatchObject({ changed: false });
  });

  test("after a long stop, expired metadata is signed anew", async () => {
    now = new Date(Date.now() - 400 * 24 * hourMs);
    await repository().publish(tinyBundle("acme", "a"));
    const client = await agent();
    await expect(client.refresh()).rejects.toMatchObject({ code: "expired" });
    now = new Date();
    expect((await repository().renew()).renewed).toEqual(["root", "targets", "snapshot", "timestamp"]);
    expect((await client.refresh()).bundle.digest).toBe(tinyBundle("acme", "a").digest);
  });

  test("keys kept offline are reported, the online roles go on", async () => {
    await repository().publish(tinyBundle("acme", "a"));
    for (const role of ["root", "targets"]) rmSync(join(folder, "keys", "acme", `${role}.pem`));
    now = new Date(now.getTime() + 200 * 24 * hourMs);
    expect(await repository().renew()).toEqual({ renewed: ["snapshot", "timestamp"], offline: ["root", "targets"] });
    rmSync(join(folder, "keys", "acme", "timestamp.pem"));
    now = new Date(now.getTime() + hourMs);
    await expect(repository().renew()).rejects.toThrow(/does not hold its timestamp key/);
  });

  test("many replicas renewing at once leave one valid release", async () => {
    await repository().publish(tinyBundle("acme", "a"));
    now = new Date(now.getTime() + 13 * hourMs);
    const results = await Promise.all(Array.from({ length: 5 }, () => repository().renew()));
    expect(results.filter(({ renewed }) => renewed.length > 0)).toHaveLength(1);
    await repository().current();
  });
});
