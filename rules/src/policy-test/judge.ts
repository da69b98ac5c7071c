/**
 * Events before a linked matcher, in the way of the agent: each as a record in the input, then decided with
 * context and variables.
 *
 * What stands in for the host: processes are known by their pid (`process.pid`, `process.ancestors.pid`),
 * containers and cgroups by their id; time is `event.timestamp`, and stands still where an event has none.
 */
import {
  encodeEvent,
  encodeSpan,
  eventTypeByName,
  FIELDS,
  type Field,
  HOST_FIELDS,
  type MatcherDescription,
  type VariableDescription,
} from "@weir/matcher-wasm/format";
import {
  type ContextValue,
  contextOfFields,
  decideRules,
  Matcher,
  setPrograms,
  VariableStore,
  type VariableSubject,
} from "@weir/matcher-wasm/host";
import { directoryField } from "../access/index.ts";
import type { EventFields, EventState, EventValue } from "../evaluate.ts";
import type { TypedEvent } from "../events/index.ts";

const STAMP = { generation: 1, tenants: 1n };
const TENANT = 0;

export class EventJudge {
  readonly #matcher: Matcher;

  readonly #asHost: boolean;

  private constructor(matcher: Matcher, asHost: boolean) {
    this.#matcher = matcher;
    this.#asHost = asHost;
  }

  /**
   * @param options.asHost what no host of this version can know is unknown, unless an event gives it; else it has the
   *   zero value of its type like all that is absent
   * @throws MatcherRejectedError when the bytes are no module that an agent would run
   */
  static async load(wasm: Uint8Array, { asHost = false } = {}): Promise<EventJudge> {
    return new EventJudge(await Matcher.load(wasm), asHost);
  }

  /** That rules set. */
  get variables(): readonly VariableDescription[] {
    return this.#matcher.description.variables;
  }

  /** Starts with no variable set. Sessions may take turns, event by event. */
  session(): JudgeSession {
    return new JudgeSession(this.#matcher, this.#asHost ? UNKNOWN_ON_HOSTS : HOST_KEYS);
  }
}

/** What came of an event. */
export interface Judged {
  /** Indices of the matching rules, in the order in which they were linked. */
  readonly rules: readonly number[];
  /** The event with its variables: as they were, and as they were whenever rules were judged or acted. */
  readonly states: readonly [EventState, ...EventState[]];
  /** The matcher proves that no event in this event's directory matches: the kernel stage may drop all of them. */
  readonly silent: boolean;
}

export class JudgeSession {
  readonly #matcher: Matcher;
  readonly #description: MatcherDescription;
  readonly #variables: VariableStore;
  readonly #unknown: ReadonlySet<string>;
  #nowNs = 0n;

  /** @param unknown keys of the context that are not known where an event gives no value for them */
  constructor(matcher: Matcher, unknown: ReadonlySet<string>) {
    this.#matcher = matcher;
    this.#unknown = unknown;
    this.#description = matcher.description;
    this.#variables = new VariableStore(matcher.description);
  }

  /** @throws EncodeError when the event does not fit a record, which `readEvent` excludes */
  judge(event: TypedEvent): Judged {
    const { type, fields } = event;
    const subject = this.#subjectOf(fields);
    const span = encodeSpan([encodeEvent(type, fields as Parameters<typeof encodeEvent>[1], STAMP)]);
    this.#matcher.input.set(span);
    const verdicts = this.#matcher.matchBatch({ length: span.length, generation: STAMP.generation, tenant: TENANT });
    if (this.#matcher.malformed > 0 || this.#matcher.consumed !== span.length)
      throw new Error(`the matcher did not read the record of a ${type} event: ${span.length} bytes`);
    const states: [EventState, ...EventState[]] = [this.#withVariables(fields, subject)];
    const [first] = verdicts;
    const silent = this.#isSilent(type, fields);
    if (first === undefined) return { rules: [], states, silent };
    const rules = decideRules({
      matcher: this.#matcher,
      sets: setPrograms(this.#description),
      variables: this.#variables,
      readsVariables: true,
      recordOffset: first.recordOffset,
      rules: verdicts.filter(({ candidate }) => !candidate).map(({ rule }) => rule),
      candidate: verdicts.some(({ candidate }) => candidate),
      values: () => {
        states.push(this.#withVariables(fields, subject));
        return this.#context(type, states.at(-1) as EventState);
      },
      subject: () => subject,
    });
    return { rules, states, silent };
  }

  #isSilent(type: string, fields: EventFields): boolean {
    const id = eventTypeByName(type)?.id;
    const path = fields[directoryField(type)?.name ?? ""];
    if (id === undefined || typeof path !== "string" || !path.startsWith("/") || path === "/") return false;
    return this.#matcher.prove(id, path.slice(0, Math.max(1, path.lastIndexOf("/"))));
  }

  #subjectOf(fields: EventFields): VariableSubject {
    const timestamp = fields["event.timestamp"];
    if (typeof timestamp === "bigint" && timestamp > this.#nowNs) this.#nowNs = timestamp;
    const text = (name: string): string => String(fields[name] ?? "");
    const ancestors = (fields["process.ancestors.pid"] ?? []) as readonly EventValue[];
    return {
      nowNs: this.#nowNs,
      process: text("process.pid"),
      container: text("container.id"),
      cgroup: text("cgroup.id"),
      lineage: () => ({ processes: ancestors.map(String), complete: true }),
    };
  }

  /** Variables that the event itself gives have that value; null are those that were set to what is not known. */
  #withVariables(fields: EventFields, subject: VariableSubject): EventState {
    const values: Record<string, EventState[string]> = { ...fields };
    for (const { key } of this.#description.context) {
      const name = /^\$\{(.+)\}$/.exec(key)?.[1];
      if (name === undefined || values[key] !== undefined) continue;
      const value = this.#variables.variables.some((variable) => variable.name === name)
        ? this.#variables.read(name, subject)
        : undefined;
      if (value !== undefined) values[key] = value as EventState[string];
    }
    return values;
  }

  /** What the event gives; of the host nothing is known. */
  #context(type: string, fields: EventState): ContextValue[] {
    const { context } = this.#description;
    const values = contextOfFields(context, type, fields);
    return values.map((value, i) => (value === undefined && this.#unknown.has(context[i]?.key ?? "") ? null : value));
  }
}

const keysOf = (fields: readonly Field[]): string[] =>
  fields.flatMap(({ source }) => (source.from === "context" ? [source.key] : []));
/** Of the host itself nothing is known. */
const HOST_KEYS: ReadonlySet<string> = new Set(keysOf(HOST_FIELDS));
const UNKNOWN_ON_HOSTS: ReadonlySet<string> = new Set([...HOST_KEYS, ...keysOf(FIELDS.filter((f) => f.unresolved))]);
