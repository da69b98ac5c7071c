/**
 * Context values of a process, of its parent and of its ancestors: one table of what there is to know of any
 * process, applied to each of them.
 *
 * Invariant: what is not known, or known in part only, is null, so that the rules that read it match; of ancestors,
 * when it is not known of one.
 */
import { CONTEXT_KEYS, type ContextKey, endsKey } from "@weir/matcher-wasm/format";
import type { ContextValue } from "@weir/matcher-wasm/host";
import type { AccountKind } from "../../process/accounts.ts";
import type { Cgroup, Container } from "../../process/cgroup.ts";
import { capabilitiesOf, environmentOf, executableOf, idsOfProcess, terminalOf } from "../../process/live.ts";
import { type Image, isOldest, type Process, type ProcessIds, UNKNOWN_IMAGE } from "../../process/process.ts";
import type { FileAttributes } from "../../process/statx.ts";
import type { ExecDetail } from "../../process/table.ts";
import { flagsOf, optionsOf } from "./arguments.ts";
import type { EventFacts, Resolve } from "./facts.ts";

/** A value of any process; undefined: it has none, null: not known. */
type Read = (process: Process, event: EventFacts) => ContextValue;
type Readers = Readonly<Record<string, Read>>;

const path = ({ image }: Process): string | null =>
  image === UNKNOWN_IMAGE || image.pathTruncated ? null : image.path;
const nameIn = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
const extensionIn = (path: string): string => {
  const name = nameIn(path);
  const dot = name.lastIndexOf(".");
  return dot === -1 ? "" : name.slice(dot);
};
/** Bytes that are not UTF-8 were replaced: how many they were is not known. */
const lengthOf = (text: string): bigint | null => (text.includes("\ufffd") ? null : BigInt(Buffer.byteLength(text)));

const ofPath =
  (read: (path: string) => ContextValue): Read =>
  (process) => {
    const known = path(process);
    return known === null ? null : read(known);
  };

/** Threads of the kernel execute nothing: their executable's values are the types' zero values. */
const ofExecutable =
  (read: (attributes: FileAttributes, process: Process, event: EventFacts) => ContextValue): Read =>
  (process, event) => {
    if (process.ofKernel) return undefined;
    const attributes = executableOf(process);
    return attributes ? read(attributes, process, event) : null;
  };

const account = (kind: AccountKind, id: number, process: Process, event: EventFacts): ContextValue =>
  (process === event.process ? event.nameOf(kind, id) : event.sources.accounts.nameOf(kind, id, process)) ?? null;

/** What `read` gives of the arguments, if they are all there. */
const ofArgs =
  (read: (args: readonly string[]) => ContextValue): Read =>
  ({ image }) =>
    image === UNKNOWN_IMAGE || image.argsTruncated ? null : read(image.args);

/** With another one behind it, the first argument was not cut. */
const argv0: Read = ({ image }) =>
  image === UNKNOWN_IMAGE || (image.argsTruncated && image.args.length < 2) ? null : (image.args[0] ?? "");

const ofEnvironment =
  (read: (variables: readonly string[]) => ContextValue): Read =>
  (process) => {
    if (process.ofKernel) return [];
    const environment = environmentOf(process);
    return environment && !environment.truncated ? read(environment.variables) : null;
  };

const ofIds =
  (read: (ids: ProcessIds, process: Process, event: EventFacts) => ContextValue): Read =>
  (process, event) => {
    const ids = idsOfProcess(process);
    return ids ? read(ids, process, event) : null;
  };

const ofCgroup =
  (read: (cgroup: Cgroup) => ContextValue): Read =>
  ({ cgroup }) =>
    cgroup ? read(cgroup) : null;

/** Outside a container: the type's zero value. */
const ofContainer =
  (read: (container: Container, event: EventFacts) => ContextValue): Read =>
  ({ cgroup }, event) =>
    !cgroup ? null : cgroup.container && read(cgroup.container, event);

const argsTruncated = ({ image }: Process): boolean | null =>
  image === UNKNOWN_IMAGE ? null : (image as Image).argsTruncated;

