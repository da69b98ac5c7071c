/**
 * Which bundle has which bit in tenant masks, by generation, and what stands in for a bundle that is broken.
 *
 * Invariant: a tenant keeps its bit as long as it has a bundle; a broken bundle is never placed again.
 */
import type { Bundle } from "@weir/trust";
import type { BrokenBundle, Refusal } from "./engine/protocol.ts";
import { TENANTS_MAX } from "./match/generation.ts";

interface Placed {
  readonly slot: number;
  readonly serial: number;
  readonly bundle: Bundle;
}

export interface PlacedGeneration {
  readonly number: number;
  readonly bundles: readonly Placed[];
}

/** What a set of bundles comes to, before their modules were looked at. */
export interface Placing {
  readonly placed: readonly Placed[];
  readonly refused: readonly Refusal[];
}

export class BrokenBundleError extends Error {
  override readonly name = "BrokenBundleError";
  readonly code = "broken-bundle";

  constructor({ digest, reason }: BrokenBundle) {
    super(`bundle ${digest.slice(0, 12)} broke on this host: ${reason}`);
  }
}

export class Placement {
  #active: readonly Placed[] = [];
  #wanted: readonly Bundle[] = [];
  #serial = 0;
  readonly #generations = new Map<number, PlacedGeneration>();
  /** The bundle before the active one, by tenant. */
  readonly #before = new Map<string, Bundle>();
  readonly #broken = new Map<string, BrokenBundle>();

  /** Those of the current generation. */
  get active(): readonly Placed[] {
    return this.#active;
  }

  /** The bundles that were asked for last. */
  get wanted(): readonly Bundle[] {
    return this.#wanted;
  }

  /** Those that an event may still be judged by, the oldest first. */
  get generations(): readonly PlacedGeneration[] {
    return [...this.#generations.values()];
  }

  get broken(): readonly BrokenBundle[] {
    return [...this.#broken.values()];
  }

  /**
   * Gives each bundle a place. One that is broken is refused, and its tenant's last good one takes its place.
   * @throws RangeError for more tenants than a mask has bits
   */
  place(bundles: readonly Bundle[]): Placing {
    if (bundles.length > TENANTS_MAX)
      throw new RangeError(`${bundles.length} tenants on one host, expected at most ${TENANTS_MAX}`);
    this.#wanted = bundles;
    const refused: Refusal[] = [];
    const placed: Placed[] = [];
    const taken = new Set(this.#active.map(({ slot }) => slot));
    for (const asked of bundles) {
      const { tenant } = asked.manifest;
      const broken = this.#broken.get(keyOf(tenant, asked.digest));
      if (broken) refused.push({ tenant, error: new BrokenBundleError(broken) });
      const bundle = broken ? this.#lastGood(tenant) : asked;
      if (bundle === undefined) continue;
      const active = this.#active.find((one) => one.bundle.manifest.tenant === tenant);
      if (active?.bundle.digest === bundle.digest) {
        placed.push(active);
        continue;
      }
      const slot = active?.slot ?? freeSlot(taken);
      taken.add(slot);
      placed.push({ slot, serial: ++this.#serial, bundle });
    }
    return { placed, refused };
  }

  #lastGood(tenant: string): Bundle | undefined {
    const active = this.#active.find(({ bundle }) => bundle.manifest.tenant === tenant)?.bundle;
    return [active, this.#before.get(tenant)].find(
      (bundle) => bundle !== undefined && !this.#broken.has(keyOf(tenant, bundle.digest)),
    );
  }

  /** What was placed as a generation, now that it is known whose module was refused: those tenants keep what they have. */
  settle(number: number, placed: readonly Placed[], refused: readonly Refusal[]): PlacedGeneration {
    const bundles = placed.flatMap((one) => {
      const isRefused = refused.some(({ tenant }) => tenant === one.bundle.manifest.tenant);
      return isRefused ? (this.#active.find(({ slot }) => slot === one.slot) ?? []) : one;
    });
    const generation = { number, bundles };
    this.#generations.set(number, generation);
    return generation;
  }

  begin({ bundles }: PlacedGeneration): void {
    for (const { bundle } of this.#active) {
      const { tenant } = bundle.manifest;
      const now = bundles.find((one) => one.bundle.manifest.tenant === tenant);
      if (now === undefined) this.#before.delete(tenant);
      else if (now.bundle.digest !== bundle.digest) this.#before.set(tenant, bundle);
    }
    this.#active = bundles;
  }

  /** No event is judged by it any more, or ever was. */
  forget(number: number): void {
    this.#generations.delete(number);
  }

  condemn(broken: BrokenBundle): void {
    this.#broken.set(keyOf(broken.tenant, broken.digest), broken);
  }
}

const keyOf = (tenant: string, digest: string): string => `${tenant} ${digest}`;

function freeSlot(taken: ReadonlySet<number>): number {
  for (let slot = 0; slot < TENANTS_MAX; slot++) if (!taken.has(slot)) return slot;
  throw new RangeError(`all ${TENANTS_MAX} tenant slots of this host are taken`);
}
