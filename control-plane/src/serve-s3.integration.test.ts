/** The control plane on a real S3: publishing, replicas, races, and agents that follow. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enrol, policy, publish, start } from "./serve.fixture.ts";
import { type S3Server, startS3 } from "./store/radosgw.fixture.ts";

let folder: string;
let s3: S3Server | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "weir-serve-s3-"));
  s3 = await startS3();
});

afterAll(() => {
  s3?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("publish to S3, agent follows, restart finds everything there", async () => {
  const store = s3!.address("serve");
  const first = await start(folder, { store });
  const token = first.freshToken!;
  expect(await publish(first.url, { token, tenant: "acme", text: policy("a") })).toMatchObject({ status: 201 });
  const client = await enrol(first.url, "acme", join(folder, "agent"));
  expect((await client.refresh()).bundle.manifest.rules[0]?.id).toBe("a");
  await first.close();
  const second = await start(folder, { store });
  expect(await publish(second.url, { token, tenant: "acme", text: policy("a") })).toMatchObject({
    status: 200,
    body: { changed: false, version: 1 },
  });
  await second.close();
});

test("replicas that publish at once: one release wins each round, the others answer 409", async () => {
  const store = s3!.address("race");
  const home = mkdtempSync(join(folder, "replicas-"));
  const a = await start(home, { store });
  const b = await start(home, { store });
  const token = a.freshToken!;
  await publish(a.url, { token, tenant: "race", text: policy("start") });
  const client = await enrol(a.url, "race", join(folder, "racer"));
  for (let round = 0; round < 5; round++) {
    const urls = [a.url, b.url, a.url, b.url];
    const results = await Promise.all(
      urls.map((url, i) => publish(url, { token, tenant: "race", text: policy(`r${round}-${i}`) })),
    );
    const won = results.filter(({ status }) => status === 201);
    expect(results.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    expect((await client.refresh()).bundle.digest).toBe(won[0]?.body["digest"]);
  }
  await Promise.all([a.close(), b.close()]);
});
