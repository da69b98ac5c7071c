/** Rules linked into a matcher and loaded, beside what the reference evaluator says of the same events. */
import {
  type EventStamp,
  encodeEvent,
  FLAG_ATTRIBUTES_UNKNOWN,
  FLAG_DEST_TRUNCATED,
  FLAG_PATH_TRUNCATED,
  FLAG_TEXT_TRUNCATED,
  KNOWN_ALL,
  KNOWN_ATTRIBUTES,
  KNOWN_CONTEXT,
  KNOWN_DESTINATION,
  KNOWN_PATH,
  KNOWN_TEXT,
} from "@weir/matcher-wasm/format";
import { type ContextValue, contextOfFields, Matcher } from "@weir/matcher-wasm/host";
import { accessPredicates } from "../src/access/index.ts";
import { linkMatcher } from "../src/codegen/link.ts";
import { readsContext } from "../src/codegen/predicate.ts";
import { type EventFields, mayMatch } from "../src/evaluate.ts";
import type { CheckedRule, Expr } from "../src/ir.ts";
import { toNnf } from "../src/nnf.ts";

export function checkedRules(type: string, exprs: readonly Expr[]): CheckedRule[] {
  return exprs.map((expr, i) => ({ id: `${type}_${i}`, event: type, expr: toNnf(expr) }));
}

export function link(rules: readonly CheckedRule[]): Uint8Array {
  return linkMatcher(
    rules,
    rules.map((rule) => accessPredicates(rule.expr)),
  );
}

export async function loadRules(rules: readonly CheckedRule[]): Promise<Matcher> {
  return Matcher.load(link(rules));
}

/** An event as it stands in a span. */
export interface StampedEvent {
  readonly type: string;
  readonly fields: EventFields;
  readonly stamp: EventStamp;
}

export function encodeStamped({ type, fields, stamp }: StampedEvent): Uint8Array {
  return encodeEvent(type, fields as Parameters<typeof encodeEvent>[1], stamp);
}

/** The context block of an event, as far as the matcher reads it. */
export function contextOf(matcher: Matcher, { type, fields }: Omit<StampedEvent, "stamp">): ContextValue[] {
  return contextOfFields(matcher.description.context, type, fields);
}

/** @returns the KNOWN_* bits of a record with these flags, and of its context */
export function knownOf(flags: number): number {
  let known = KNOWN_ALL;
  if ((flags & FLAG_PATH_TRUNCATED) !== 0) known &= ~KNOWN_PATH;
  if ((flags & FLAG_DEST_TRUNCATED) !== 0) known &= ~KNOWN_DESTINATION;
  if ((flags & FLAG_ATTRIBUTES_UNKNOWN) !== 0) known &= ~KNOWN_ATTRIBUTES;
  if ((flags & FLAG_TEXT_TRUNCATED) !== 0) known &= ~KNOWN_TEXT;
  return known;
}

/** What a matcher has to say of one event. */
export interface Expected {
  /** Matching rules that read no context. */
  readonly final: readonly number[];
  /** Rules that read context and may match. */
  readonly candidates: readonly number[];
  /** Those of them that match with context. */
  readonly withContext: readonly number[];
}

export function expectedVerdicts(rules: readonly CheckedRule[], event: StampedEvent): Expected {
  const known = knownOf(event.stamp.flags ?? 0);
  const matching = (context: boolean, bits: number): number[] =>
    rules.flatMap((rule, i) =>
      rule.event === event.type && readsContext(rule.expr) === context && mayMatch(rule.expr, event.fields, bits)
        ? [i]
        : [],
    );
  return {
    final: matching(false, known & ~KNOWN_CONTEXT),
    candidates: matching(true, known & ~KNOWN_CONTEXT),
    withContext: matching(true, known),
  };
}
