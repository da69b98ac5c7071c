/**
 * A file of tests for policies: a list of events with the rules that are expected to match them.
 *
 *     - name: a shell reads the password file
 *       event: { type: open, open.file.path: /etc/shadow, open.flags: [O_RDONLY] }
 *       expect: [shadow_read]
 *     - name: the second event needs what the first one set
 *       events:
 *         - event: { … }
 *           expect: []
 *         - event: { … }
 *           expect_not: [noisy_rule]
 *
 * `expect` names all rules that match, `expect_not` some that do not.
 */
import { isMap, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import type { Diagnostic } from "../diagnostics.ts";
import { type EventProblem, problemText, readEvent, type TypedEvent, UNKNOWN_FIELD } from "../events/index.ts";
import { type Entry, PolicyReader, scalarText, typeName } from "../policy/document.ts";
import { decodePolicy, type PolicyInput } from "../policy/index.ts";
import { type Place, SourceFile } from "../source.ts";

/** A rule as a test names it. */
export interface NamedRule {
  readonly id: string;
  readonly place: Place;
}

export interface TestStep {
  readonly event: TypedEvent;
  /** Of the keys of the event. */
  readonly keys: ReadonlyMap<string, Place>;
  /** All rules that match; null where nothing is said about that. */
  readonly expect: readonly NamedRule[] | null;
  readonly expectNot: readonly NamedRule[];
  readonly place: Place;
}

/** Events one after the other, with one state of variables. */
export interface TestCase {
  readonly name: string | undefined;
  readonly place: Place;
  readonly steps: readonly TestStep[];
}

const CASE_KEYS = ["name", "event", "events", "expect", "expect_not"];
const STEP_KEYS = ["event", "expect", "expect_not"];

/** @returns the tests of a file as far as they could be read, and everything that is wrong with it */
export function readTests(input: PolicyInput): {
  readonly cases: readonly TestCase[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const file = decodePolicy(input);
  if (!(file instanceof SourceFile)) return { cases: [], diagnostics: [file] };
  const reader = new PolicyReader(file);
  const cases = readRoot(reader);
  return { cases, diagnostics: reader.diagnostics.sorted() };
}

function readRoot(reader: PolicyReader): TestCase[] {
  const root = reader.parse();
  if (reader.diagnostics.hasErrors) return [];
  if (!isSeq(root)) {
    const what = typeName(root);
    reader.error("yaml", reader.place(root), `a file of tests must be a list of tests, received ${what}`);
    return [];
  }
  if (root.items.length === 0) reader.error("empty", reader.place(root), "the file holds no test");
  return root.items.flatMap((item) => readCase(reader, reader.resolve(item)) ?? []);
}

function readCase(reader: PolicyReader, node: Node | null): TestCase | null {
  const map = reader.map(node, "a test", reader.place(null));
  if (map === null) return null;
  const entries = reader.knownEntries(map, "a test", CASE_KEYS);
  const name = reader.text(entries.get("name"), "`name`");
  const place = reader.place((map.items[0]?.key as Node | undefined) ?? map);
  const events = entries.get("events");
  if (events === undefined) {
    const step = readStep(reader, map, entries);
    return step === null ? null : { name, place, steps: [step] };
  }
  for (const key of ["event", "expect", "expect_not"]) {
    const odd = entries.get(key);
    if (odd !== undefined)
      reader.error("key", odd.keyPlace, `\`${key}\` beside \`events\`: in a sequence each event has its own`);
  }
  const items = reader.items(events, "`events`");
  if (isSeq(events.value) && items.length === 0) reader.error("empty", events.keyPlace, "`events` is empty");
  const steps = items.flatMap((item) => {
    const stepMap = reader.map(item, "an entry of `events`", events.keyPlace);
    return stepMap === null
      ? []
      : (readStep(reader, stepMap, reader.knownEntries(stepMap, "an event of a sequence", STEP_KEYS)) ?? []);
  });
  return { name, place, steps };
}

function readStep(reader: PolicyReader, map: YAMLMap, entries: ReadonlyMap<string, Entry>): TestStep | null {
  const place = reader.place((map.items[0]?.key as Node | undefined) ?? map);
  const entry = entries.get("event");
  if (entry === undefined) reader.error("missing-key", place, "the test has no `event`");
  const event = entry === undefined ? null : readYamlEvent(reader, entry);
  if (!entries.has("expect") && !entries.has("expect_not"))
    reader.error(
      "missing-key",
      place,
      "the test expects nothing: it has neither `expect` nor `expect_not`",
      "`expect: []` when no rule is to match",
    );
  const expect = entries.has("expect") ? readRules(reader, entries.get("expect"), "`expect`") : null;
  const expectNot = readRules(reader, entries.get("expect_not"), "`expect_not`");
  return event === null ? null : { ...event, expect, expectNot, place };
}

function readRules(reader: PolicyReader, entry: Entry | undefined, what: string): NamedRule[] {
  const rules: NamedRule[] = [];
  for (const item of reader.items(entry, what)) {
    const id = scalarText(item);
    const place = reader.place(item ?? entry?.value);
    if (id === undefined) reader.error("yaml", place, `${what} holds ids of rules, received ${typeName(item)}`);
    else if (rules.some((rule) => rule.id === id)) reader.error("duplicate-id", place, `rule \`${id}\` is named twice`);
    else rules.push({ id, place });
  }
  return rules;
}

/** The event's mapping; what is wrong with a value is reported where the value stands. */
function readYamlEvent(reader: PolicyReader, entry: Entry): Pick<TestStep, "event" | "keys"> | null {
  const map = reader.map(entry.value, "`event`", entry.keyPlace);
  if (map === null) return null;
  const given = reader.entries(map, "the event");
  const values = new Map([...given].map(([key, { value }]) => [key, plainValue(reader, value)]));
  const result = readEvent(values, { kernelPaths: true });
  if (result.ok) {
    const keys = new Map([...given].map(([key, { keyPlace }]) => [key, keyPlace]));
    return { event: result.event, keys };
  }
  for (const problem of result.problems) {
    const { key, index, message, hint } = problem;
    const text = key === "" ? message : problemText({ key, ...(index === undefined ? {} : { index }), message });
    reader.error("event", placeOfProblem(reader, problem, given.get(key)) ?? entry.keyPlace, text, hint);
  }
  return null;
}

function placeOfProblem(reader: PolicyReader, problem: EventProblem, entry: Entry | undefined): Place | undefined {
  if (entry === undefined || problem.message === UNKNOWN_FIELD || entry.value === null) return entry?.keyPlace;
  const { index } = problem;
  const item = index !== undefined && isSeq(entry.value) ? reader.resolve(entry.value.items[index]) : entry.value;
  return reader.place(item ?? entry.value);
}

/** YAML to the values that `readEvent` takes. */
function plainValue(reader: PolicyReader, node: Node | null): unknown {
  if (isSeq(node)) return node.items.map((item) => plainValue(reader, reader.resolve(item)));
  if (isMap(node)) return {};
  if (!isScalar(node)) return null;
  const { value, source } = node;
  if (typeof value !== "number" || source === undefined) return value;
  // YAML 1.2 takes 0644 for a decimal number: left as text, it is refused as ambiguous.
  if (/^[-+]?0[0-9]+$/.test(source)) return source;
  return Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d{1,32}$/.test(source)
    ? BigInt(source)
    : value;
}
