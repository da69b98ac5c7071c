/** The kernel stage's counters for reading. */
import { type AgentStatus, DROP_CAUSES, type LossEvent, lossTally, totals } from "@weir/agent";
import ansis from "ansis";
import { plural } from "./plural.ts";

export interface FilterSummary {
  readonly seen: number;
  readonly droppedByInterest: number;
  readonly droppedByApprover: number;
  readonly droppedByDiscarder: number;
  readonly droppedByDirectory: number;
  readonly passed: number;
  /** Events of processes too. */
  readonly lost: number;
  /** Of what was seen, 0 … 1. */
  readonly droppedShare: number;
}

/** What happened between two statuses, file events of all types together; `lost` is what the statuses say. */
export function summarize(after: AgentStatus, before?: AgentStatus): FilterSummary {
  const a = totals(after.kernel);
  const b = before && totals(before.kernel);
  const since = (name: keyof typeof a): number => a[name] - (b?.[name] ?? 0);
  const seen = since("seen");
  const dropped = DROP_CAUSES.reduce((sum, name) => sum + since(name), 0);
  return {
    seen,
    droppedByInterest: since("droppedByInterest"),
    droppedByApprover: since("droppedByApprover"),
    droppedByDiscarder: since("droppedByDiscarder"),
    droppedByDirectory: since("droppedByDirectory"),
    passed: since("passed"),
    lost: after.lost - (before?.lost ?? 0),
    droppedShare: seen === 0 ? 0 : dropped / seen,
  };
}

const BAR_WIDTH = 40;

/** A row for each fate, with a bar of its share. */
export function renderSummary(s: FilterSummary): string {
  const row = (name: string, count: number): string => {
    const share = s.seen === 0 ? 0 : count / s.seen;
    // Whatever happened at all is visible; of what was lost before it was seen there may be more than was seen.
    const width = count === 0 ? 0 : Math.min(BAR_WIDTH, Math.max(1, Math.round(share * BAR_WIDTH)));
    const bar = ansis.cyan("█".repeat(width)) + ansis.dim("·".repeat(BAR_WIDTH - width));
    const percent = `${(share * 100).toFixed(share > 0 && share < 0.001 ? 4 : 2)}%`;
    return `  ${name.padEnd(26)}${String(count).padStart(9)}  ${bar} ${percent.padStart(8)}`;
  };
  return [
    row("seen by the kernel stage", s.seen),
    row("dropped: no interest", s.droppedByInterest),
    row("dropped: no approver", s.droppedByApprover),
    row("dropped: silent directory", s.droppedByDiscarder + s.droppedByDirectory),
    row("passed to the matcher", s.passed),
    row("lost", s.lost),
  ].join("\n");
}

/** What was lost since the start, by event type and cause; empty if nothing was. */
export function lostText(status: AgentStatus): string {
  return lossTally(status)
    .flatMap(({ type, cause, events }) => (events > 0 ? [`${type} ${events} (${cause})`] : []))
    .join(", ");
}

/** A loss event as one line. */
export function lossText({ loss: { from, to, events, types, ...affected } }: LossEvent): string {
  if (affected.uncounted)
    return `the agent before ended without stopping: what it saw between ${from} and ${to} may be lost`;
  if (affected.sink !== undefined) {
    const causes = types.flatMap(({ causes }) => Object.entries(causes).map(([cause, count]) => `${count} ${cause}`));
    return `${plural(events, "event")} for ${affected.sink} lost between ${from} and ${to}: ${causes.join(", ")}`;
  }
  const causes = types.flatMap(({ type, causes }) =>
    Object.entries(causes).map(([cause, count]) => `${type} ${count} (${cause})`),
  );
  const tenants = [...new Set(types.flatMap(({ watched_by }) => watched_by.flatMap((watcher) => watcher.tenants)))];
  return [
    `${plural(events, "event")} lost between ${from} and ${to}: ${causes.join(", ")}`,
    affected.watched_paths_affected
      ? `what is watched by ${tenants.join(", ")} may be affected`
      : "no rules are about these types",
    ...(affected.lineage_incomplete ? ["processes may lack ancestors"] : []),
  ].join("; ");
}
