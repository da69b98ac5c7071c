/** What a linked matcher proves of directories: never too much, exactly what the model does, and not nothing. */
import {
  EVENT_TYPE_MAX,
  encodeSpan,
  eventTypeById,
  eventTypeByName,
  FILE_DEST_LEN,
  FILE_PATH_LEN,
  FILE_PATHS,
  FLAG_PATH_TRUNCATED,
  findField,
  PROOF_BYTES,
  RECORD_FLAGS,
  RECORD_SIZE,
  RECORD_TYPE,
  RING_HEADER_BYTES,
} from "@weir/matcher-wasm/format";
import { admitModule, MatcherInputError } from "@weir/matcher-wasm/host";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { directoriesNear, rulesAndDirectories } from "../../test/directories.ts";
import { checkedRules, contextOf, encodeStamped, link, loadRules } from "../../test/linked.ts";
import { directoryField, directoryProof } from "../access/directory.ts";
import { evaluate } from "../evaluate.ts";
import type { CheckedRule, Nnf, StringTest } from "../ir.ts";
import { EXPRESSION_DEPTH_MAX } from "./runtime.ts";

const typeId = (name: string): number => eventTypeByName(name)?.id ?? 0;

function pathRule(type: string, tests: readonly StringTest[], negated = false): CheckedRule {
  const field = directoryField(type);
  if (field === undefined) throw new Error(`no file in ${type}`);
  return { id: `${type} ${JSON.stringify(tests)}`, event: type, expr: { kind: "string", field, tests, negated } };
}
const equals = (value: string): StringTest => ({ kind: "equals", value });
const glob = (pattern: string): StringTest => ({ kind: "glob", pattern });

