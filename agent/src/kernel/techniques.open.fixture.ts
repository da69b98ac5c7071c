/** Ways to a file that come to the same as opening it by its name. */
import { AT_FDCWD, file, OPEN, objects, perl, type Technique } from "./techniques.kit.fixture.ts";

/** Trampolines see the flag that the kernel adds. */
const O_LARGEFILE = 0o100000;
const TMPFS = "mkdir t; mount -t tmpfs t t; ";

const names: readonly Technique[] = [
  {
    name: "openat2: beneath a directory, as if it was the root",
    before: "mkdir d; : > d/f; ln -s /f d/l",
    act: perl(`open(my $d, "<", "d") or die $!; my ($f, $l, $in, $beneath) = ("f", "/l", pack("QQQ", 2, 0, 0x10), pack("QQQ", 2, 0, 8));
      call(437, fileno($d), $l, $in, 24); call(437, fileno($d), $f, $beneath, 24)`),
    expected: () => ["d", "d/f", "d/f"].map((path) => ({ type: "open", path })),
  },
  {
    name: "open_by_handle_at",
    before: `${TMPFS} : > t/f`,
    act: perl(`my ($p, $h, $m) = ("t/f", pack("Ii", 128, 0) . ("x" x 128), pack("q", 0)); call(303, ${AT_FDCWD}, $p, $h, $m, 0);
      open(my $d, "<", "t") or die $!; call(304, fileno($d), $h, 01002)`),
    after: "umount t",
    expected: (mode) => [
      { type: "open", path: "t" },
      { type: "open", path: "t/f", known: true, opFlags: 0o1002 | (objects(mode) ? O_LARGEFILE : 0) },
    ],
  },
  {
    name: "O_TMPFILE, and linkat for its name",
    before: TMPFS,
    act: perl(`my ($d, $e, $g) = ("t", "", "t/g"); my $n = call(257, ${AT_FDCWD}, $d, 020200002, 0640);
      call(265, $n, $e, ${AT_FDCWD}, $g, 0x1000)`),
    after: "umount t",
    expected: () => [
      { type: "open", path: "t/#INODE", opMode: 0o640, known: true },
      { type: "link", path: "t/#INODE", destination: "t/g" },
    ],
  },
  {
    name: "an open file that is deleted, reopened by /proc/self/fd",
    before: file,
    act: perl(`${OPEN("f")} unlink("f") or die $!; open(my $g, "+<", "/proc/self/fd/$n") or die $!`),
    expected: () => [
      { type: "open", path: "f" },
      { type: "unlink", path: "f" },
      { type: "open", path: "f", known: true },
    ],
  },
  {
    name: "memory and pipes have the names that the kernel gave them",
    act: perl(`my ($m, $o) = ("weir", "we/ir"); for my $n (call(319, $m, 0), call(319, $o, 0)) { open(my $f, "+<", "/proc/self/fd/$n") or die $! }
      pipe(my $r, my $w); my $n = fileno($w); open(my $p, ">", "/proc/self/fd/$n") or die $!`),
    expected: () => [
      { type: "open", path: "/memfd:weir", known: true },
      { type: "open", path: "/pipefs", known: true },
    ],
  },
];

const made: readonly Technique[] = [
  {
    name: "truncate by name",
    before: `${file}; ln -s f l`,
    act: perl(`my $l = "l"; call(76, $l, 5)`),
    expected: (mode) => [
      {
        type: "open",
        path: objects(mode) ? "f" : "l",
        opFlags: 0o1001,
        known: objects(mode),
        ...(objects(mode) && { mode: 0o100640 }),
      },
    ],
    types: ["open"],
  },
  {
    name: "mknod of a pipe, a device and a file; a socket that is bound",
    before: "mkdir d",
    act: `umask 0; ${perl(`my ($p, $c, $f, $u) = ("d/p", "c", "f", "u"); call(133, $p, 010640); call(133, $c, 020600, 0x103);
      call(133, $f, 0100604); socket(my $s, 1, 1, 0) or die $!; bind($s, pack("Sa*", 1, $u)) or die $!`)}`,
    types: ["open"],
    expected: (mode) => [
      {
        type: "open",
        path: "d/p",
        opFlags: 0o300,
        opMode: 0o10640,
        created: true,
        known: objects(mode),
        ...(objects(mode) && { mode: 0o10640 }),
      },
      { type: "open", path: "c", created: true, ...(objects(mode) && { mode: 0o20600 }) },
      { type: "open", path: "f", opMode: 0o100604, created: true, ...(objects(mode) && { mode: 0o100604 }) },
      { type: "open", path: "u", created: true, ...(objects(mode) && { mode: 0o140777 }) },
    ],
  },
];

const received: readonly Technique[] = [
  {
    name: "a descriptor that is fetched from another process",
    before: file,
    act: perl(`my $f = "f"; my $n = call(2, $f, 2); call(438, call(434, $$ + 0, 0), $n, 0)`),
    types: ["open"],
    expected: () => [
      { type: "open", path: "f" },
      { type: "open", path: "f", opFlags: O_LARGEFILE | 2, known: true, created: false },
    ],
  },
  {
    name: "a descriptor that is received over a socket; that of a pipe is no file's",
    before: file,
    act: perl(`my $f = "f"; my $n = call(2, $f, 1); pipe(my $r, my $w); socketpair(my $a, my $b, 1, 1, 0) or die $!;
      for my $fd (fileno($r), $n) { my $byte = "x"; my $vector = pack("PQ", $byte, 1); my $control = pack("QiiIx4", 20, 1, 1, $fd);
      my $message = pack("QQPQPQQ", 0, 0, $vector, 1, $control, 24, 0); call(46, fileno($a), $message, 0); call(47, fileno($b), $message, 0) }`),
    types: ["open"],
    expected: () => [
      { type: "open", path: "f" },
      { type: "open", path: "f", opFlags: O_LARGEFILE | 1 },
    ],
  },
  {
    name: "changes by descriptor: the open for writing is what is seen",
    before: "echo content > f; echo other > g",
    act: perl(`my ($f, $g) = ("f", "g"); my $n = call(2, $f, 2); my $m = call(2, $g, 0); call(285, $n, 3, 0, 1); call(326, $m, 0, $n, 0, 3, 0);
      call(77, $n, 3); call(9, 0, 4096, 3, 1, $n, 0)`),
    types: ["open", "utimes", "chmod", "chown", "unlink", "rename"],
    expected: (mode) => [
      { type: "open", path: "f", opFlags: 2 | (objects(mode) ? O_LARGEFILE : 0) },
      { type: "open", path: "g", opFlags: 0 | (objects(mode) ? O_LARGEFILE : 0) },
    ],
  },
];

export const opens: readonly Technique[] = [...names, ...made, ...received];
