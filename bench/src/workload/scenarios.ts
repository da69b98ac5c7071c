/**
 * What the matcher is measured with: a realistic set of rules, and such as leave it little to select by.
 *
 * Realistic rules have the shapes of the shipped pack and of published policies: lists of paths, directories with
 * excepted programs, names, unlink, rename, chmod, mkdir; two in a hundred can't be found by a path: one that ends
 * names, one over executed programs. The others are what an index is no help with.
 */
import { type EventMaker, type HostEvent, hostEvents, O_CREAT, O_WRONLY, openOf } from "./host.ts";
import type { Random } from "./random.ts";

export interface Scenario {
  readonly name: string;
  /** What makes it hard. */
  readonly about: string;
  /** Rules that set the variables which the others read, as members of the YAML list. */
  readonly declarations?: readonly string[];
  /** The i-th rule. */
  readonly rule: (i: number) => string;
  /** Events that the rules are about, among those of an ordinary host. */
  readonly extra: (rules: number) => readonly { readonly share: number; readonly make: EventMaker }[];
}

/** Part of the events that a rule matches. */
const HIT_SHARE = 0.001;
/** In adversarial scenarios, part of the events that look like what rules are about. */
const NEAR_SHARE = 0.3;

const WRITING = "open.flags & (O_CREAT|O_RDWR|O_WRONLY|O_TRUNC) > 0";
const PACKAGERS = `process.file.path not in ["/usr/bin/dpkg", "/usr/bin/apt", "/usr/bin/rpm", "/usr/bin/dnf"]`;

/** From the most to the least common. */
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
  (i) => `mkdir.file.path =~ ~"/usr/lib/systemd/unit${i}.d/**"`,
];

function realisticRule(i: number): string {
  if (i % 100 === 49) return `open.file.name == ~"*.ext${i}" && ${WRITING}`;
  if (i % 100 === 99) return `exec.file.name == "tool${i}" && exec.args =~ "*--token=*" && process.uid != 0`;
  return (SHAPES[i % SHAPES.length] as (i: number) => string)(i);
}

/** Paths in the directories of rules, and now and then the very file of one. */
const nearRules =
  (rules: number): EventMaker =>
  ({ below }, process) =>
    openOf(
      process,
      below(2) === 0
        ? `/srv/app${below(rules)}/data/block${below(1000)}.dat`
        : `/etc/service${below(rules)}/conf.d/part${below(20)}.conf`,
      O_WRONLY,
    );
const ruleHit =
  (rules: number): EventMaker =>
  ({ below }, process) =>
    openOf(
      process,
      `/srv/app${Math.floor(below(rules) / SHAPES.length) * SHAPES.length}/config.yaml`,
      O_WRONLY | O_CREAT,
    );

const opening =
  (path: (random: Random) => string, extra: (random: Random) => HostEvent["fields"] = () => ({})): EventMaker =>
  (random, process) =>
    openOf({ ...process, ...extra(random) }, path(random), O_WRONLY | O_CREAT);

/** Events for every rule of which the path is enough. */
const near = (path: (random: Random) => string) => [{ share: NEAR_SHARE, make: opening(path) }];

const VARIABLES = 32;

export const REALISTIC: Scenario = {
  name: "realistic",
  about: "rules as in published policies; 1 event in 1,000 matches, 1 in 20 is in the directory of a rule",
  rule: realisticRule,
  extra: (rules) => [
    { share: HIT_SHARE, make: ruleHit(rules) },
    { share: 0.05, make: nearRules(rules) },
  ],
};

