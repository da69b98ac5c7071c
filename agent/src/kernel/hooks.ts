/**
 * The kernel functions that the trampolines in `bpf/trampoline*` hang on, and what these expect of them. Kernels
 * differ: where a function is missing or has other parameters, the event types that need it are not captured.
 */
import { EVENT_TYPES } from "@weir/matcher-wasm/format";
import type { Need } from "./attachments.ts";
import type { KernelFunction } from "./btf.ts";

/** Parameter number (from 0) and the structure that it points to. */
type Expected = readonly (readonly [parameter: number, struct: string])[];

interface Hook {
  /** The kernel has it under one of these names; the programs are compiled for the first. */
  readonly functions: readonly [string, ...string[]];
  readonly expected: Expected;
  /** What is expected before Linux 5.12, where functions have no parameter for the id mapping of a mount. */
  readonly unmapped: Expected;
  readonly programs: readonly string[];
  /** Event types that are not captured without it. */
  readonly types: readonly string[];
  /** Event types that it is for: those, and some of whose events it adds. */
  readonly serves: readonly string[];
  /** When it has to be attached: where somebody wants what it serves, by default. */
  readonly need?: Need;
  /** What to hang on where this function can't be. */
  readonly otherwise?: Hook;
}

/** Whether functions of the kernel have no parameter for the id mapping of a mount; before Linux 5.12. */
export function isUnmapped(functions: ReadonlyMap<string, KernelFunction>): boolean {
  return functions.get("vfs_unlink")?.parameters[0] === "inode";
}

const hook = (
  names: string | readonly [string, ...string[]],
  expected: Expected,
  programs: string | readonly string[],
  types: string | readonly string[],
  adds: string | readonly string[] = [],
  unmapped: Expected = expected,
): Hook => ({
  functions: typeof names === "string" ? [names] : names,
  expected,
  unmapped,
  programs: [programs].flat(),
  types: [types].flat(),
  serves: [types, adds].flat(),
});

/** The name of a system call's function. */
const SYSCALL_PREFIX = process.arch === "arm64" ? "__arm64_sys_" : "__x64_sys_";
const XATTR = ["setxattr", "removexattr"];

