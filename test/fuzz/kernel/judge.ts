/**
 * Compares what the filtering stage let through with what two unfiltered ones saw of the same operations, one of
 * which ran just before it and one just after.
 *
 * An event is known by its thread and its place there: both unfiltered stages have each, in the same order, and the
 * time of the filtering one's record lies between theirs. It has a record for each name of its file. Where the two agree, nothing changed meanwhile, and the
 * filtering stage has judged the same: a rule that may match it, says the reference evaluator, must have let it
 * through. Where they do not, or may not have (changes.ts), another thread was quicker; such events are counted
 * and not judged.
 */
import type { Detection } from "@weir/agent";
import { FLAG_KEPT_NAME, FLAG_OTHER_NAME, KNOWN_CONTEXT } from "@weir/matcher-wasm/format";
import { type Expr, knownBits, mayMatch } from "@weir/rules";
import { Changes } from "./changes.ts";
import { type JudgedEvent, judgedEvent } from "./fields.ts";
import { agree, decoded, type Operation, operations, type Seen, type Threads } from "./records.ts";
import { detectionId, type SubjectRule, type Tenant, type Term } from "./subject.ts";

export type FindingKind =
  /** The kernel stage dropped what a rule may match. */
  | "dropped"
  /** Filtered and unfiltered stage say different things of one event. */
  | "differs"
  /** Let through, and no detection came of a match. */
  | "undetected"
  /** A detection of a rule that does not match. */
  | "unfounded"
  /** A stage has events that another one lacks, and nothing was counted as lost. */
  | "unaligned";

export interface Finding {
  readonly kind: FindingKind;
  readonly message: string;
}

export interface Tally {
  /** Events of which it is certain what the filtering stage judged. */
  judged: number;
  /** Of them, those that changed under way. */
  unstable: number;
  /** Those that some rule may match, and so had to pass. */
  required: number;
  /** Those of them that passed. */
  passed: number;
  /** Events that passed without need. */
  needless: number;
  /** Pairs of event and rule that had to be detected, and were. */
  detected: number;
  truncated: number;
  /** Of those that were judged, by another name than the one that was used. */
  otherNames: number;
}

export const NO_TALLY: Tally = {
  judged: 0,
  unstable: 0,
  required: 0,
  passed: 0,
  needless: 0,
  detected: 0,
  truncated: 0,
  otherNames: 0,
};

export interface Observed {
  readonly before: Threads;
  readonly after: Threads;
  readonly filtered: Threads;
  readonly terms: readonly Term[];
  readonly detections: ReadonlyMap<string, Detection>;
}

export interface Verdict {
  readonly tally: Tally;
  readonly findings: readonly Finding[];
}

export function judge(observed: Observed): Verdict {
  const judging = new Judging(observed);
  for (const [tid, before] of observed.before) judging.thread(tid, before);
  for (const tid of [...observed.after.keys(), ...observed.filtered.keys()])
    if (!observed.before.has(tid)) judging.find("unaligned", `thread ${tid} is unknown to the first unfiltered stage`);
  judging.unfounded();
  return judging;
}

class Judging implements Verdict {
  readonly tally: Tally = { ...NO_TALLY };
  readonly findings: Finding[] = [];
  readonly #observed: Observed;
  readonly #changes: Changes;
  /** Ids of detections that a rule accounts for. */
  readonly #founded = new Set<string>();

  constructor(observed: Observed) {
    this.#observed = observed;
    this.#changes = new Changes(observed.before, observed.after);
  }

  find(kind: FindingKind, message: string): void {
    this.findings.push({ kind, message });
  }

