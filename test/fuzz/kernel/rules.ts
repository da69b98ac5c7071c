/**
 * Random rules, as text for the real compiler: about the directories and names that operations use, with the flags,
 * owners, modes and credentials that they have.
 */
import { EVENT_TYPES, FIELDS, type Field } from "@weir/matcher-wasm/format";
import { analysePolicies } from "@weir/rules";
import type { Condition, Rules } from "./plan.ts";
import type { Random } from "./random.ts";
import { NAMES, type World } from "./world.ts";

const TENANTS = ["red", "green", "blue", "grey"];
const FILE_TYPES = EVENT_TYPES.filter(({ file }) => file).map(({ name }) => name);
const INTS = [0, 1, 2, 3, 0o111, 0o644, 0o4000, 0o7777, 0o40000, 0o170000, 1000, 65534, 2 ** 31];
const OPEN_FLAGS = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND", "O_EXCL", "O_DIRECTORY"];

const quote = (text: string): string => JSON.stringify(text);

/** A path glob or literal about one directory. */
function pathTest(random: Random, directory: string): string {
  const name = random.one(NAMES);
  const parent = directory.slice(0, directory.lastIndexOf("/"));
  const last = directory.slice(directory.lastIndexOf("/") + 1);
  return random.weighted([
    [4, () => quote(`${directory}/${name}`)],
    [1, () => quote(directory)],
    [4, () => `~${quote(`${directory}/*`)}`],
    [7, () => `~${quote(`${directory}/**`)}`],
    [1, () => `~${quote(`${directory}/*.conf`)}`],
    [1, () => `~${quote(`${directory}/**/${name}`)}`],
    // Of these, approvers let through more than they match: directories are proven silent.
    [2, () => `~${quote(`${parent}/*/${name}`)}`],
    [3, () => `~${quote(`${parent}/${last.slice(0, 1)}*/**`)}`],
    [3, () => `~${quote(`$ROOT/**/${last}/*`)}`],
    [2, () => `~${quote(`$ROOT/*/*/${last.slice(0, 1)}*/*`)}`],
    [1, () => `~${quote(`/**/${name}`)}`],
  ])();
}

function nameTest(random: Random): string {
  return random.weighted([
    [4, () => quote(random.one(NAMES))],
    [1, () => `~${quote(random.one(["*.conf", "a*", "*b", "pass*", "n*"]))}`],
    [1, () => `r"${random.one(["^pass", "\\.conf$", "^(a|b)$", "^$"])}"`],
  ])();
}

/** Tests of a text, one or a list of them, denied now and then. */
function textCondition(random: Random, field: string, test: () => string): Condition {
  const denied = random.chance(0.04);
  if (random.chance(0.6)) {
    const one = test();
    const operator = /^[~r]/.test(one) ? (denied ? "!~" : "=~") : denied ? "!=" : "==";
    return `${field} ${operator} ${one.replace(/^~/, "")}`;
  }
  return `${field} ${denied ? "not in" : "in"} [${random.list(random.between(1, 4), test).join(", ")}]`;
}

const fieldsBy = new Map<string, readonly Field[]>();

/** Fields that the record has, of the event and of the process. */
function recordFields(type: string): readonly Field[] {
  let fields = fieldsBy.get(type);
  if (fields === undefined) {
    const of = FIELDS.filter(({ event }) => event === undefined || event === type);
    fields = of.filter(({ source, array }) => source.from !== "context" && source.from !== "variable" && !array);
    fieldsBy.set(type, fields);
  }
  return fields;
}

function pathCondition(random: Random, type: string, world: World): Condition {
  const paths = recordFields(type).filter(({ source }) => source.from === "path");
  const names = recordFields(type).filter(({ source }) => source.from === "basename");
  if (names.length > 0 && random.chance(0.25))
    return textCondition(random, random.one(names).name, () => nameTest(random));
  const directory = (): string => random.one(random.chance(0.8) ? world.watched : world.directories);
  return textCondition(random, random.one(paths).name, () => pathTest(random, directory()));
}

function flagCondition(random: Random): Condition {
  const flags = random.some(OPEN_FLAGS, 3).join("|");
  return `open.flags & (${flags}) ${random.one(["> 0", "!= 0", "== 0", `== ${random.one(OPEN_FLAGS)}`])}`;
}

