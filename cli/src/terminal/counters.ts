/** The kernel stage's counters for reading. */
import { type AgentStatus, DROP_CAUSES, LOSS_CAUSES, totals } from "@weir/agent";
import ansis from "ansis";

export interface FilterSummary {
  readonly seen: number;
  readonly droppedByInterest: number;
  readonly droppedByApprover: number;
  readonly droppedByDiscarder: number;
  readonly droppedByDirectory: number;
  readonly passed: number;
  readonly lost: number;
  /** Of what was seen, 0 … 1. */
  readonly droppedShare: number;
}

/** What happened between two statuses, file events of all types together. */
export function summarize(after: AgentStatus, before?: AgentStatus): FilterSummary {
  const a = totals(after.kernel);
  const b = before && totals(before.kernel);
  const since = (name: keyof typeof a): number => a[name] - (b?.[name] ?? 0);
  const seen = since("seen");
  const missed = after.missedRuns - (before?.missedRuns ?? 0);
  const dropped = DROP_CAUSES.reduce((sum, name) => sum + since(name), 0);
  return {
    seen,
    droppedByInterest: since("droppedByInterest"),
    droppedByApprover: since("droppedByApprover"),
    droppedByDiscarder: since("droppedByDiscarder"),
    droppedByDirectory: since("droppedByDirectory"),
    passed: since("passed"),
    lost: LOSS_CAUSES.reduce((sum, [name]) => sum + since(name), missed),
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

/** What was lost, by event type and cause. */
export function lossText({ kernel }: AgentStatus): string {
  return Object.entries(kernel)
    .flatMap(([type, c]) =>
      LOSS_CAUSES.flatMap(([name, cause]) => (c[name] > 0 ? [`${type} ${c[name]} (${cause})`] : [])),
    )
    .join(", ");
}
