/**
 * Which rules have matched an operation already. The records of an operation under the different names of its file
 * follow each other closely, though records of other processors may stand between them, so few operations need to be
 * remembered.
 *
 * Invariant: of the last OPERATIONS_MAX operations that matched, every rule that did is known.
 */
import type { RecordHeader } from "@weir/matcher-wasm/format";
import type { ActiveBundle } from "./generation.ts";

/** What is of one operation: a thread does one after the other, and each takes time. */
type Operation = Pick<RecordHeader, "tid" | "timeNs">;

/** The records of one operation are written without a break, so there are not more between them than processors. */
const OPERATIONS_MAX = 4096;

export class SpentRules {
  /** By operation, the oldest first. */
  readonly #operations = new Map<string, Map<ActiveBundle, Set<number>>>();

  /** @returns indices of the rules that have matched; undefined for none */
  of(operation: Operation, bundle: ActiveBundle): ReadonlySet<number> | undefined {
    return this.#operations.get(keyOf(operation))?.get(bundle);
  }

  add(operation: Operation, bundle: ActiveBundle, rules: readonly number[]): void {
    const key = keyOf(operation);
    let bundles = this.#operations.get(key);
    if (bundles === undefined) {
      bundles = new Map();
      this.#operations.set(key, bundles);
      if (this.#operations.size > OPERATIONS_MAX) this.#forgetOldest();
    }
    const spent = bundles.get(bundle);
    if (spent) for (const rule of rules) spent.add(rule);
    else bundles.set(bundle, new Set(rules));
  }

  #forgetOldest(): void {
    for (const oldest of this.#operations.keys()) {
      this.#operations.delete(oldest);
      return;
    }
  }
}

const keyOf = ({ tid, timeNs }: Operation): string => `${tid}:${timeNs}`;
