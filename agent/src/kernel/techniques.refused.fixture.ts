/** What the kernel refuses: attempts are events, with the error as their outcome. */
import { AT_FDCWD, objects, type Technique } from "./techniques.kit.fixture.ts";

const EPERM = -1;
const EACCES = -13;

/** A Perl program of a user who may nothing; its calls of `refused` die where the kernel allows or can't. */
const nobody = (text: string): string =>
  `perl -e 'use strict; use Errno; $) = "65534 65534"; $> = 65534; sub refused { my $n = shift;
    my $r = syscall($n, @_); $r < 0 && ($!{EACCES} || $!{EPERM}) or die "$n: $r, $!" } ${text}'`;

export const refused: readonly Technique[] = [
  {
    name: "open, refused: by the name that was asked for",
    before: "chmod 755 .; : > f; chmod 600 f; mkdir -p d/e",
    act: nobody(`my ($f, $n, $r, $i) = ("f", "d/n", "e/.././../f", "/../f"); refused(2, $f, 0); refused(2, $n, 0102, 0640);
      open(my $d, "<", "d") or die $!; refused(257, fileno($d), $r, 1); open(my $h, "<", ".") or die $!;
      my $how = pack("QQQ", 0, 0, 0x10); refused(437, fileno($h), $i, $how, 24)`),
    types: ["open"],
    expected: (mode) => [
      {
        type: "open",
        path: "f",
        retval: EACCES,
        known: false,
        resolution: "syscall",
        opFlags: objects(mode) ? 0o100000 : 0,
      },
      { type: "open", path: "d/n", retval: EACCES, opFlags: objects(mode) ? 0o100102 : 0o102, opMode: 0o640 },
      { type: "open", path: "d", retval: 0, resolution: objects(mode) ? "object" : "syscall" },
      { type: "open", path: "f", retval: EACCES },
      { type: "open", path: "", retval: 0 },
      { type: "open", path: "f", retval: EACCES },
    ],
  },
  {
    name: "changes that are refused",
    before: `chmod 755 .; : > f; mkdir -p d/e m n; : > d/g; : > own; chown 65534 own; chmod 700 n`,
    act: nobody(`my ($f, $g, $e, $x, $h, $o, $l, $t) = ("f", "d/g", "d/e", "d/x", "d/h", "own", "d/l", pack("q4", 1, 2, 3, 4));
      my ($a, $v, $m, $fs) = ("trusted.weir", "v", "m", "tmpfs");
      refused(87, $g); refused(84, $e); refused(83, $x, 0750); refused(82, $g, $h); refused(86, $o, $l); refused(90, $f, 04755);
      refused(92, $f, 1, 2); refused(280, ${AT_FDCWD}, $f, $t, 0); refused(188, $f, $a, $v, 1, 0); refused(197, $f, $a);
      refused(165, $fs, $m, $fs, 0, 0); refused(166, $m, 0); my $n = "d/../n"; refused(80, $n)`),
    // The first chdir is that of the shell, which is started in the folder.
    types: [
      "unlink",
      "rmdir",
      "mkdir",
      "rename",
      "link",
      "chmod",
      "chown",
      "utimes",
      "setxattr",
      "removexattr",
      "mount",
      "umount",
      "chdir",
    ],
    expected: (mode) => [
      { type: "chdir", path: "", retval: 0 },
      { type: "unlink", path: "d/g", retval: EACCES, known: objects(mode) },
      { type: "rmdir", path: "d/e", retval: EACCES, known: objects(mode) },
      { type: "mkdir", path: "d/x", retval: EACCES, known: false, opMode: 0o750 },
      { type: "rename", path: "d/g", destination: "d/h", retval: EACCES, known: objects(mode) },
      { type: "link", path: "own", destination: "d/l", retval: EACCES, ...(objects(mode) && { fileUid: 65534 }) },
      { type: "chmod", path: "f", retval: EPERM, opMode: 0o4755, ...(objects(mode) && { mode: 0o100644 }) },
      { type: "chown", path: "f", retval: EPERM, opUid: 1, opGid: 2 },
      { type: "utimes", path: "f", retval: EPERM },
      { type: "setxattr", path: "f", text: "trusted.weir", retval: EPERM },
      { type: "removexattr", path: "f", text: "trusted.weir", retval: EPERM },
      { type: "mount", path: "m", retval: EPERM },
      { type: "umount", path: "m", retval: EPERM },
      { type: "chdir", path: "n", retval: EACCES, resolution: "syscall" },
    ],
  },
  {
    name: "changes that a security module refuses",
    before: "mkdir -p d/e; : > f; mkdir g",
    needs: "grep -q landlock /sys/kernel/security/lsm",
    act: `perl -e 'use strict; sub refused { my $n = shift; my $r = syscall($n, @_); $r < 0 && $! == 13 or die "$n: $r, $!" }
      my ($rights, $f, $d, $x, $p) = (pack("Q", 0x15b2), "f", "d/e", "x", "p"); my $n = syscall(444, $rights, 8, 0); $n >= 0 or die $!;
      syscall(157, 38, 1, 0, 0, 0) == 0 or die $!; syscall(446, $n, 0) == 0 or die $!;
      refused(87, $f); refused(84, $d); refused(83, $x, 0700); refused(88, $f, $x); refused(133, $p, 010600); refused(2, $f, 1); refused(2, $x, 0101, 0600)'`,
    types: ["unlink", "rmdir", "mkdir", "link", "open"],
    expected: (mode) => [
      {
        type: "unlink",
        path: "f",
        retval: EACCES,
        known: objects(mode),
        resolution: objects(mode) ? "object" : "syscall",
      },
      { type: "rmdir", path: "d/e", retval: EACCES },
      { type: "mkdir", path: "x", retval: EACCES },
      { type: "link", path: "f", destination: "x", retval: EACCES },
      { type: "open", path: "p", retval: EACCES, created: false },
      { type: "open", path: "f", retval: EACCES, resolution: "syscall" },
      { type: "open", path: "x", retval: EACCES, resolution: "syscall" },
    ],
  },
  {
    name: "what fails on the way is forgotten: the thread's next change of the file is another one",
    before: `mkdir a b; mount -t tmpfs t a; : > a/f; mount --bind a b; mount -o remount,bind,ro b`,
    act: `perl -e 'use Errno; my ($b, $a, $t) = ("b/f", "a/f", pack("q4", 1, 2, 3, 4)); my $r = syscall(280, ${AT_FDCWD}, $b, $t, 0);
      $r < 0 && $!{EROFS} or die "$r: $!"; syscall(76, $a, 1) == 0 or die $!'`,
    after: "umount b a",
    types: ["utimes", "open"],
    expected: () => [{ type: "open", path: "a/f", opFlags: 0o1001 }],
  },
];
