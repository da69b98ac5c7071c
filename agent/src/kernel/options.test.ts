import { expect, test } from "vitest";
import { encodeOptions, kernelPathCounters } from "./options.ts";

const SYMBOLS = `ffffffff81000000 T _stext
ffffffff82a01240 D rename_lock
ffffffff82a01280 B mount_lock
ffffffff82a012c0 b mount_lock_other
`;

test("the kernel's counters of path changes, by their addresses", () => {
  expect(kernelPathCounters(SYMBOLS)).toEqual({ renames: 0xffffffff82a01240n, mounts: 0xffffffff82a01280n });
});

test.for([
  ["variables are not listed", "ffffffff81000000 T _stext\n"],
  ["one is missing", SYMBOLS.replace("mount_lock\n", "mount_locked\n")],
  ["addresses are hidden", SYMBOLS.replace(/^f+\w+/gm, "0000000000000000")],
  ["a function has the name", SYMBOLS.replace("D rename_lock", "T rename_lock")],
])("none where %s", ([, symbols]) => {
  expect(kernelPathCounters(symbols ?? "")).toBeUndefined();
});

test("each start has a secret of its own", () => {
  const secrets = [1, 2].map(() => encodeOptions({ functions: new Map() }).subarray(16, 32).join());
  expect(secrets[0]).not.toBe(secrets[1]);
});
