/** Texts of the record itself: comm and file system compared in line, and the text that the runtime keeps. */
import { encodeSpan, type Field, findField, RING_HEADER_BYTES, ringFootprint } from "@weir/matcher-wasm/format";
import { expect, test } from "vitest";
import { checkedRules, encodeStamped, loadRules } from "../../test/linked.ts";
import { evaluate } from "../evaluate.ts";
import { completeEvent } from "../event.ts";
import type { StringTest } from "../ir.ts";

const TEXTS = ["", "a", "b", "abcdefg", "abcdefgX", "abcdefgh", "abcdefghi", "abcdefghijklmn", "abcdefghijklmno", "é"];
/** None that an event could have, all close to one that it has. */
const OTHERS = ["abcdefghijklmnop", "abcdefghijklmnopq", "a\0", "\0", "abcdefgh\0"];

const stringLeaf = (name: string, tests: readonly StringTest[]) => ({
  kind: "string" as const,
  field: findField(name) as Field,
  tests,
  negated: false,
});

/** Judges events of one span, which follow each other in the runtime, by rules that follow each other as well. */
async function compare(leaves: readonly ReturnType<typeof stringLeaf>[], events: readonly Record<string, string>[]) {
  const rules = checkedRules("open", leaves);
  const matcher = await loadRules(rules);
  const complete = events.map((fields) => completeEvent("open", { "open.file.path": "/x", ...fields }));
  const records = complete.map((fields) =>
    encodeStamped({ type: "open", fields, stamp: { tenants: 1n, generation: 1 } }),
  );
  const span = encodeSpan(records);
  matcher.input.set(span);
  const verdicts = matcher.matchBatch({ length: span.length, generation: 1, tenant: 0 });
  let offset = RING_HEADER_BYTES;
  let matches = 0;
  for (const [i, fields] of complete.entries()) {
    const expected = rules.flatMap((rule, index) => (evaluate(rule.expr, fields) ? [index] : []));
    const found = verdicts.filter(({ recordOffset }) => recordOffset === offset).map(({ rule }) => rule);
    expect({ fields: events[i], found: found.sort((a, b) => a - b) }).toEqual({ fields: events[i], found: expected });
    offset += ringFootprint((records[i] as Uint8Array).length);
    matches += found.length;
  }
  return matches;
}

test.each(["process.comm", "open.file.filesystem"])("%s equals texts of every length", async (name) => {
  const leaves = [...TEXTS, ...OTHERS].map((value) => stringLeaf(name, [{ kind: "equals", value }]));
  expect(
    await compare(
      leaves,
      TEXTS.map((value) => ({ [name]: value })),
    ),
  ).toBe(TEXTS.length);
});

test("the text of one event is not taken for that of the next", async () => {
  const patterns = ["a*", "*a", "b*"].map((pattern): StringTest => ({ kind: "pattern", pattern }));
  const names = ["process.comm", "process.comm", "open.file.extension", "open.file.extension", "process.comm"];
  const leaves = names.flatMap((name) => patterns.map((pattern) => stringLeaf(name, [pattern])));
  const events = ["a", "b", "ba", "ab", "a"].flatMap((comm) => [
    { "process.comm": comm, "open.file.path": "/x.a" },
    { "process.comm": comm, "open.file.path": `/longer/${comm}/name` },
  ]);
  // One rule alone, so that the last text of one event is the first that the next one asks for.
  for (const leaf of leaves) await compare([leaf], events);
  expect(await compare(leaves, events)).toBeGreaterThan(20);
});
