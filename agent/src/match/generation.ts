/** A generation: the bundles active together on this host, each with its matcher and its place in tenant masks. */
import type { ProgramDescription } from "@weir/matcher-wasm/format";
import { type Matcher, type VariableState, VariableStore } from "@weir/matcher-wasm/host";
import type { Bundle } from "@weir/trust";
import { ContextPlan } from "./context/context.ts";

/** An action that sets a variable. */
export type SetProgram = ProgramDescription & { readonly set: NonNullable<ProgramDescription["set"]> };

export interface ActiveBundle {
  /** Bit in tenant masks, 0 … 63. */
  readonly slot: number;
  readonly bundle: Bundle;
  readonly matcher: Matcher;
  /** What rules set, shared with the bundle that was active before it. */
  readonly variables: VariableStore;
  readonly plan: ContextPlan;
  /** By rule, in the order of its actions. */
  readonly sets: ReadonlyMap<number, readonly SetProgram[]>;
}

export interface Generation {
  readonly number: number;
  readonly bundles: readonly ActiveBundle[];
}

/** Tenants of one host at once: the bits of a tenant mask. */
export const TENANTS_MAX = 64;

export interface ActiveBundleParts {
  readonly slot: number;
  readonly bundle: Bundle;
  readonly matcher: Matcher;
  /** Of the tenant's bundle before, so that variables declared alike keep their values. */
  readonly state?: VariableState | undefined;
}

export function activeBundle({ slot, bundle, matcher, state }: ActiveBundleParts): ActiveBundle {
  const { description } = matcher;
  const variables = new VariableStore(description, state);
  const sets = description.programs.filter((program): program is SetProgram => program.set !== undefined);
  const inOrder = sets.toSorted((a, b) => a.rule - b.rule || a.action - b.action);
  return {
    slot,
    bundle,
    matcher,
    variables,
    plan: new ContextPlan(description, variables),
    sets: Map.groupBy(inOrder, ({ rule }) => rule),
  };
}