describe("a matcher's proof", { timeout: 60_000 }, () => {
  it("is never given for a directory in which an event matches, and equals the model", async () => {
    const seen = { proven: 0, matched: 0 };
    await fc.assert(
      fc.asyncProperty(
        rulesAndDirectories({ rulesMax: 3, directoriesMax: 8, eventsMax: 4 }),
        async ({ type, exprs, directories }) => {
          const rules = checkedRules(type, exprs);
          const matcher = await loadRules(rules);
          const model = directoryProof(rules, type);
          for (const { path, events } of directories) {
            const proven = matcher.prove(typeId(type), path);
            const matching = events.filter(({ fields }) => exprs.some((expr) => evaluate(expr, fields)));
            if (proven) expect(matching).toEqual([]);
            expect(proven).toBe(model(path));
            if (proven) seen.proven++;
            if (matching.length > 0) seen.matched++;
          }
        },
      ),
      { numRuns: 40 },
    );
    expect(seen.proven).toBeGreaterThan(15);
    expect(seen.matched).toBeGreaterThan(15);
  });

  it("equals the model for many rules, which the index keeps apart", async () => {
    const options = { rulesMax: 3, directoriesMax: 2, eventsMax: 1 };
    const sample = fc.sample(rulesAndDirectories(options), { numRuns: 120, seed: 6 });
    const rules = sample
      .flatMap(({ type, exprs }) => checkedRules(type, exprs))
      .filter((rule) => ["/", "/zz/zz/zz"].some(directoryProof([rule], rule.event)));
    expect(rules.length).toBeGreaterThan(80);
    const near = directoriesNear(["/etc/a/cron.d/**", "/a/b/ab/passwd", "*/a*/*b", "/x.conf/é/-"]);
    const paths = [...new Set([...near, ...sample.flatMap(({ directories }) => directories.map(({ path }) => path))])];
    const types = new Set(rules.map(({ event }) => event));
    for (const some of [rules.slice(0, 40), rules]) {
      const matcher = await loadRules(some);
      for (const type of types) {
        const proven = paths.filter((path) => matcher.prove(typeId(type), path));
        expect(proven).toEqual(paths.filter(directoryProof(some, type)));
      }
    }
  });

  it("is about one event type, and shares predicates among types", async () => {
    const rules = [
      pathRule("open", [equals("/a/x")]),
      pathRule("unlink", [equals("/a/y"), equals("/b/x")]),
      pathRule("unlink", [equals("/a/z")]),
    ];
    const matcher = await loadRules(rules);
    const answers = (type: string) => ["/a", "/b", "/c"].map((directory) => matcher.prove(typeId(type), directory));
    expect(answers("open")).toEqual([false, true, true]);
    expect(answers("unlink")).toEqual([false, false, true]);
    expect(answers("chmod")).toEqual([true, true, true]);
  });

  it("keeps a condition and its opposite apart", async () => {
    const tests = [glob("/a/*")];
    const matcher = await loadRules([pathRule("open", tests), pathRule("unlink", tests, true)]);
    const answers = (type: string) => ["/a", "/b"].map((directory) => matcher.prove(typeId(type), directory));
    expect(answers("open")).toEqual([false, true]);
    expect(answers("unlink")).toEqual([true, false]);
  });

  it("does not exist for a type in which one rule may match anywhere", async () => {
    const anywhere: CheckedRule = { id: "all", event: "open", expr: { kind: "const", value: true } };
    const never: CheckedRule = { id: "none", event: "unlink", expr: { kind: "const", value: false } };
    const rules = [pathRule("open", [equals("/a/x")]), anywhere, pathRule("unlink", [equals("/a/x")]), never];
    const matcher = await loadRules(rules);
    expect(matcher.prove(typeId("open"), "/b")).toBe(false);
    expect(matcher.prove(typeId("unlink"), "/b")).toBe(true);
  });

  it("is given up where an expression nests as deep as it may, and the rules are linked", async () => {
    let expr: Nnf = pathRule("open", [equals("/a/x")]).expr;
    for (let i = 0; i < EXPRESSION_DEPTH_MAX; i++)
      expr = { kind: i % 2 === 0 ? "and" : "or", terms: [pathRule("open", [equals(`/a/${i}`)]).expr, expr] };
    const matcher = await loadRules([{ id: "deep", event: "open", expr }, pathRule("unlink", [equals("/a/x")])]);
    expect(matcher.prove(typeId("open"), "/b")).toBe(false);
    expect(matcher.prove(typeId("unlink"), "/b")).toBe(true);
  });

  it("leaves the batch before it as it was", async () => {
    const comm = { kind: "string", tests: [equals("vi")], negated: false } as const;
    const rule = pathRule("open", [equals("/a/x")]);
    const field = findField("process.file.path");
    if (field === undefined) throw new Error("no such field");
    const rules = [rule, { id: "context", event: "open", expr: { ...comm, field } }];
    const fields = { "open.file.path": "/a/x", "process.file.path": "vi" };
    const span = encodeSpan([encodeStamped({ type: "open", fields, stamp: { generation: 1, tenants: 1n } })]);
    for (const some of [rules.slice(0, 1), rules]) {
      const matcher = await loadRules(some);
      matcher.input.set(span);
      const before = matcher.matchBatch({ length: span.length, generation: 1, tenant: 0 });
      matcher.prove(typeId("open"), "/b");
      matcher.prove(typeId("unlink"), `/${"long/".repeat(800)}x`);
      expect(matcher.input.subarray(0, span.length)).toEqual(span);
      expect(matcher.matchContext(RING_HEADER_BYTES, contextOf(matcher, { type: "open", fields }))).toEqual(
        some === rules ? [1] : [],
      );
      expect(matcher.matchBatch({ length: span.length, generation: 1, tenant: 0 })).toEqual(before);
    }
  });
});

