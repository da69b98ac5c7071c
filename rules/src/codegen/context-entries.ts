/**
 * Which entry of the context block holds which value.
 *
 * Invariant: the entries are those that the rules read, sorted by key, so that they depend on the set of
 * rules alone.
 */
import { CONTEXT_VALUES_MAX, type ContextKey, type Field } from "@weir/matcher-wasm/format";
import { LinkError } from "./error.ts";

/** @returns the key of a field of the context block, undefined for those of the record */
export function contextKeyOf({ source, type, array }: Field): ContextKey | undefined {
  return source.from === "context" || source.from === "variable" ? { key: source.key, type, array } : undefined;
}

export class ContextEntries {
  readonly keys: readonly ContextKey[];
  readonly #entries: ReadonlyMap<string, number>;

  /** @throws LinkError when there are more than CONTEXT_VALUES_MAX */
  constructor(fields: Iterable<Field>) {
    const keys = new Map<string, ContextKey>();
    for (const field of fields) {
      const key = contextKeyOf(field);
      if (key !== undefined) keys.set(key.key, key);
    }
    this.keys = [...keys.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    if (this.keys.length > CONTEXT_VALUES_MAX)
      throw new LinkError(
        "CONTEXT_VALUES_MAX",
        this.keys.length,
        `the rules read ${this.keys.length} fields and variables outside the record: at most ${CONTEXT_VALUES_MAX} fit`,
        CONTEXT_VALUES_MAX,
      );
    this.#entries = new Map(this.keys.map(({ key }, i) => [key, i]));
  }

  /** @throws LinkError when the field was not among those given */
  entryOf(field: Field): number {
    const key = contextKeyOf(field)?.key;
    const entry = key === undefined ? undefined : this.#entries.get(key);
    if (entry === undefined) throw new LinkError("field", field.name, `field ${field.name} has no context entry`);
    return entry;
  }
}
