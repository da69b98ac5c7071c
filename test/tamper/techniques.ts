/**
 * What each program of the corpus must be reported as. `programs/NAME.c` says what it does; here stands which event,
 * of which path, and what a mode is known to miss, with the reason. `bpf/COVERAGE.md` is made of both.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { AttachMode } from "@weir/agent";

export const PROGRAMS = fileURLToPath(new URL("programs/", import.meta.url));

/**
 * By program: the type of the event, the path below the watched directory (none: that directory itself; with `…` only
 * its start, or the end of one that is too long to be known), and the error of what was refused.
 */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "Opening, by any way to name a file": {
    "open-write": "open file",
    "open-read-write": "open file",
    "open-append": "open file",
    "open-truncate": "open file",
    "open-create": "open new",
    creat: "open new",
    "open-dangling-link": "open new",
    "open-thread": "open file",
    "open-child": "open file",
    "openat-relative": "open file",
    "openat2-no-symlinks": "open file",
    "openat2-no-magiclinks": "open file",
    "openat2-no-xdev": "open file",
    "openat2-beneath": "open file",
    "openat2-in-root": "open file",
    "openat2-cached": "open file",
    "open-by-handle": "open file",
    "tmpfile-linkat": "link new",
    "tmpfile-linkat-empty": "link new",
    "int80-open": "open file",
  },
  "By io_uring": {
    "uring-openat": "open file",
    "uring-openat2": "open file",
    "uring-open-direct": "open file",
    "uring-open-polled": "open file",
    "uring-open-worker": "open file",
    "uring-unlinkat": "unlink file",
    "uring-rmdir": "rmdir directory",
    "uring-renameat": "rename file",
    "uring-linkat": "link new",
    "uring-mkdirat": "mkdir new",
    "uring-symlinkat": "link new",
    "uring-setxattr": "setxattr file",
    "uring-fsetxattr": "setxattr file",
  },
  "Names: moved, linked, made, removed": {
    "rename-away": "rename file",
    "rename-over": "rename file",
    "renameat-relative": "rename file",
    "rename-exchange": "rename file",
    "rename-noreplace": "rename new",
    "rename-whiteout": "rename file",
    "int80-rename": "rename file",
    "link-from": "link file",
    "link-into": "link new",
    "link-followed": "link new",
    symlink: "link new",
    "symlinkat-relative": "link new",
    unlink: "unlink file",
    "unlinkat-relative": "unlink file",
    "int80-unlink": "unlink file",
    rmdir: "rmdir directory",
    "unlinkat-directory": "rmdir directory",
    mkdir: "mkdir new",
    "mkdirat-relative": "mkdir new",
    "mknod-file": "open new",
    "mknod-fifo": "open new",
    "mknod-device": "open new",
    "mknodat-relative": "open new",
    "socket-bind": "open new",
  },
  "Content, by a descriptor or a name": {
    truncate: "open file",
    ftruncate: "open file",
    "punch-hole": "open file",
    "copy-file-range": "open file",
    ficlone: "open file",
    sendfile: "open file",
    splice: "open file",
    vmsplice: "open file",
    "splice-from": "splice file",
    "mmap-shared": "open file",
  },
  Attributes: {
    chmod: "chmod file",
    fchmod: "chmod file",
    "fchmodat-relative": "chmod file",
    fchmodat2: "chmod file",
    chown: "chown file",
    lchown: "chown shortcut",
    fchown: "chown file",
    "fchownat-relative": "chown file",
    "fchownat-empty": "chown file",
    utime: "utimes file",
    utimes: "utimes file",
    utimensat: "utimes file",
    futimens: "utimes file",
    setxattr: "setxattr file",
    lsetxattr: "setxattr shortcut",
    fsetxattr: "setxattr file",
    setxattrat: "setxattr file",
    acl: "setxattr file",
    "acl-removed": "removexattr file",
    "file-capability": "setxattr file",
    removexattr: "removexattr file",
    lremovexattr: "removexattr file",
    fremovexattr: "removexattr file",
    removexattrat: "removexattr file",
    "inode-flags": "setxattr file",
    "inode-attributes": "setxattr file",
    "file-setattr": "setxattr file",
  },
  "Mounts over what is watched": {
    "mount-over": "mount",
    "bind-over": "mount",
    "bind-file-over": "mount file",
    "mount-moved-over": "mount",
    "move-mount-over": "mount",
    "fsmount-over": "mount",
    "open-tree-over": "mount",
    "linked-directory-mount": "mount",
    "unshare-mount-over": "mount",
    umount: "umount",
    "umount-lazy": "umount",
  },
  "The same file by another mount, root or namespace": {
    "bind-write": "open file",
    "bind-unlink": "unlink file",
    "bind-file-write": "open file",
    "bind-after-write": "open file",
    "bind-hidden-write": "open file",
    "open-tree-write": "open …file",
    "pivot-root": "open file",
    chroot: "open file",
    "chroot-unlink": "unlink file",
    "unshare-write": "open file",
    "setns-write": "open file",
    "overlay-copy-up": "open file",
    "overlay-copy-up-chmod": "chmod file",
    "overlay-whiteout": "unlink file",
    "overlay-rename": "rename file",
    "overlay-upper": "open new",
  },
  "The same file by /proc, symbolic links and hard links": {
    "proc-self-root": "open file",
    "proc-self-root-unlink": "unlink file",
    "proc-self-cwd-unlink": "unlink file",
    "proc-pid-root": "open file",
    "proc-self-fd": "open file",
    "proc-self-fd-chmod": "chmod file",
    "proc-self-fd-directory": "unlink file",
    "linked-directory": "open file",
    "linked-directory-unlink": "unlink file",
    "linked-directory-rename": "rename file",
    "linked-directory-mkdir": "mkdir new",
    "linked-file": "open file",
    "linked-file-chmod": "chmod file",
    "linked-file-truncate": "open file",
    "linked-file-setxattr": "setxattr file",
    "hard-link-before": "open file",
    "hard-link-before-chmod": "chmod file",
    "hard-link-before-truncate": "open file",
    "hard-link-after": "open file",
    "hard-link-replaced": "open file",
  },
  "Descriptors of others, and of what is gone": {
    "descriptor-received": "open file",
    "descriptor-taken": "open file",
    deleted: "open file",
    tmpfile: "open #…",
  },
  "Refused attempts": {
    "refused-open": "open file EACCES",
    "refused-create": "open new EACCES",
    "refused-unlink": "unlink file EACCES",
    "refused-rename": "rename file EACCES",
    "refused-link": "link new EACCES",
    "refused-mkdir": "mkdir new EACCES",
    "refused-chmod": "chmod file EPERM",
    "refused-chown": "chown file EPERM",
    "refused-truncate": "open file EACCES",
    "refused-setxattr": "setxattr file EPERM",
    "refused-mount": "mount EPERM",
    "immutable-open": "open file EPERM",
    "immutable-unlink": "unlink file EPERM",
  },
  "Long and moving paths": {
    deep: "open …/d/d/file",
    "deep-unlink": "unlink …/d/d/file",
    "long-name": "open LONG",
    "long-path": "open …/file",
    "long-path-unlink": "unlink …/file",
    "parent-moved-in": "open directory/file",
    "parent-exchanged": "open file",
    "parent-moved-after": "open directory/file",
  },
};

