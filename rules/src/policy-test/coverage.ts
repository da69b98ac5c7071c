/** Which rules tests have shown to match, and which of them not to match. */
import type { LoadedRule } from "../analyse.ts";
import { compareText } from "../diagnostics.ts";
import type { TestStep } from "./document.ts";
import type { JudgedEvent } from "./policy-set.ts";

/** Events of tests that speak of a rule, each of its event types together. */
export interface Coverage {
  readonly id: string;
  /** Events that it was expected to match, and did. */
  readonly positive: number;
  /** Events of a type that it judges, and that it did not match. */
  readonly negative: number;
}

export class CoverageCount {
  readonly #rows = new Map<string, { events: Set<string>; positive: number; negative: number }>();

  constructor(rules: readonly LoadedRule[]) {
    for (const { checked } of rules) {
      const row = this.#rows.get(checked.id) ?? { events: new Set<string>(), positive: 0, negative: 0 };
      row.events.add(checked.event);
      this.#rows.set(checked.id, row);
    }
  }

  add({ event, expect }: TestStep, { matcher }: JudgedEvent): void {
    const matched = new Set(matcher.map((rule) => rule.checked.id));
    for (const [id, row] of this.#rows) {
      if (!row.events.has(event.type)) continue;
      if (!matched.has(id)) row.negative++;
      else if (expect?.some((rule) => rule.id === id)) row.positive++;
    }
  }

  rows(): readonly Coverage[] {
    const rows = [...this.#rows].map(([id, { positive, negative }]) => ({ id, positive, negative }));
    return rows.sort((a, b) => compareText(a.id, b.id));
  }
}
