import { expect, test } from "vitest";
import { PolicyFileError, readPolicyFiles } from "./files.ts";

test("a device is not read", () => {
  // /dev/null, for /dev/zero would not end if it were.
  expect(() => readPolicyFiles(["/dev/null"])).toThrow(PolicyFileError);
});
