import { existsSync, lutimesSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { parseS3 } from "./address.ts";
import { FolderStore } from "./folder.ts";
import { openStore } from "./open.ts";
import { probeStore } from "./probe.ts";
import { storeSemantics } from "./semantics.fixture.ts";
import { AlreadyExists, Conflict, type ObjectStore, StoreRefused } from "./store.ts";

// Real files, sockets and compilers: on a busy machine they take their time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const root = mkdtempSync(join(tmpdir(), "weir-store-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

storeSemantics(
  "folder",
  () => root,
  () => FolderStore.open(root),
);

describe("folder store", () => {
  test("a superseded version keeps its number and loses its body", async () => {
    const store = await FolderStore.open(root);
    let version = await store.create("numbers/a", bytes("0"));
    for (let i = 1; i < 5; i++) version = await store.swap("numbers/a", bytes(String(i)), version);
    expect(version).toBe("5");
    expect(readdirSync(join(root, "numbers/a")).sort()).toEqual(["@1", "@2", "@3", "@4", "@5"]);
    expect(existsSync(join(root, "numbers/a/@4"))).toBe(false); // a link to nothing
    expect(readdirSync(join(root, ".tmp"))).toEqual([]);
  });

  test("numbers become free only after their reservation", async () => {
    const store = await FolderStore.open(root);
    const folder = join(root, "numbers/b");
    let version = await store.create("numbers/b", bytes("0"));
    for (let i = 1; i < 80; i++) version = await store.swap("numbers/b", bytes(String(i)), version);
    expect(readdirSync(folder)).toHaveLength(80);
    const hourAgo = Date.now() / 1000 - 3600;
    for (let i = 1; i <= 70; i++) lutimesSync(join(folder, `@${i}`), hourAgo, hourAgo);
    version = await store.swap("numbers/b", bytes("last"), version);
    expect(readdirSync(folder)).toHaveLength(11);
    expect((await store.get("numbers/b"))?.version).toBe("81");
  });

  test("a writer that slept until its number was free again has lost, and leaves nothing", async () => {
    const fast = await FolderStore.open(root);
    const key = "numbers/slow";
    const first = await fast.create(key, bytes("0"));
    let elapsed = 0;
    const slow = await FolderStore.open(root, {
      elapsedMs: () => elapsed,
      beforeLink: async () => {
        let version = first;
        for (let i = 1; i < 80; i++) version = await fast.swap(key, bytes(String(i)), version);
        for (let i = 1; i < 80; i++) lutimesSync(join(root, key, `@${i}`), 1, 1);
        await fast.swap(key, bytes("newest"), version);
        expect(existsSync(join(root, key, "@2"))).toBe(false);
        elapsed = 3_600_000;
      },
    });
    await expect(slow.swap(key, bytes("stale"), first)).rejects.toBeInstanceOf(Conflict);
    expect(readdirSync(join(root, key))).not.toContain("@2");
    expect(new TextDecoder().decode((await fast.get(key))?.body)).toBe("newest");
  });

  test("a body left half-written by a killed writer is never seen", async () => {
    const store = await FolderStore.open(root);
    writeFileSync(join(root, ".tmp", "killed"), "half");
    expect(await store.list("")).not.toContain(".tmp/killed");
    await expect(store.get(".tmp/killed")).rejects.toThrow(/expected segments/);
  });

  test("a path that is no folder is refused", async () => {
    writeFileSync(join(root, "plain"), "");
    await expect(openStore(join(root, "plain"))).rejects.toThrow(/store folder .*plain/);
  });
});

describe("probe", () => {
  /** A real folder store, with one promise broken. */
  const broken = async (change: (store: ObjectStore) => Partial<ObjectStore>): Promise<ObjectStore> => {
    const store = await FolderStore.open(mkdtempSync(join(root, "broken-")));
    const bound: ObjectStore = {
      name: "broken store",
      get: (key) => store.get(key),
      create: (key, body) => store.create(key, body),
      swap: (key, body, version) => store.swap(key, body, version),
      list: (prefix) => store.list(prefix),
    };
    return { ...bound, ...change(store) };
  };
  const overwrite = async (store: ObjectStore, key: string, body: Uint8Array): Promise<string> => {
    const current = await store.get(key);
    return current === undefined ? store.create(key, body) : store.swap(key, body, current.version);
  };

  test("refuses a store that creates twice", async () => {
    const store = await broken((inner) => ({ create: (key, body) => overwrite(inner, key, body) }));
    await expect(probeStore(store)).rejects.toThrow(/^store broken store created an object that existed/);
  });

  test("refuses a store that ignores the expected version", async () => {
    const store = await broken((inner) => ({ swap: (key, body) => overwrite(inner, key, body) }));
    await expect(probeStore(store)).rejects.toThrow(/stale version \(ignores If-Match\)/);
  });

  test("refuses a store that always says no", async () => {
    const store = await broken(() => ({
      swap: (key, _, version) => Promise.reject(new Conflict(key, version)),
      create: (key) => Promise.reject(new AlreadyExists(key)),
    }));
    await expect(probeStore(store)).rejects.toBeInstanceOf(StoreRefused);
  });
});

describe("addresses", () => {
  test("s3 with everything", () => {
    expect(parseS3("s3://bucket/a/b/?endpoint=http://127.0.0.1:9000&region=eu-west-1&path-style=false")).toEqual({
      bucket: "bucket",
      prefix: "a/b",
      endpoint: "http://127.0.0.1:9000",
      region: "eu-west-1",
      pathStyle: false,
    });
  });

  test.each([
    ["s3://", /no bucket|valid address/],
    ["s3://user:secret@bucket", /credentials/],
    ["s3://bucket?endpont=x", /unknown parameter endpont/],
    ["s3://bucket?endpoint=ftp://x", /no http/],
    ["http://bucket", /expected a folder or s3/],
    ["", /expected a folder or s3/],
  ])("%s is refused", async (address, pattern) => {
    await expect(openStore(address)).rejects.toThrow(pattern);
  });
});
