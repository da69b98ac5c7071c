/**
 * Keeps the agent on the newest bundles of its tenants: starts from the last good ones on disk, polls each
 * repository, and refreshes at once when the control plane hints at news.
 *
 * Invariant: a hint decides when to look, never what to load. A tenant whose refresh fails keeps its bundle.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { admitModule } from "@weir/matcher-wasm/host";
import { type Bundle, BundleClient, sha256, TrustError, UnreachableError } from "@weir/trust";
import type { Activation, Agent } from "./agent.ts";
import { followHints } from "./hints.ts";

export interface TenantSource {
  readonly name: string;
  /** Root metadata, or its lower-case SHA-256, that the tenant is trusted by; undefined once enrolled. */
  readonly root: Uint8Array | string | undefined;
}

export interface UpdaterOptions {
  readonly agent: Pick<Agent, "activate" | "bundles">;
  /** Base address of the control plane. */
  readonly server: string;
  readonly tenants: readonly TenantSource[];
  /** Folder of this agent's state. */
  readonly stateDir: string;
  readonly pollMs: number;
  readonly report: (event: UpdateEvent) => void;
}

/** What an operator wants to know about updates. */
export type UpdateEvent =
  | { readonly kind: "activated"; readonly activation: Activation; readonly bundles: readonly Bundle[] }
  | { readonly kind: "restored"; readonly tenant: string; readonly bundle: Bundle; readonly expired: boolean }
  | { readonly kind: "failed"; readonly tenant: string; readonly error: Error; readonly enforcing: string | undefined };

/** The tenant is unknown to this agent and nothing says by which root to trust it. */
export class EnrolmentError extends Error {
  override readonly name = "EnrolmentError";
  readonly tenant: string;

  constructor(tenant: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.tenant = tenant;
  }
}

interface Tenant {
  readonly name: string;
  readonly source: TenantSource;
  client: BundleClient | undefined;
  bundle: Bundle | undefined;
  /** The last failure, so that a lasting one is reported once; undefined after a success. */
  failure: Error | undefined;
}

const ROOT_BYTES_MAX = 512_000;
const ENROL_TIMEOUT_MS = 10_000;
/** Least time between two looks, so that a flood of hints costs no more than this. */
const REST_MS = 500;

export class Updater {
  readonly #options: UpdaterOptions;
  readonly #tenants: readonly Tenant[];
  readonly #abort = new AbortController();
  /** Ends the pause between two looks. */
  #wake: () => void = () => {};
  /** There was a hint since the last look began. */
  #hinted = false;
  #starting: Promise<void> = Promise.resolve();
  #work: Promise<unknown> = Promise.resolve();
  /** Whether there are bundles that the agent could not be brought to yet. */
  #pending = false;