interface Missed {
  readonly modes: readonly AttachMode[];
  /** Versions of the kernels that it is so on, `6.1`; on all if there are none. */
  readonly kernels?: readonly string[];
  /** Why; a sentence of the documentation. */
  readonly reason: string;
  readonly techniques: readonly string[];
}

const BOTH = ["trampoline", "tracepoint"] as const;

/** What is not detected. The tests fail as well when one of these is. */
export const MISSED: readonly Missed[] = [
  {
    modes: ["tracepoint"],
    reason:
      "Names that a task gives are resolved without following symbolic links, so the path is that of the link. " +
      "What opens a file is not concerned: its path is that of the descriptor.",
    techniques: [
      "linked-directory-mount",
      "linked-directory-unlink",
      "linked-directory-rename",
      "linked-directory-mkdir",
      "linked-file-chmod",
      "linked-file-setxattr",
      "linked-file-truncate",
    ],
  },
  {
    modes: BOTH,
    reason:
      "A layer of an overlay is another file system than the overlay; what is done above is not looked for below.",
    techniques: ["overlay-upper"],
  },
  {
    modes: BOTH,
    kernels: ["5.10", "6.1", "6.12"],
    reason:
      "Other names of a file are looked for only where each call of a program has a stack of its own, since 6.13.",
    techniques: [
      "bind-write",
      "bind-unlink",
      "bind-file-write",
      "bind-after-write",
      "bind-hidden-write",
      "pivot-root",
      "hard-link-before",
      "hard-link-before-chmod",
      "hard-link-after",
      "hard-link-replaced",
      "hard-link-before-truncate",
    ],
  },
  {
    modes: ["tracepoint"],
    reason: "Other names are looked for of files that are open, not of names that a task gives.",
    techniques: ["bind-unlink", "hard-link-before-chmod", "hard-link-before-truncate"],
  },
];

export interface Technique {
  readonly name: string;
  readonly group: string;
  /** What the program does, in its own words. */
  readonly what: string;
  readonly type: string;
  /** Relative to the technique's folder, or that end of it which can be known; of one that is too long either. */
  readonly path: string;
  readonly known: "whole" | "start" | "end";
  /** 0 or negative, by the name of the error. */
  readonly error: "EACCES" | "EPERM" | undefined;
}

function parse(group: string, name: string, text: string): Technique {
  const [type = "", ...words] = text.split(" ");
  const error = words.find((word) => word === "EACCES" || word === "EPERM");
  const path = words.find((word) => word !== error) ?? "";
  const known = path.startsWith("…") ? "end" : path.endsWith("…") ? "start" : "whole";
  const below = path === "LONG" ? "n".repeat(255) : path.replace("…", "");
  const whole = below === "" ? "watched" : `watched/${below}`;
  const source = readFileSync(`${PROGRAMS}${name}.c`, "utf8");
  const what = /^\/\* (.*?) \*\/$/ms.exec(source)?.[1]?.replace(/\n \* /g, " ");
  if (what === undefined) throw new Error(`programs/${name}.c does not say what it does`);
  return { name, group, what, type, path: known === "end" ? below : whole, known, error };
}

export const TECHNIQUES: readonly Technique[] = Object.entries(EXPECTED).flatMap(([group, techniques]) =>
  Object.entries(techniques).map(([name, text]) => parse(group, name, text)),
);

/** Names of the programs that there are. */
export const programNames = (): string[] =>
  readdirSync(PROGRAMS).flatMap((file) => (file.endsWith(".c") ? [file.slice(0, -2)] : []));

/** @returns the entry of a technique that is known to be missed in a mode on a kernel, `6.1` */
export function missedBy(name: string, { mode, kernel }: { mode: AttachMode; kernel: string }): Missed | undefined {
  return MISSED.find(
    ({ modes, kernels, techniques }) =>
      techniques.includes(name) && modes.includes(mode) && (kernels === undefined || kernels.includes(kernel)),
  );
}
