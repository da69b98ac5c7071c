/** Which rules of one bundle an event matches on this host; `decideRules` says how, and what `set` actions do. */
import { decideRules } from "@weir/matcher-wasm/host";
import type { EventContext } from "./context/context.ts";
import type { ActiveBundle } from "./generation.ts";

export interface Decision {
  readonly bundle: ActiveBundle;
  /** Of the event's record in the matcher's input. */
  readonly recordOffset: number;
  readonly event: EventContext;
  /** Rules that matched without context. */
  readonly rules: readonly number[];
  /** Some rules only may match. */
  readonly candidate: boolean;
  /** Rules that have matched the operation under another name. */
  readonly spent?: ReadonlySet<number> | undefined;
}

/** @returns indices of the rules that match, ascending */
export function decide({ bundle, event, ...rest }: Decision): number[] {
  const { matcher, sets, variables, plan } = bundle;
  return decideRules({
    ...rest,
    matcher,
    sets,
    variables,
    readsVariables: plan.readsVariables,
    values: () => plan.values(event),
    cheapValues: plan.readsCostly ? () => plan.values(event, { withCostly: false }) : undefined,
    subject: () => event.subject,
  });
}
