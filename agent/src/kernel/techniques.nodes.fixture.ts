/** Techniques that name files: kinds of files, symbolic links, names that change places, 32-bit calls, refusals. */
import { AT_FDCWD, perl, type Technique } from "./techniques.kit.fixture.ts";

const O_CREAT_EXCL = 0o300;
const O_WRONLY_TRUNC = 0o1001;
const RENAME_EXCHANGE = 2;
const RENAME_WHITEOUT = 4;
const EPERM = -1;
const EACCES = -13;

const nodes: readonly Technique[] = [
  {
    name: "mknod, mknodat: every kind of file",
    act: perl(`umask(0); mkdir("d"); my ($p, $c, $r, $n) = ("p", "c", "r", "d/n"); call(133, $p, 010640, 0);
      call(133, $c, 020600, 0x103); call(133, $r, 0604, 0); call(259, ${AT_FDCWD}, $n, 0100600, 0)`),
    types: ["open"],
    expected: () => [
      { type: "open", path: "p", opFlags: O_CREAT_EXCL, opMode: 0o10640, created: true },
      { type: "open", path: "c", opMode: 0o20600, created: true },
      { type: "open", path: "r", opMode: 0o100604, created: true },
      { type: "open", path: "d/n", opMode: 0o100600, created: true },
    ],
    modes: ["tracepoint"],
  },
  {
    name: "a socket that is bound to a name; others have none",
    act: `perl -e 'use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die $!; bind($s, pack_sockaddr_un("s")) or die $!;
      socket(my $a, AF_UNIX, SOCK_STREAM, 0) or die $!; bind($a, pack("Sa*", AF_UNIX, "\\0weir-$$")) or die $!;
      socket(my $i, AF_INET, SOCK_DGRAM, 0) or die $!; bind($i, pack_sockaddr_in(0, INADDR_LOOPBACK)) or die $!'`,
    types: ["open"],
    expected: () => [{ type: "open", path: "s", opFlags: O_CREAT_EXCL, created: true }],
    modes: ["tracepoint"],
  },
  {
    name: "truncate",
    before: "echo text > f",
    act: perl('truncate("f", 1) or die $!'),
    expected: () => [{ type: "open", path: "f", opFlags: O_WRONLY_TRUNC, created: false }],
    modes: ["tracepoint"],
  },
];

const links: readonly Technique[] = [
  {
    name: "symlink, symlinkat: from what it says to its own name",
    before: "mkdir -p d/e",
    act: `ln -s /etc/absent a; ln -s f b; ln -s ../f d/c; ln -s "$PWD/f" d/e/g
      ${perl(`open(my $d, "<", "d/e") or die $!; my ($t, $l) = ("./../x", "h"); call(266, $t, fileno($d), $l)`)}`,
    types: ["link"],
    expected: () => [
      { type: "link", path: "/etc/absent", destination: "a" },
      { type: "link", path: "f", destination: "b" },
      { type: "link", path: "f", destination: "d/c" },
      { type: "link", path: "f", destination: "d/e/g" },
      { type: "link", path: "d/x", destination: "d/e/h" },
    ],
    modes: ["tracepoint"],
  },
  {
    name: "through what the task holds: /proc/self/cwd, root and fd/N",
    before: "mkdir d; : > d/f; : > d/g; ln -s g d/l",
    act: perl(`chdir("d"); chmod(0600, "/proc/self/cwd/f") or die $!; chmod(0601, "/proc/self/root$ENV{PWD}/d/f") or die $!;
      open(my $d, "<", ".") or die $!; chmod(0602, "/proc/self/fd/" . fileno($d) . "/./f") or die $!;
      chmod(0603, "/proc/thread-self/fd/" . fileno($d) . "/f") or die $!; chmod(0700, "/proc/self/cwd") or die $!;
      unlink("/proc/self/cwd/../d/g") or die $!`),
    types: ["chmod", "unlink"],
    expected: () => [
      ...[0o600, 0o601, 0o602, 0o603].map((opMode) => ({ type: "chmod", path: "d/f", opMode })),
      { type: "chmod", path: "d", opMode: 0o700 },
      { type: "unlink", path: "d/g" },
    ],
  },
];

const rename = (from: string, to: string, flags: number): string =>
  perl(`my ($a, $b) = ("${from}", "${to}"); call(316, ${AT_FDCWD}, $a, ${AT_FDCWD}, $b, ${flags})`);

