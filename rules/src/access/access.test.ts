import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { eventTypeName, optionalPathType, rulesAndEvents } from "../../test/arbitraries.ts";
import { checkExpression } from "../check/index.ts";
import { evaluate } from "../evaluate.ts";
import type { AccessPredicate } from "../ir.ts";
import { toNnf } from "../nnf.ts";
import { wholeText } from "../source.ts";
import { parseExpression } from "../syntax/parser.ts";
import { ACCESS_PREDICATES_MAX, accessPredicates } from "./access.ts";
import { kernelStagePasses } from "./kernel-model.ts";
import { toSeeds } from "./seeds.ts";

function access(text: string): string[] {
  return accessOf(text).map(show);
}

function accessOf(text: string): readonly AccessPredicate[] {
  return accessPredicates(checkExpression(parseExpression(text), wholeText("test", text), new Map()).nnf);
}

function show({ key, flagsAny }: AccessPredicate): string {
  const place = key === null ? "any" : `${key.slot === "file" ? "" : "destination "}${key.kind} ${key.value}`;
  return flagsAny === null ? place : `${place} &${flagsAny}`;
}

test.each([
  ['open.file.path == "/etc/passwd"', ["path /etc/passwd"]],
  ['open.file.path in ["/a", ~"/b/**"]', ["ancestor /b", "path /a"]],
  ['open.file.path =~ "/etc/**"', ["ancestor /etc"]],
  ['open.file.path =~ "/etc/*"', ["ancestor /etc"]],
  ['open.file.path =~ "/etc/cron.*/*"', ["ancestor /etc"]],
  ['open.file.path =~ "/etc/cron.*/x"', ["basename x"]],
  ['open.file.path =~ "/home/*/.ssh/authorized_keys"', ["basename authorized_keys"]],
  ['open.file.path =~ "**/id_rsa"', ["basename id_rsa"]],
  ['open.file.path =~ "/*"', ["any"]],
  ['open.file.path =~ "/**"', ["any"]],
  ['open.file.path =~ "*/etc/*"', ["any"]],
  ['open.file.path =~ "/**/"', ["path /"]],
  ['open.file.path =~ "/etc*"', ["any"]],
  ['open.file.path == "/"', ["path /"]],
  ['open.file.name == ""', ["path /"]],
  ['open.file.name == "a/b"', []],
  ['open.file.path == "/etc/../x"', []],
  ['open.file.path == "etc"', []],
  ['open.file.path =~ "etc/*"', []],
  ['open.file.path =~ "/etc//*"', []],
  ['open.file.path != "/etc/passwd"', ["any"]],
  ['open.file.name =~ "*.conf"', ["any"]],
  ['open.file.name in ["a", "b"]', ["basename a", "basename b"]],
  ['open.file.path =~ "/etc/**" && open.file.name == "x"', ["basename x"]],
  ['open.file.path =~ "/etc/**" && open.flags & (O_WRONLY|O_RDWR) > 0', ["ancestor /etc &3"]],
  [
    '(open.file.path == "/a" || open.file.path == "/b" && open.flags & 2 > 0) && open.flags & 67 != 0',
    ["path /a &67", "path /b &2"],
  ],
  ['open.file.path == "/a" || open.file.path == "/a" && open.flags & 2 > 0', ["path /a"]],
  ['open.file.path =~ "/a/**" || open.file.path == "/a/b/c"', ["ancestor /a"]],
  ['(open.file.path =~ "/a/**" && open.flags & 1 > 0) || open.file.path == "/a/b"', ["ancestor /a &1", "path /a/b"]],
  ["open.flags & O_CREAT == O_CREAT", ["any &64"]],
  ["open.flags & 3 == O_RDONLY", ["any"]],
  ["not (open.flags & 3 == 0)", ["any &3"]],
  ["open.flags in [1, 2]", ["any &3"]],
  ["open.flags in [0, 2]", ["any"]],
  ["open.flags & 3 >= 0", ["any"]],
  ["open.flags & 3 > -1", ["any"]],
  ["0 < open.flags & 3", ["any &3"]],
  [
    'rename.file.path =~ "/etc/**" || rename.file.destination.path == "/etc/passwd"',
    ["destination path /etc/passwd", "ancestor /etc"],
  ],
  ['unlink.file.path == "/a" && process.comm != "b"', ["path /a"]],
])("access of %s", (text, expected) => {
  expect(access(text)).toEqual(expected);
});

test("too many predicates are widened, not dropped", () => {
  const paths = Array.from({ length: ACCESS_PREDICATES_MAX + 1 }, (_, i) => `"/d${i % 7}/f${i}"`);
  expect(access(`open.file.path in [${paths}]`)).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => `ancestor /d${i}`));
});

describe("seeds", () => {
  it("merge flags, sort, and do not depend on the order of rules", () => {
    const rules = [
      'open.file.path == "/b" && open.flags & 1 > 0',
      'open.file.path == "/b" && open.flags & 2 > 0',
      'open.file.name == "a" && open.flags & 64 > 0',
    ].map((text) => ({ event: "open", predicates: accessOf(text) }));
    const seeds = toSeeds(rules);
    expect(seeds).toEqual({
      format: "weir-seeds/1",
      interests: [{ event: "open", flagsAny: 67, unfiltered: false }],
      approvers: [
        { event: "open", slot: "file", kind: "basename", value: "a", flagsAny: 64 },
        { event: "open", slot: "file", kind: "path", value: "/b", flagsAny: 3 },
      ],
    });
    expect(toSeeds(rules.toReversed())).toEqual(seeds);
  });

  it("keep the approvers of other rules when one has none", () => {
    const rules = ['open.file.name == "a"', "open.flags & 1 > 0"].map((text) => ({
      event: "open",
      predicates: accessOf(text),
    }));
    expect(toSeeds(rules)).toMatchObject({
      interests: [{ event: "open", flagsAny: null, unfiltered: { flagsAny: 1 } }],
      approvers: [{ value: "a", flagsAny: null }],
    });
  });
});

test.each([
  { events: "of any type", types: eventTypeName, rulesMax: 3, numRuns: 500 },
  // One rule, so that no other one's approvers cover for a missing one.
  { events: "without a path that is optional", types: optionalPathType, rulesMax: 1, numRuns: 1000 },
])("the kernel stage never rejects an event $events that a rule matches", ({ types, rulesMax, numRuns }) => {
  let matches = 0;
  let rejections = 0;
  fc.assert(
    fc.property(rulesAndEvents({ rulesMax, eventsMax: 10, types }), ({ type, exprs, events }) => {
      const seeds = toSeeds(exprs.map((expr) => ({ event: type, predicates: accessPredicates(toNnf(expr)) })));
      for (const { fields } of events) {
        const passes = kernelStagePasses(seeds, type, fields);
        if (!passes) rejections++;
        if (!exprs.some((expr) => evaluate(expr, fields))) continue;
        matches++;
        expect(passes).toBe(true);
      }
    }),
    { numRuns },
  );
  // The property says nothing unless events match, and nothing of use unless others are rejected.
  expect(matches).toBeGreaterThan(50);
  expect(rejections).toBeGreaterThan(50);
});
