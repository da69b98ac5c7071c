/**
 * A real S3 for integration tests: Debian's Ceph object gateway, installed where it is missing and started on
 * free loopback ports. WEIR_TEST_S3, an address as `weir serve --store` takes it, names another bucket to use
 * in its place (credentials from the environment).
 */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { createClient } from "./s3.ts";

export interface S3Server {
  /** Whether it is a bucket from outside, of which nothing is known. */
  readonly external: boolean;
  /** @returns address of an empty store */
  address(name: string): string;
  stop(): void;
}

const scripts = fileURLToPath(new URL("../../../test/s3/", import.meta.url));

/** Sets AWS credentials in the environment, which processes started by the test inherit. */
export async function startS3(): Promise<S3Server> {
  const given = process.env["WEIR_TEST_S3"];
  if (given !== undefined) {
    const [base, query] = given.split("?");
    const address = (name: string): string =>
      `${base}/${name}-${randomUUID()}${query === undefined ? "" : `?${query}`}`;
    return { external: true, address, stop: () => undefined };
  }
  execFileSync("sh", [join(scripts, "install.sh")], { stdio: ["ignore", "inherit", "inherit"] });
  for (let attempt = 1; ; attempt++) {
    const folder = mkdtempSync(join(tmpdir(), "weir-rgw-"));
    const stop = (): void => {
      execFileSync(join(scripts, "radosgw.sh"), ["stop", folder]);
      rmSync(folder, { recursive: true, force: true });
    };
    const log = openSync(join(folder, "start.log"), "w");
    try {
      const ports = [await freePort(), await freePort()] as const;
      // Not a pipe: the daemons keep what they inherit.
      const stdio: ["ignore", number, number] = ["ignore", log, log];
      execFileSync(join(scripts, "radosgw.sh"), ["start", folder, ...ports.map(String)], { stdio });
      const endpoint = `http://127.0.0.1:${ports[0]}`;
      await createBucket(endpoint);
      return { external: false, address: (name) => `s3://weir/${name}?endpoint=${endpoint}`, stop };
    } catch (error) {
      const said = readFileSync(join(folder, "start.log"), "utf8").slice(-2000);
      stop();
      // A port that was free may be taken by the time a daemon binds it.
      if (attempt === 3) throw new Error(`${(error as Error).message}\n${said}`, { cause: error });
    } finally {
      closeSync(log);
    }
  }
}

async function createBucket(endpoint: string): Promise<void> {
  process.env["AWS_ACCESS_KEY_ID"] = "weir";
  process.env["AWS_SECRET_ACCESS_KEY"] = "weirsecret";
  const client = createClient({ endpoint });
  await client.send(new CreateBucketCommand({ Bucket: "weir" }));
  client.destroy();
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
