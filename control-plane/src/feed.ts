/**
 * Tells listeners that a tenant has a new release. A hint, never an authority: agents verify what they fetch,
 * and poll all the same. Releases made here are told at once; those of other replicas are noticed by looking
 * at the store while somebody listens.
 */
export interface ReleaseHint {
  readonly tenant: string;
  readonly digest: string;
  readonly version: number;
}

type Listener = (hint: ReleaseHint) => void;

interface Watch {
  readonly listeners: Set<Listener>;
  last: ReleaseHint | undefined;
  timer: NodeJS.Timeout | undefined;
}

export interface FeedOptions {
  /** Current release of a tenant, undefined where there is none. */
  readonly look: (tenant: string) => Promise<ReleaseHint | undefined>;
  readonly pollMs: number;
  readonly onError: (error: unknown) => void;
}

export class ReleaseFeed {
  readonly #options: FeedOptions;
  readonly #watches = new Map<string, Watch>();
  readonly #closing = new AbortController();

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Aborted when there will be no more hints. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** The listener hears the current release first, then each change. @returns how to stop */
  watch(tenant: string, listener: Listener): () => void {
    let watch = this.#watches.get(tenant);
    if (watch === undefined) {
      watch = { listeners: new Set(), last: undefined, timer: undefined };
      this.#watches.set(tenant, watch);
      this.#poll(tenant, watch);
    } else {
      this.#look(tenant, listener);
    }
    watch.listeners.add(listener);
    return () => {
      watch.listeners.delete(listener);
      if (watch.listeners.size > 0 || this.#watches.get(tenant) !== watch) return;
      clearTimeout(watch.timer);
      this.#watches.delete(tenant);
    };
  }

  /** A release made by this process. */
  announce(hint: ReleaseHint): void {
    const watch = this.#watches.get(hint.tenant);
    if (watch !== undefined) tell(watch, hint);
  }

  close(): void {
    for (const watch of this.#watches.values()) clearTimeout(watch.timer);
    this.#watches.clear();
    this.#closing.abort();
  }

  #poll(tenant: string, watch: Watch): void {
    this.#options
      .look(tenant)
      .then((hint) => {
        if (hint !== undefined) tell(watch, hint);
      })
      .catch(this.#options.onError)
      .finally(() => {
        if (this.#watches.get(tenant) !== watch) return;
        watch.timer = setTimeout(() => this.#poll(tenant, watch), this.#options.pollMs);
      });
  }

  #look(tenant: string, listener: Listener): void {
    this.#options
      .look(tenant)
      .then((hint) => {
        if (hint !== undefined) listener(hint);
      })
      .catch(this.#options.onError);
  }
}

function tell(watch: Watch, hint: ReleaseHint): void {
  const { last } = watch;
  // A look that began before an announcement ends after it, with what was current then.
  if (last !== undefined && hint.version <= last.version) return;
  watch.last = hint;
  if (last?.digest === hint.digest) return;
  for (const listener of watch.listeners) listener(hint);
}
