/** Techniques by io_uring: opens, names, and what it takes to hide the outcome or the acting task. */
import { AT_FDCWD, type Technique } from "./techniques.kit.fixture.ts";

const OPENAT = 18;
const RENAMEAT = 35;
const UNLINKAT = 36;
const MKDIRAT = 37;
const SYMLINKAT = 38;
const LINKAT = 39;
const FSETXATTR = 41;
const SETXATTR = 42;
const EACCES = -13;
const RENAME_EXCHANGE = 2;
const REMOVEDIR = 0x200;

interface Operation {
  readonly op: number;
  readonly fd?: number | string;
  readonly len?: number;
  readonly flags?: number;
  readonly address?: string;
  readonly other?: string;
  /** Number of a file in the ring's own table, from 1; of setxattr, the name of the file. */
  readonly last?: number | string;
}

/** @param how words of `calls uring` */
const uring = (how: string, operations: readonly Operation[]): string => {
  const words = operations.map(({ op, fd = AT_FDCWD, len = 0, flags = 0, address = "0", other = "0", last = 0 }) =>
    [op, fd, len, flags, address, other, last].join(" "),
  );
  return `umask 0; "$CALLS" uring ${how} ${words.join(" ")}`;
};

const open = (name: string, flags: number, mode = 0): Operation => ({
  op: OPENAT,
  address: `=${name}`,
  flags,
  len: mode,
});
const unlink = (name: string): Operation => ({ op: UNLINKAT, address: `=${name}` });
const mode: Pick<Technique, "since" | "modes"> = { since: [6, 0], modes: ["tracepoint"] };

const operations: readonly Technique[] = ["each", "sqpoll", "async"].map((how) => ({
  name: `io_uring (${how}): opens, and what is done by name`,
  ...mode,
  before: ": > f; : > g; : > h; mkdir d; : > d/f; ln -s f l",
  act: uring(how, [
    open("n", 0o102, 0o640),
    open("l", 2),
    open("d/../d/f", 1),
    { op: RENAMEAT, address: "=f", len: AT_FDCWD, other: "=d/r" },
    { op: RENAMEAT, address: "=g", len: AT_FDCWD, other: "=h", flags: RENAME_EXCHANGE },
    unlink("h"),
    { op: MKDIRAT, address: "=d/m", len: 0o750 },
    { op: UNLINKAT, address: "=d/m", flags: REMOVEDIR },
    { op: SYMLINKAT, address: "=../x", other: "=d/s" },
    { op: LINKAT, address: "=g", len: AT_FDCWD, other: "=d/k" },
    { op: SETXATTR, address: "=trusted.weir", other: "=v", len: 1, last: "=g" },
    { op: FSETXATTR, fd: "@g", address: "=trusted.weir", other: "=w", len: 1 },
  ]),
  types: ["open", "rename", "unlink", "mkdir", "rmdir", "link", "setxattr"],
  expected: () => [
    { type: "open", path: "n", opMode: 0o640, created: true, retval: 0 },
    { type: "open", path: "f", retval: 0 },
    { type: "open", path: "d/f" },
    { type: "rename", path: "f", destination: "d/r" },
    { type: "rename", path: "g", destination: "h", opFlags: RENAME_EXCHANGE },
    { type: "rename", path: "h", destination: "g", opFlags: RENAME_EXCHANGE },
    { type: "unlink", path: "h" },
    { type: "mkdir", path: "d/m", opMode: 0o750 },
    { type: "rmdir", path: "d/m" },
    { type: "link", path: "x", destination: "d/s" },
    { type: "link", path: "g", destination: "d/k" },
    { type: "setxattr", path: "g", text: "trusted.weir" },
    { type: "open", path: "g" },
    { type: "setxattr", path: "g", text: "trusted.weir" },
  ],
}));

const others: readonly Technique[] = [
  {
    name: "io_uring: failures are nothing, refusals are",
    ...mode,
    before: "chmod 755 .; : > f; chmod 600 f; mkdir d; chmod 711 ..",
    act: `perl -e '$) = "65534 65534"; $> = 65534; $< = 65534; exec @ARGV' sh -c '${uring("fails", [
      open("f", 2),
      open("absent", 2),
      unlink("absent"),
      unlink("f"),
      { op: RENAMEAT, address: "=f", len: AT_FDCWD, other: "=g" },
      { op: RENAMEAT, address: "=absent", len: AT_FDCWD, other: "=f", flags: RENAME_EXCHANGE },
    ])}'`,
    types: ["open", "rename", "unlink"],
    expected: () => [
      { type: "open", path: "f", retval: EACCES },
      { type: "unlink", path: "f", retval: EACCES },
      { type: "rename", path: "f", destination: "g", retval: EACCES },
    ],
  },
  {
    name: "io_uring: a descriptor of the ring alone, by name",
    ...mode,
    before: ": > f",
    act: uring("each", [{ ...open("f", 2), last: 2 }, open("absent", 0o102)]),
    types: ["open"],
    expected: () => [
      { type: "open", path: "f", retval: 0 },
      { type: "open", path: "absent", created: true },
    ],
  },
  {
    name: "io_uring: successes that are not to be told",
    ...mode,
    before: ": > f; : > g; mkdir d",
    act: uring("skip", [open("f", 2), unlink("g"), { op: MKDIRAT, address: "=d/m", len: 0o750 }]),
    types: ["open", "unlink", "mkdir"],
    expected: () => [
      { type: "open", path: "f" },
      { type: "unlink", path: "g" },
      { type: "mkdir", path: "d/m" },
    ],
  },
  {
    name: "io_uring: completions for which there is no room",
    ...mode,
    before: ": > f; : > g; ln -s f l",
    act: uring("overflow", [open("l", 2), unlink("g")]),
    types: ["open", "unlink"],
    expected: () => [
      { type: "open", path: "f" },
      { type: "unlink", path: "g" },
    ],
  },
];

const untaken: Technique = {
  name: "io_uring: completions that nobody takes, told when the process ends",
  ...mode,
  since: [6, 1],
  before: ": > f; : > g",
  act: `${uring("untaken-async", [open("f", 2), unlink("g"), open("n", 0o102, 0o600)])}; sleep 0.5`,
  types: ["open", "unlink"],
  expected: () => [
    { type: "open", path: "f" },
    { type: "unlink", path: "g" },
    { type: "open", path: "n" },
  ],
};

const sameMark: Technique = {
  name: "io_uring: completions for which there is no room, and which are alike",
  ...mode,
  before: ": > f; : > g; ln -s f l",
  act: uring("overflow-same", [unlink("g"), open("l", 2), { op: MKDIRAT, address: "=d" }]),
  types: ["open"],
  expected: () => [{ type: "open", path: "f" }],
};

export const URING: readonly Technique[] = [...operations, ...others, untaken, sameMark];