const PATHS: Readers = {
  "file.path": path,
  "file.name": ofPath(nameIn),
  "file.extension": ofPath(extensionIn),
  "file.path.length": ofPath(lengthOf),
  "file.name.length": ofPath((known) => lengthOf(nameIn(known))),
};

const ARGUMENTS: Readers = {
  args: ofArgs((args) => args.slice(1).join(" ")),
  argv: ofArgs((args) => args.slice(1)),
  argv0,
  "argv.length": ofArgs((args) => BigInt(Math.max(args.length - 1, 0))),
  args_flags: ofArgs((args) => flagsOf(args.slice(1))),
  args_options: ofArgs((args) => optionsOf(args.slice(1))),
  args_truncated: argsTruncated,
};

/** What comes from /proc, by what has to be read at the exec for it. */
const DETAILS: Readonly<Record<ExecDetail, Readers>> = {
  executable: {
    "file.inode": ofExecutable(({ inode }) => inode),
    "file.mode": ofExecutable(({ mode }) => BigInt(mode)),
    "file.rights": ofExecutable(({ mode }) => BigInt(mode & 0o7777)),
    "file.uid": ofExecutable(({ uid }) => BigInt(uid)),
    "file.gid": ofExecutable(({ gid }) => BigInt(gid)),
    "file.user": ofExecutable(({ uid }, process, event) => account("user", uid, process, event)),
    "file.group": ofExecutable(({ gid }, process, event) => account("group", gid, process, event)),
    "file.modification_time": ofExecutable(({ modifiedNs }) => modifiedNs),
    "file.change_time": ofExecutable(({ changedNs }) => changedNs),
  },
  environment: {
    envs: ofEnvironment((variables) => variables.map((variable) => variable.split("=", 1)[0] ?? "")),
    envp: ofEnvironment((variables) => variables),
    envs_truncated: (process) => (process.ofKernel ? false : (environmentOf(process)?.truncated ?? null)),
  },
  terminal: { tty_name: (process) => terminalOf(process) ?? null },
  capabilities: {
    cap_effective: (process) => capabilitiesOf(process)?.effective ?? null,
    cap_permitted: (process) => capabilitiesOf(process)?.permitted ?? null,
  },
};

/** What comes from the files of accounts. */
const NAMES: Readers = {
  user: ofIds(({ uid }, process, event) => account("user", uid, process, event)),
  group: ofIds(({ gid }, process, event) => account("group", gid, process, event)),
  euser: ofIds(({ euid }, process, event) => account("user", euid, process, event)),
  egroup: ofIds(({ egid }, process, event) => account("group", egid, process, event)),
  fsuser: ofIds(({ fsuid }, process, event) => account("user", fsuid, process, event)),
  fsgroup: ofIds(({ fsgid }, process, event) => account("group", fsgid, process, event)),
};

const KIND: Readers = {
  created_at: ({ startNs }, { sources }) => sources.clock.epochNs(startNs),
  is_exec: ({ executed }) => executed ?? null,
  is_thread: ({ executed }) => (executed === undefined ? null : !executed),
  is_kworker: ({ ofKernel }) => ofKernel ?? null,
  "cgroup.id": ofCgroup(({ path }) => path),
  "cgroup.manager": ofCgroup(({ manager }) => manager ?? null),
  "cgroup.version": ofCgroup(({ version }) => BigInt(version)),
  "cgroup.file.inode": ofCgroup(({ inode }) => inode ?? null),
  "container.id": ofContainer(({ id }) => id),
  "container.runtime": ofContainer(({ runtime }) => runtime ?? null),
  "container.created_at": ofContainer(({ createdNs }, { sources }) => sources.clock.epochNs(createdNs)),
};

/** What the head of a record says of the acting process, of others. */
const REMEMBERED: Readers = {
  pid: ({ tgid }) => BigInt(tgid),
  ppid: ({ ppid }) => BigInt(ppid),
  comm: ({ comm }) => comm,
  ...Object.fromEntries(
    (["tid", "uid", "gid", "euid", "egid", "fsuid", "fsgid", "auid"] as const).map((id) => [
      id,
      ofIds((ids) => BigInt(ids[id])),
    ]),
  ),
  mntns: ofIds(({ mountNs }) => BigInt(mountNs)),
  pidns: ofIds(({ pidNs }) => BigInt(pidNs)),
};

