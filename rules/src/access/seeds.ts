/** Access predicates of all rules of a bundle, merged into the seeds of the kernel stage. */
import type { Approver, Interest, Seeds } from "@weir/matcher-wasm/format";
import type { AccessPredicate } from "../ir.ts";
import { anyFlags } from "./flags.ts";

/** One rule's share. */
export interface RuleAccess {
  readonly event: string;
  readonly predicates: readonly AccessPredicate[];
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** @returns seeds that depend on the set of predicates alone, not on the order of the rules */
export function toSeeds(rules: readonly RuleAccess[]): Seeds {
  const interests = new Map<string, Interest>();
  const approvers = new Map<string, Approver>();
  for (const { event, predicates } of rules) {
    for (const { key, flagsAny } of predicates) {
      const interest = interests.get(event) ?? { event, flagsAny, unfiltered: false };
      const open = key === null;
      interests.set(event, {
        event,
        flagsAny: anyFlags(interest.flagsAny, flagsAny),
        unfiltered: open
          ? { flagsAny: interest.unfiltered ? anyFlags(interest.unfiltered.flagsAny, flagsAny) : flagsAny }
          : interest.unfiltered,
      });
      if (open) continue;
      const id = [event, key.slot, key.kind, key.value].join("\n");
      const known = approvers.get(id);
      approvers.set(id, {
        event,
        ...key,
        flagsAny: known === undefined ? flagsAny : anyFlags(known.flagsAny, flagsAny),
      });
    }
  }
  return {
    format: "weir-seeds/1",
    interests: [...interests.values()].sort((a, b) => compare(a.event, b.event)),
    approvers: [...approvers.values()].sort(
      (a, b) =>
        compare(a.event, b.event) || compare(a.slot, b.slot) || compare(a.kind, b.kind) || compare(a.value, b.value),
    ),
  };
}
