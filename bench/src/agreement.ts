/** Whether all ways to judge say the same; without that, their times mean nothing. */
import { spread } from "./interleave.ts";
import type { Matching } from "./matching.ts";
import type { Span } from "./workload/ring.ts";

export interface Agreement {
  /** Events judged by the matcher and by the generated function. */
  readonly events: number;
  /** Of them, those that the reference evaluator judged too: with context and without. */
  readonly byReference: number;
  /** Pairs of event and rule that matches. */
  readonly matches: number;
  /** Pairs of event and rule that may match before context is known. */
  readonly candidates: number;
}

export interface AgreementOptions {
  /** About how long to check for, half of it by the reference evaluator. */
  readonly budgetMs: number;
  /** Events that the reference evaluator judges however long it takes. */
  readonly byReferenceMin: number;
}

/** @throws Error naming the first event and the answers that differ */
export function checkAgreement(matching: Matching, spans: readonly Span[], options: AgreementOptions): Agreement {
  const { budgetMs, byReferenceMin } = options;
  let [events, byReference, matches, candidates, referenceMs] = [0, 0, 0, 0, 0];
  const start = performance.now();
  for (const span of spans) {
    const judged = matching.byMatcher(span);
    const referred = new Set(spread([...judged.keys()], byReferenceMin));
    for (const [i, said] of judged.entries()) {
      const event = span.first + i;
      requireSame(matching, event, { javascript: matching.byJavascript(event), matcher: said.matches });
      events++;
      matches += said.matches.length;
      candidates += said.candidates.length;
      if (!referred.has(i) || (referenceMs > budgetMs / 2 && byReference >= byReferenceMin)) continue;
      const before = performance.now();
      requireSame(matching, event, { reference: matching.byReference(event), matcher: said.matches });
      requireSame(matching, event, {
        "reference without context": matching.candidatesByReference(event),
        "first pass": said.candidates,
      });
      referenceMs += performance.now() - before;
      byReference++;
    }
    if (performance.now() - start > budgetMs) break;
  }
  return { events, byReference, matches, candidates };
}

function requireSame(matching: Matching, event: number, answers: Readonly<Record<string, readonly number[]>>): void {
  const texts = Object.entries(answers).map(([name, rules]) => [name, rules.join(" ")] as const);
  if (new Set(texts.map(([, text]) => text)).size === 1) return;
  const said = texts.map(([name, text]) => `${name} says rules [${text}]`).join(", ");
  const { type, fields } = matching.events[event] ?? {};
  const shown = JSON.stringify(fields, (_, value) => (typeof value === "bigint" ? String(value) : value));
  throw new Error(`the ways to judge disagree on ${type} event ${event}: ${said}; its fields: ${shown}`);
}
