/** The `actions` of a rule: each is one of a few kinds with keys of its own, and an optional filter. */
import { VARIABLE_VALUES_MAX } from "@weir/matcher-wasm/format";
import { isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import type { Place } from "../source.ts";
import { suggestion } from "../suggest.ts";
import { type Entry, type PolicyReader, scalarText, typeName } from "./document.ts";
import {
  type ActionSource,
  type CoredumpAction,
  type HashAction,
  type KillAction,
  type LogAction,
  type Positioned,
  type Program,
  SCOPES,
  type SetAction,
  type VariableValue,
} from "./model.ts";
import { limitedText, readDuration, readEnum, readFieldName, readInteger, readItems, readProgram } from "./values.ts";

/** Most actions of one rule. */
export const ACTIONS_MAX = 32;
/** Longest name of a variable, and longest message of a log action, in characters. */
const NAME_LENGTH_MAX = 128;
const MESSAGE_LENGTH_MAX = 1024;

const KINDS = ["set", "kill", "hash", "coredump", "log", "network_filter"] as const;
type Kind = (typeof KINDS)[number];

const KEYS: Readonly<Record<Exclude<Kind, "network_filter">, readonly string[]>> = {
  set: [
    "name",
    "value",
    "field",
    "expression",
    "default_value",
    "append",
    "scope",
    "scope_field",
    "size",
    "ttl",
    "private",
    "inherited",
  ],
  kill: ["signal", "scope", "disable_container_disarmer", "disable_executable_disarmer"],
  hash: ["field", "max_file_size"],
  coredump: ["process", "mount", "dentry", "no_compression"],
  log: ["level", "message"],
};

const LOG_LEVELS = ["trace", "debug", "info", "warn", "warning", "error", "critical"] as const;

/** Signals of Linux by name, those without a name of their own left out. */
const SIGNALS = `
SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGIOT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM
SIGSTKFLT SIGCHLD SIGCLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO
SIGPOLL SIGPWR SIGSYS SIGUNUSED
`
  .trim()
  .split(/\s+/);

/** One action's parts on their way to its kind. */
interface Parts {
  readonly reader: PolicyReader;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly place: Place;
  readonly filter: Program | undefined;
}

/** @returns the actions that can be read; what is wrong with the others is reported */
export function readActions(reader: PolicyReader, entry: Entry | undefined): readonly ActionSource[] {
  return readItems(reader, entry, ACTIONS_MAX).flatMap((item) => readAction(reader, item, entry) ?? []);
}

function readAction(reader: PolicyReader, node: Node | null, list: Entry | undefined): ActionSource | null {
  const map = reader.map(node, "an action", reader.valuePlace(list));
  if (map === null) return null;
  const entries = reader.written(reader.knownEntries(map, "an action", [...KINDS, "filter"]), KINDS);
  const kinds = KINDS.filter((kind) => entries.has(kind));
  const [kind] = kinds;
  // What has a key that is unknown is told already.
  if (kind === undefined && [...entries.keys()].some((key) => key !== "filter")) return null;
  if (kind === undefined || kinds.length > 1) {
    const received = kinds.length > 1 ? kinds.join(" and ") : "none";
    const hint = kinds.length > 1 ? "write one list item for each" : undefined;
    reader.error(
      "action",
      reader.place(map),
      `an action is exactly one of ${KINDS.join(", ")}; received ${received}`,
      hint,
    );
    return null;
  }
  const entry = entries.get(kind) as Entry;
  const filter = readProgram(reader, entries.get("filter"));
  if (kind === "network_filter") {
    reader.unsupported(entry.keyPlace, "`network_filter` acts on packets, which Weir does not see");
    return null;
  }
  const inner = bodyOf(reader, entry, kind);
  return inner === null ? null : readKind(kind, { reader, entries: inner, place: entry.keyPlace, filter });
}

/** The keys below an action; `hash:` with nothing below it has none. */
function bodyOf(reader: PolicyReader, entry: Entry, kind: keyof typeof KEYS): Map<string, Entry> | null {
  if (kind === "hash" && typeName(entry.value) === "nothing") return new Map();
  const map: YAMLMap | null = reader.map(entry.value, `\`${kind}\``, entry.keyPlace);
  return map === null ? null : reader.writtenEntries(map, `\`${kind}\``, KEYS[kind]);
}

function readKind(kind: keyof typeof KEYS, parts: Parts): ActionSource | null {
  switch (kind) {
    case "set":
      return readSet(parts);
    case "kill":
      return readKill(parts);
    case "hash":
      return readHash(parts);
    case "coredump":
      return readCoredump(parts);
    case "log":
      return readLog(parts);
  }
}

const flag = ({ reader, entries }: Parts, key: string): boolean =>
  reader.boolean(entries.get(key), `\`${key}\``) ?? false;

function missing({ reader, place }: Parts, message: string): null {
  reader.error("missing-key", place, message);
  return null;
}

function readKill(parts: Parts): KillAction | null {
  const { reader, entries, place, filter } = parts;
  if (!entries.has("signal")) return missing(parts, "`kill` has no `signal`");
  const signal = readSignal(reader, entries.get("signal"));
  const scope = readEnum(reader, entries.get("scope"), SCOPES) ?? "process";
  const disableContainerDisarmer = flag(parts, "disable_container_disarmer");
  const disableExecutableDisarmer = flag(parts, "disable_executable_disarmer");
  if (signal === undefined) return null;
  return { kind: "kill", place, filter, signal, scope, disableContainerDisarmer, disableExecutableDisarmer };
}

function readSignal(reader: PolicyReader, entry: Entry | undefined): string | undefined {
  const text = reader.text(entry, "`signal`");
  if (text === undefined || SIGNALS.includes(text)) return text;
  const full = text.toUpperCase().replace(/^(?!SIG)/, "SIG");
  const near = () => (SIGNALS.includes(full) ? `did you mean \`${full}\`?` : suggestion(text, SIGNALS));
  reader.error(
    "unknown-value",
    reader.valuePlace(entry),
    `${JSON.stringify(text)} is no signal`,
    () => near() ?? "a name such as SIGKILL or SIGTERM",
  );
  return undefined;
}

function readHash({ reader, entries, place, filter }: Parts): HashAction {
  const entry = entries.get("field");
  const scalar = reader.string(entry, "`field`");
  const field = scalar && { value: scalar.value, place: reader.valuePlace(entry) };
  const range = { min: 1, max: Number.MAX_SAFE_INTEGER };
  return {
    kind: "hash",
    place,
    filter,
    field,
    maxFileSizeBytes: readInteger(reader, entries.get("max_file_size"), range),
  };
}

function readCoredump(parts: Parts): CoredumpAction | null {
  const { place, filter } = parts;
  const [process, mount, dentry] = [flag(parts, "process"), flag(parts, "mount"), flag(parts, "dentry")];
  const noCompression = flag(parts, "no_compression");
  if (!process && !mount && !dentry)
    return missing(parts, "`coredump` needs one of `process`, `mount`, `dentry` to be true");
  return { kind: "coredump", place, filter, process, mount, dentry, noCompression };
}

function readLog(parts: Parts): LogAction | null {
  const { reader, entries, place, filter } = parts;
  if (!entries.has("level")) return missing(parts, "`log` has no `level`");
  const level = readEnum(reader, entries.get("level"), LOG_LEVELS);
  const message = limitedText(reader, entries.get("message"), MESSAGE_LENGTH_MAX);
  return level === undefined ? null : { kind: "log", place, filter, level, message };
}

function readSet(parts: Parts): SetAction | null {
  const { reader, entries, place, filter } = parts;
  const name = readName(parts);
  const to = readAssigned(parts);
  const scope = readEnum(reader, entries.get("scope"), SCOPES);
  const result = {
    kind: "set" as const,
    place,
    filter,
    scope,
    scopeField: readFieldName(reader, entries.get("scope_field")),
    defaultValue: readValue(reader, entries.get("default_value")),
    append: flag(parts, "append"),
    size: readInteger(reader, entries.get("size"), { min: 0, max: VARIABLE_VALUES_MAX }) || undefined,
    ttlNs: readDuration(reader, entries.get("ttl")) || undefined,
    private: flag(parts, "private"),
    inherited: flag(parts, "inherited"),
  };
  for (const key of ["scope_field", "inherited"]) {
    const entry = entries.get(key);
    if (entry === undefined || scope === "process" || (key === "inherited" && !result.inherited)) continue;
    reader.error("action", entry.keyPlace, `\`${key}\` is for variables with \`scope: process\``);
  }
  if (to?.from === "value" && result.defaultValue !== undefined) checkSameType(reader, to.value, result.defaultValue);
  return name === undefined || to === undefined ? null : { ...result, name, to };
}

function checkSameType(
  reader: PolicyReader,
  value: Positioned<VariableValue>,
  initial: Positioned<VariableValue>,
): void {
  const isEmptyList = Array.isArray(initial.value) && initial.value.length === 0;
  const [given, before] = [typeOf(value), typeOf(initial)];
  if (isEmptyList ? Array.isArray(value.value) : given === before) return;
  reader.error("type", initial.place, `\`default_value\` is ${isEmptyList ? "a list" : before}, \`value\` ${given}`);
}

function readName(parts: Parts): Positioned<string> | undefined {
  const { reader, entries } = parts;
  const entry = entries.get("name");
  if (entry === undefined) missing(parts, "`set` has no `name`");
  const name = limitedText(reader, entry, NAME_LENGTH_MAX);
  if (name === undefined) return undefined;
  const place = reader.valuePlace(entry);
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return { value: name, place };
  const message = `${JSON.stringify(name)} is no variable name: expected letters, digits and \`_\`, no digit first`;
  const scope = SCOPES.find((one) => name.startsWith(`${one}.`));
  reader.error("id", place, message, scope === undefined ? undefined : `write \`scope: ${scope}\` beside the name`);
  return undefined;
}

function readAssigned(parts: Parts): SetAction["to"] | undefined {
  const { reader, entries } = parts;
  const keys = ["value", "field", "expression"].filter((key) => entries.has(key));
  if (keys.length !== 1) {
    const received = keys.length === 0 ? "none of them" : keys.join(" and ");
    missing(parts, `\`set\` needs exactly one of \`value\`, \`field\` and \`expression\`, received ${received}`);
    return undefined;
  }
  const value = readValue(reader, entries.get("value"));
  if (value !== undefined) return { from: "value", value };
  const field = readFieldName(reader, entries.get("field"));
  if (field !== undefined) return { from: "field", field };
  const expression = readProgram(reader, entries.get("expression"));
  return expression === undefined ? undefined : { from: "expression", expression };
}

function readValue(reader: PolicyReader, entry: Entry | undefined): Positioned<VariableValue> | undefined {
  if (entry === undefined) return undefined;
  const place = reader.valuePlace(entry);
  const value = isSeq(entry.value) ? listValue(reader, entry) : constant(entry.value);
  if (value !== undefined) return { value, place };
  if (!isSeq(entry.value)) {
    const message = `\`${entry.key}\` must be a string, an integer, a boolean or a list of strings or integers`;
    reader.error("yaml", place, `${message}, received ${scalarText(entry.value) ?? typeName(entry.value)}`);
  }
  return undefined;
}

function constant(node: Node | null): string | number | boolean | undefined {
  const value = isScalar(node) ? node.value : undefined;
  return typeof value === "string" || typeof value === "boolean" || Number.isSafeInteger(value)
    ? (value as string | number | boolean)
    : undefined;
}

function listValue(reader: PolicyReader, entry: Entry): readonly string[] | readonly number[] | undefined {
  const items = readItems(reader, entry, VARIABLE_VALUES_MAX);
  const values = items.map(constant);
  const first = typeof values[0];
  if (values.length === 0) {
    if (entry.key === "default_value") return [];
    reader.error("missing-key", entry.keyPlace, `\`${entry.key}\` is an empty list, which says nothing of its type`);
    return undefined;
  }
  const odd = values.findIndex((value) => typeof value !== first || (first !== "string" && first !== "number"));
  if (odd < 0) return values as string[] | number[];
  const message = `\`${entry.key}\` is a list of strings or one of integers, received ${typeName(items[odd] as Node | null)}`;
  reader.error("yaml", reader.place(items[odd] ?? entry.value), message);
  return undefined;
}

function typeOf({ value }: Positioned<VariableValue>): string {
  const one = typeof value === "object" ? value[0] : value;
  const name = typeof one === "number" ? "integer" : typeof one;
  if (typeof value === "object") return `a list of ${name}s`;
  return name === "integer" ? "an integer" : `a ${name}`;
}
