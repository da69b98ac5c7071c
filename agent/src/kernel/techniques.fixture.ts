/**
 * Every way in which programs do what the kernel stage reports, with what it has to say of it in each mode.
 * Scripts run in an empty folder; paths are relative to it.
 */

import { DESCRIPTORS } from "./techniques.descriptors.fixture.ts";
import { entries } from "./techniques.entry.fixture.ts";
import { AT_FDCWD, FILE, file, OPEN, objects, perl, type Technique, UNCHANGED } from "./techniques.kit.fixture.ts";
import { naming } from "./techniques.names.fixture.ts";
import { NODES } from "./techniques.nodes.fixture.ts";
import { opens } from "./techniques.open.fixture.ts";
import { refused } from "./techniques.refused.fixture.ts";
import { URING } from "./techniques.uring.fixture.ts";

export type { Technique };

const chown: readonly Technique[] = [
  {
    name: "chown: by name, of the user, of the group, of a link",
    before: `${file}; ln -s f l`,
    act: `chown 1:2 f; chown 3 f; chgrp 4 f; chown -h 5:6 l; ${perl(`chown(7, 8, "f") or die $!`)}`,
    expected: (mode) => [
      { type: "chown", path: "f", opUid: 1, opGid: 2, known: objects(mode), ...(objects(mode) && FILE) },
      { type: "chown", path: "f", opUid: 3, opGid: UNCHANGED },
      { type: "chown", path: "f", opUid: UNCHANGED, opGid: 4 },
      { type: "chown", path: "l", opUid: 5, opGid: 6 },
      { type: "chown", path: "f", opUid: 7, opGid: 8 },
    ],
  },
  {
    name: "chown: through a link, which tracepoints do not follow",
    before: `${file}; ln -s f l`,
    act: "chown 1:2 l",
    expected: (mode) => [{ type: "chown", path: objects(mode) ? "f" : "l", opUid: 1, opGid: 2 }],
  },
  {
    name: "fchown, fchownat of a descriptor and by /proc/self/fd",
    before: file,
    act: perl(`${OPEN("f")} chown(1, 2, $f) or die $!; my $e = ""; call(260, $n, $e, 3, -1, 0x1000);
      my $p = "/proc/self/fd/$n"; my $q = "f"; call(92, $p, 4, 5); call(94, $q, 6, 7)`),
    expected: (mode) => [
      { type: "chown", path: "f", opUid: 1, opGid: 2, known: objects(mode) },
      { type: "chown", path: "f", opUid: 3, opGid: UNCHANGED },
      { type: "chown", path: "f", opUid: 4, opGid: 5 },
      { type: "chown", path: "f", opUid: 6, opGid: 7 },
    ],
  },
];

const link: readonly Technique[] = [
  {
    name: "link, linkat",
    before: `${file}; mkdir d`,
    act: `ln f d/g; ${perl(`link("d/g", "h") or die $!`)}; cd d; ln ../h ./../i`,
    expected: (mode) => [
      { type: "link", path: "f", destination: "d/g", known: objects(mode), ...(objects(mode) && FILE) },
      { type: "link", path: "d/g", destination: "h" },
      { type: "link", path: "h", destination: "i" },
    ],
  },
  {
    name: "linkat of a descriptor and by /proc/self/fd",
    before: file,
    act: perl(`${OPEN("f")} my ($e, $p, $a, $b) = ("", "/proc/self/fd/$n", "a", "b");
      call(265, $n, $e, ${AT_FDCWD}, $a, 0x1000); call(265, ${AT_FDCWD}, $p, ${AT_FDCWD}, $b, 0x400)`),
    expected: () => [
      { type: "link", path: "f", destination: "a" },
      { type: "link", path: "f", destination: "b" },
    ],
  },
];

const directories: readonly Technique[] = [
  {
    name: "mkdir, mkdirat",
    before: "mkdir d",
    act: `umask 0; mkdir -m 750 d/a; ${perl(`mkdir("b", 0705) or die $!; open(my $d, "<", "d"); my $c = "c"; call(258, fileno($d), $c, 0700)`)}`,
    expected: (mode) => [
      { type: "mkdir", path: "d/a", opMode: 0o750, known: objects(mode), ...(objects(mode) && { mode: 0o40750 }) },
      { type: "mkdir", path: "b", opMode: 0o705 },
      { type: "mkdir", path: "d/c", opMode: 0o700 },
    ],
  },
  {
    name: "rmdir, unlinkat with AT_REMOVEDIR; unlink is another thing",
    before: "mkdir -p a b/c; chown 9 a; : > b/f",
    act: "rmdir a; rm b/f; rm -r b",
    types: ["rmdir", "unlink"],
    expected: (mode) => [
      { type: "rmdir", path: "a", known: objects(mode), ...(objects(mode) && { mode: 0o40755, fileUid: 9 }) },
      { type: "unlink", path: "b/f" },
      { type: "rmdir", path: "b/c" },
      { type: "rmdir", path: "b" },
    ],
  },
  {
    name: "chdir, fchdir: where the task is afterwards",
    before: "mkdir -p d/e; ln -s d/e l; chown 9 d/e",
    act: `cd d; cd e; cd ../../l; ${perl(`chdir("..") or die $!; open(my $d, "<", "..") or die $!; chdir($d) or die $!; chdir("d/e")`)}`,
    // The first one is that of the shell, which is started in the folder.
    expected: () =>
      ["", "d", "d/e", "d/e", "d", "", "d/e"].map((path) => ({
        type: "chdir",
        path,
        known: true,
        filesystem: "FOLDER",
      })),
  },
];

