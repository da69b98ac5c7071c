/**
 * Events before a linked matcher, in the way of the agent: each as a record in the input, then with context
 * for the rules that read it, then the `set` actions of the rules that matched; a variable that changed makes
 * the agent, and this, judge the other rules once more.
 *
 * What stands in for the host: processes are known by their pid (`process.pid`, `process.ancestors.pid`),
 * containers and cgroups by their id; time is `event.timestamp`, and stands still where an event has none.
 */
import {
  encodeEvent,
  encodeSpan,
  HOST_FIELDS,
  type MatcherDescription,
  type ProgramDescription,
} from "@weir/matcher-wasm/format";
import {
  type ContextValue,
  constantValues,
  contextOfFields,
  Matcher,
  VariableStore,
  type VariableSubject,
} from "@weir/matcher-wasm/host";
import type { EventFields, EventValue } from "../evaluate.ts";
import type { TypedEvent } from "../events/index.ts";

const STAMP = { generation: 1, tenants: 1n };
const TENANT = 0;

export class EventJudge {
  readonly #matcher: Matcher;

  private constructor(matcher: Matcher) {
    this.#matcher = matcher;
  }

  /** @throws MatcherRejectedError when the bytes are no module that an agent would run */
  static async load(wasm: Uint8Array): Promise<EventJudge> {
    return new EventJudge(await Matcher.load(wasm));
  }

  /** Starts with no variable set. Sessions may take turns, event by event. */
  session(): JudgeSession {
    return new JudgeSession(this.#matcher);
  }
}

/** What came of an event. */
export interface Judged {
  /** Indices of the matching rules, in the order in which they were linked. */
  readonly rules: readonly number[];
  /** The event with its variables: as they were, and after each change for the sake of which rules were judged again. */
  readonly states: readonly [EventFields, ...EventFields[]];
}

export class JudgeSession {
  readonly #matcher: Matcher;
  readonly #description: MatcherDescription;
  readonly #variables: VariableStore;
  #nowNs = 0n;

  constructor(matcher: Matcher) {
    this.#matcher = matcher;
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
    const final = verdicts.filter(({ candidate }) => !candidate).map(({ rule }) => rule);
    const candidate = verdicts.find((verdict) => verdict.candidate);
    const states: [EventFields, ...EventFields[]] = [this.#withVariables(fields, subject)];
    const matched = new Set<number>();
    for (let fresh = final; ; fresh = []) {
      const state = states.at(-1) as EventFields;
      const context = this.#context(type, state);
      const offset = candidate?.recordOffset ?? verdicts[0]?.recordOffset;
      if (candidate !== undefined) fresh = [...fresh, ...this.#matcher.matchContext(candidate.recordOffset, context)];
      fresh = fresh.filter((rule) => !matched.has(rule));
      for (const rule of fresh) matched.add(rule);
      if (offset === undefined || !this.#act(fresh, offset, context, subject) || candidate === undefined) break;
      states.push(this.#withVariables(fields, subject));
    }
    return { rules: [...matched].sort((a, b) => a - b), states };
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

  /** Variables that the event itself gives have that value. */
  #withVariables(fields: EventFields, subject: VariableSubject): EventFields {
    const values: Record<string, EventFields[string]> = { ...fields };
    for (const { key } of this.#description.context) {
      const name = /^\$\{(.+)\}$/.exec(key)?.[1];
      if (name === undefined || values[key] !== undefined) continue;
      const value = this.#variables.variables.some((variable) => variable.name === name)
        ? this.#variables.read(name, subject)
        : undefined;
      if (value !== null && value !== undefined) values[key] = value as EventValue | readonly EventValue[];
    }
    return values;
  }

  /** What the event gives; of the host nothing is known. */
  #context(type: string, fields: EventFields): ContextValue[] {
    const { context } = this.#description;
    const values = contextOfFields(context, type, fields);
    return values.map((value, i) => (value === undefined && isHostKey(context[i]?.key) ? null : value));
  }

  /** Takes the `set` actions of rules: all values first, then the sets. @returns whether a variable changed */
  #act(rules: readonly number[], offset: number, context: readonly ContextValue[], subject: VariableSubject): boolean {
    const programs = this.#description.programs
      .filter(({ rule, set }) => set !== undefined && rules.includes(rule))
      .toSorted((a, b) => a.rule - b.rule || a.action - b.action);
    const sets = programs.flatMap((program) => {
      if (program.filter !== undefined && !this.#matcher.runFilter(program.filter, offset, context)) return [];
      return [{ set: program.set as SetProgram, values: this.#valuesOf(program.set as SetProgram, offset, context) }];
    });
    let changed = false;
    for (const { set, values } of sets)
      changed = this.#variables.set(set.variable, { append: set.append, values }, subject) || changed;
    return changed;
  }

  #valuesOf(set: SetProgram, offset: number, context: readonly ContextValue[]) {
    if (set.value !== undefined) return constantValues(set.value);
    const type = this.#variables.variables.find(({ name }) => name === set.variable)?.type;
    if (set.program === undefined || type === undefined) return null;
    return this.#matcher.runProgram(set.program, type, offset, context);
  }
}

type SetProgram = NonNullable<ProgramDescription["set"]>;

const HOST_KEYS = new Set(HOST_FIELDS.map(({ source }) => (source.from === "context" ? source.key : "")));
const isHostKey = (key: string | undefined): boolean => key !== undefined && HOST_KEYS.has(key);
