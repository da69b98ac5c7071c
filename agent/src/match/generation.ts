/** A generation: the bundles active together on this host, each with its matcher and its place in tenant masks. */
import {
  type Matcher,
  type SetPrograms,
  setPrograms,
  type VariableState,
  VariableStore,
} from "@weir/matcher-wasm/host";
import type { Bundle } from "@weir/trust";
import { ContextPlan } from "./context/context.ts";

/** Of a bundle, what judging takes. */
export type JudgedBundle = Pick<Bundle, "digest" | "manifest" | "wasm" | "seeds">;

/** A bundle with its place on this host. */
export interface PlacedBundle {
  /** Bit in tenant masks, 0 … 63. */
  readonly slot: number;
  /** Of the loading; no other one on this host has had it, but for the same bundle in the generations that follow. */
  readonly serial: number;
  readonly bundle: JudgedBundle;
}

export interface ActiveBundle extends PlacedBundle {
  readonly matcher: Matcher;
  /** What rules set, shared with the bundle that was active before it. */
  readonly variables: VariableStore;
  readonly plan: ContextPlan;
  readonly sets: SetPrograms;
}

export interface Generation {
  readonly number: number;
  readonly bundles: readonly ActiveBundle[];
}

/** Tenants of one host at once: the bits of a tenant mask. */
export const TENANTS_MAX = 63;
/** The last bit is that of the agent's own keeper of hard links (`links.ts`). */
export const LINKS_SLOT = 63;

export interface ActiveBundleParts extends PlacedBundle {
  readonly matcher: Matcher;
  /** Of the tenant's bundle before, so that variables declared alike keep their values. */
  readonly state?: VariableState | undefined;
}

export function activeBundle({ slot, serial, bundle, matcher, state }: ActiveBundleParts): ActiveBundle {
  const { description } = matcher;
  const variables = new VariableStore(description, state);
  return {
    slot,
    serial,
    bundle,
    matcher,
    variables,
    plan: new ContextPlan(description, variables),
    sets: setPrograms(description),
  };
}