const utimes: readonly Technique[] = [
  {
    name: "utimensat by name and of a descriptor, utimes, utime, futimesat",
    before: `${file}; touch -d @1000000000 f`,
    act: `touch f; touch -h f; ${perl(`my ($f, $t) = ("f", pack("q4", 1, 2, 3, 4)); call(132, $f, $t); call(235, $f, $t);
      call(261, ${AT_FDCWD}, $f, $t); call(280, ${AT_FDCWD}, $f, $t, 0)`)}`,
    expected: (mode) =>
      Array.from({ length: 6 }, () => ({
        type: "utimes",
        path: "f",
        known: objects(mode),
        ...(objects(mode) && FILE),
      })),
  },
];

const ACL = `pack("V(vvV)4", 2, 1,7,~0, 4,7,~0, 16,7,~0, 32,7,~0)`;
const xattr: readonly Technique[] = [
  {
    name: "setxattr, lsetxattr, fsetxattr",
    before: `${file}; ln -s f l`,
    act: perl(`${OPEN("f")} my ($p, $l, $a, $v) = ("f", "l", "trusted.weir", "value");
      call(188, $p, $a, $v, 5, 1); call(189, $l, $a, $v, 5, 0); call(190, $n, $a, $v, 5, 2)`),
    expected: (mode) => [
      {
        type: "setxattr",
        path: "f",
        text: "trusted.weir",
        opFlags: 1,
        known: objects(mode),
        ...(objects(mode) && FILE),
      },
      { type: "setxattr", path: "l", text: "trusted.weir", opFlags: 0 },
      { type: "setxattr", path: "f", text: "trusted.weir", opFlags: 2 },
    ],
  },
  {
    name: "removexattr, lremovexattr, fremovexattr",
    before: `${file}; ln -s f l; ${perl(`${OPEN("f")} my ($l, $v, $a, $b, $c) = ("l", "v", "trusted.a", "trusted.b", "trusted.c"); call(190, $n, $a, $v, 1, 0); call(190, $n, $b, $v, 1, 0); call(189, $l, $c, $v, 1, 0)`)}`,
    act: perl(`${OPEN("f")} my ($p, $l, $a, $b, $c) = ("f", "l", "trusted.a", "trusted.b", "trusted.c");
      call(197, $p, $a); call(198, $l, $c); call(199, $n, $b)`),
    expected: (mode) => [
      { type: "removexattr", path: "f", text: "trusted.a", known: objects(mode), ...(objects(mode) && FILE) },
      { type: "removexattr", path: "l", text: "trusted.c" },
      { type: "removexattr", path: "f", text: "trusted.b" },
    ],
  },
  {
    name: "access control lists are attributes",
    before: file,
    act: perl(
      `my ($p, $a, $v) = ("f", "system.posix_acl_access", ${ACL}); call(188, $p, $a, $v, length($v), 0); call(197, $p, $a)`,
    ),
    expected: () => ["setxattr", "removexattr"].map((type) => ({ type, path: "f", text: "system.posix_acl_access" })),
  },
  {
    name: "setxattrat, removexattrat",
    since: [6, 13],
    before: file,
    act: perl(`my ($p, $a, $v) = ("f", "trusted.weir", "value"); my $args = pack("pVV", $v, 5, 1);
      call(463, ${AT_FDCWD}, $p, 0, $a, $args, 16); call(466, ${AT_FDCWD}, $p, 0, $a)`),
    expected: () => [
      { type: "setxattr", path: "f", text: "trusted.weir", opFlags: 1 },
      { type: "removexattr", path: "f", text: "trusted.weir" },
    ],
  },
  {
    name: "what chattr sets is an attribute",
    before: "mkdir t; mount -t tmpfs t t; : > t/f",
    since: [6, 0],
    act: perl(
      `open(my $f, "<", "t/f") or die $!; my $flags = pack("q", 0x40); call(16, fileno($f), 0x40086602, $flags)`,
    ),
    after: "umount t",
    types: ["setxattr"],
    expected: (mode) => [{ type: "setxattr", path: "t/f", text: "system.fileattr", known: objects(mode), retval: 0 }],
  },
];