const HOOKS: readonly Hook[] = [
  // Renamed in 7.x.
  hook(
    ["do_filp_open", "do_file_open"],
    [
      [1, "filename"],
      [2, "open_flags"],
    ],
    "trampoline_open",
    "open",
  ),
  hook(
    "do_file_open_root",
    [
      [0, "path"],
      [2, "open_flags"],
    ],
    "trampoline_open_root",
    [],
    "open",
  ),
  hook("vfs_truncate", [[0, "path"]], "trampoline_truncate", [], "open"),
  hook("security_file_receive", [[0, "file"]], "trampoline_received", [], "open"),
  hook(
    "security_path_mknod",
    [
      [0, "path"],
      [1, "dentry"],
    ],
    "trampoline_mknod_asked",
    [],
    "open",
  ),
  hook("vfs_mknod", [[2, "dentry"]], "trampoline_mknod_done", [], "open", [[1, "dentry"]]),
  // Without the directory since 7.0 or so.
  hook("vfs_create", [[2, "dentry"]], "trampoline_create_done", [], "open", [[1, "dentry"]]),
  hook("vfs_create", [[1, "dentry"]], "trampoline_create_done_in", [], "open", [[0, "mnt_idmap"]]),
  hook(
    "security_path_unlink",
    [
      [0, "path"],
      [1, "dentry"],
    ],
    "trampoline_unlink_asked",
    "unlink",
  ),
  hook("vfs_unlink", [[2, "dentry"]], "trampoline_unlink_done", "unlink", [], [[1, "dentry"]]),
  hook(
    "security_path_rename",
    [
      [0, "path"],
      [1, "dentry"],
      [2, "path"],
      [3, "dentry"],
    ],
    "trampoline_rename_asked",
    "rename",
  ),
  {
    ...hook("vfs_rename", [[0, "renamedata"]], "trampoline_rename_done", "rename"),
    // Before 5.12, but for kernels that have the structure all the same, as Debian's 5.10.
    otherwise: hook("vfs_rename", [[1, "dentry"]], "trampoline_rename_done", "rename"),
  },
  hook("notify_change", [[1, "dentry"]], "trampoline_attributes_done", ["chmod", "chown"], [], [[0, "dentry"]]),
  hook("security_path_chmod", [[0, "path"]], "trampoline_chmod_asked", "chmod"),
  {
    ...hook("security_path_chown", [[0, "path"]], "trampoline_chown_asked", "chown"),
    otherwise: hook("chown_common", [[0, "path"]], "trampoline_chown_common_asked", "chown"),
  },
  hook("vfs_utimes", [[0, "path"]], ["trampoline_utimes_asked", "trampoline_utimes_done"], "utimes"),
  hook(
    "security_path_link",
    [
      [0, "dentry"],
      [1, "path"],
      [2, "dentry"],
    ],
    "trampoline_link_asked",
    "link",
  ),
  hook(
    "vfs_link",
    [
      [0, "dentry"],
      [3, "dentry"],
    ],
    "trampoline_link_done",
    "link",
    [],
    [
      [0, "dentry"],
      [2, "dentry"],
    ],
  ),
  hook(
    "security_path_symlink",
    [
      [0, "path"],
      [1, "dentry"],
    ],
    "trampoline_symlink_asked",
    [],
    "link",
  ),
  hook("vfs_symlink", [[2, "dentry"]], "trampoline_symlink_done", [], "link", [[1, "dentry"]]),
  hook(
    "security_path_mkdir",
    [
      [0, "path"],
      [1, "dentry"],
    ],
    "trampoline_mkdir_asked",
    "mkdir",
  ),
  hook("vfs_mkdir", [[2, "dentry"]], "trampoline_mkdir_done", "mkdir", [], [[1, "dentry"]]),
  hook(
    "security_path_rmdir",
    [
      [0, "path"],
      [1, "dentry"],
    ],
    "trampoline_rmdir_asked",
    "rmdir",
  ),
  hook("vfs_rmdir", [[2, "dentry"]], "trampoline_rmdir_done", "rmdir", [], [[1, "dentry"]]),
  hook("mnt_want_write", [[0, "vfsmount"]], "trampoline_xattr_mount", XATTR),
  hook("mnt_want_write_file", [[0, "file"]], "trampoline_xattr_file", XATTR),
  hook(
    "vfs_setxattr",
    [[1, "dentry"]],
    ["trampoline_setxattr_asked", "trampoline_setxattr_done"],
    "setxattr",
    [],
    [[0, "dentry"]],
  ),
  hook(
    "vfs_removexattr",
    [[1, "dentry"]],
    ["trampoline_removexattr_asked", "trampoline_removexattr_done"],
    "removexattr",
    [],
    [[0, "dentry"]],
  ),
  // Before Linux 6.2 access control lists go the way of other attributes.
  hook(
    "vfs_set_acl",
    [[1, "dentry"]],
    ["trampoline_setxattr_acl_asked", "trampoline_setxattr_acl_done"],
    [],
    "setxattr",
  ),
  hook(
    "vfs_remove_acl",
    [[1, "dentry"]],
    ["trampoline_removexattr_acl_asked", "trampoline_removexattr_acl_done"],
    [],
    "removexattr",
  ),
  hook("vfs_fileattr_set", [[1, "dentry"]], ["trampoline_fileattr_asked", "trampoline_fileattr_done"], [], "setxattr"),
  hook("path_mount", [[1, "path"]], "trampoline_mount", "mount"),
  hook("security_move_mount", [[0, "path"]], "trampoline_mount_moved_asked", "mount"),
  hook(`${SYSCALL_PREFIX}move_mount`, [], "trampoline_mount_moved_done", "mount"),
  hook("__ia32_sys_move_mount", [], "trampoline_mount_moved_done_ia32", [], "mount"),
  hook("path_umount", [[0, "path"]], ["trampoline_umount_asked", "trampoline_umount_done"], "umount"),
  hook(
    "do_splice",
    [
      [0, "file"],
      [2, "file"],
    ],
    ["trampoline_splice_asked", "trampoline_splice_done"],
    "splice",
  ),
  hook("set_fs_pwd", [[1, "path"]], "trampoline_chdir", "chdir"),
  hook(`${SYSCALL_PREFIX}chdir`, [[0, "pt_regs"]], "trampoline_chdir_refused", [], "chdir"),
];

