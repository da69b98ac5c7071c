/** A generation: the bundles active together on this host, each with its matcher and its place in tenant masks. */
import type { Matcher } from "@weir/matcher-wasm/host";
import type { Bundle } from "@weir/trust";

export interface ActiveBundle {
  /** Bit in tenant masks, 0 … 63. */
  readonly slot: number;
  readonly bundle: Bundle;
  readonly matcher: Matcher;
}

export interface Generation {
  readonly number: number;
  readonly bundles: readonly ActiveBundle[];
}

/** Tenants of one host at once: the bits of a tenant mask. */
export const TENANTS_MAX = 64;
