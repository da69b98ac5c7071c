/**
 * Keeps the agent on the newest bundles of its tenants: starts from the last good ones on disk, polls each
 * repository, and refreshes at once when the control plane hints at news.
 *
 * Invariant: a hint decides when to look, never what to load. A tenant whose refresh fails keeps its bundle.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Bundle, BundleClient, sha256, TrustError, UnreachableError } from "@weir/trust";
import type { Activation, Agent } from "./agent.ts";
import { followHints } from "./hints.ts";

export interface TenantSource {
  readonly name: string;
  /** Root metadata, or its lower-case SHA-256, that the tenant is trusted by; undefined once enrolled. */
  readonly root: Uint8Array | string | undefined;
}

export interface UpdaterOptions {
  readonly agent: Agent;
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
    super(`tenant ${tenant}: ${message}`, { cause });
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

export class Updater {
  readonly #options: UpdaterOptions;
  readonly #tenants: readonly Tenant[];
  readonly #abort = new AbortController();
  #wake: () => void = () => {};
  #work: Promise<unknown> = Promise.resolve();

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
   * @throws EnrolmentError when a tenant can never be trusted with what was given
   */
  async start(): Promise<void> {
    for (const tenant of this.#tenants) await this.#restore(tenant);
    if (this.#tenants.some(({ bundle }) => bundle)) await this.#activate();
    await this.#refreshAll();
    for (const { failure } of this.#tenants)
      if (failure instanceof EnrolmentError && !(failure.cause instanceof UnreachableError)) throw failure;
    this.#work = Promise.all([
      this.#poll(),
      ...this.#tenants.map(({ name }) =>
        followHints({
          url: `${this.#options.server}/v1/events/${name}`,
          signal: this.#abort.signal,
          onHint: () => this.#wake(),
        }),
      ),
    ]);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#wake();
    await this.#work;
  }

  async #poll(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      // A tenth of jitter, so that a fleet that started together does not poll together.
      const pauseMs = this.#options.pollMs * (0.95 + Math.random() / 10);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pauseMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      if (!this.#abort.signal.aborted) await this.#refreshAll();
    }
  }

  async #refreshAll(): Promise<void> {
    const changes = await Promise.all(this.#tenants.map((tenant) => this.#refresh(tenant)));
    if (changes.includes(true)) await this.#activate();
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
    const repeated = tenant.failure?.message === error.message;
    tenant.failure = error;
    if (repeated) return;
    this.#options.report({ kind: "failed", tenant: tenant.name, error, enforcing: tenant.bundle?.digest });
  }

  async #restore(tenant: Tenant): Promise<void> {
    try {
      const root = await readFile(this.#rootFile(tenant)).catch(() => undefined);
      if (root === undefined) return;
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

  #folder({ name }: Tenant): string {
    return join(this.#options.stateDir, "tenants", name);
  }

  /** The root that the tenant was enrolled with. */
  #rootFile(tenant: Tenant): string {
    return join(this.#folder(tenant), "pinned-root.json");
  }

  #newClient(tenant: Tenant, trustedRoot: Uint8Array): BundleClient {
    const base = `${this.#options.server}/v1/tenants/${tenant.name}`;
    return new BundleClient({
      metadataUrl: `${base}/metadata`,
      targetsUrl: `${base}/targets`,
      stateDir: join(this.#folder(tenant), "repository"),
      trustedRoot,
    });
  }

  async #clientOf(tenant: Tenant): Promise<BundleClient> {
    if (tenant.client) return tenant.client;
    const root = await this.#enrol(tenant);
    const client = this.#newClient(tenant, root);
    if (client.tenant !== tenant.name)
      throw new EnrolmentError(tenant.name, `the given root belongs to tenant ${JSON.stringify(client.tenant)}`);
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
      throw new EnrolmentError(name, "not enrolled on this host; give its root file or fingerprint once");
    const url = `${this.#options.server}/v1/tenants/${name}/root`;
    const bytes = await fetchRoot(url).catch((cause) => {
      throw new EnrolmentError(name, `its root cannot be fetched from ${url}`, cause);
    });
    const digest = sha256(bytes);
    if (digest !== source.root)
      throw new EnrolmentError(name, `${url} has SHA-256 ${digest}, expected the given fingerprint ${source.root}`);
    return bytes;
  }
}

async function fetchRoot(url: string): Promise<Uint8Array> {
  const unreachable = (reason: string, cause?: unknown): UnreachableError =>
    new UnreachableError({ url, reason, cause });
  const response = await fetch(url, { signal: AbortSignal.timeout(ENROL_TIMEOUT_MS) }).catch((cause) => {
    throw unreachable(String((cause as Error).cause ?? cause), cause);
  });
  if (!response.ok) throw unreachable(`answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > ROOT_BYTES_MAX) throw new Error(`more than ${ROOT_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
