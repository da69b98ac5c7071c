/**
 * What a matcher asks of an event: the values of its context block, in the order in which its description names
 * them.
 *
 * Invariant: what is not known is null, keys that this version does not know included; only what a matcher reads is
 * worked out, and for all matchers of an event once.
 */
import type { MatcherDescription } from "@weir/matcher-wasm/format";
import type { ContextValue, VariableStore, VariableSubject } from "@weir/matcher-wasm/host";
import { identityOf } from "../../process/process.ts";
import type { ExecDetail } from "../../process/table.ts";
import { COSTLY_EVENT_KEYS, EVENT_RESOLVERS } from "./event.ts";
import { EventFacts, type Resolve } from "./facts.ts";
import { HOST_RESOLVERS } from "./host.ts";
import { COSTLY_PROCESS_KEYS, EXEC_DETAILS, PROCESS_RESOLVERS } from "./process.ts";

/** By key of the field table; keys without an entry are never known. */
export const RESOLVERS: ReadonlyMap<string, Resolve> = new Map([
  ...PROCESS_RESOLVERS,
  ...EVENT_RESOLVERS,
  ...HOST_RESOLVERS,
]);

/** What is known of one event, shared by all matchers that judge it. */
export class EventContext extends EventFacts {
  readonly #values = new Map<Resolve, ContextValue>();
  #subject: VariableSubject | undefined;

  /** @returns whether the value has been worked out */
  has(resolve: Resolve): boolean {
    return this.#values.has(resolve);
  }

  value(resolve: Resolve): ContextValue {
    if (this.#values.has(resolve)) return this.#values.get(resolve);
    const value = resolve(this);
    this.#values.set(resolve, value);
    return value;
  }

  /** Whose variables an event reads and sets. */
  get subject(): VariableSubject {
    this.#subject ??= {
      nowNs: this.record.timeNs,
      process: identityOf(this.process),
      container: this.process.cgroup ? (this.process.cgroup.container?.id ?? "") : null,
      cgroup: this.process.cgroup?.key ?? null,
      lineage: () => ({ processes: this.lineage.processes.map(identityOf), complete: this.lineage.complete }),
    };
    return this.#subject;
  }
}

const COSTLY = new Set([...COSTLY_PROCESS_KEYS, ...COSTLY_EVENT_KEYS]);

type Reader = { readonly resolve: Resolve | undefined; readonly isCostly: boolean } | { readonly variable: string };

const VARIABLE = /^\$\{(.+)\}$/s;

/** Which values one matcher reads. */
export class ContextPlan {
  readonly #readers: readonly Reader[];
  readonly #variables: VariableStore;
  readonly readsVariables: boolean;
  /** Some values come from /proc or files, which costs many times what the others do. */
  readonly readsCostly: boolean;
  readonly execDetails: readonly ExecDetail[];

  constructor({ context }: Pick<MatcherDescription, "context">, variables: VariableStore) {
    this.#variables = variables;
    this.#readers = context.map(({ key }): Reader => {
      const variable = VARIABLE.exec(key)?.[1];
      return variable === undefined ? { resolve: RESOLVERS.get(key), isCostly: COSTLY.has(key) } : { variable };
    });
    this.readsCostly = this.#readers.some((reader) => "isCostly" in reader && reader.isCostly);
    this.readsVariables = this.#readers.some((reader) => "variable" in reader);
    this.execDetails = [...new Set(context.flatMap(({ key }) => EXEC_DETAILS.get(key) ?? []))];
  }

  /**
   * @param withCostly without them, those that are costly and not at hand are null
   * @returns the values as of now; variables may change between two calls, the others don't
   */
  values(event: EventContext, { withCostly = true } = {}): ContextValue[] {
    return this.#readers.map((reader) => {
      if ("variable" in reader) return this.#variables.read(reader.variable, event.subject);
      const { resolve, isCostly } = reader;
      return resolve && (withCostly || !isCostly || event.has(resolve)) ? event.value(resolve) : null;
    });
  }
}
