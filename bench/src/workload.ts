/**
 * Rules and file events of a made-up but ordinary host, by seed: what the matcher is measured with.
 *
 * Rules follow the shapes of the shipped packs and of published FIM policies: lists of exact paths opened
 * for writing, directories with excepted programs, names, unlink, chmod and rename. Events are mostly
 * libraries, /proc, caches and logs; one in a thousand is what a rule looks for.
 */
import { encodeEvent, encodeSpan, INPUT_BYTES, ringFootprint } from "@weir/matcher-wasm/format";

export interface WorkloadEvent {
  readonly type: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

const WRITING = "open.flags & (O_CREAT|O_RDWR|O_WRONLY|O_TRUNC) > 0";
const PACKAGERS = `process.file.path not in ["/usr/bin/dpkg", "/usr/bin/apt", "/usr/bin/rpm", "/usr/bin/dnf"]`;

/** Shapes of rules, from the most to the least common. */
const SHAPES: readonly ((i: number) => string)[] = [
  (i) => `open.file.path in ["/srv/app${i}/config.yaml", "/srv/app${i}/secrets.env"] && ${WRITING}`,
  (i) => `open.file.path in [~"/opt/product${i}/conf/**"] && ${WRITING} && ${PACKAGERS}`,
  (i) => `open.file.name == "credentials${i}.json" && process.uid != 0`,
  (i) => `unlink.file.path in ["/var/lib/service${i}/journal", "/var/lib/service${i}/index"]`,
  (i) => `chmod.file.path in [~"/usr/local/lib/plugin${i}/*"] && chmod.file.destination.rights & 06000 > 0`,
  (i) =>
    `rename.file.destination.path == "/etc/service${i}/main.conf" || rename.file.path == "/etc/service${i}/main.conf"`,
  (i) => `open.file.path == ~"/home/*/.tool${i}_history" && process.container.id != "" && ${WRITING}`,
  (i) => `open.file.path in ["/etc/service${i}/tls/key.pem"] && process.file.name not in ["nginx", "haproxy"]`,
];

/** A rule that no part of the path selects; its flags are its only filter. */
const suffixRule = (i: number): string => `open.file.name == ~"*.ext${i}" && ${WRITING}`;

/**
 * @param options.suffixShare part of the rules that no part of a path selects, 0 … 1
 * @returns expressions in the rule language; the first n are the same for each larger count
 */
export function makeRules(count: number, options: { readonly suffixShare: number }): string[] {
  const period = options.suffixShare > 0 ? Math.round(1 / options.suffixShare) : Number.POSITIVE_INFINITY;
  return Array.from({ length: count }, (_, i) => {
    if (i % period === period - 1) return suffixRule(i);
    return (SHAPES[i % SHAPES.length] as (i: number) => string)(i);
  });
}

/** @returns the expressions as one policy file, ids in their order */
export function makePolicy(expressions: readonly string[]): string {
  const rules = expressions.map(
    (expression, i) => `  - id: rule_${String(i).padStart(5, "0")}\n    expression: ${JSON.stringify(expression)}\n`,
  );
  return `version: 1.0.0\nrules:\n${rules.join("")}`;
}

/** Mulberry32: small, fast, the same everywhere. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const LIBRARIES = ["ssl", "crypto", "pthread", "stdc++", "gcc_s", "systemd", "selinux", "pcre2-8", "zstd", "lzma"];
const PACKAGES = ["react", "lodash", "webpack", "typescript", "@types/node", "chalk", "semver", "rxjs", "vite"];
const SERVICES = ["nginx", "postgresql", "redis", "kubelet", "containerd", "sshd", "cron", "rsyslog"];
const PROC_FILES = ["stat", "status", "maps", "cmdline", "cgroup", "fd"];
const O_RDONLY = 0;
const O_WRONLY = 1;
const O_CREAT = 0o100;
const O_APPEND = 0o2000;

/** @param ruleCount so that some events come close to the rules, and one in a thousand is meant by one */
export function makeEvents(count: number, ruleCount: number, seed = 1): WorkloadEvent[] {
  const next = random(seed);
  const below = (n: number): number => Math.floor(next() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const paths: readonly (() => string)[] = [
    () => `/usr/lib/x86_64-linux-gnu/lib${pick(LIBRARIES)}.so.${below(9)}`,
    () => `/proc/${1 + below(40000)}/${pick(PROC_FILES)}`,
    () => `/sys/fs/cgroup/system.slice/${pick(SERVICES)}.service/memory.current`,
    () => `/home/user${below(20)}/src/project${below(50)}/node_modules/${pick(PACKAGES)}/lib/index${below(40)}.js`,
    () => `/var/log/${pick(SERVICES)}/access.log.${below(10)}`,
    () => `/tmp/build-${below(1e9).toString(36)}/object${below(500)}.o`,
    () => `/var/lib/docker/overlay2/${below(2 ** 31).toString(16)}/diff/usr/share/zoneinfo/Europe/City${below(60)}`,
    () => `/srv/app${below(ruleCount)}/data/block${below(1000)}.dat`,
    () => `/etc/service${below(ruleCount)}/conf.d/part${below(20)}.conf`,
  ];
  return Array.from({ length: count }, () => {
    const path = pick(paths)();
    const kind = next();
    const process = {
      "process.pid": 1 + below(40000),
      "process.uid": next() < 0.5 ? 0 : 1000 + below(50),
      "process.comm": pick(SERVICES),
    };
    if (next() < 0.001) return open(`/srv/app${below(ruleCount) & ~7}/config.yaml`, O_WRONLY | O_CREAT, process);
    if (kind < 0.04) return { type: "unlink", fields: { ...process, "unlink.file.path": path } };
    if (kind < 0.07)
      return {
        type: "rename",
        fields: { ...process, "rename.file.path": `${path}.tmp`, "rename.file.destination.path": path },
      };
    if (kind < 0.09)
      return { type: "chmod", fields: { ...process, "chmod.file.path": path, "chmod.file.destination.mode": 0o644 } };
    return open(path, next() < 0.7 ? O_RDONLY : O_WRONLY | O_APPEND, process);
  });
}

function open(path: string, flags: number, process: Readonly<Record<string, string | number>>): WorkloadEvent {
  return { type: "open", fields: { ...process, "open.file.path": path, "open.flags": flags } };
}

/** @returns the span and how many of the events fit into it */
export function encodeWorkload(
  events: readonly WorkloadEvent[],
  stamp: { readonly generation: number; readonly tenants: bigint },
): { readonly span: Uint8Array; readonly events: number } {
  const records: Uint8Array[] = [];
  let bytes = 0;
  for (const { type, fields } of events) {
    const record = encodeEvent(type, fields, stamp);
    bytes += ringFootprint(record.length);
    if (bytes > INPUT_BYTES) break;
    records.push(record);
  }
  return { span: encodeSpan(records), events: records.length };
}
