/** Rows of the field table that repeat: the attributes of a file, of a process, of a cgroup. */
import type { FieldSource, FieldType, PathSlot } from "./field-types.ts";
import * as r from "./record.ts";

export interface Row {
  readonly suffix: string;
  readonly type: FieldType;
  readonly source: FieldSource;
  readonly doc: string;
  readonly array?: boolean;
  readonly timestamp?: boolean;
  readonly unresolved?: boolean;
  readonly optional?: true;
}

type Options = Pick<Row, "array" | "timestamp" | "unresolved" | "optional">;

export const row = (suffix: string, type: FieldType, source: FieldSource, doc: string, options: Options = {}): Row => ({
  suffix,
  type,
  source,
  doc,
  ...options,
});

const u32 = (offset: number, mask?: number): FieldSource =>
  mask === undefined ? { from: "u32", offset } : { from: "u32", offset, mask };
const u64 = (offset: number): FieldSource => ({ from: "u64", offset });
export const context = (key: string): FieldSource => ({ from: "context", key });

const ARRAY: Options = { array: true };
const TIME: Options = { timestamp: true };
const UNRESOLVED: Options = { unresolved: true };
const RIGHTS = 0o7777;

/** A path of an event and what follows from it. */
export const pathRows = (slot: PathSlot): readonly Row[] => [
  row("path", "string", { from: "path", slot }, "path in the mount tree of the task"),
  row("name", "string", { from: "basename", slot }, "last component of the path"),
  row("extension", "string", { from: "extension", slot }, "the name from its last dot on, empty without one"),
  row("path.length", "int", { from: "pathLength", slot }, "bytes of the path"),
  row("name.length", "int", { from: "nameLength", slot }, "bytes of the name"),
];

/** Attributes of the file of an event, before the operation. */
export const fileRows: readonly Row[] = [
  row("inode", "int", u64(r.FILE_INODE), "inode number"),
  row("dev", "int", u32(r.FILE_DEV), "device number"),
  row("mount_id", "int", u32(r.FILE_MOUNT_ID), "id of the mount"),
  row("mode", "int", u32(r.FILE_MODE), "mode, file type included"),
  row("rights", "int", u32(r.FILE_MODE, RIGHTS), "permission bits"),
  row("uid", "int", u32(r.FILE_UID), "owner"),
  row("gid", "int", u32(r.FILE_GID), "group"),
  row("user", "string", context("file.user"), "name of the owner"),
  row("group", "string", context("file.group"), "name of the group"),
  row("modification_time", "int", u64(r.FILE_MTIME_NS), "when the content last changed", TIME),
  row("change_time", "int", u64(r.FILE_CTIME_NS), "when the inode last changed", TIME),
  row("filesystem", "string", { from: "filesystem" }, "type of the file system, at most 15 bytes"),
  row("in_upper_layer", "bool", { from: "flag", bit: r.FLAG_IN_UPPER_LAYER }, "in the upper layer of an overlay"),
  ...["package.name", "package.version", "package.source_version"].map((suffix) =>
    row(suffix, "string", context(`file.${suffix}`), "of the package that the file belongs to", UNRESOLVED),
  ),
  row("hashes", "string", context("file.hashes"), "hashes of the content, as ALGORITHM:HEX", {
    ...ARRAY,
    ...UNRESOLVED,
  }),
];

/** A file that the host describes: an executable, an interpreter. `at`: prefix of the context keys. */
const imageRows = (at: string, prefix: string, what: string): readonly Row[] => {
  const of = (suffix: string, type: FieldType, doc: string, options?: Options): Row =>
    row(`${prefix}${suffix}`, type, context(`${at}.${prefix}${suffix}`), `${what}: ${doc}`, options);
  return [
    of("path", "string", "path"),
    of("name", "string", "last component of the path"),
    of("extension", "string", "the name from its last dot on"),
    of("path.length", "int", "bytes of the path"),
    of("name.length", "int", "bytes of the name"),
    of("inode", "int", "inode number"),
    of("mount_id", "int", "id of the mount", UNRESOLVED),
    of("mode", "int", "mode, file type included"),
    of("rights", "int", "permission bits"),
    of("uid", "int", "owner"),
    of("gid", "int", "group"),
    of("user", "string", "name of the owner"),
    of("group", "string", "name of the group"),
    of("modification_time", "int", "when the content last changed", TIME),
    of("change_time", "int", "when the inode last changed", TIME),
    of("filesystem", "string", "type of the file system", UNRESOLVED),
    of("in_upper_layer", "bool", "in the upper layer of an overlay", UNRESOLVED),
    of("package.name", "string", "package", UNRESOLVED),
    of("package.version", "string", "package version", UNRESOLVED),
    of("package.source_version", "string", "version of the source package", UNRESOLVED),
    of("hashes", "string", "hashes of the content, as ALGORITHM:HEX", { ...ARRAY, ...UNRESOLVED }),
  ];
};

