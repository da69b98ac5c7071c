/**
 * Names of SECL that are right but not supported yet, so that they are reported as such and not as typing
 * errors. A name leaves these lists by getting a row in the field table.
 */
import { EVENT_TYPES, FIELDS } from "@weir/matcher-wasm/format";

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Event types other than those of the field table. */
const OTHER_EVENTS = new Set(
  words(`
  accept bind bpf capabilities capset cgroup_tracing cgroup_write connect dns imds load_module login_uid_write mmap mprotect
  network network_flow_monitor packet prctl ptrace selinux setgid setrlimit setsockopt setuid signal sysctl unload_module
`),
);

const FILE_SUFFIXES = words(`
  change_time modification_time extension filesystem gid group hashes in_upper_layer inode mode mount_detached mount_id
  mount_visible name name.length package.name package.source_version package.version path path.length rights uid user
`);

const EVENT_SUFFIXES = words(`
  file.destination.gid file.destination.group file.destination.mode file.destination.rights file.destination.uid
  file.destination.user flags syscall.path syscall.flags syscall.mode syscall.int1 syscall.int2 syscall.int3 syscall.str1
  syscall.str2 syscall.destination.path
`);

const PROCESS_SUFFIXES = new Set([
  ...FILE_SUFFIXES.map((suffix) => `file.${suffix}`),
  ...FILE_SUFFIXES.map((suffix) => `interpreter.file.${suffix}`),
  ...words(`
  args args_flags args_options args_truncated argv argv0 auid cap_effective cap_permitted cgroup.id cgroup.file.inode
  cgroup.file.mount_id cgroup.version cgroup.manager comm container.created_at container.id container.runtime container.tags
  created_at egid egroup envp envs envs_truncated euid euser fsgid fsgroup fsuid fsuser gid group is_exec is_kworker is_thread
  length mntns netns pid ppid tid tty_name uid user user_session.id user_session.k8s_groups user_session.k8s_session_id
  user_session.k8s_uid user_session.k8s_username user_session.session_type user_session.ssh_client_ip
  user_session.ssh_public_key user_session.ssh_auth_method
`),
]);

const COMMON = new Set(
  words(`
  cgroup.file.inode cgroup.file.mount_id cgroup.id cgroup.manager cgroup.version container.created_at container.id
  container.runtime container.tags event.async event.hostname event.origin event.os event.rule.tags event.service
  event.signature event.source event.timestamp
`),
);

/**
 * @returns what the name is when SECL knows it and Weir does not yet, as the start of a sentence;
 * undefined when SECL does not know it either
 */
export function foreignName(name: string): string | undefined {
  if (/\[[A-Za-z]\]/.test(name)) return `\`${name}\`: iterator registers are`;
  const [first = "", ...rest] = name.split(".");
  const suffix = rest.join(".");
  if (OTHER_EVENTS.has(first) && rest.length > 0) return `event type \`${first}\` is`;
  if (first === "process" && PROCESS_SUFFIXES.has(suffix.replace(/^(?:parent|ancestors)\./, "")))
    return `field \`${name}\` is`;
  if (COMMON.has(name)) return `field \`${name}\` is`;
  if (!EVENT_TYPES.some((type) => type.name === first)) return undefined;
  const file = /^file\.(?:destination\.)?(.+)$/.exec(suffix)?.[1];
  const elsewhere = FIELDS.some((field) => field.event !== undefined && field.name === `${field.event}.${suffix}`);
  if (elsewhere) return undefined;
  return (file !== undefined && FILE_SUFFIXES.includes(file)) || EVENT_SUFFIXES.includes(suffix)
    ? `field \`${name}\` is`
    : undefined;
}