/** Any other field that the record has. */
function otherCondition(random: Random, type: string): Condition {
  if (type === "open" && random.chance(0.6)) return flagCondition(random);
  const field = random.one(recordFields(type).filter(({ source }) => source.from !== "path"));
  switch (field.type) {
    case "bool":
      return random.chance(0.5) ? field.name : { not: field.name };
    case "int": {
      const compared = random.chance(0.3) ? `${field.name} & ${random.one(INTS)}` : field.name;
      if (random.chance(0.3)) return `${field.name} in [${random.some(INTS, 4).join(", ")}]`;
      return `${compared} ${random.one(["==", "!=", "<", "<=", ">", ">="])} ${random.one(INTS)}`;
    }
    default: {
      const texts = [...NAMES, "tmpfs", "ext4", "overlay", "user.weir", "trusted.weir", "user", "conf"];
      return textCondition(random, field.name, () => quote(random.one(texts)));
    }
  }
}

/** Approvers let everything through, and most directories are proven silent. */
function broad(random: Random, type: string, world: World): Condition {
  const field = recordFields(type).find(({ source }) => source.from === "path")?.name ?? "";
  const directory = random.one(world.watched);
  const last = directory.slice(directory.lastIndexOf("/") + 1);
  return `${field} =~ ${quote(`/**/${last}/${random.one(["*", ...NAMES])}`)}`;
}

/** What the host alone knows: in the kernel nothing may be dropped for its sake. */
const CONTEXT = ['process.file.name == "workload"', 'process.file.path != "/bin/none"', "process.ancestors.pid == 1"];

function condition(random: Random, type: string, world: World): Condition {
  const path = (): Condition => pathCondition(random, type, world);
  const other = (): Condition => otherCondition(random, type);
  // What is written or made is what most rules about open are about.
  if (type === "open" && random.chance(0.3)) return { and: [path(), flagCondition(random)] };
  return random.weighted<() => Condition>([
    [20, path],
    [3, () => broad(random, type, world)],
    [8, () => ({ and: [path(), other()] })],
    [3, () => ({ or: [path(), path()] })],
    [3, () => ({ or: [path(), { and: [path(), other()] }] })],
    [2, () => ({ and: [path(), path()] })],
    [1, () => ({ and: [path(), { not: { or: [other(), path()] } }] })],
    [1, () => ({ and: [path(), random.one(CONTEXT)] })],
    [1, () => ({ not: { or: [{ not: path() }, other()] } })],
    [1, other],
  ])();
}

/**
 * Conditions from elsewhere, to be had beside a path, so that not everything is let through for their sake.
 * @param seed 0 … 2^32 - 1
 */
export type Foreign = (seed: number) => { readonly type: string; readonly condition: Condition };

export const policyOf = (expressions: readonly string[]): string =>
  `version: 1.0.0\nrules:\n${expressions.map((text, i) => `  - id: r${i}\n    expression: ${quote(text)}`).join("\n")}\n`;

const compiles = (text: string): boolean =>
  analysePolicies([{ name: "policy.yaml", text: policyOf([text]) }], { unsupported: "error" }).ok;

export interface RulesOptions {
  readonly random: Random;
  readonly world: World;
  /** The condition with some folder for $ROOT. */
  readonly text: (condition: Condition) => string;
  readonly foreign: Foreign | undefined;
  readonly tenantsMax: number;
}

/** Few rules of one type and tenant, as a rule that lets more through covers for the others. */
export function makeRules({ random, world, text, foreign, tenantsMax }: RulesOptions): Rules {
  const made = (type: string): Condition => {
    if (foreign === undefined || !random.chance(0.08)) return condition(random, type, world);
    const other = foreign(random.next());
    if (!FILE_TYPES.includes(other.type)) return condition(random, type, world);
    return { and: [pathCondition(random, other.type, world), other.condition] };
  };
  const rule = (type: string): Condition => {
    for (;;) {
      const candidate = made(type);
      if (compiles(text(candidate))) return candidate;
    }
  };
  // A directory is silent when it is so for all tenants: of few there are more.
  const most = random.weighted([
    [4, 1],
    [3, 2],
    [2, 3],
    [1, TENANTS.length],
  ]);
  const tenants = random.some(TENANTS, Math.min(tenantsMax, most)).sort();
  return Object.fromEntries(
    tenants.map((tenant) => {
      const types = [...(random.chance(0.8) ? ["open"] : []), ...random.some(FILE_TYPES, FILE_TYPES.length)];
      return [tenant, [...new Set(types)].flatMap((type) => random.list(random.chance(0.2) ? 2 : 1, () => rule(type)))];
    }),
  );
}