const renames: readonly Technique[] = [
  {
    name: "RENAME_EXCHANGE: both names have changed",
    before: "mkdir d; : > a; : > d/b",
    act: rename("a", "d/b", RENAME_EXCHANGE),
    expected: () => [
      { type: "rename", path: "a", destination: "d/b", opFlags: RENAME_EXCHANGE },
      { type: "rename", path: "d/b", destination: "a", opFlags: RENAME_EXCHANGE },
    ],
    modes: ["tracepoint"],
  },
  {
    name: "RENAME_WHITEOUT",
    before: "mkdir t; mount -t tmpfs t t; : > t/a",
    act: `cd t; ${rename("a", "b", RENAME_WHITEOUT)}`,
    after: "umount t",
    expected: () => [{ type: "rename", path: "t/a", destination: "t/b", opFlags: RENAME_WHITEOUT }],
  },
];

/** Numbers of the 32-bit table. */
const calls32: Technique = {
  name: "32-bit calls, by int 0x80",
  before: ": > f; chown 9:9 f; mkdir d",
  act: `umask 0; c() { "$CALLS" int80 "$@"; }
    c 5 =a 0102 0640; c 8 =b 0604; c 295 ${AT_FDCWD} =c 0101 0600; c 14 =n 0010600 0; c 92 =f 3 0; c 193 =f 3 0
    c 15 =f 0600; c 94 @f 0601; c 306 ${AT_FDCWD} =f 0602; c 16 =f 1 0xffff; c 182 =f 65534 2; c 95 @f 3 4
    c 212 =f 70000 -1; c 198 =f 5 6; c 298 ${AT_FDCWD} =f 7 8 0; c 9 =f =d/g; c 83 =../f =d/l; c 38 =a =d/a
    c 353 ${AT_FDCWD} =b ${AT_FDCWD} =d/a 2; c 39 =e 0750; c 296 ${AT_FDCWD} =d/e 0700; c 40 =e
    c 301 ${AT_FDCWD} =d/e 0x200; c 10 =d/a; c 30 =f 0; c 320 @d =g 0 0; c 226 =f =trusted.weir =v 1 0
    c 235 =f =trusted.weir; c 12 =d; c 80 0 0; c 438 0 0 0 2>/dev/null || true`,
  types: [..."open chmod chown link rename mkdir rmdir unlink utimes setxattr removexattr chdir".split(" ")],
  expected: () => [
    { type: "chdir", path: "" },
    { type: "open", path: "a", opFlags: 0o102, opMode: 0o640, created: true },
    { type: "open", path: "b", opMode: 0o604, created: true },
    { type: "open", path: "c", opMode: 0o600, created: true },
    { type: "open", path: "n", opFlags: O_CREAT_EXCL, opMode: 0o10600, created: true },
    { type: "open", path: "f", opFlags: O_WRONLY_TRUNC },
    { type: "open", path: "f", opFlags: O_WRONLY_TRUNC },
    { type: "chmod", path: "f", opMode: 0o600 },
    { type: "open", path: "f", opFlags: 0 },
    { type: "chmod", path: "f", opMode: 0o601 },
    { type: "chmod", path: "f", opMode: 0o602 },
    { type: "chown", path: "f", opUid: 1, opGid: 0xffffffff },
    { type: "chown", path: "f", opUid: 65534, opGid: 2 },
    { type: "open", path: "f", opFlags: 0 },
    { type: "chown", path: "f", opUid: 3, opGid: 4 },
    { type: "chown", path: "f", opUid: 70000, opGid: 0xffffffff },
    { type: "chown", path: "f", opUid: 5, opGid: 6 },
    { type: "chown", path: "f", opUid: 7, opGid: 8 },
    { type: "link", path: "f", destination: "d/g" },
    { type: "link", path: "f", destination: "d/l" },
    { type: "rename", path: "a", destination: "d/a" },
    { type: "rename", path: "b", destination: "d/a" },
    { type: "rename", path: "d/a", destination: "b" },
    { type: "mkdir", path: "e", opMode: 0o750 },
    { type: "mkdir", path: "d/e", opMode: 0o700 },
    { type: "rmdir", path: "e" },
    { type: "rmdir", path: "d/e" },
    { type: "unlink", path: "d/a" },
    { type: "utimes", path: "f" },
    { type: "open", path: "d", opFlags: 0 },
    { type: "utimes", path: "d/g" },
    { type: "setxattr", path: "f", text: "trusted.weir", opFlags: 0 },
    { type: "removexattr", path: "f", text: "trusted.weir" },
    { type: "chdir", path: "d" },
  ],
  modes: ["tracepoint"],
};

