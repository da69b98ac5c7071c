/**
 * Single events before a linked matcher, in the way of the agent: as a record in the input, then once more
 * with context for the rules that read it.
 *
 * Nothing is kept from one event to the next.
 */
import { encodeEvent, encodeSpan, HOST_FIELDS } from "@weir/matcher-wasm/format";
import { type ContextValue, contextOfFields, Matcher } from "@weir/matcher-wasm/host";
import type { EventFields } from "../evaluate.ts";
import type { TypedEvent } from "../events/index.ts";

const STAMP = { generation: 1, tenants: 1n };

export class EventJudge {
  readonly #matcher: Matcher;

  private constructor(matcher: Matcher) {
    this.#matcher = matcher;
  }

  /** @throws MatcherRejectedError when the bytes are no module that an agent would run */
  static async load(wasm: Uint8Array): Promise<EventJudge> {
    return new EventJudge(await Matcher.load(wasm));
  }

  /**
   * @returns indices of the matching rules in the order in which they were linked
   * @throws EncodeError when the event does not fit a record, which `readEvent` excludes
   */
  judge({ type, fields }: TypedEvent): readonly number[] {
    const span = encodeSpan([encodeEvent(type, fields as Parameters<typeof encodeEvent>[1], STAMP)]);
    this.#matcher.input.set(span);
    const verdicts = this.#matcher.matchBatch({ length: span.length, generation: STAMP.generation, tenant: 0 });
    if (this.#matcher.malformed > 0 || this.#matcher.consumed !== span.length)
      throw new Error(`the matcher did not read the record of a ${type} event: ${span.length} bytes`);
    const matches = new Set(verdicts.filter(({ candidate }) => !candidate).map(({ rule }) => rule));
    const candidate = verdicts.find((verdict) => verdict.candidate);
    if (candidate !== undefined)
      for (const rule of this.#matcher.matchContext(candidate.recordOffset, this.#context(type, fields)))
        matches.add(rule);
    return [...matches].sort((a, b) => a - b);
  }

  /** What the event gives; of the host nothing is known. */
  #context(type: string, fields: EventFields): ContextValue[] {
    const { context } = this.#matcher.description;
    const values = contextOfFields(context, type, fields);
    return values.map((value, i) => (value === undefined && isHostKey(context[i]?.key) ? null : value));
  }
}

const HOST_KEYS = new Set(HOST_FIELDS.map(({ source }) => (source.from === "context" ? source.key : "")));
const isHostKey = (key: string | undefined): boolean => key !== undefined && HOST_KEYS.has(key);