const OWN: Readers = {
  ...PATHS,
  ...ARGUMENTS,
  ...DETAILS.executable,
  ...DETAILS.environment,
  ...DETAILS.terminal,
  ...DETAILS.capabilities,
  ...NAMES,
  ...KIND,
};
const RELATED: Readers = { ...OWN, ...REMEMBERED };

/** Nothing where there is no parent. */
const ofParent =
  (read: Read, { array }: ContextKey): Resolve =>
  (event) => {
    const { process } = event;
    if (process.parent) return read(process.parent, event);
    if (!isOldest(process)) return null;
    return array ? [] : undefined;
  };

const ZERO = { string: "", int: 0n, bool: false, ip: new Uint8Array(16) } as const;

/** The values of all ancestors one after the other. */
const ofAncestors =
  (read: Read, { type }: ContextKey): Resolve =>
  (event) => {
    const { lineage } = event;
    if (!lineage.complete) return null;
    const values: (string | bigint | boolean | Uint8Array)[] = [];
    for (const ancestor of lineage.processes) {
      const value = read(ancestor, event);
      if (value === null) return null;
      if (Array.isArray(value)) values.push(...value);
      else values.push((value as string | undefined) ?? ZERO[type]);
    }
    return values;
  };

/** How many values the ancestors up to each one have. */
const endsOfAncestors =
  (read: Read): Resolve =>
  (event) => {
    const { lineage } = event;
    if (!lineage.complete) return null;
    let end = 0n;
    const ends: bigint[] = [];
    for (const ancestor of lineage.processes) {
      const value = read(ancestor, event);
      if (value === null) return null;
      end += Array.isArray(value) ? BigInt(value.length) : 1n;
      ends.push(end);
    }
    return ends;
  };

/** One for each array that each ancestor has. */
const ENDS: readonly [string, Resolve][] = Object.entries(RELATED).flatMap(([suffix, read]): [string, Resolve][] => {
  const key = CONTEXT_KEYS.get(`process.ancestors.${suffix}`);
  const isArray = CONTEXT_KEYS.get(`process.parent.${suffix}`)?.array;
  return key && isArray ? [[endsKey(key.key), endsOfAncestors(read)]] : [];
});

/** @returns a resolver for each key that has the prefix and a reader */
function resolvers(prefix: string, table: Readers, of: typeof ofParent): [string, Resolve][] {
  return Object.entries(table).flatMap(([suffix, read]) => {
    const key = CONTEXT_KEYS.get(prefix + suffix);
    return key ? [[key.key, of(read, key)]] : [];
  });
}

const PREFIXES = ["process.", "process.parent.", "process.ancestors."] as const;

export const PROCESS_RESOLVERS: ReadonlyMap<string, Resolve> = new Map([
  ...resolvers("process.", OWN, (read) => (event) => read(event.process, event)),
  ...resolvers("process.parent.", RELATED, ofParent),
  ...resolvers("process.ancestors.", RELATED, ofAncestors),
  ...ENDS,
  ["process.ancestors.length", ({ lineage }) => (lineage.complete ? BigInt(lineage.processes.length) : null)],
]);

const withPrefixes = (table: Readers): string[] =>
  Object.keys(table).flatMap((suffix) => [
    ...PREFIXES.map((prefix) => prefix + suffix),
    endsKey(`process.ancestors.${suffix}`),
  ]);

/** What has to be read at the exec, by key. */
export const EXEC_DETAILS: ReadonlyMap<string, ExecDetail> = new Map(
  (Object.keys(DETAILS) as ExecDetail[]).flatMap((detail) =>
    withPrefixes(DETAILS[detail]).map((key): [string, ExecDetail] => [key, detail]),
  ),
);

/** Keys whose values cost system calls when they are asked for. */
export const COSTLY_PROCESS_KEYS: readonly string[] = [...EXEC_DETAILS.keys(), ...withPrefixes(NAMES)];
