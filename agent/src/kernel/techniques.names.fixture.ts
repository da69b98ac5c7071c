/** What becomes of names: symbolic links, exchanges, whiteouts, and the trees that they stand in. */
import { AT_FDCWD, objects, perl, type Technique } from "./techniques.kit.fixture.ts";

const links: readonly Technique[] = [
  {
    name: "symlink, symlinkat: what it says is made absolute from its directory on",
    before: "mkdir -p d/e",
    act: perl(`my ($a, $l, $b, $m, $r, $k, $o) = ("f", "l", "../x/./y/../z", "d/m", "$ENV{PWD}/d/n", "k", "o");
      call(88, $a, $l); call(88, $b, $m); open(my $d, "<", "d") or die $!; call(266, $r, fileno($d), $k); call(266, $a, ${AT_FDCWD}, $o)`),
    types: ["link"],
    expected: (mode) => [
      { type: "link", path: "f", destination: "l", known: false, resolution: objects(mode) ? "object" : "syscall" },
      { type: "link", path: "x/z", destination: "d/m" },
      { type: "link", path: "d/n", destination: "d/k" },
      { type: "link", path: "f", destination: "o" },
    ],
  },
];

const renames: readonly Technique[] = [
  {
    name: "two names that are exchanged: each is an old one and a new one",
    before: "mkdir d; : > a; chmod 640 a; : > d/b; chmod 604 d/b; chown 9 d/b",
    act: perl(`my ($a, $b) = ("a", "d/b"); call(316, ${AT_FDCWD}, $a, ${AT_FDCWD}, $b, 2)`),
    expected: (mode) => [
      { type: "rename", path: "a", destination: "d/b", opFlags: 2, ...(objects(mode) && { mode: 0o100640 }) },
      {
        type: "rename",
        path: "d/b",
        destination: "a",
        opFlags: 2,
        known: objects(mode),
        ...(objects(mode) && { mode: 0o100604, fileUid: 9 }),
      },
    ],
  },
  {
    name: "a rename that leaves a whiteout",
    before: "mkdir t; mount -t tmpfs t t; : > t/a",
    act: perl(`my ($a, $b) = ("t/a", "t/b"); call(316, ${AT_FDCWD}, $a, ${AT_FDCWD}, $b, 4)`),
    after: "umount t",
    types: ["rename", "open", "unlink"],
    expected: () => [{ type: "rename", path: "t/a", destination: "t/b", opFlags: 4 }],
  },
];

const ALL = [
  "open",
  "unlink",
  "rename",
  "chmod",
  "chown",
  "link",
  "mkdir",
  "rmdir",
  "utimes",
  "setxattr",
  "removexattr",
  "mount",
];

const overlays: readonly Technique[] = [
  {
    name: "copies up and whiteouts of an overlay: once, as seen from above",
    before: `mkdir t; mount -t tmpfs t t; cd t; mkdir -p lower/d upper work all; : > lower/f; : > lower/g; : > lower/d/e; : > lower/h
      mount -t overlay o -o lowerdir=lower,upperdir=upper,workdir=work all; : > upper/stale`,
    act: `cd t; : > upper/mount; echo content >> all/f; rm all/g; rm all/d/e; rmdir all/d; mkdir all/d; mkfifo all/p; ln -s f all/l; mv all/h all/i;
      ${perl(`my $f = "all/f"; call(76, $f, 1)`)}`,
    after: "umount t/all t",
    types: ALL,
    expected: () =>
      [
        { type: "open", path: "upper/mount" },
        { type: "open", path: "all/f" },
        { type: "unlink", path: "all/g" },
        { type: "unlink", path: "all/d/e" },
        { type: "rmdir", path: "all/d" },
        { type: "mkdir", path: "all/d" },
        { type: "open", path: "all/p", created: true },
        { type: "link", path: "all/f", destination: "t/all/l" },
        { type: "rename", path: "all/h", destination: "t/all/i" },
        { type: "open", path: "all/f", opFlags: 0o1001 },
      ].map((event) => ({ ...event, path: `t/${event.path}` })),
  },
];

const trees: readonly Technique[] = [
  {
    name: "another mount namespace: its own mounts",
    before: "mkdir d",
    act: `unshare -m sh -ec "mount -t tmpfs t d; : > d/x; mv d/x d/y"`,
    types: ["open", "rename"],
    expected: () => [
      { type: "open", path: "d/x" },
      { type: "rename", path: "d/x", destination: "d/y" },
    ],
  },
  {
    name: "a file in another mount namespace, by /proc/PID/root",
    before: "mkdir d",
    act: `unshare -m sh -ec "mount -t tmpfs t d; sleep 60 < /dev/null > /dev/null & echo \\$!" > pid; pid=$(cat pid); : > "/proc/$pid/root$PWD/d/x"; kill $pid`,
    types: ["open"],
    expected: () => ["pid", "pid", "d/x"].map((path) => ({ type: "open", path })),
  },
  {
    name: "chroot: the path has what lies above the new root",
    before: "mkdir -p r/etc",
    act: perl(
      `chroot("r") or die $!; chdir("/") or die $!; open(my $f, ">", "/etc/f") or die $!; unlink("/../etc/f") or die $!`,
    ),
    expected: () => [
      { type: "open", path: "r/etc/f" },
      { type: "unlink", path: "r/etc/f" },
    ],
  },
  {
    name: "pivot_root: the path begins at the new root",
    before: "mkdir r",
    act: `unshare -m sh -ec "mount -t tmpfs t r; mkdir r/old; cd r; pivot_root . old; : > /weir-pivoted"`,
    types: ["open"],
    expected: () => [{ type: "open", path: "/weir-pivoted" }],
  },
];

export const naming: readonly Technique[] = [...links, ...renames, ...overlays, ...trees];
