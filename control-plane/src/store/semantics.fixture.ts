/** What an object store means, as a suite that every driver has to pass. */
import { fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { probeStore } from "./probe.ts";
import { AlreadyExists, Conflict, type ObjectStore, StoreError } from "./store.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (body: Uint8Array | undefined): string => new TextDecoder().decode(body);

/**
 * @param address of the store, as `openStore` takes it; called when the tests run
 * @param open the store in this process
 */
export function storeSemantics(name: string, address: () => string, open: () => Promise<ObjectStore>): void {
  const fresh = (): string => `suite/${randomUUID()}`;

  describe(`${name}: object store semantics`, () => {
    test("create, get, swap, get", async () => {
      const store = await open();
      const key = `${fresh()}/metadata/1.root.json`;
      expect(await store.get(key)).toBeUndefined();
      const first = await store.create(key, bytes("one"));
      expect(await store.get(key)).toEqual({ body: expect.anything(), version: first });
      const second = await store.swap(key, bytes("two"), first);
      expect(second).not.toBe(first);
      expect(text((await store.get(key))?.body)).toBe("two");
    });

    test("create happens once; the loser changes nothing", async () => {
      const store = await open();
      const key = fresh();
      await store.create(key, bytes("one"));
      await expect(store.create(key, bytes("two"))).rejects.toBeInstanceOf(AlreadyExists);
      expect(text((await store.get(key))?.body)).toBe("one");
    });

    test("a stale swap loses and changes nothing", async () => {
      const store = await open();
      const key = fresh();
      const first = await store.create(key, bytes("one"));
      await store.swap(key, bytes("two"), first);
      await expect(store.swap(key, bytes("three"), first)).rejects.toBeInstanceOf(Conflict);
      expect(text((await store.get(key))?.body)).toBe("two");
    });

    test("swap of a missing key loses", async () => {
      const store = await open();
      const key = fresh();
      const version = await store.create(fresh(), bytes("x"));
      await expect(store.swap(key, bytes("one"), version)).rejects.toBeInstanceOf(Conflict);
      expect(await store.get(key)).toBeUndefined();
    });

    test("of 20 racing creators one wins, and its body stays", async () => {
      const store = await open();
      const key = fresh();
      const racers = Array.from({ length: 20 }, (_, i) => store.create(key, bytes(`racer ${i}`)));
      const results = await Promise.allSettled(racers);
      const winners = results.flatMap((result, i) => (result.status === "fulfilled" ? [i] : []));
      for (const result of results)
        if (result.status === "rejected") expect(result.reason).toBeInstanceOf(AlreadyExists);
      expect(winners).toHaveLength(1);
      expect(text((await store.get(key))?.body)).toBe(`racer ${winners[0]}`);
    });

    test("a counter that 8 processes increment loses none", { timeout: 120_000 }, async () => {
      const store = await open();
      const key = fresh();
      const [processes, increments] = [8, 15];
      await store.create(key, bytes("0"));
      const worker = fileURLToPath(new URL("./counter.fixture.ts", import.meta.url));
      await Promise.all(
        Array.from(
          { length: processes },
          () =>
            new Promise<void>((resolve, reject) => {
              const child = fork(worker, [address(), key, String(increments)], { stdio: "inherit" });
              child.once("error", reject);
              child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`worker exited with ${code}`))));
            }),
        ),
      );
      expect(text((await store.get(key))?.body)).toBe(String(processes * increments));
    });

    test("bodies of any content and size come back as they were", async () => {
      const store = await open();
      for (const body of [new Uint8Array(0), Uint8Array.from([0, 255, 10, 13]), new Uint8Array(3 << 20).fill(7)]) {
        const key = fresh();
        await store.create(key, body);
        expect(Buffer.compare((await store.get(key))!.body, body)).toBe(0);
      }
      await expect(store.create(fresh(), new Uint8Array((32 << 20) + 1))).rejects.toThrow(/expected at most 33554432/);
    });

    test("list: whole keys by prefix, sorted; a key may be the prefix of another", async () => {
      const store = await open();
      const base = fresh();
      const keys = ["a", "a/b", "ab/c", "b"].map((key) => `${base}/${key}`);
      for (const key of keys.toReversed()) await store.create(key, bytes("x"));
      await store.swap(keys[0]!, bytes("y"), (await store.get(keys[0]!))!.version);
      expect(await store.list(`${base}/`)).toEqual(keys);
      expect(await store.list(`${base}/a`)).toEqual(keys.slice(0, 3));
      expect(await store.list(`${base}/a/`)).toEqual([keys[1]]);
      expect(await store.list(`${base}/none`)).toEqual([]);
    });

    test.each(["", "/a", "a//b", "../a", "a/../b", ".a", "a/", "@1", "a/@1", "a b", "ü", "a\0", "x".repeat(129)])(
      "key %j is refused",
      async (key) => {
        const store = await open();
        for (const operation of [() => store.get(key), () => store.create(key, bytes("x"))])
          await expect(operation()).rejects.toBeInstanceOf(StoreError);
        await expect(store.swap(key, bytes("x"), "1")).rejects.toThrow(/expected segments/);
      },
    );

    test("passes the probe, also when several replicas start at once", async () => {
      const store = await open();
      await Promise.all([probeStore(store), probeStore(store), probeStore(store)]);
    });
  });
}
