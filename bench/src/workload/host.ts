/**
 * File events of a made-up but ordinary host, by seed: builds, package managers, logs, services, containers and
 * monitoring, each with the processes that do such things. Most paths are nobody's business; some are close to
 * what rules watch.
 */
import type { EventValue } from "@weir/rules";
import { type Random, randomOf } from "./random.ts";

type Fields = Readonly<Record<string, EventValue | readonly EventValue[]>>;

/** An event as the rule language sees it: by field names, context included. */
export interface HostEvent {
  readonly type: string;
  readonly fields: Fields;
}

/** Draws one event of a process; `process` are the fields of the process. */
export type EventMaker = (random: Random, process: Fields) => HostEvent;

interface Program {
  readonly path: string;
  readonly uid: number;
  readonly argv: readonly string[];
  readonly parents: readonly string[];
  readonly container?: true;
}

export const O_WRONLY = 1;
export const O_CREAT = 0o100;
const O_RDONLY = 0;
const O_RDWR = 2;
const O_TRUNC = 0o1000;
const O_APPEND = 0o2000;
const O_CLOEXEC = 0o2000000;

const SHELL = ["/usr/bin/bash", "/usr/sbin/sshd", "/usr/lib/systemd/systemd"];
const SERVICE = ["/usr/lib/systemd/systemd"];
const CONTAINER = ["/usr/bin/containerd-shim-runc-v2", "/usr/lib/systemd/systemd"];

const program = (path: string, uid: number, argv: readonly string[], parents: readonly string[]): Program => ({
  path,
  uid,
  argv,
  parents,
});

const BUILDERS: readonly Program[] = [
  program("/usr/bin/node", 1000, ["node_modules/.bin/tsc", "-p", "tsconfig.json"], ["/usr/bin/make", ...SHELL]),
  program("/usr/lib/gcc/x86_64-linux-gnu/12/cc1", 1000, ["-quiet", "-O2", "main.c"], ["/usr/bin/gcc-12", ...SHELL]),
  program("/usr/bin/x86_64-linux-gnu-ld.bfd", 1000, ["-o", "app", "main.o"], ["/usr/bin/gcc-12", ...SHELL]),
  program("/usr/bin/git", 1000, ["status", "--porcelain"], SHELL),
];
const PACKAGERS: readonly Program[] = [
  program("/usr/bin/dpkg", 0, ["--unpack", "--auto-deconfigure"], ["/usr/bin/apt", ...SHELL]),
  program("/usr/bin/apt", 0, ["install", "-y", "nginx"], SHELL),
  program("/usr/bin/node", 1001, ["/usr/bin/npm", "ci"], SHELL),
];
const SERVICES: readonly Program[] = [
  program("/usr/sbin/nginx", 33, ["-g", "daemon off;"], SERVICE),
  program("/usr/lib/postgresql/15/bin/postgres", 113, ["-D", "/var/lib/postgresql/15/main"], SERVICE),
  program("/usr/sbin/rsyslogd", 0, ["-n", "-iNONE"], SERVICE),
  program("/usr/lib/systemd/systemd-journald", 0, [], SERVICE),
  program("/usr/sbin/cron", 0, ["-f"], SERVICE),
];
const WATCHERS: readonly Program[] = [
  program("/usr/bin/prometheus-node-exporter", 117, ["--collector.filesystem"], SERVICE),
  program("/usr/bin/htop", 1000, [], SHELL),
  program("/usr/bin/ps", 0, ["aux"], SHELL),
];
const CONTAINED: readonly Program[] = [
  {
    path: "/usr/local/bin/python3.12",
    uid: 10001,
    argv: ["-m", "app", "--port=8080"],
    parents: CONTAINER,
    container: true,
  },
  { path: "/usr/bin/redis-server", uid: 999, argv: ["*:6379"], parents: CONTAINER, container: true },
];
const SHELLS: readonly Program[] = [program("/usr/bin/bash", 1000, ["-c", "make test"], SHELL)];
const COMMANDS = ["ls", "grep", "sed", "cat", "sort", "date", "rm", "find", "env", "tr", "uname", "git"];

