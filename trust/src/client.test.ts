import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BundleClient, type BundleClientOptions } from "./client.ts";
import { newSigner, Repository, tinyBundle } from "./repository.fixture.ts";
import { targetName } from "./repository.ts";

// Real files, sockets and compilers: on a busy machine they take their time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

/** fsync on a disk is most of the time of these tests; what it is for is not tested here. */
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

let repository: Repository;
let stateDir: string;

beforeEach(async () => {
  repository = await new Repository().start();
  stateDir = mkdtempSync(join(scratch, "weir-trust-"));
});

afterEach(async () => {
  await repository.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

function client(options: Partial<BundleClientOptions> = {}): BundleClient {
  return new BundleClient({
    metadataUrl: `${repository.url}/metadata`,
    targetsUrl: `${repository.url}/targets`,
    stateDir,
    trustedRoot: repository.files.get("/metadata/1.root.json")!,
    ...options,
  });
}

const digestOf = (tag: string): string => tinyBundle("acme", tag).digest;
const hourMs = 3_600_000;

/** The refresh is refused with this code, and the bundle from before is still there to enforce. */
async function expectRefused(subject: BundleClient, code: string, pattern: RegExp, kept = "a"): Promise<void> {
  await expect(subject.refresh()).rejects.toMatchObject({ code, message: expect.stringMatching(pattern) });
  expect((await client().lastKnownGood())?.digest).toBe(digestOf(kept));
}

describe("round trip", () => {
  test("first refresh, no news, news", async () => {
    const subject = client();
    expect(await subject.lastKnownGood()).toBeUndefined();
    const first = await subject.refresh();
    expect(first).toMatchObject({ changed: true, bundle: { digest: digestOf("a"), manifest: { tenant: "acme" } } });
    expect(first.bundle.sources[0]?.text).toContain("# a");

    repository.requests.length = 0;
    expect(await subject.refresh()).toMatchObject({ changed: false, bundle: { digest: digestOf("a") } });
    expect(repository.requests).toEqual(["/metadata/timestamp.json"]);

    await repository.publish(tinyBundle("acme", "b"));
    expect(await subject.refresh()).toMatchObject({ changed: true, bundle: { digest: digestOf("b") } });
    expect(readdirSync(join(stateDir, "blobs"))).toHaveLength(4);
    expect(readdirSync(join(stateDir, "tmp"))).toEqual([]);
  });

  test("unchanged files are not fetched again after a restart", async () => {
    await client().refresh();
    repository.requests.length = 0;
    await client().refresh();
    expect(repository.requests).toEqual(["/metadata/2.root.json", "/metadata/timestamp.json"]);
  });

  test("a re-signed timestamp with the same bundle is no change", async () => {
    const subject = client();
    await subject.refresh();
    await repository.publish(tinyBundle("acme", "a"));
    expect(await subject.refresh()).toMatchObject({ changed: false });
  });

  test("rollback on purpose: a new version may name an older bundle", async () => {
    const subject = client();
    await subject.refresh();
    await repository.publish(tinyBundle("acme", "b"));
    await subject.refresh();
    await repository.publish(tinyBundle("acme", "a"));
    expect((await subject.refresh()).bundle.digest).toBe(digestOf("a"));
  });

  test("concurrent refreshes wait for each other", async () => {
    const subject = client();
    const results = await Promise.all([subject.refresh(), subject.refresh(), subject.refresh()]);
    expect(results.map((result) => result.changed)).toEqual([true, false, false]);
  });

  test("keys of every role are rotated, and a client from before follows", async () => {
    await client().refresh();
    const oldRoot = repository.signers.root;
    for (const role of ["root", "targets", "snapshot", "timestamp"] as const) repository.signers[role] = newSigner();
    await repository.publishRoot([oldRoot]);
    await repository.publish(tinyBundle("acme", "b"));
    expect((await client().refresh()).bundle.digest).toBe(digestOf("b"));
  });
});

describe("last known good", () => {
  test("is verified from local state without a network, and says what has expired", async () => {
    await client().refresh();
    await repository.stop();
    expect(await client().lastKnownGood()).toMatchObject({ digest: digestOf("a"), expired: [] });
    const later = client({ now: () => new Date(Date.now() + 2 * hourMs) });
    expect((await later.lastKnownGood())?.expired.map(({ role }) => role)).toEqual(["timestamp"]);
    await expectRefused(client(), "unreachable", /127\.0\.0\.1/);
  });

  test("a damaged blob is refused, and the next refresh repairs it", async () => {
    const { bundle } = await client().refresh();
    const blob = join(stateDir, "blobs", bundle.manifest.files.matcher.sha256);
    const bytes = readFileSync(blob);
    bytes[9]! ^= 1;
    writeFileSync(blob, bytes);
    await expect(client().lastKnownGood()).rejects.toMatchObject({ code: "mismatch" });
    await client().refresh();
    expect((await client().lastKnownGood())?.digest).toBe(digestOf("a"));
  });

  test("damaged last-good.json: a clear error, repaired by a refresh", async () => {
    await client().refresh();
    truncateSync(join(stateDir, "last-good.json"), 40);
    await expect(client().lastKnownGood()).rejects.toMatchObject({ code: "local-state" });
    await client().refresh();
    expect((await client().lastKnownGood())?.digest).toBe(digestOf("a"));
  });

  test("survives a kill between any two writes of an update", async () => {
    await client().refresh();
    await repository.publish(tinyBundle("acme", "b"));
    // The metadata of the new release is here, its bundle is not: as if killed before the downloads.
    repository.overrides.set(`/targets/${targetName("manifest.json", digestOf("b"))}`, (_, response) =>
      response.destroy(),
    );
    await expectRefused(client(), "unreachable", /manifest\.json/);
    writeFileSync(join(stateDir, "tmp", "left-behind"), "half");
    repository.overrides.clear();
    expect((await client().refresh()).bundle.digest).toBe(digestOf("b"));
    expect(readdirSync(join(stateDir, "tmp"))).toEqual([]);
  });
});

describe("admission", () => {
  const admit = async ({ digest }: { digest: string }): Promise<void> => {
    if (digest === digestOf("b")) throw new Error("not on this host");
  };

  test("what the host refuses to run never becomes the last good bundle", async () => {
    const subject = client({ admit });
    await subject.refresh();
    await repository.publish(tinyBundle("acme", "b"));
    await expectRefused(subject, "inadmissible", /^bundle [0-9a-f]{12}: not on this host$/);
    // Not even after a restart, when the metadata of its release is known already.
    await expectRefused(client({ admit }), "inadmissible", /not on this host/);
    expect(readdirSync(join(stateDir, "blobs"))).not.toContain(digestOf("b"));
    await repository.publish(tinyBundle("acme", "c"));
    expect(await subject.refresh()).toMatchObject({ changed: true, bundle: { digest: digestOf("c") } });
  });

  test("a first bundle that is refused: there is no last good one", async () => {
    await repository.publish(tinyBundle("acme", "b"));
    await expect(client({ admit }).refresh()).rejects.toMatchObject({ code: "inadmissible" });
    expect(await client().lastKnownGood()).toBeUndefined();
  });
});

describe("attacks", () => {
  test("rollback: an older timestamp is served", async () => {
    const old = repository.last.timestamp;
    await repository.publish(tinyBundle("acme", "b"));
    const subject = client();
    await subject.refresh();
    repository.put(old);
    await expectRefused(subject, "rollback", /version 1 is less than current version 2/, "b");
    await expectRefused(client(), "rollback", /version 1 is less/, "b");
  });

  test("rollback: a timestamp signed with stolen key names an older snapshot", async () => {
    const subject = client();
    await repository.publish(tinyBundle("acme", "b"));
    await subject.refresh();
    const { signSnapshot, signTimestamp } = await import("./repository.ts");
    const snapshot = await signSnapshot(repository.last.targets, repository.context("snapshot", 1));
    repository.put(snapshot);
    repository.put(await signTimestamp(snapshot, repository.context("timestamp")));
    await expectRefused(subject, "rollback", /snapshot version 1 is less/, "b");
  });

  test("rollback is remembered even when the newer release could not be completed", async () => {
    const subject = client();
    await subject.refresh();
    const old = repository.last.timestamp;
    await repository.publish(tinyBundle("acme", "b"));
    const path = `/metadata/${repository.last.snapshot.name}`;
    const snapshot = repository.files.get(path)!;
    repository.files.delete(path);
    await expectRefused(subject, "unreachable", /snapshot/);
    repository.put(old);
    await expectRefused(client(), "rollback", /version 1 is less/);
    repository.put(repository.last.timestamp);
    repository.files.set(path, snapshot);
    expect((await client().refresh()).bundle.digest).toBe(digestOf("b"));
  });

  test("freeze: the newest timestamp on offer has expired", async () => {
    const subject = client();
    await subject.refresh();
    repository.now = new Date(Date.now() - 2 * hourMs);
    await repository.publish(tinyBundle("acme", "b"));
    await expectRefused(subject, "expired", /expired/);
  });

  test("freeze: an expired snapshot under a fresh timestamp", async () => {
    await client().refresh();
    repository.lifetimes = { ...repository.lifetimes, snapshot: -1000 };
    await repository.publish(tinyBundle("acme", "b"));
    await expectRefused(client(), "expired", /snapshot/);
  });

  test("freeze: 304 for ever", async () => {
    let offsetMs = 0;
    const subject = client({ now: () => new Date(Date.now() + offsetMs) });
    await subject.refresh();
    offsetMs = 2 * hourMs;
    repository.requests.length = 0;
    await expectRefused(subject, "expired", /^timestamp: expired on/);
    expect(repository.requests).toEqual(["/metadata/timestamp.json"]);
  });

  test("arbitrary software: metadata signed by keys that the root does not name", async () => {
    const subject = client();
    await subject.refresh();
    repository.signers.targets = newSigner();
    await repository.publish(tinyBundle("acme", "b"));
    await expectRefused(subject, "signature", /targets was signed by 0\/1 keys/);
  });

  test("arbitrary software: signature stripped from the timestamp", async () => {
    const subject = client();
    await subject.refresh();
    await repository.publish(tinyBundle("acme", "b"));
    const timestamp = JSON.parse(new TextDecoder().decode(repository.last.timestamp.bytes));
    const bytes = new TextEncoder().encode(JSON.stringify({ ...timestamp, signatures: [] }));
    repository.put({ name: "timestamp.json", bytes });
    await expectRefused(subject, "signature", /timestamp was signed by 0\/1 keys/);
  });

  test("arbitrary software: a next root that the current root has not signed", async () => {
    const subject = client();
    await subject.refresh();
    repository.signers.root = newSigner();
    await repository.publishRoot();
    await repository.publish(tinyBundle("acme", "b"));
    await expectRefused(subject, "signature", /root was signed by 0\/1 keys/);
  });

  test("mix-and-match: targets of another release in place of those the snapshot names", async () => {
    const subject = client();
    await subject.refresh();
    const other = repository.last.targets;
    await repository.publish(tinyBundle("acme", "b"));
    repository.put({ name: repository.last.targets.name, bytes: other.bytes });
    await expectRefused(subject, "mismatch", /Expected (hash|length)/);
  });

  test("tampered module: any single bit", async () => {
    const bundle = tinyBundle("acme", "b");
    const subject = client();
    await subject.refresh();
    await repository.publish(bundle);
    const path = `/targets/${targetName("matcher.wasm", bundle.manifest.files.matcher.sha256)}`;
    const honest = repository.files.get(path)!;
    for (let bit = 0; bit < honest.length * 8; bit += 17) {
      const bytes = Uint8Array.from(honest);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      repository.files.set(path, bytes);
      await expectRefused(subject, "mismatch", /matcher\.wasm: has SHA-256/);
    }
    repository.files.set(path, honest);
    expect((await subject.refresh()).bundle.digest).toBe(bundle.digest);
  });

  test("tampered target: shorter than signed", async () => {
    const bundle = tinyBundle("acme", "b");
    const subject = client();
    await subject.refresh();
    await repository.publish(bundle);
    const path = `/targets/${targetName("sources.json", bundle.manifest.files.sources.sha256)}`;
    repository.files.set(path, repository.files.get(path)!.subarray(1));
    await expectRefused(subject, "mismatch", /the signed metadata says/);
  });

  test("wrong tenant: another tenant's metadata, signed by other keys", async () => {
    const subject = client();
    await subject.refresh();
    const other = await new Repository("globex").start();
    for (const [path, bytes] of other.files) if (!path.endsWith("root.json")) repository.files.set(path, bytes);
    await other.stop();
    await expectRefused(subject, "signature", /timestamp was signed by 0\/1/);
  });

  test("wrong tenant: another tenant's bundle, signed by this tenant's keys", async () => {
    const subject = client();
    await subject.refresh();
    await repository.publish(tinyBundle("globex", "b"));
    await expectRefused(subject, "wrong-tenant", /"globex", expected "acme"/);
  });

  test.each([
    ["timestamp.json", "/metadata/timestamp.json"],
    ["a next root", "/metadata/2.root.json"],
  ])("endless data: %s never ends", async (_, path) => {
    await client().refresh();
    repository.overrides.set(path, (__, response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(65536, "{");
      const push = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", push);
      push();
    });
    await expectRefused(client(), "oversize", /stopped reading/);
  });

  test("endless data: a target longer than signed", async () => {
    const bundle = tinyBundle("acme", "b");
    const subject = client();
    await subject.refresh();
    await repository.publish(bundle);
    repository.overrides.set(`/targets/${targetName("manifest.json", bundle.digest)}`, (_, response) => {
      response.end(Buffer.alloc(100_000));
    });
    await expectRefused(subject, "oversize", /manifest\.json: more than the \d+ bytes/);
  });

  test("threshold met by one key under two ids", async () => {
    await client().refresh();
    const root = JSON.parse(new TextDecoder().decode(repository.root.bytes));
    const [id] = root.signed.roles.root.keyids;
    const alias = "f".repeat(64);
    root.signed.version = 2;
    root.signed.keys[alias] = root.signed.keys[id];
    root.signed.roles.root = { keyids: [id, alias], threshold: 2 };
    const { canonicalize } = await import("@tufjs/canonical-json");
    const sig = Buffer.from(await repository.signers.root.sign(Buffer.from(canonicalize(root.signed)))).toString("hex");
    root.signatures = [
      { keyid: id, sig },
      { keyid: alias, sig },
    ];
    const bytes = new TextEncoder().encode(JSON.stringify(root));
    repository.put({ name: "2.root.json", bytes });
    await expectRefused(client(), "malformed", /key id f+ names the key/);
    expect(() => client({ trustedRoot: bytes })).toThrow(/key id f+ names the key/);
  });

  test("garbage in place of the timestamp", async () => {
    const subject = client();
    await subject.refresh();
    repository.put({ name: "timestamp.json", bytes: new TextEncoder().encode("<html>") });
    await expectRefused(subject, "malformed", /JSON/);
  });
});

describe("damaged local metadata", () => {
  test.each([0, 1, 300])("truncated local root.json (%i bytes): the pinned root takes over", async (length) => {
    await client().refresh();
    const old = repository.last.timestamp;
    await repository.publish(tinyBundle("acme", "b"));
    await client().refresh();
    truncateSync(join(stateDir, "metadata", "root.json"), length);
    await repository.publish(tinyBundle("acme", "a"));
    expect((await client().refresh()).bundle.digest).toBe(digestOf("a"));
    // The memory against rollback was not lost with the root.
    repository.put(old);
    await expectRefused(client(), "rollback", /version 1 is less/);
  });

  test.each(["timestamp", "snapshot", "targets"])("truncated local %s.json is fetched anew", async (role) => {
    await client().refresh();
    truncateSync(join(stateDir, "metadata", `${role}.json`), 20);
    expect((await client().refresh()).bundle.digest).toBe(digestOf("a"));
  });

  test("a state folder that can't be written: a clear error", async () => {
    writeFileSync(join(stateDir, "file"), "");
    await expect(client({ stateDir: join(stateDir, "file") }).refresh()).rejects.toMatchObject({ code: "local-state" });
  });
});

test("an answer that does not come: given up after the timeout", async () => {
  const { get } = await import("./transport.ts");
  repository.overrides.set("/silent", () => undefined);
  repository.overrides.set("/stuck", (_, response) => void response.writeHead(200).write("x"));
  for (const path of ["/silent", "/stuck"])
    await expect(
      get((url, init) => fetch(url, init), `${repository.url}${path}`, { bytesMax: 1000, answerTimeoutMs: 100 }),
    ).rejects.toMatchObject({ code: "unreachable", message: expect.stringMatching(/no complete answer within/) });
});