export const ADVERSARIAL: readonly Scenario[] = [
  {
    name: "credentials",
    about: "only conditions on what the record says of the process: every rule is asked for every open",
    rule: (i) => `open.retval >= 0 && process.comm == "tool${i}" && process.uid not in [0, ${1000 + i}]`,
    extra: (rules) => [
      {
        share: HIT_SHARE,
        make: (random, process) =>
          openOf({ ...process, "process.comm": `tool${random.below(rules)}`, "process.uid": 7 }, "/tmp/x", 0),
      },
    ],
  },
  {
    name: "lineage",
    about: "only conditions on process context: every rule is a candidate for every open and asked again with context",
    rule: (i) =>
      i % 2 === 0
        ? `open.retval >= 0 && process.file.path == "/opt/tool${i}/bin/run" && process.ancestors.file.name == "sshd"`
        : `open.retval >= 0 && process.args =~ "*--token=${i}*" && process.container.id != ""`,
    extra: (rules) => [
      {
        share: HIT_SHARE,
        make: opening(
          () => "/tmp/x",
          ({ below }) => ({
            "process.file.path": `/opt/tool${Math.floor(below(rules) / 2) * 2}/bin/run`,
            "process.ancestors.file.path": ["/usr/bin/bash", "/usr/sbin/sshd"],
          }),
        ),
      },
    ],
  },
  {
    name: "sharedPrefixes",
    about: "four globs a rule below one directory, where 3 events in 10 are",
    rule: (i) =>
      `open.file.path in [~"/srv/data/*/vol${i}/**", ~"/srv/data/tenant-*/logs/app${i}-*", ~"/srv/data/*/*/part${i}*.db", ~"/srv/data/backup${i}-*/**"]`,
    extra: (rules) =>
      near(({ below }) =>
        below(20) === 0
          ? `/srv/data/tenant-${below(50)}/vol${below(rules)}/block${below(90)}`
          : `/srv/data/tenant-${below(50)}/logs/other${below(rules)}-${below(90)}.log`,
      ),
  },
  {
    name: "regexes",
    about: "regexes over names and arguments, without a literal to find them by",
    rule: (i) =>
      i % 4 === 3
        ? `open.created && process.args =~ r"--(?:token|key)=[a-z0-9]*${i}(?: |$)"`
        : ([
            `open.file.name =~ r"^app${i}-[0-9]+\\.(?:log|tmp)$"`,
            `open.file.name =~ r"(?i)^[a-z]+${i}\\.(?:exe|dll|scr)$"`,
            `open.file.name in [r"^\\.[a-z]{1,8}${i}$", r"[0-9a-f]{8}-${i}\\.key$"]`,
          ][i % 4] ?? ""),
    extra: (rules) =>
      near(({ below }) =>
        below(20) === 0
          ? `/var/app/app${Math.floor(below(rules) / 4) * 4}-17.log`
          : `/var/app/app${below(rules)}-x${below(90)}.log`,
      ),
  },
  {
    name: "variables",
    about: "only conditions on variables, half of them inside a path",
    declarations: Array.from(
      { length: VARIABLES },
      (_, i) =>
        `{ id: set_${i}, expression: 'open.file.path == "/run/mark${i}"', actions: [` +
        `{ set: { name: count${i}, expression: "\${process.count${i}} + 1", default_value: 0, scope: process } }, ` +
        `{ set: { name: session${i}, field: process.comm, scope: process } }] }`,
    ),
    rule: (i) =>
      i % 2 === 0
        ? `open.retval >= 0 && \${process.count${i % VARIABLES}} > ${i + 1}`
        : `open.file.path == "/srv/sessions/\${process.session${i % VARIABLES}}/app${i}"`,
    extra: () => [
      {
        share: 0.02,
        make: opening(
          ({ below }) => `/srv/sessions/s${below(4)}/app${below(64)}`,
          ({ below }) => ({
            [`\${process.session${below(VARIABLES)}}`]: `s${below(4)}`,
            [`\${process.count${below(VARIABLES)}}`]: below(8),
          }),
        ),
      },
    ],
  },
];

const SCENARIOS: readonly Scenario[] = [REALISTIC, ...ADVERSARIAL];

/** Rules in one file, as people divide them; a file may have 4 MiB. */
const RULES_PER_FILE = 2000;

/** @returns policy files with so many rules, those that only declare variables not counted */
export function policyFiles(scenario: Scenario, rules: number): { readonly name: string; readonly text: string }[] {
  const entries = Array.from(
    { length: rules },
    (_, i) => `  - id: rule_${String(i).padStart(5, "0")}\n    expression: ${JSON.stringify(scenario.rule(i))}\n`,
  );
  const declarations = (scenario.declarations ?? []).map((line) => `  - ${line}\n`);
  return Array.from({ length: Math.ceil(rules / RULES_PER_FILE) }, (_, file) => {
    const lines = entries.slice(file * RULES_PER_FILE, (file + 1) * RULES_PER_FILE);
    const all = file === 0 ? [...declarations, ...lines] : lines;
    return { name: `${scenario.name}-${file}.yaml`, text: `version: 1.0.0\nrules:\n${all.join("")}` };
  });
}

/** @returns events for a set of so many rules, the same each time */
export function scenarioEvents(scenario: Scenario, rules: number, count: number): HostEvent[] {
  return hostEvents(count, { seed: 1, extra: scenario.extra(rules) });
}

/** @throws RangeError naming the known ones */
export function scenarioOf(name: string): Scenario {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario !== undefined) return scenario;
  throw new RangeError(`scenario '${name}': expected one of ${SCENARIOS.map((one) => one.name).join(", ")}`);
}
