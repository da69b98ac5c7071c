/**
 * Signs metadata anew before it expires, for as long as the service runs. Idempotent and safe on many
 * replicas: whoever is first does it, the others find it done.
 */
import type { Log } from "./http/env.ts";
import { listTenants } from "./layout.ts";
import type { TenantRepository } from "./releases.ts";
import type { ObjectStore } from "./store/store.ts";

export interface RenewalOptions {
  readonly store: ObjectStore;
  readonly repository: (tenant: string) => TenantRepository;
  readonly everyMs: number;
  readonly log: Log;
}

export class Renewal {
  readonly #options: RenewalOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(options: RenewalOptions) {
    this.#options = options;
  }

  /** Renews what is due now, then goes on by the clock. Failures are logged and tried again. */
  async start(): Promise<void> {
    await this.#run();
    this.#timer = setInterval(() => {
      this.#running ??= this.#run().finally(() => {
        this.#running = undefined;
      });
    }, this.#options.everyMs);
  }

  /** Waits for a renewal that is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      for (const tenant of await listTenants(this.#options.store)) await this.#renew(tenant);
    } catch (error) {
      this.#failed("renewal: tenants can't be listed", error);
    }
  }

  async #renew(tenant: string): Promise<void> {
    const { repository, log } = this.#options;
    try {
      const { renewed, offline } = await repository(tenant).renew();
      if (renewed.length > 0) log({ level: "info", message: "renewed", tenant, roles: renewed });
      if (offline.length > 0)
        log({ level: "error", message: "due for signing with keys that are not here", tenant, roles: offline });
    } catch (error) {
      this.#failed(`renewal of tenant ${tenant} failed`, error);
    }
  }

  #failed(message: string, error: unknown): void {
    this.#options.log({ level: "error", message, error: error instanceof Error ? error.message : String(error) });
  }
}
