/**
 * One set of rules and events, and the ways to judge them that are compared: the matcher, the generated
 * JavaScript function, the reference evaluator.
 */
import { KNOWN_ALL, KNOWN_CONTEXT } from "@weir/matcher-wasm/format";
import { type ContextValue, contextOfFields, Matcher, type Verdict } from "@weir/matcher-wasm/host";
import { type CheckedRule, evaluate, mayMatch } from "@weir/rules";
import { type JavascriptJudge, javascriptJudge, type PlainEvent } from "./javascript/judge.ts";
import { GENERATION, type RingedEvent, type Span, TENANT } from "./workload/ring.ts";

/** So many rules stay below the size up to which V8 optimises a function. */
const RULES_PER_FUNCTION = 100;

/** What the matcher says of one event. */
export interface Judged {
  /** Rules that match, ascending. */
  readonly matches: readonly number[];
  /** Rules that may match as long as no context is known, ascending. */
  readonly candidates: readonly number[];
}

export class Matching {
  readonly rules: readonly CheckedRule[];
  readonly events: readonly RingedEvent[];
  readonly matcher: Matcher;
  readonly #judge: JavascriptJudge["judge"];
  readonly #contexts: readonly (readonly ContextValue[])[];
  readonly #plain: readonly PlainEvent[];

  private constructor(rules: readonly CheckedRule[], matcher: Matcher, events: readonly RingedEvent[]) {
    this.rules = rules;
    this.events = events;
    this.matcher = matcher;
    const { judge, decode } = javascriptJudge(rules, { rulesPerFunction: RULES_PER_FUNCTION });
    this.#judge = judge;
    this.#contexts = events.map(({ type, fields }) => contextOfFields(matcher.description.context, type, fields));
    this.#plain = events.map(({ type, fields }) => decode(type, fields));
  }

  static async load(
    rules: readonly CheckedRule[],
    wasm: Uint8Array,
    events: readonly RingedEvent[],
  ): Promise<Matching> {
    return new Matching(rules, await Matcher.load(wasm), events);
  }

  /** A span out of the ring and through the matcher, no context known. */
  firstPass({ bytes }: Span): Verdict[] {
    this.matcher.input.set(bytes);
    return this.matcher.matchBatch({ length: bytes.length, generation: GENERATION, tenant: TENANT });
  }

  /** The same, and events that have candidates judged again with their context. @returns the number of matches */
  bothPasses(span: Span): number {
    let matches = 0;
    let event = 0;
    let asked = -1;
    for (const { recordOffset, candidate } of this.firstPass(span)) {
      if (!candidate) matches++;
      else if (recordOffset !== asked) {
        asked = recordOffset;
        while (span.offsets[event] !== recordOffset) event++;
        matches += this.#secondPass(recordOffset, span.first + event).length;
      }
    }
    return matches;
  }

  /** What the matcher says of each event of the span. */
  byMatcher(span: Span): Judged[] {
    const verdicts = Map.groupBy(this.firstPass(span), ({ recordOffset }) => recordOffset);
    return span.offsets.map((offset, i) => {
      const own = verdicts.get(offset) ?? [];
      const final = own.filter(({ candidate }) => !candidate).map(({ rule }) => rule);
      const second = final.length < own.length ? this.#secondPass(offset, span.first + i) : [];
      return { matches: ascending([...final, ...second]), candidates: ascending(own.map(({ rule }) => rule)) };
    });
  }

  /** @returns the rules that match, by the generated function */
  byJavascript(event: number): number[] {
    const matches: number[] = [];
    this.#judge(this.#plain[event] as PlainEvent, matches);
    return matches;
  }

  /** @returns the rules that match, by the reference evaluator: every rule of the type, one after the other */
  byReference(event: number): number[] {
    return this.#asked(event, (rule, { fields }) => evaluate(rule.expr, fields));
  }

  /** @returns the rules that may match as long as no context is known, by the reference evaluator */
  candidatesByReference(event: number): number[] {
    return this.#asked(event, (rule, { fields }) => mayMatch(rule.expr, fields, KNOWN_ALL & ~KNOWN_CONTEXT));
  }

  #asked(event: number, holds: (rule: CheckedRule, event: RingedEvent) => boolean): number[] {
    const asked = this.events[event] as RingedEvent;
    const found: number[] = [];
    for (const [i, rule] of this.rules.entries()) if (rule.event === asked.type && holds(rule, asked)) found.push(i);
    return found;
  }

  #secondPass(recordOffset: number, event: number): number[] {
    return this.matcher.matchContext(recordOffset, this.#contexts[event] as readonly ContextValue[]);
  }
}

const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);
