/** Techniques around descriptors: how a task gets one otherwise than by name, and what is done with it. */
import { AT_FDCWD, perl, type Technique } from "./techniques.kit.fixture.ts";

const O_RDWR = 2;
const O_TMPFILE = 0o20200000;

const received = (way: string, files: readonly string[]): Technique => ({
  name: `${files.length} descriptors received by ${way}`,
  before: `for f in ${files.join(" ")}; do : > $f; done`,
  act: `"$CALLS" rights ${way} ${files.join(" ")}`,
  types: ["open"],
  // Those of the sender, then those of the receiver.
  expected: () => [...files, ...files].map((path) => ({ type: "open", path, known: true, created: false })),
  modes: ["tracepoint"],
});

const many = Array.from({ length: 150 }, (_, i) => `f${i}`);

const others: readonly Technique[] = [
  {
    name: "pidfd_getfd",
    before: ": > f",
    act: perl(`open(my $f, "+<", "f") or die $!; pipe(my $r, my $w); my $fd = call(434, $$ + 0, 0);
      call(438, $fd, fileno($f), 0); call(438, $fd, fileno($r), 0)`),
    types: ["open"],
    expected: () => [
      { type: "open", path: "f", known: true },
      { type: "open", path: "f", known: true },
    ],
    modes: ["tracepoint"],
  },
  {
    name: "O_TMPFILE, then linkat",
    before: "mkdir t; mount -t tmpfs t t; mkdir t/d",
    act: perl(`my ($d, $a, $b, $e) = ("t", "t/d/a", "t/d/b", ""); my $n = call(257, ${AT_FDCWD}, $d, ${O_TMPFILE | O_RDWR}, 0640);
      my $p = "/proc/self/fd/$n"; call(265, ${AT_FDCWD}, $p, ${AT_FDCWD}, $a, 0x400); call(265, $n, $e, ${AT_FDCWD}, $b, 0x1000)`),
    after: "umount t",
    types: ["link"],
    expected: () => [
      { type: "link", destination: "t/d/a" },
      { type: "link", destination: "t/d/b" },
    ],
  },
];

/** struct fsxattr, 28 bytes; struct file_attr, 24 bytes. */
const attributes: readonly Technique[] = [
  {
    name: "flags of a file: FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR; other requests are nothing",
    since: [6, 6],
    before: "mkdir t; mount -t tmpfs t t; : > t/f",
    act: perl(`open(my $f, "<", "t/f") or die $!; my ($n, $i, $x) = (fileno($f), pack("L", 0x40), pack("L7", 0x80, 0, 0, 0, 0, 0, 0));
      call(16, $n, 0x40086602, $i); my $got = "\\0" x 28; call(16, $n, 0x801c581f, $got); call(16, $n, 0x401c5820, $x)`),
    after: "umount t",
    types: ["setxattr"],
    expected: () => Array.from({ length: 2 }, () => ({ type: "setxattr", path: "t/f", text: "system.fileattr" })),
    modes: ["tracepoint"],
  },
  {
    name: "flags of a file: file_setattr",
    since: [6, 17],
    before: "mkdir t; mount -t tmpfs t t; : > t/f",
    act: perl(`my ($p, $a, $e) = ("t/f", pack("QL4", 0x80, 0, 0, 0, 0), ""); call(469, ${AT_FDCWD}, $p, $a, 24, 0);
      open(my $f, "<", "t/f") or die $!; call(469, fileno($f), $e, $a, 24, 0x1000)`),
    after: "umount t",
    types: ["setxattr"],
    expected: () => Array.from({ length: 2 }, () => ({ type: "setxattr", path: "t/f", text: "system.fileattr" })),
    modes: ["tracepoint"],
  },
];

export const DESCRIPTORS: readonly Technique[] = [
  received("recvmsg", ["a", "b"]),
  received("recvmmsg", ["a", "b", "c"]),
  received("recvmsg", many),
  received("int80-recvmsg", ["a", "b"]),
  received("int80-socketcall", ["a"]),
  ...others,
  ...attributes,
];
