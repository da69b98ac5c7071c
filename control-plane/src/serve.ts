/** Wires the control plane to a socket, a store and a clock. Everything with a decision in it lives elsewhere. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DEFAULT_LIFETIMES, type Lifetimes } from "@weir/trust";
import { compileForPublish, warmUp } from "./compile.ts";
import { ReleaseFeed } from "./feed.ts";
import { createApp } from "./http/app.ts";
import type { Log } from "./http/env.ts";
import { KeyFolder } from "./keys.ts";
import { listen } from "./listen.ts";
import type { Compile } from "./publish.ts";
import { TenantRepository } from "./releases.ts";
import { Renewal } from "./renewal.ts";
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
  readonly log?: Log;
}

export interface ControlPlane {
  readonly url: string;
  readonly storeName: string;
  /** Only at the first start with this state folder; it can't be shown again. */
  readonly freshToken: string | undefined;
  /** Stops taking requests, ends event streams and waits for what is running. */
  close(): Promise<void>;
}

/** @throws StoreRefused, StoreUnavailable; Error where the address can't be listened on */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { stateDir, lifetimes = DEFAULT_LIFETIMES, log = () => undefined, compile = compileForPublish } = options;
  const store = await openStore(options.store);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const token = await openAdminToken(join(stateDir, "admin-token.json"));
  const keys = new KeyFolder(join(stateDir, "keys"));
  const repository = (tenant: string) =>
    new TenantRepository(tenant, { store, keys, lifetimes, now: () => new Date() });

  const feed = new ReleaseFeed({
    look: async (tenant) => {
      const current = await repository(tenant).current();
      return current === undefined ? undefined : { tenant, digest: current.digest, version: current.version };
    },
    pollMs: options.feedPollMs ?? 1000,
    onError: (error) => log({ level: "error", message: "release feed", error: (error as Error).message }),
  });
  // Before anybody is served: after a long stop every timestamp has expired.
  const renewal = new Renewal({ store, repository, everyMs: options.renewEveryMs ?? 60_000, log });
  await renewal.start();
  const app = createApp({ store, repository, compile, feed, verifyToken: token.verify, log });
  try {
    const { url, close } = await listen(app.fetch, options.listen);
    if (options.compile === undefined)
      warmUp().catch((error: Error) => log({ level: "error", message: "warm-up", error: error.message }));
    return {
      url,
      storeName: store.name,
      freshToken: token.fresh,
      close: async () => {
        feed.close();
        await Promise.all([renewal.stop(), close()]);
      },
    };
  } catch (error) {
    await renewal.stop();
    throw error;
  }
}