/** What the head of each record says of the acting process. */
export const recordProcessRows: readonly Row[] = [
  row("pid", "int", u32(r.RECORD_TGID), "process id in the initial namespace"),
  row("tid", "int", u32(r.RECORD_TID), "thread id in the initial namespace"),
  row("ppid", "int", u32(r.RECORD_PPID), "process id of the parent"),
  row("uid", "int", u32(r.RECORD_UID), "real user id"),
  row("gid", "int", u32(r.RECORD_GID), "real group id"),
  row("euid", "int", u32(r.RECORD_EUID), "effective user id"),
  row("egid", "int", u32(r.RECORD_EGID), "effective group id"),
  row("fsuid", "int", u32(r.RECORD_FSUID), "user id for file access"),
  row("fsgid", "int", u32(r.RECORD_FSGID), "group id for file access"),
  row("auid", "int", u32(r.RECORD_AUID), "login user id, AUDIT_AUID_UNSET without a login"),
  row("mntns", "int", u32(r.RECORD_MOUNT_NS), "inode number of the mount namespace"),
  row("pidns", "int", u32(r.RECORD_PID_NS), "inode number of the pid namespace"),
  row("comm", "string", { from: "comm" }, "name of the task, at most 15 bytes"),
];

/** The same of a process that made no record: as of its last fork or exec. */
const rememberedRows = (at: string): readonly Row[] =>
  recordProcessRows.map(({ suffix, type, doc }) => row(suffix, type, context(`${at}.${suffix}`), doc));

const cgroupRows = (at: string): readonly Row[] => {
  const of = (suffix: string, type: FieldType, doc: string, options?: Options): Row =>
    row(suffix, type, context(`${at}.${suffix}`), doc, options);
  return [
    of("cgroup.id", "string", "path of the cgroup"),
    of("cgroup.manager", "string", "what made the cgroup: docker, containerd, cri-o, podman, systemd or empty"),
    of("cgroup.version", "int", "1 or 2"),
    of("cgroup.file.inode", "int", "inode number of the cgroup's directory"),
    of("cgroup.file.mount_id", "int", "mount of the cgroup's directory", UNRESOLVED),
    of("container.id", "string", "container, empty outside one"),
    of("container.runtime", "string", "what runs the container: docker, containerd, cri-o, podman or empty"),
    of("container.created_at", "int", "when the container was made, 0 outside one", TIME),
    of("container.tags", "string", "tags of the container", { ...ARRAY, ...UNRESOLVED }),
  ];
};

