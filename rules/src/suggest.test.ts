import { FIELDS } from "@weir/matcher-wasm/format";
import { expect, test } from "vitest";
import { CONSTANTS } from "./constants.ts";
import { suggest } from "./suggest.ts";

const NAMES = [...FIELDS.map(({ name }) => name), ...CONSTANTS.keys()];

test.each([
  ["open.fil.path", "open.file.path"],
  ["opne.file.path", "open.file.path"],
  ["open.flag", "open.flags"],
  ["open.file.pth", "open.file.path"],
  ["Open.File.Path", "open.file.path"],
  ["open.path", "open.file.path"],
  ["open.file_path", "open.file.path"],
  ["open.filename", "open.file.name"],
  ["process.ancestor.file.path", "process.ancestors.file.path"],
  ["process.parents.comm", "process.parent.comm"],
  ["O_CREATE", "O_CREAT"],
  ["O_RDRW", "O_RDWR"],
  ["O_WRONGLY", "O_WRONLY"],
  ["SIGKIL", "SIGKILL"],
])("%s: %s", (written, expected) => expect(suggest(written, NAMES)).toBe(expected));

test.each(["SIGFOO", "open.file.size", "name", "path", "scope_field", "open.file.owner", "O_FOO", "x", "", "open"])(
  "%s: nothing is near",
  (written) => expect(suggest(written, NAMES)).toBeUndefined(),
);

test("among equals the one with the longer common start, then the first", () => {
  expect(suggest("abcx", ["abdx", "abce"])).toBe("abce");
  expect(suggest("abcx", ["abcy", "abcz"])).toBe("abcy");
});

test("long names are compared in time", () => {
  expect(suggest("a".repeat(100_000), NAMES)).toBeUndefined();
});
