/**
 * What a workload does and what it is judged by, as plain JSON: a case can be kept in a file, replayed, and made
 * smaller. Texts hold $ROOT for the folder of the run.
 */

/** One system call, or what little more `workload.c` makes of it. The arguments stand there in this order. */
export type Call = readonly [name: CallName, ...words: (string | number)[]];

export type CallName =
  | "open" // slot, at, path, flags, mode; slot -1: closed at once
  | "openat2" // at, path, flags, mode, resolve
  | "close" // slot
  | "write" // slot
  | "unlink" // at, path, AT_*
  | "rename" // at, path, at, path, RENAME_*
  | "link" // at, path, at, path, AT_*
  | "linkfd" // slot, at, path, by /proc
  | "symlink" // target, path
  | "mkdir" // at, path, mode
  | "mknod" // path
  | "truncate" // path
  | "chmod" // at, path, mode, by which call
  | "fchmod" // slot, mode
  | "chown" // at, path, uid, gid, AT_*
  | "fchown" // slot, uid, gid
  | "utimes" // at, path, AT_*
  | "setxattr" // path, name, of a link itself
  | "fsetxattr" // slot, name
  | "removexattr" // path, name
  | "tmpfs" // path
  | "bind" // source, path, recursive
  | "move" // source, path
  | "movetree" // source, path: open_tree(2) and move_mount(2)
  | "overlay" // path, options
  | "umount" // path, MNT_*
  | "shared" // path
  | "splice" // slot, 1: from the file
  | "chdir" // path
  | "fchdir" // slot
  | "descend" // times, name: makes directories in one another and enters them
  | "ascend" // times
  | "chroot" // path
  | "unshare" // the mount namespace
  | "identity" // uid, gid
  | "fsuid" // uid
  | "yield"
  | "sleep" // microseconds
  | "settle"; // SETTLE_*: waits until all that was done has been judged

export type Op = Call | { readonly repeat: number; readonly ops: readonly Op[] } | { readonly fork: readonly Op[] };

/** The agent has judged everything, and learned from it what it can. */
export const SETTLE_ONLY = 0;
/** The same, then the next generation. */
export const SETTLE_AND_SWAP = 1;

export interface Lane {
  /** Shares working directory, root and descriptors with other threads. */
  readonly thread: boolean;
  readonly ops: readonly Op[];
}

export interface Plan {
  /** Done before the lanes start. */
  readonly setup: readonly Op[];
  readonly lanes: readonly Lane[];
}

/** A condition; text is SECL. */
export type Condition =
  | string
  | { readonly not: Condition }
  | { readonly and: readonly Condition[] }
  | { readonly or: readonly Condition[] };

/** Rules by tenant; a tenant without rules has no bundle in this generation. */
export type Rules = Readonly<Record<string, readonly Condition[]>>;

export interface Case {
  /** At least one; the first is active from the start. */
  readonly generations: readonly Rules[];
  readonly plan: Plan;
  /** Swap to the next generation so often, round and round, while the lanes run. */
  readonly swapEveryMs?: number;
}

export function conditionText(condition: Condition): string {
  if (typeof condition === "string") return condition;
  if ("not" in condition) return `not (${conditionText(condition.not)})`;
  const [word, terms] = "and" in condition ? ["&&", condition.and] : ["||", condition.or];
  return terms.map((term) => (typeof term === "string" ? term : `(${conditionText(term)})`)).join(` ${word} `);
}

/** Paths of the case in the folder of a run. */
export const placed = (text: string, root: string): string => text.replaceAll("$ROOT", root);

function word(value: string | number, root: string): string {
  if (typeof value === "number") return String(value);
  const bytes = Buffer.from(placed(value, root));
  const plain = (byte: number): boolean => byte > 0x20 && byte < 0x7f && byte !== 0x25;
  return `=${[...bytes].map((b) => (plain(b) ? String.fromCharCode(b) : `%${b.toString(16).padStart(2, "0")}`)).join("")}`;
}

function lines(ops: readonly Op[], root: string): string[] {
  return ops.flatMap((op) => {
    if ("repeat" in op) return [`repeat ${op.repeat}`, ...lines(op.ops, root), "end"];
    if ("fork" in op) return ["fork", ...lines(op.fork, root), "end"];
    const [name, ...words] = op as Call;
    return [[name, ...words.map((value) => word(value, root))].join(" ")];
  });
}

/** @returns the plan as `workload.c` reads it */
export function planText({ setup, lanes }: Plan, root: string): string {
  const all = [...lines(setup, root), ...lanes.flatMap((l) => [`lane ${Number(l.thread)}`, ...lines(l.ops, root)])];
  return `${all.join("\n")}\n.\n`;
}

/** @returns how many system calls it asks for, repetitions included */
export function opCount(ops: readonly Op[]): number {
  return ops.reduce((sum, op) => {
    if ("repeat" in op) return sum + op.repeat * opCount(op.ops);
    return sum + ("fork" in op ? opCount(op.fork) : 1);
  }, 0);
}