/** Everything else of a process. `at`: prefix of the context keys. */
export const processRows = (at: string): readonly Row[] => {
  const of = (suffix: string, type: FieldType, doc: string, options?: Options): Row =>
    row(suffix, type, context(`${at}.${suffix}`), doc, options);
  return [
    ...imageRows(at, "file.", "executable"),
    ...imageRows(at, "interpreter.file.", "interpreter of a script").map((r) => ({ ...r, unresolved: true })),
    of("args", "string", "arguments without argv[0], joined by blanks"),
    of("argv", "string", "arguments without argv[0]", ARRAY),
    of("argv0", "string", "argv[0]"),
    of("argv.length", "int", "number of arguments without argv[0]"),
    of("args_flags", "string", "arguments that are flags: `-a` `--all` as a, all", ARRAY),
    of("args_options", "string", "arguments that give options: `--name value` as name=value", ARRAY),
    of("args_truncated", "bool", "there were more arguments than could be kept"),
    of("envs", "string", "names of environment variables", ARRAY),
    of("envp", "string", "environment variables as NAME=VALUE", ARRAY),
    of("envs_truncated", "bool", "there were more environment variables than could be kept"),
    of("user", "string", "name of the real user"),
    of("group", "string", "name of the real group"),
    of("euser", "string", "name of the effective user"),
    of("egroup", "string", "name of the effective group"),
    of("fsuser", "string", "name of the user for file access"),
    of("fsgroup", "string", "name of the group for file access"),
    of("cap_effective", "int", "effective capabilities, CAP_*"),
    of("cap_permitted", "int", "permitted capabilities, CAP_*"),
    of("tty_name", "string", "terminal, empty without one"),
    of("created_at", "int", "when the process was made", TIME),
    of("is_exec", "bool", "it executed a file since it was forked"),
    of("is_thread", "bool", "it executed no file since it was forked"),
    of("is_kworker", "bool", "a thread of the kernel"),
    ...cgroupRows(at),
    of("netns", "int", "inode number of the network namespace", UNRESOLVED),
    of("user_session.id", "string", "session", UNRESOLVED),
    of("user_session.session_type", "int", "kind of the session", UNRESOLVED),
    of("user_session.k8s_username", "string", "user of `kubectl exec`", UNRESOLVED),
    of("user_session.k8s_uid", "string", "user id of `kubectl exec`", UNRESOLVED),
    of("user_session.k8s_groups", "string", "groups of `kubectl exec`", { ...ARRAY, ...UNRESOLVED }),
    of("user_session.ssh_client_ip", "ip", "where an SSH session comes from", UNRESOLVED),
  ];
};

/** A related process: what records say of others, and everything else. */
export const relatedRows = (at: string): readonly Row[] => [...rememberedRows(at), ...processRows(at)];

/** What an event has whatever its type; keys are those of the process where it is the same value. */
export const commonRows: readonly Row[] = [
  ...cgroupRows("process"),
  row("event.timestamp", "int", context("event.timestamp"), "when it happened, in nanoseconds since the epoch", TIME),
  row("event.hostname", "string", context("event.hostname"), "name of the host"),
  row("event.os", "string", context("event.os"), "linux"),
  row("event.origin", "string", context("event.origin"), "ebpf"),
  row("event.service", "string", context("event.service"), "service of the process", UNRESOLVED),
  row("event.source", "string", context("event.source"), "runtime"),
  row("event.async", "bool", context("event.async"), "done by the kernel on behalf of an io_uring", UNRESOLVED),
];

/** What a rule's `filters` may ask of the host that it is on. */
export const hostRows: readonly Row[] = [
  ...["kernel.version.major", "kernel.version.minor", "kernel.version.patch", "kernel.version.abi"].map((suffix) =>
    row(suffix, "int", context(`host.${suffix}`), "of the running kernel"),
  ),
  row("kernel.version.flavor", "string", context("host.kernel.version.flavor"), "of the running kernel"),
  row("kernel.core.enabled", "bool", context("host.kernel.core.enabled"), "the kernel has BTF"),
  row("os", "string", context("host.os"), "linux"),
  row("os.id", "string", context("host.os.id"), "ID of os-release"),
  row("os.platform_id", "string", context("host.os.platform_id"), "PLATFORM_ID of os-release"),
  row("os.version_id", "string", context("host.os.version_id"), "VERSION_ID of os-release"),
  ...[
    ["is_amazon_linux", "ID amzn"],
    ["is_cos", "ID cos"],
    ["is_debian", "ID debian"],
    ["is_oracle", "ID ol"],
    ["is_rhel", "ID rhel or centos"],
    ["is_rhel7", "RHEL or CentOS 7"],
    ["is_rhel8", "RHEL or CentOS 8"],
    ["is_sles", "ID sles"],
    ["is_sles12", "SLES 12"],
    ["is_sles15", "SLES 15"],
    ["is_ubuntu", "ID ubuntu"],
    ["is_linux", "always"],
    ["is_windows", "never"],
  ].map(([name, doc]) => row(`os.${name}`, "bool", context(`host.os.${name}`), `os-release: ${doc}`)),
  row("envs", "string", context("host.envs"), "environment variables of the agent as NAME=VALUE", ARRAY),
  row("origin", "string", context("host.origin"), "ebpf"),
  row("hostname", "string", context("host.hostname"), "name of the host"),
];
