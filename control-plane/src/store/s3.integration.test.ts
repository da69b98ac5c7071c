/**
 * The semantics suite against a real S3: Debian's Ceph object gateway, installed where it is missing and
 * started for this file on free loopback ports. WEIR_TEST_S3, an address as `weir serve --store` takes it,
 * names another bucket to use in its place (credentials from the environment).
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStore, parseS3 } from "./open.ts";
import { probeStore } from "./probe.ts";
import { createClient, S3Store } from "./s3.ts";
import { storeSemantics } from "./semantics.fixture.ts";
import { AlreadyExists, Conflict, StoreUnavailable } from "./store.ts";

const scripts = fileURLToPath(new URL("../../../test/s3/", import.meta.url));
const external = process.env["WEIR_TEST_S3"];
let folder: string | undefined;
let address = external ?? "";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

beforeAll(async () => {
  if (external !== undefined) return;
  execFileSync("sh", [join(scripts, "install.sh")], { stdio: ["ignore", "inherit", "inherit"] });
  folder = mkdtempSync(join(tmpdir(), "weir-rgw-"));
  const port = await freePort();
  const monitor = await freePort();
  execFileSync(join(scripts, "radosgw.sh"), ["start", folder, String(port), String(monitor)], { stdio: "ignore" });
  const endpoint = `http://127.0.0.1:${port}`;
  process.env["AWS_ACCESS_KEY_ID"] = "weir";
  process.env["AWS_SECRET_ACCESS_KEY"] = "weirsecret";
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: "weir" }));
  client.destroy();
  address = `s3://weir/suite?endpoint=${endpoint}`;
});

afterAll(() => {
  if (folder === undefined) return;
  execFileSync(join(scripts, "radosgw.sh"), ["stop", folder]);
  rmSync(folder, { recursive: true, force: true });
});

storeSemantics(
  "s3",
  () => address,
  () => openStore(address),
);

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("s3 store", () => {
  test("the probe finds the gateway's ETag style", async () => {
    const store = (await openStore(address)) as S3Store;
    expect(store.etagStyle).toBe(external === undefined ? "bare" : store.etagStyle);
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
