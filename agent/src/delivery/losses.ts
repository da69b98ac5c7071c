/**
 * What sinks will never get, as loss events of the same shape as those of the kernel stage: they go to every sink, and
 * name the one that lacks something.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { LossEvent } from "../losses.ts";

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** @param causes events by cause */
export function deliveryLoss(sink: string, causes: Readonly<Record<string, number>>, span: Span): LossEvent {
  const events = Object.values(causes).reduce((sum, count) => sum + count, 0);
  const types = [{ type: "delivery", events, causes, watched_by: [] }];
  return lossEvent(span, { sink, events, types, watched_paths_affected: true, lineage_incomplete: false });
}

/** The agent before has ended without a stop: what it had in memory then nobody can count. */
export function endedLoss(span: Span): LossEvent {
  const causes = { "agent ended without stopping": 0 };
  const types = [{ type: "unknown", events: 0, causes, watched_by: [] }];
  return lossEvent(span, {
    events: 0,
    uncounted: true,
    types,
    watched_paths_affected: true,
    lineage_incomplete: true,
  });
}

function lossEvent({ fromMs, toMs }: Span, loss: Omit<LossEvent["loss"], "from" | "to">): LossEvent {
  return {
    id: randomUUID(),
    time: iso(toMs),
    host: hostname(),
    event: { type: "loss" },
    loss: { from: iso(fromMs), to: iso(toMs), ...loss },
  };
}