const wideNumbers: Technique = {
  name: "calls by a number above which the register has more",
  before: ": > f; : > g",
  act: `w() { "$CALLS" wide "$@"; }; w 2 =f 2; w 257 ${AT_FDCWD} =f 1; w 90 =f 0600; w 82 =g =h; w 87 =h`,
  types: ["open", "chmod", "rename", "unlink"],
  expected: () => [
    { type: "open", path: "f" },
    { type: "open", path: "f" },
    { type: "chmod", path: "f", opMode: 0o600 },
    { type: "rename", path: "g", destination: "h" },
    { type: "unlink", path: "h" },
  ],
  since: [5, 13],
};

/** As a user who may go into the folder and owns nothing in it. */
const as = (text: string): string =>
  `perl -e 'use strict; $> = 65534; sub refused { my ($n, $e) = (shift, shift); my $r = syscall($n, @_); $r < 0 && $! == $e or die "$n: $r $!" } ${text}'`;

const refusals: readonly Technique[] = [
  {
    name: "what is refused (EACCES, EPERM) is reported, as such",
    before: "chmod 755 .; mkdir -m 755 d; : > d/f; chmod 600 d/f; mkdir -m 755 d/e",
    act: as(`my ($f, $n, $m, $e, $a, $v, $how, $root) = ("d/f", "d/n", "d/m", "d/e", "user.weir", "v", pack("QQQ", 2, 0, 0), "/root");
      refused(2, 13, $f, 2, 0); refused(257, 13, ${AT_FDCWD}, $n, 0102, 0600); refused(437, 13, ${AT_FDCWD}, $f, $how, 24);
      refused(85, 13, $f, 0600); refused(76, 13, $f, 0); refused(87, 13, $f); refused(82, 13, $f, $n); refused(84, 13, $e);
      refused(83, 13, $n, 0700); refused(90, 1, $f, 0600); refused(92, 1, $f, 65534, 65534); refused(88, 13, $f, $n);
      refused(133, 13, $n, 0100600, 0); refused(235, 13, $f, 0); refused(188, 13, $f, $a, $v, 1, 0);
      refused(197, 13, $f, $a); refused(80, 13, $root); refused(316, 13, ${AT_FDCWD}, $f, ${AT_FDCWD}, $e, 2)`),
    types: "open unlink rename rmdir mkdir chmod chown link utimes setxattr removexattr".split(" "),
    expected: () => [
      { type: "open", path: "d/f", opFlags: 2, retval: EACCES, created: false, known: false },
      { type: "open", path: "d/n", opFlags: 0o102, opMode: 0o600, retval: EACCES, created: false },
      { type: "open", path: "d/f", opFlags: 2, retval: EACCES },
      { type: "open", path: "d/f", opFlags: 0o1101, retval: EACCES },
      { type: "open", path: "d/f", opFlags: O_WRONLY_TRUNC, retval: EACCES },
      { type: "unlink", path: "d/f", retval: EACCES },
      { type: "rename", path: "d/f", destination: "d/n", retval: EACCES },
      { type: "rmdir", path: "d/e", retval: EACCES },
      { type: "mkdir", path: "d/n", retval: EACCES },
      { type: "chmod", path: "d/f", retval: EPERM },
      { type: "chown", path: "d/f", retval: EPERM },
      { type: "link", path: "d/d/f", destination: "d/n", retval: EACCES },
      { type: "open", path: "d/n", opFlags: O_CREAT_EXCL, retval: EACCES, created: false },
      { type: "utimes", path: "d/f", retval: EACCES },
      { type: "setxattr", path: "d/f", text: "user.weir", retval: EACCES },
      { type: "removexattr", path: "d/f", text: "user.weir", retval: EACCES },
      { type: "rename", path: "d/f", destination: "d/e", retval: EACCES },
      { type: "rename", path: "d/e", destination: "d/f", retval: EACCES },
    ],
    modes: ["tracepoint"],
  },
];

export const NODES: readonly Technique[] = [...nodes, ...links, ...renames, calls32, wideNumbers, ...refusals];