  constructor(options: UpdaterOptions) {
    this.#options = options;
    this.#tenants = options.tenants.map((source) => ({
      name: source.name,
      source,
      client: undefined,
      bundle: undefined,
      failure: undefined,
    }));
  }

  /**
   * Activates the last good bundles, looks for newer ones once, and goes on in the background.
   * @throws EnrolmentError when nothing is enforced and a tenant can never be trusted with what was given
   */
  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    for (const tenant of this.#tenants) await this.#restore(tenant);
    if (this.#tenants.some(({ bundle }) => bundle)) await this.#activate();
    await this.#refreshAll();
    if (this.#abort.signal.aborted) return;
    // One tenant's wrong root must not end what protects the host for the others.
    const enforcing = this.#tenants.some(({ bundle }) => bundle);
    for (const { failure } of enforcing ? [] : this.#tenants)
      if (failure instanceof EnrolmentError && !(failure.cause instanceof UnreachableError)) throw failure;
    this.#work = Promise.all([
      this.#poll(),
      ...this.#tenants.map(({ name }) =>
        followHints({
          url: `${this.#options.server}/v1/events/${name}`,
          signal: this.#abort.signal,
          onHint: () => this.#hint(),
        }),
      ),
    ]);
  }

  /** Gives up what is under way. Also before `start` has returned. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#wake();
    await this.#starting.catch(() => undefined);
    await this.#work;
  }

  #hint(): void {
    this.#hinted = true;
    this.#wake();
  }

  async #poll(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      if (!this.#hinted) await this.#pause();
      this.#hinted = false;
      if (this.#abort.signal.aborted) return;
      await this.#refreshAll();
      await sleep(REST_MS, undefined, { signal: this.#abort.signal }).catch(() => undefined);
    }
  }

  #pause(): Promise<void> {
    // A tenth of jitter, so that a fleet that started together does not poll together.
    const pauseMs = this.#options.pollMs * (0.95 + Math.random() / 10);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #refreshAll(): Promise<void> {
    const changes = await Promise.all(this.#tenants.map((tenant) => this.#refresh(tenant)));
    this.#pending ||= changes.includes(true);
    if (!this.#pending) return;
    try {
      await this.#activate();
      this.#pending = false;
    } catch (error) {
      // The next round tries again; what was active before is so still.
      for (const tenant of this.#tenants) this.#failed(tenant, error as Error);
    }
  }

  /** @returns whether there is a new bundle */
  async #refresh(tenant: Tenant): Promise<boolean> {
    try {
      const client = await this.#clientOf(tenant);
      const { bundle } = await client.refresh();
      tenant.failure = undefined;
      const changed = bundle.digest !== tenant.bundle?.digest;
      tenant.bundle = bundle;
      return changed;
    } catch (error) {
      this.#failed(tenant, error as Error);
      return false;
    }
  }

  #failed(tenant: Tenant, error: Error): void {
    if (this.#abort.signal.aborted) return;
    const repeated = tenant.failure?.message === error.message;
    tenant.failure = error;
    if (repeated) return;
    this.#options.report({ kind: "failed", tenant: tenant.name, error, enforcing: this.#enforced(tenant) });
  }

  /** @returns digest of the bundle that the tenant's events are judged by */
  #enforced({ name }: Tenant): string | undefined {
    return this.#options.agent.bundles.find(({ tenant }) => tenant === name)?.digest;
  }

  async #restore(tenant: Tenant): Promise<void> {
    try {
      const root = await readFile(this.#rootFile(tenant)).catch(() => undefined);
      if (root === undefined) return;
      this.#checkPinned(tenant, root);
      tenant.client = this.#newClient(tenant, root);
      const bundle = await tenant.client.lastKnownGood();
      if (bundle === undefined) return;
      tenant.bundle = bundle;
      const expired = bundle.expired.length > 0;
      this.#options.report({ kind: "restored", tenant: tenant.name, bundle, expired });
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      this.#failed(tenant, error);
    }
  }

  async #activate(): Promise<void> {
    const bundles = this.#tenants.flatMap(({ bundle }) => (bundle ? [bundle] : []));
    const activation = await this.#options.agent.activate(bundles);
    this.#options.report({ kind: "activated", activation, bundles });
  }

  #folder({ name }: Pick<Tenant, "name">): string {
    return join(this.#options.stateDir, "tenants", name);
  }

  /** The root that the tenant was enrolled with. */
  #rootFile(tenant: Tenant): string {
    return join(this.#folder(tenant), "pinned-root.json");
  }

  /** @throws EnrolmentError when the host was enrolled with another root than is given now */
  #checkPinned({ name, source }: Tenant, pinned: Uint8Array): void {
    const digest = sha256(pinned);
    const given = source.root instanceof Uint8Array ? sha256(source.root) : source.root;
    if (given !== undefined && given !== digest)
      throw new EnrolmentError(
        name,
        `tenant ${name} was enrolled on this host by a root with SHA-256 ${digest}, the given one has ${given}; to enrol anew, remove ${this.#folder({ name })}`,
      );
  }

  #newClient(tenant: Tenant, trustedRoot: Uint8Array): BundleClient {
    const base = `${this.#options.server}/v1/tenants/${tenant.name}`;
    return new BundleClient({
      metadataUrl: `${base}/metadata`,
      targetsUrl: `${base}/targets`,
      stateDir: join(this.#folder(tenant), "repository"),
      trustedRoot,
      fetcher: (url, init) => fetch(url, { ...init, signal: this.#orAbort(init.signal) }),
      admit: async ({ wasm }) => void (await admitModule(wasm)),
    });
  }

  #orAbort(signal: AbortSignal | null | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#abort.signal]) : this.#abort.signal;
  }

  async #clientOf(tenant: Tenant): Promise<BundleClient> {
    if (tenant.client) return tenant.client;
    const root = await this.#enrol(tenant);
    const client = this.#newClient(tenant, root);
    if (client.tenant !== tenant.name)
      throw new EnrolmentError(
        tenant.name,
        `the given root belongs to tenant ${JSON.stringify(client.tenant)}, expected ${JSON.stringify(tenant.name)}`,
      );
    const file = this.#rootFile(tenant);
    await mkdir(this.#folder(tenant), { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, root);
    await rename(`${file}.new`, file);
    tenant.client = client;
    return client;
  }

  /** @returns the root to pin: as given, or the server's when it has the given digest */
  async #enrol({ name, source }: Tenant): Promise<Uint8Array> {
    if (source.root instanceof Uint8Array) return source.root;
    if (source.root === undefined)
      throw new EnrolmentError(
        name,
        `tenant ${name} is not enrolled on this host; give its root once, as --tenant ${name}=sha256:FINGERPRINT or --tenant ${name}=FILE`,
      );
    const url = `${this.#options.server}/v1/tenants/${name}/root`;
    const signal = this.#orAbort(AbortSignal.timeout(ENROL_TIMEOUT_MS));
    const bytes = await fetchRoot(url, signal).catch((cause) => {
      throw new EnrolmentError(name, `the tenant's root cannot be fetched: ${(cause as Error).message}`, cause);
    });
    const digest = sha256(bytes);
    if (digest !== source.root)
      throw new EnrolmentError(name, `${url} has SHA-256 ${digest}, expected the given fingerprint ${source.root}`);
    return bytes;
  }
}

async function fetchRoot(url: string, signal: AbortSignal): Promise<Uint8Array> {
  const unreachable = (reason: string, cause?: unknown): UnreachableError =>
    new UnreachableError({ url, reason, cause });
  const broken = (cause: Error): never => {
    throw unreachable(cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message, cause);
  };
  const response = await fetch(url, { signal }).catch(broken);
  if (!response.ok) throw unreachable(`answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > ROOT_BYTES_MAX) break;
      chunks.push(chunk);
    }
  } catch (error) {
    broken(error as Error);
  }
  if (bytes > ROOT_BYTES_MAX) throw new Error(`${url}: more than ${ROOT_BYTES_MAX} bytes`);
  return Buffer.concat(chunks);
}
