/** Wires the control plane to a socket, a store and a clock. Everything with a decision in it lives elsewhere. */
import { mkdir } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { DEFAULT_LIFETIMES, type Lifetimes } from "@weir/trust";
import { compileForPublish } from "./compile.ts";
import { ReleaseFeed } from "./feed.ts";
import { createApp } from "./http/app.ts";
import type { LogEntry } from "./http/env.ts";
import { KeyFolder } from "./keys.ts";
import type { Compile } from "./publish.ts";
import { listTenants, TenantRepository } from "./releases.ts";
import { openStore } from "./store/open.ts";
import { openAdminToken } from "./tokens.ts";

export interface ControlPlaneOptions {
  /** Address as `openStore` takes it. */
  readonly store: string;
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Folder for keys and the token's hash. */
  readonly stateDir: string;
  readonly lifetimes?: Lifetimes;
  /** How often other replicas' releases are looked for while agents listen. */
  readonly feedPollMs?: number;
  /** How often expiry is looked at. */
  readonly renewEveryMs?: number;
  readonly compile?: Compile;
  readonly log?: (entry: LogEntry) => void;
}

export interface ControlPlane {
  readonly url: string;
  readonly storeName: string;
  /** Only at the first start with this state folder; it can't be shown again. */
  readonly freshToken: string | undefined;
  /** Stops taking requests, ends streams and waits for what is running. */
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 60_000;

/**
 * @throws StoreRefused, StoreUnavailable; Error where the address can't be listened on
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { stateDir, listen, lifetimes = DEFAULT_LIFETIMES, log = () => undefined } = options;
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const store = await openStore(options.store);
  const token = await openAdminToken(join(stateDir, "admin-token.json"));
  const keys = new KeyFolder(join(stateDir, "keys"));
  const repository = (tenant: string) =>
    new TenantRepository(tenant, { store, keys, lifetimes, now: () => new Date() });
  const logError = (message: string, error: unknown) =>
    log({ level: "error", message, error: error instanceof Error ? error.message : String(error) });

  const feed = new ReleaseFeed({
    look: async (tenant) => {
      const current = await repository(tenant).current();
      return current === undefined ? undefined : { tenant, digest: current.digest, version: current.version };
    },
    pollMs: options.feedPollMs ?? 1000,
    onError: (error) => logError("release feed", error),
  });
  const compile = options.compile ?? compileForPublish;
  const app = createApp({ store, repository, compile, feed, verifyToken: token.verify, log });

  const renew = async (): Promise<void> => {
    try {
      for (const tenant of await listTenants(store)) {
        try {
          const { renewed, offline } = await repository(tenant).renew();
          if (renewed.length > 0) log({ level: "info", message: "renewed", tenant, roles: renewed });
          if (offline.length > 0)
            logError("due for signing with keys kept elsewhere", `${tenant}: ${offline.join(", ")}`);
        } catch (error) {
          logError(`renewal of ${tenant}`, error);
        }
      }
    } catch (error) {
      logError("renewal", error);
    }
  };
  // Before anybody is served: after a long stop every timestamp has expired.
  await renew();

  const server = createAdaptorServer({ fetch: app.fetch });
  if ("requestTimeout" in server) server.requestTimeout = REQUEST_TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(listen.port, listen.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= renew().finally(() => {
      running = undefined;
    });
  }, options.renewEveryMs ?? 60_000);

  const { address, family, port } = server.address() as AddressInfo;
  const host = family === "IPv6" ? `[${address}]` : address;
  return {
    url: `http://${host}:${port}`,
    storeName: store.name,
    freshToken: token.fresh,
    close: async () => {
      clearInterval(timer);
      feed.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Event streams never end by themselves; requests get a moment.
      if ("closeIdleConnections" in server) server.closeIdleConnections();
      const force = setTimeout(() => {
        if ("closeAllConnections" in server) server.closeAllConnections();
      }, 2000);
      await closed;
      clearTimeout(force);
      await running;
    },
  };
}
