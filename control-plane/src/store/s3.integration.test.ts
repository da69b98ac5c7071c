/** The semantics suite against a real S3, and what is S3's own: lost answers, ETag styles, credentials. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseS3 } from "./address.ts";
import { openStore } from "./open.ts";
import { probeStore } from "./probe.ts";
import { freePort, type S3Server, startS3 } from "./radosgw.fixture.ts";
import { createClient, S3Store } from "./s3.ts";
import { storeSemantics } from "./semantics.fixture.ts";
import { AlreadyExists, Conflict, StoreUnavailable } from "./store.ts";

let s3: S3Server | undefined;
let address = "";

beforeAll(async () => {
  s3 = await startS3();
  address = s3.address("suite");
});

afterAll(() => s3?.stop());

storeSemantics(
  "s3",
  () => address,
  () => openStore(address),
);

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("s3 store", () => {
  test("the probe finds the gateway's ETag style", async () => {
    const store = (await openStore(address)) as S3Store;
    if (s3?.external === false) expect(store.etagStyle).toBe("bare");
  });

  test("a write whose answer never came is recognised as one's own", async () => {
    const client = createClient(parseS3(address));
    const store = new S3Store({ ...parseS3(address), client });
    await probeStore(store);
    const key = `suite/lost-${Date.now()}`;
    // Drops the first answer on its way back, after the server has done the work.
    let drops = 1;
    client.middlewareStack.add(
      (next: any, context: any) => async (request: any) => {
        const answer = await next(request);
        if (context.commandName === "PutObjectCommand" && drops-- > 0) throw new Error("socket hang up");
        return answer;
      },
      { step: "finalizeRequest", priority: "low", name: "drop" },
    );
    const first = await store.create(key, bytes("one"));
    expect((await store.get(key))?.version).toBe(first);
    drops = 1;
    const second = await store.swap(key, bytes("two"), first);
    expect((await store.get(key))?.version).toBe(second);
    // Nothing was stored this time: the write is repeated, and somebody else's equal write is not ours.
    drops = 1;
    await expect(store.create(key, bytes("two"))).rejects.toBeInstanceOf(AlreadyExists);
    drops = 1;
    await expect(store.swap(key, bytes("two"), first)).rejects.toBeInstanceOf(Conflict);
  });

  test("wrong credentials and missing bucket: a clear error with the store's name", async () => {
    const options = parseS3(address);
    const credentials = { accessKeyId: "weir", secretAccessKey: "wrong" };
    await expect(new S3Store({ ...options, credentials }).get("a")).rejects.toThrow(/^s3:.*(403)/);
    await expect(new S3Store({ ...options, bucket: "missing" }).create("a", bytes("x"))).rejects.toThrow(
      /NoSuchBucket|404/,
    );
  });

  test("an endpoint where nothing listens", async () => {
    const options = { ...parseS3(address), endpoint: `http://127.0.0.1:${await freePort()}` };
    await expect(new S3Store(options).get("a")).rejects.toBeInstanceOf(StoreUnavailable);
  });
});