const LIBRARIES = ["ssl", "crypto", "pthread", "stdc++", "gcc_s", "systemd", "selinux", "pcre2-8", "zstd", "lzma"];
const MODULES = ["react", "lodash", "webpack", "typescript", "@types/node", "chalk", "semver", "rxjs", "vite"];
const HEADERS = ["stdio", "stdlib", "string", "unistd", "errno", "sys/types", "sys/stat", "linux/limits"];
const LOGS = ["nginx/access.log", "nginx/error.log", "syslog", "auth.log", "postgresql/postgresql-15-main.log"];
const PROC_FILES = ["stat", "status", "maps", "cmdline", "cgroup", "io"];

const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => random.below(16).toString(16)).join("");

export const openOf = (process: Fields, path: string, flags: number): HostEvent => ({
  type: "open",
  fields: { ...process, "open.file.path": path, "open.flags": flags },
});
const unlinkOf = (process: Fields, path: string): HostEvent => ({
  type: "unlink",
  fields: { ...process, "unlink.file.path": path },
});
const renameOf = (process: Fields, from: string, to: string): HostEvent => ({
  type: "rename",
  fields: { ...process, "rename.file.path": from, "rename.file.destination.path": to },
});
const chmodOf = (process: Fields, path: string, mode: number): HostEvent => ({
  type: "chmod",
  fields: { ...process, "chmod.file.path": path, "chmod.file.mode": 0o100600, "chmod.file.destination.mode": mode },
});
const mkdirOf = (process: Fields, path: string): HostEvent => ({
  type: "mkdir",
  fields: { ...process, "mkdir.file.path": path, "mkdir.file.destination.mode": 0o755 },
});

/** What a family of processes does; shares of the kinds of event follow from the numbers drawn. */
const build: EventMaker = (random, process) => {
  const { pick, below } = random;
  const project = `/home/user${below(20)}/src/project${below(50)}`;
  const kind = random.next();
  if (kind < 0.4)
    return openOf(process, `${project}/node_modules/${pick(MODULES)}/lib/index${below(40)}.js`, O_RDONLY | O_CLOEXEC);
  if (kind < 0.6) return openOf(process, `/usr/include/${pick(HEADERS)}.h`, O_RDONLY);
  if (kind < 0.8) return openOf(process, `${project}/build/object${below(500)}.o`, O_RDWR | O_CREAT | O_TRUNC);
  if (kind < 0.87) return unlinkOf(process, `/tmp/cc${hex(random, 6)}.s`);
  if (kind < 0.92) return renameOf(process, `${project}/.git/index.lock`, `${project}/.git/index`);
  if (kind < 0.96) return mkdirOf(process, `${project}/build/part${below(90)}`);
  return chmodOf(process, `${project}/build/app`, 0o755);
};

const packages: EventMaker = (random, process) => {
  const { pick, below } = random;
  const library = `/usr/lib/x86_64-linux-gnu/lib${pick(LIBRARIES)}.so.${below(9)}`;
  const kind = random.next();
  if (kind < 0.2) return openOf(process, `${library}.dpkg-new`, O_WRONLY | O_CREAT | O_TRUNC);
  if (kind < 0.4) return renameOf(process, `${library}.dpkg-new`, library);
  if (kind < 0.6) return openOf(process, `/var/lib/dpkg/info/lib${pick(LIBRARIES)}${below(9)}.list`, O_RDONLY);
  if (kind < 0.75)
    return openOf(
      process,
      `/home/user3/.npm/_cacache/content-v2/sha512/${hex(random, 2)}/${hex(random, 2)}/${hex(random, 40)}`,
      O_WRONLY | O_CREAT,
    );
  if (kind < 0.85) return chmodOf(process, `${library}.dpkg-new`, 0o644);
  if (kind < 0.95) return unlinkOf(process, `/var/cache/apt/archives/partial/${pick(LIBRARIES)}_${below(9)}.deb`);
  return mkdirOf(process, `/usr/share/doc/lib${pick(LIBRARIES)}${below(9)}`);
};