  thread(tid: number, records: readonly Seen[]): void {
    const before = operations(records);
    const after = operations(this.#observed.after.get(tid) ?? []);
    const filtered = operations(this.#observed.filtered.get(tid) ?? []);
    if (before.length !== after.length || before.some(([{ type }], i) => type !== after[i]?.[0].type)) {
      this.find("unaligned", `thread ${tid}: the unfiltered stages saw ${before.length} and ${after.length} events`);
      return;
    }
    let next = 0;
    let sinceNs = 0n;
    for (const [i, first] of before.entries()) {
      const second = after[i] as Operation;
      const [one, other] = [first[0].timeNs, second[0].timeNs];
      const [startNs, endNs] = one < other ? [one, other] : [other, one];
      const candidate = filtered[next];
      const timeNs = candidate?.[0].timeNs;
      const between = timeNs !== undefined && timeNs >= startNs && timeNs <= endNs;
      const mine = between && !isOfLater(candidate as Operation, before, { at: i, endNs }) ? candidate : undefined;
      if (mine) next++;
      this.#operation({ first, second, mine, sinceNs, startNs, endNs });
      sinceNs = endNs;
    }
    const [left] = filtered[next] ?? [];
    if (left) this.find("unaligned", `thread ${tid}: ${describe(judgedEvent(left))} passed, and is between no two`);
  }

  /** One event by each name of its file that the first stage knows. */
  #operation({ first, second, mine, sinceNs, startNs, endNs }: Moment): void {
    // The first one has looked before it wrote, about as long as the other two took.
    const lookedNs = startNs - (endNs - startNs);
    const named = new Set<Seen>();
    for (const seen of first) {
      const passed = mine?.find((record) => sameName(record, seen));
      if (passed) named.add(passed);
      const stable =
        second.some((record) => agree(seen, record)) && !this.#changes.mayHideBetween(seen, lookedNs, endNs);
      this.#event({ seen, stable, mine: passed, moment: { sinceNs, endNs } });
    }
    for (const record of mine ?? []) {
      if (named.has(record)) continue;
      // The unfiltered stages have no agent that keeps names; this one's is asked whether the name has gone.
      const kept = (decoded(record).flags & FLAG_KEPT_NAME) !== 0;
      this.#detections(record, kept);
      if (kept) continue;
      if (first.length === second.length && first.every((seen, i) => agree(seen, second[i] as Seen)))
        if (!first.some((seen) => this.#changes.mayHideBetween(seen, lookedNs, endNs)))
          this.find("differs", `filtered ${describe(judgedEvent(record))}, a name that the unfiltered do not know`);
    }
  }

  #event({ seen, stable, mine, moment }: Named): void {
    if (mine) this.#detections(mine);
    if (!stable) {
      this.tally.unstable++;
      return;
    }
    this.tally.judged++;
    const event = judgedEvent(seen);
    if (event.record.flags & FLAG_OTHER_NAME) this.tally.otherNames++;
    if (event.record.pathTruncated || event.record.destinationTruncated) this.tally.truncated++;
    if (mine && !agree(seen, mine))
      this.find("differs", `filtered ${describe(judgedEvent(mine))}\nunfiltered ${describe(event)}`);
    const terms = this.#terms(mine, moment);
    const required = terms.map((term) => requiring(term, event));
    const [sure = []] = required;
    // Around a swap either generation may have judged it.
    const always = sure.filter(({ tenant }) => required.every((all) => all.some((r) => r.tenant.name === tenant.name)));
    if (always.length > 0) this.tally.required++;
    else if (mine) this.tally.needless++;
    const missed = always.filter(
      ({ tenant }) => mine === undefined || (mine.tenants & (1n << BigInt(tenant.slot))) === 0n,
    );
    if (missed.length === 0 && always.length > 0) this.tally.passed++;
    for (const { tenant, rules } of missed) {
      const passed = mine ? `passed for tenants 0x${mine.tenants.toString(16)} only` : "did not pass";
      const texts = rules.map(({ text }) => text).join("\n  ");
      const generations = terms.map(({ generation }) => generation).join(" or ");
      this.find(
        "dropped",
        `${describe(event)} ${passed}; generation ${generations}, tenant ${tenant.name} (${tenant.slot}):\n  ${texts}`,
      );
    }
  }

  /** Generations that may have judged an event; exactly one where it passed. */
  #terms(mine: Seen | undefined, { sinceNs, endNs }: { sinceNs: bigint; endNs: bigint }): readonly Term[] {
    return this.#observed.terms.filter((term) => {
      if (mine) return term.generation === mine.generation;
      return term.beginNs <= endNs && (term.endNs === undefined || sinceNs <= term.endNs);
    });
  }

  /** What the matchers made of a record that passed; `uncertain`: it may be that nothing was to be made of it. */
  #detections(mine: Seen, uncertain = false): void {
    const event = judgedEvent(mine);
    const term = this.#observed.terms.find(({ generation }) => generation === mine.generation);
    if (!term) {
      this.find("unaligned", `${describe(event)} is of generation ${mine.generation}, which none is`);
      return;
    }
    for (const tenant of term.tenants) {
      if ((mine.tenants & (1n << BigInt(tenant.slot))) === 0n) continue;
      for (const rule of tenant.rules) {
        if (rule.checked.event !== event.type || !mayMatch(rule.checked.expr, event.fields, event.known)) continue;
        const id = detectionId(tenant, rule, mine);
        this.#founded.add(id);
        if (uncertain || readsContext(rule)) continue;
        if (this.#observed.detections.has(id)) this.tally.detected++;
        else this.find("undetected", `${describe(event)}; tenant ${tenant.name}:\n  ${rule.text}`);
      }
    }
  }

  /** Detections that no rule accounts for. */
  unfounded(): void {
    for (const [id, { rule, event, file }] of this.#observed.detections)
      if (!this.#founded.has(id))
        this.find("unfounded", `${event.type} of ${file.path} was detected by rule ${rule.id}, which does not match`);
  }
}

/**
 * Whether what passed is a later one of the events that one run of a program makes (both names of an exchange, the
 * descriptors of a message): its time lies between those of the earlier ones, too.
 * @param at the event that comes first by time; `endNs`: when both stages had it
 */
function isOfLater(
  candidate: Operation,
  events: readonly Operation[],
  { at, endNs }: { at: number; endNs: bigint },
): boolean {
  const says = (event: Operation): boolean => event.some((seen) => candidate.some((record) => agree(seen, record)));
  if (says(events[at] as Operation)) return false;
  for (let i = at + 1; i < events.length; i++) {
    const later = events[i] as Operation;
    if (later[0].timeNs >= endNs) return false;
    if (says(later)) return true;
  }
  return false;
}

/** Whether two records of one operation are by the same name. */
function sameName(a: Seen, b: Seen): boolean {
  const [one, other] = [decoded(a), decoded(b)];
  return (
    (one.flags & FLAG_OTHER_NAME) === (other.flags & FLAG_OTHER_NAME) &&
    ((one.flags & FLAG_OTHER_NAME) === 0 || (one.path === other.path && one.destination === other.destination))
  );
}

/** An event by one name. */
interface Named {
  readonly seen: Seen;
  /** Both unfiltered stages say so, and nothing can have changed meanwhile. */
  readonly stable: boolean;
  /** The filtering stage's record, if it passed. */
  readonly mine: Seen | undefined;
  readonly moment: Pick<Moment, "sinceNs" | "endNs">;
}

interface Moment {
  readonly first: Operation;
  readonly second: Operation;
  /** The filtering stage's records, if any passed. */
  readonly mine: Operation | undefined;
  /** The thread's event before. */
  readonly sinceNs: bigint;
  /** From the first unfiltered stage's record to the second's. */
  readonly startNs: bigint;
  readonly endNs: bigint;
}

interface Requirement {
  readonly tenant: Tenant;
  readonly rules: readonly SubjectRule[];
}

function requiring({ tenants }: Term, { type, fields, known }: JudgedEvent): Requirement[] {
  return tenants.flatMap((tenant) => {
    const rules = tenant.rules.filter(({ checked }) => checked.event === type && mayMatch(checked.expr, fields, known));
    return rules.length > 0 ? [{ tenant, rules }] : [];
  });
}

const context = new WeakMap<SubjectRule, boolean>();

function readsContext(rule: SubjectRule): boolean {
  let reads = context.get(rule);
  if (reads === undefined) {
    reads = hasContext(rule.checked.expr as Expr);
    context.set(rule, reads);
  }
  return reads;
}

/** Whether a field of the host's is anywhere in it. */
function hasContext(part: unknown): boolean {
  if (typeof part !== "object" || part === null) return false;
  if ("source" in part && "matching" in part)
    return (knownBits(part as Parameters<typeof knownBits>[0]) & KNOWN_CONTEXT) !== 0;
  return Object.values(part).some(hasContext);
}

function describe({ type, record }: JudgedEvent): string {
  const paths = [record.path, record.destination].filter((path) => path !== "");
  const used = record.usedPath === "" ? "" : `used as ${JSON.stringify(shortened(record.usedPath))}, `;
  const flags = `${used}flags 0x${record.opFlags.toString(16)}, marks 0x${record.flags.toString(16)}, inode ${record.inode}`;
  return `${type} ${paths.map((path) => JSON.stringify(shortened(path))).join(" -> ")} (${flags}, tid ${record.tid})`;
}

const shortened = (path: string): string => (path.length > 200 ? `${path.slice(0, 100)}…${path.slice(-100)}` : path);