const mounts: readonly Technique[] = [
  {
    name: "mount and umount of a file system",
    before: "mkdir m",
    act: "mount -t tmpfs t m; umount m",
    expected: (mode) => [
      { type: "mount", path: "m", known: true, filesystem: "tmpfs", text: "/" },
      { type: "umount", path: "m", known: objects(mode), ...(objects(mode) && { filesystem: "tmpfs" }) },
    ],
  },
  {
    name: "bind mounts and mounts that are moved; remounts and propagation mount nothing",
    before: "mkdir t; mount -t tmpfs t t; mount --make-private t; mkdir -p t/d/e t/b t/m",
    act: `cd t; mount --bind d/e b; mount -o remount,ro,bind b; mount --make-private b;
      ${perl(`my ($s, $t, $z) = ("b", "m", ""); call(165, $s, $t, $z, 8192, 0)`)}; umount -l m`,
    after: "umount t",
    expected: (mode) => [
      { type: "mount", path: "t/b", destination: "t/d/e", text: "/d/e", known: true, filesystem: "tmpfs" },
      { type: "mount", path: "t/m", destination: "", text: objects(mode) ? "/d/e" : "" },
      { type: "umount", path: "t/m" },
    ],
  },
  {
    name: "mount through a link, which tracepoints do not follow",
    before: "mkdir m; ln -s m l",
    act: perl(`my ($t, $l, $n) = ("tmpfs", "l", "none"); call(165, $n, $l, $t, 0, 0)`),
    after: "umount m",
    expected: (mode) => [
      { type: "mount", path: objects(mode) ? "m" : "l", known: objects(mode), textKnown: objects(mode) },
    ],
  },
  {
    name: "move_mount of a name beside MOVE_MOUNT_F_EMPTY_PATH",
    before: "mkdir t; mount -t tmpfs t t; mount --make-private t; mkdir t/m t/n; mount -t tmpfs t t/m",
    act: perl(
      `chdir("t"); my ($m, $n) = ("m", "n"); open(my $d, "<", "."); call(429, fileno($d), $m, ${AT_FDCWD}, $n, 4)`,
    ),
    after: "umount t/n t",
    expected: (mode) => [{ type: "mount", path: "t/n", known: objects(mode), text: objects(mode) ? "/" : "" }],
  },
  {
    name: "fsopen, fsmount, open_tree and move_mount",
    before: "mkdir -p d/e m n",
    act: perl(`my ($fs, $e, $m, $n, $d) = ("tmpfs", "", "m", "n", "d"); my $c = call(430, $fs, 0); call(431, $c, 6, 0, 0, 0);
      call(429, call(432, $c, 0, 0), $e, ${AT_FDCWD}, $m, 4); call(429, call(428, ${AT_FDCWD}, $d, 1), $e, ${AT_FDCWD}, $n, 4)`),
    after: "umount m n",
    expected: () => [
      { type: "mount", path: "m", text: "/", known: true, filesystem: "tmpfs" },
      { type: "mount", path: "n", text: "ROOT/d", known: true, filesystem: "FOLDER" },
    ],
  },
];

const splice: readonly Technique[] = [
  {
    name: "splice from a file into a pipe, and from a pipe into a file",
    before: `echo content > f; : > g; chmod 640 f`,
    act: perl(`open(my $f, "<", "f") or die $!; open(my $g, "+<", "g") or die $!; pipe(my $r, my $w);
      call(275, fileno($f), 0, fileno($w), 0, 4, 0); call(275, fileno($r), 0, fileno($g), 0, 4, 0)`),
    expected: (mode) => [
      { type: "splice", path: "f", known: true, mode: 0o100640, opFlags: 0, opMode: 0 },
      { type: "splice", path: "g", known: objects(mode), opFlags: 0, opMode: 0 },
    ],
  },
  {
    name: "flags of the pipe's buffers: what was written to it may be merged",
    before: ": > f",
    act: perl(`open(my $f, "+<", "f") or die $!; pipe(my $r, my $w); syswrite($w, "abc");
      call(275, fileno($r), 0, fileno($f), 0, 3, 0)`),
    expected: () => [{ type: "splice", path: "f", opFlags: 0x10 }],
  },
];