describe("a directory's path", { timeout: 60_000 }, () => {
  const rules = [pathRule("open", [equals("/a/x"), glob("/é/**")]), pathRule("rename", [glob("/a/*/x")])];

  it.each(["", "b", "b/c", "/b/", "//", "/b//c", "/b/../c", "/./b", "/..", "/."])(
    "like %j proves nothing",
    async (directory) => {
      const matcher = await loadRules(rules);
      expect(matcher.prove(typeId("open"), directory)).toBe(false);
      expect(matcher.prove(typeId("unlink"), directory)).toBe(false);
    },
  );

  it("may be as long as paths get, and of any bytes", async () => {
    const matcher = await loadRules(rules);
    expect(matcher.prove(typeId("open"), `/${"b/".repeat(2046)}bc`)).toBe(true);
    expect(matcher.prove(typeId("open"), `/${"b/".repeat(2046)}bcd`)).toBe(false);
    expect(matcher.prove(typeId("open"), new TextEncoder().encode(`/${"b/".repeat(2046)}bcd`))).toBe(false);
    expect(matcher.prove(typeId("open"), "/")).toBe(true);
    expect(matcher.prove(typeId("open"), new Uint8Array([0x2f, 0xff, 0x2f, 0xfe]))).toBe(true);
    expect(matcher.prove(typeId("open"), "/é")).toBe(false);
    expect(matcher.prove(typeId("open"), new TextEncoder().encode("/é/x"))).toBe(false);
    expect(matcher.prove(typeId("open"), "/a\ufffd")).toBe(false);
    expect(matcher.prove(typeId("open"), "/a\ud800")).toBe(false);
    expect(matcher.prove(typeId("open"), "/b")).toBe(true);
  });

  it("belongs to a type that has files", async () => {
    const matcher = await loadRules(rules);
    const unused = Array.from({ length: EVENT_TYPE_MAX }, (_, i) => i + 1).filter((id) => !eventTypeById(id));
    expect(unused.filter((id) => matcher.prove(id, "/b"))).toEqual([]);
    for (const type of [0, -1, EVENT_TYPE_MAX + 1, 1.5, Number.NaN])
      expect(() => matcher.prove(type, "/b")).toThrow(MatcherInputError);
  });

  it("is not believed when its record says that it is truncated, or contradicts itself", async () => {
    const { exports, proof } = await admitModule(link(rules));
    const bytes = new Uint8Array(exports.memory.buffer, proof, PROOF_BYTES);
    const view = new DataView(exports.memory.buffer, proof, PROOF_BYTES);
    const path = new TextEncoder().encode("/b");
    const write = (): void => {
      bytes.fill(0);
      view.setUint32(RECORD_SIZE, FILE_PATHS + 8, true);
      view.setUint16(RECORD_TYPE, typeId("open"), true);
      view.setUint16(FILE_PATH_LEN, path.length, true);
      bytes.set(path, FILE_PATHS);
    };
    write();
    expect(exports.prove()).toBe(1);
    const changes: readonly (readonly [number, number])[] = [
      [RECORD_FLAGS, FLAG_PATH_TRUNCATED],
      [RECORD_SIZE, FILE_PATHS],
      [RECORD_SIZE, 8],
      [RECORD_SIZE + 2, 1],
      [RECORD_TYPE, 0],
      [RECORD_TYPE, 32],
      [RECORD_TYPE, 0xffff],
      [FILE_PATH_LEN, 9],
      [FILE_PATH_LEN, 0],
      [FILE_PATH_LEN, 0xffff],
      [FILE_DEST_LEN, 1],
    ];
    for (const [at, value] of changes) {
      write();
      view.setUint16(at, value, true);
      expect({ at, value, proven: exports.prove() }).toEqual({ at, value, proven: 0 });
    }
  });

  it("may be any bytes at all", async () => {
    const { exports, proof } = await admitModule(link(rules));
    const bytes = new Uint8Array(exports.memory.buffer, proof, PROOF_BYTES);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.nat({ max: 40 }),
        fc.nat({ max: 9000 }),
        (given, type, size) => {
          bytes.fill(0);
          bytes.set(given);
          const view = new DataView(exports.memory.buffer, proof, PROOF_BYTES);
          view.setUint16(RECORD_TYPE, type, true);
          view.setUint32(RECORD_SIZE, size, true);
          expect([0, 1]).toContain(exports.prove());
        },
      ),
      { numRuns: 1000 },
    );
  });
});