const serve: EventMaker = (random, process) => {
  const { pick, below } = random;
  const kind = random.next();
  if (kind < 0.4) return openOf(process, `/var/log/${pick(LOGS)}`, O_WRONLY | O_APPEND | O_CREAT);
  if (kind < 0.7) return openOf(process, `/var/lib/postgresql/15/main/base/16384/${below(9000)}`, O_RDWR);
  if (kind < 0.9) return openOf(process, `/var/www/html/assets/${hex(random, 8)}.css`, O_RDONLY);
  return unlinkOf(process, `/run/user/${below(2000)}/lock${below(9)}`);
};

const watch: EventMaker = (random, process) => {
  const { pick, below } = random;
  return random.next() < 0.8
    ? openOf(process, `/proc/${1 + below(40000)}/${pick(PROC_FILES)}`, O_RDONLY)
    : openOf(process, `/sys/fs/cgroup/system.slice/unit${below(90)}.service/memory.current`, O_RDONLY);
};

const contain: EventMaker = (random, process) => {
  const { pick, below } = random;
  const kind = random.next();
  if (kind < 0.5)
    return openOf(process, `/usr/local/lib/python3.12/site-packages/${pick(MODULES)}/m${below(90)}.py`, O_RDONLY);
  if (kind < 0.8) return openOf(process, `/usr/share/zoneinfo/Europe/City${below(60)}`, O_RDONLY);
  if (kind < 0.9) return openOf(process, `/data/appendonlydir/part${below(20)}.aof`, O_WRONLY | O_APPEND);
  return renameOf(process, `/tmp/app-${hex(random, 8)}`, `/data/state${below(30)}.json`);
};

/** Executed files are fields of the process. */
const execute: EventMaker = (random, process) => {
  const command = `/usr/bin/${random.pick(COMMANDS)}`;
  return {
    type: "exec",
    fields: { ...process, "exec.file.path": command, "process.file.path": command, "exec.argv": ["-a", "src"] },
  };
};

const FAMILIES: readonly {
  readonly share: number;
  readonly programs: readonly Program[];
  readonly make: EventMaker;
}[] = [
  { share: 0.38, programs: BUILDERS, make: build },
  { share: 0.1, programs: PACKAGERS, make: packages },
  { share: 0.17, programs: SERVICES, make: serve },
  { share: 0.2, programs: WATCHERS, make: watch },
  { share: 0.12, programs: CONTAINED, make: contain },
  { share: 0.03, programs: SHELLS, make: execute },
];

/** Containers of the host, by the digits of their id. */
const CONTAINER_IDS = ["3f4e", "a51c", "09bd"].map((start) => start.repeat(16));

function processFields(random: Random, { path, uid, argv, parents, container }: Program): Fields {
  return {
    "process.pid": 1 + random.below(40000),
    "process.uid": uid,
    "process.gid": uid,
    "process.comm": path.slice(path.lastIndexOf("/") + 1).slice(0, 15),
    "process.file.path": path,
    "process.argv": argv,
    "process.ancestors.file.path": parents,
    ...(container === true ? { "process.container.id": random.pick(CONTAINER_IDS) } : {}),
  };
}

export interface HostOptions {
  readonly seed: number;
  /** What is drawn besides, and how often, 0 … 1; the rest is the ordinary mix. */
  readonly extra: readonly { readonly share: number; readonly make: EventMaker }[];
}

/** @returns events in the order in which they are drawn: the first n are the same for each larger count */
export function hostEvents(count: number, { seed, extra }: HostOptions): HostEvent[] {
  const random = randomOf(seed);
  return Array.from({ length: count }, () => {
    const family = byShare(FAMILIES, random.next()) ?? FAMILIES[0];
    const { programs, make } = family as (typeof FAMILIES)[number];
    const process = processFields(random, random.pick(programs));
    return (byShare(extra, random.next())?.make ?? make)(random, process);
  });
}

/** @returns the entry in whose share of 0 … 1 the number falls, undefined in what is left over */
function byShare<T extends { readonly share: number }>(list: readonly T[], at: number): T | undefined {
  let end = 0;
  return list.find(({ share }) => {
    end += share;
    return at < end;
  });
}