const before: readonly Technique[] = [
  {
    name: "open: the mode asked for",
    act: perl(`my ($a, $b, $c) = ("a", "b", "c"); call(2, $a, 0102, 04751); call(257, ${AT_FDCWD}, $b, 0101, 0640);
      my $how = pack("QQQ", 0102, 0604, 0); call(437, ${AT_FDCWD}, $c, $how, 24); call(2, $a, 1, 0777)`),
    expected: () => [
      { type: "open", path: "a", opMode: 0o4751, known: true },
      { type: "open", path: "b", opMode: 0o640 },
      { type: "open", path: "c", opMode: 0o604 },
      { type: "open", path: "a", opMode: 0 },
    ],
  },
  {
    name: "chmod: attributes are those before it, or not known",
    before: file,
    act: `chmod 4755 f; ${perl(`${OPEN("f")} chmod(0600, $f)`)}`,
    expected: (mode) =>
      [0o100640, 0o104755].map((was, i) => ({
        type: "chmod",
        path: "f",
        opMode: [0o4755, 0o600][i] as number,
        known: objects(mode),
        ...(objects(mode) && { mode: was }),
      })),
  },
];

const overlay: readonly Technique[] = [
  {
    name: "in an overlay: once, as seen from above",
    before: `mkdir t; mount -t tmpfs t t; cd t; mkdir lower upper work all; : > upper/f; : > upper/g; : > lower/l
      mount -t overlay o -o lowerdir=lower,upperdir=upper,workdir=work all`,
    act: `cd t; chown 1:1 all/f; ln all/f all/h; mkdir all/d; rmdir all/d; touch all/f; mv all/h all/i; rm all/g
      chmod 600 all/l; ${perl(`my ($p, $a, $v) = ("all/f", "trusted.weir", "v"); call(188, $p, $a, $v, 1, 0); call(197, $p, $a)`)}`,
    after: "umount t/all t",
    expected: () =>
      [
        { type: "chown", path: "f" },
        { type: "link", path: "f", destination: "t/all/h" },
        { type: "mkdir", path: "d" },
        { type: "rmdir", path: "d" },
        { type: "utimes", path: "f" },
        { type: "rename", path: "h", destination: "t/all/i" },
        { type: "unlink", path: "g" },
        { type: "chmod", path: "l" },
        { type: "setxattr", path: "f", text: "trusted.weir" },
        { type: "removexattr", path: "f", text: "trusted.weir" },
      ].map((event) => ({ ...event, path: `t/all/${event.path}` })),
  },
];

const failures: readonly Technique[] = [
  {
    name: "what fails for other reasons than permission is not reported, and what the thread does next is",
    before: `${file}; mkdir -p d/e m; mount -t tmpfs t m; ${perl(`my ($p, $a, $v) = ("f", "trusted.a", "v"); call(188, $p, $a, $v, 1, 0)`)}`,
    act: `perl -e 'use strict; sub fail { my ($n, $r) = (shift, undef); $r = syscall($n, @_); $r < 0 or die "$n succeeded" }
      my ($f, $d, $m, $z, $x, $a, $b, $v, $t) = ("f", "d", "m", "none", "f/x", "trusted.a", "trusted.b", "v", "nofs");
      fail(92, $z, 1, 1); fail(86, $f, $d); fail(83, $d, 0700); fail(84, $d); fail(132, $z, 0); fail(188, $f, $a, $v, 1, 1);
      fail(197, $f, $b); fail(165, $t, $d, $t, 0, 0); open(my $h, "<", "m"); fail(166, $m, 0); close($h);
      fail(275, 0, 0, 99, 0, 1, 0); fail(80, $x); fail(90, $z, 0); fail(87, $d); fail(82, $z, $d);
      my $g = "g"; syscall(86, $f, $g) == 0 or die; syscall(188, $f, $b, $v, 1, 0) == 0 or die; syscall(166, $m, 0) == 0 or die;
      syscall(92, $f, 1, 1) == 0 or die; my $n = "d/n"; syscall(83, $n, 0700) == 0 or die'`,
    types: ["chown", "link", "mkdir", "rmdir", "utimes", "setxattr", "removexattr", "mount", "umount", "splice"],
    expected: () => [
      { type: "link", path: "f", destination: "g" },
      { type: "setxattr", path: "f", text: "trusted.b" },
      { type: "umount", path: "m" },
      { type: "chown", path: "f" },
      { type: "mkdir", path: "d/n" },
    ],
  },
];

export const TECHNIQUES: readonly Technique[] = [
  ...before,
  ...chown,
  ...link,
  ...directories,
  ...utimes,
  ...xattr,
  ...mounts,
  ...splice,
  ...overlay,
  ...failures,
  ...refused,
  ...opens,
  ...naming,
  ...entries,
  ...NODES,
  ...DESCRIPTORS,
  ...URING,
];
