import { extensionOf, nameOf } from "@weir/matcher-wasm/format";
import fc from "fast-check";
import { expect, test } from "vitest";
import { eventPath } from "../test/text-arbitraries.ts";
import { type PathParts, pathOfParts } from "./event-path.ts";
import { isEventPath } from "./paths.ts";

function partsOf(bytes: Uint8Array): { readonly [K in keyof PathParts]-?: NonNullable<PathParts[K]> } {
  const path = Buffer.from(bytes);
  const name = nameOf(path);
  return { name, extension: extensionOf(path), nameLength: name.length, pathLength: path.length };
}

const KEYS = ["name", "extension", "nameLength", "pathLength"] as const;
const chosen = fc.subarray([...KEYS], { minLength: 1 });
const longPath = fc
  .array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 })
  .map((lengths) => lengths.map((length) => `/${"x".repeat(length)}`).join(""));

test("whatever is told of a path, one that has it is found", () => {
  fc.assert(
    fc.property(fc.oneof(eventPath, longPath), chosen, (text, keys) => {
      const all = partsOf(Buffer.from(text));
      const parts: PathParts = Object.fromEntries(keys.map((key) => [key, all[key]]));
      const path = pathOfParts(parts);
      if (path === undefined) throw new Error("there is one");
      expect(Buffer.from(path).toString() === "" || isEventPath(Buffer.from(path).toString())).toBe(true);
      expect(partsOf(path)).toMatchObject(parts);
    }),
    { numRuns: 2000 },
  );
});

test.each<readonly [PathParts, string | undefined]>([
  [{ pathLength: 2 }, "/a"],
  [{ pathLength: 1 }, "/"],
  [{ pathLength: 0 }, ""],
  [{ nameLength: 3 }, "/aaa"],
  [{ nameLength: 0 }, ""],
  [{ nameLength: 3, pathLength: 6 }, "/a/aaa"],
  [{ nameLength: 3, pathLength: 5 }, undefined],
  [{ nameLength: 3, pathLength: 3 }, undefined],
  [{ nameLength: -1 }, undefined],
  [{ pathLength: 4096 }, undefined],
  [{ pathLength: 1e15 }, undefined],
  [{ extension: Buffer.from(".gz") }, "/a.gz"],
  [{ extension: Buffer.from(".gz"), nameLength: 5, pathLength: 9 }, "/aa/aa.gz"],
  [{ extension: Buffer.from(".gz"), nameLength: 2 }, undefined],
  [{ extension: Buffer.from("gz") }, undefined],
  [{ extension: Buffer.from(".tar.gz") }, undefined],
  [{ name: Buffer.from("b"), pathLength: 5 }, "/aa/b"],
  [{ name: Buffer.from("b"), nameLength: 5 }, undefined],
  [{ name: Buffer.from("a/b") }, undefined],
])("%j: %s", (parts, path) => {
  const found = pathOfParts(parts);
  expect(found && Buffer.from(found).toString()).toBe(path);
});