/** Without one of these, trampolines are not worth having: the tracepoints see them all. */
const ESSENTIAL: readonly string[] = ["open", "unlink", "rename", "chmod"];

/** The trampolines that something is to hang on: all that there are. */
export const HOOKED_PROGRAMS: readonly string[] = HOOKS.flatMap((first) =>
  [first, ...(first.otherwise === undefined ? [] : [first.otherwise])].flatMap(({ programs }) => programs),
);

/** The functions to look up in the kernel's type information. */
export const HOOKED_FUNCTIONS: readonly string[] = HOOKS.flatMap(({ functions, otherwise }) => [
  ...functions,
  ...(otherwise?.functions ?? []),
]);

export interface HookPlan {
  /** Trampolines that this kernel takes. */
  readonly programs: ReadonlySet<string>;
  /** When each of them has to be attached. */
  readonly needs: ReadonlyMap<string, Need>;
  /** Functions that programs hang on where this is another one than they were compiled for, by program. */
  readonly targets: ReadonlyMap<string, string>;
  /** Event types that are captured; those of processes are in any case. */
  readonly captured: readonly string[];
  /** Why the others are not, by type. */
  readonly missing: Readonly<Record<string, string>>;
}

/** What every mode captures whose hooks are all there. */
export const ALL_TYPES: readonly string[] = EVENT_TYPES.map(({ name }) => name);

/** Those of files. */
export const FILE_TYPES: readonly string[] = EVENT_TYPES.flatMap(({ name, file }) => (file ? [name] : []));

export interface PlanOptions {
  /** Whether trampolines take functions with structures as arguments. */
  readonly structures?: boolean;
  /** Types to do without, with the reason. */
  readonly refused?: Readonly<Record<string, string>>;
}

/** @param functions what the kernel says of HOOKED_FUNCTIONS; a function that it does not have is left out */
export function planHooks(
  functions: ReadonlyMap<string, KernelFunction>,
  { structures = true, refused = {} }: PlanOptions = {},
): HookPlan {
  const missing: Record<string, string> = { ...refused };
  const usable = HOOKS.flatMap((first) => {
    const candidates = first.otherwise === undefined ? [first] : [first, first.otherwise];
    const reasons: string[] = [];
    for (const h of candidates) {
      const name = h.functions.find((candidate) => functions.has(candidate)) ?? h.functions[0];
      const expected = isUnmapped(functions) ? h.unmapped : h.expected;
      const why = unusable(name, expected, functions.get(name), structures);
      if (why === undefined) return [{ ...h, name }];
      reasons.push(why);
    }
    for (const type of first.types) missing[type] ??= reasons[0] as string;
    return [];
  });
  const wanted = usable.filter(({ serves }) => serves.some((type) => !(type in missing)));
  return {
    programs: new Set(wanted.flatMap(({ programs }) => programs)),
    needs: new Map(wanted.flatMap(({ programs, serves, need = serves }) => programs.map((p) => [p, need] as const))),
    targets: new Map(
      wanted.flatMap(({ functions: [compiled], name, programs }) =>
        name === compiled ? [] : programs.map((program) => [program, name] as const),
      ),
    ),
    captured: ALL_TYPES.filter((type) => !(type in missing)),
    missing,
  };
}

function unusable(
  name: string,
  expected: Expected,
  found: KernelFunction | undefined,
  structures: boolean,
): string | undefined {
  if (found === undefined) return `this kernel has no function ${name}`;
  if (found.byValue && !structures) return `this kernel's trampolines do not take the arguments of ${name}`;
  for (const [index, struct] of expected) {
    const actual = found.parameters[index];
    if (actual !== struct)
      return `parameter ${index} of the kernel's ${name} is ${actual ?? "no structure"}, not struct ${struct}`;
  }
  return undefined;
}

/** @returns why the plan is not worth attaching, by its first essential type that is missing */
export function essentialMissing({ missing }: HookPlan): string | undefined {
  const type = ESSENTIAL.find((name) => name in missing);
  return type === undefined ? undefined : `${type}: ${missing[type]}`;
}

/** The types that a kernel can be asked to do without, when it refuses the programs though their functions exist. */
export const OPTIONAL_TYPES: readonly string[] = [...new Set(HOOKS.flatMap(({ types }) => types))].filter(
  (type) => !ESSENTIAL.includes(type),
);
