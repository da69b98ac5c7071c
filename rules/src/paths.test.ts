import { FIELDS, type Field, findField, PATH_BYTES_MAX } from "@weir/matcher-wasm/format";
import fc from "fast-check";
import { expect, test } from "vitest";
import { eventPath, globText } from "../test/text-arbitraries.ts";
import { globFlaw, isEventPath, pathFlaw } from "./paths.ts";
import { globMatches } from "./pattern.ts";

const FILE = findField("open.file.path") as Field;
const OPTIONAL = findField("mount.source.path") as Field;

test.each<readonly [string, string | undefined]>([
  ["/", undefined],
  ["/a/b", undefined],
  ["/...", undefined],
  ["", "it is empty"],
  ["a", "it does not start with `/`"],
  ["/a/", "it ends with `/`"],
  ["//a", "it contains `//`"],
  ["/a/..", "it contains `.` or `..`"],
  ["/a\0", "it contains a NUL byte"],
  [`/${"a".repeat(PATH_BYTES_MAX - 1)}`, undefined],
  [`/${"é".repeat(2048)}`, "it has 4097 bytes, more than the 4095 of the longest path"],
])("%j: %s", (path, flaw) => expect(pathFlaw(FILE, path)).toBe(flaw));

test("only what the field table says may be empty", () => {
  expect(pathFlaw(OPTIONAL, "")).toBeUndefined();
  expect(pathFlaw(OPTIONAL, "a")).toBeDefined();
  // What the kernel stage may leave out: a mount that is none of a directory has no source.
  expect(FIELDS.filter(({ optional }) => optional).map(({ name }) => name)).toEqual(["mount.source.path"]);
});

test("a glob with a flaw fits no path, and a path has none", () => {
  let flaws = 0;
  let fits = 0;
  fc.assert(
    fc.property(globText, fc.array(eventPath, { minLength: 5, maxLength: 20 }), (glob, paths) => {
      const flaw = globFlaw(glob);
      if (flaw !== undefined) flaws++;
      const near = glob.replace(/\*+/g, "a");
      for (const path of [...paths, "/", ...(isEventPath(near) ? [near] : [])]) {
        expect(pathFlaw(FILE, path)).toBeUndefined();
        if (!globMatches(glob, path)) continue;
        fits++;
        expect(flaw).toBeUndefined();
      }
    }),
    { numRuns: 1000 },
  );
  expect(Math.min(flaws, fits)).toBeGreaterThan(50);
});
