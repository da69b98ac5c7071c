/** Which fields random rules read and random events have: of each kind some, as there are hundreds. */
import { EVENT_TYPES, FIELDS, type Field, variableKey } from "@weir/matcher-wasm/format";
import { registerName } from "../src/registers.ts";

/** One field of every source and type that the record has, and of the context block some of every type. */
const CONTEXT_SAMPLE = new Set([
  "process.file.path",
  "process.file.name",
  "process.args",
  "process.argv",
  "process.args_truncated",
  "process.created_at",
  "process.parent.pid",
  "process.parent.comm",
  "process.ancestors.pid",
  "process.ancestors.uid",
  "process.ancestors.comm",
  "process.ancestors.file.path",
  "process.ancestors.is_exec",
  "process.ancestors.argv",
  "process.ancestors.user_session.ssh_client_ip",
  "process.user_session.ssh_client_ip",
  "container.id",
  "event.timestamp",
]);

const sampled: ReadonlyMap<string, readonly Field[]> = new Map(EVENT_TYPES.map(({ name }) => [name, sampleOf(name)]));

/** The other fields are other names of these, or read in the same way. */
function sampleOf(type: string): readonly Field[] {
  const seen = new Set<string>();
  return FIELDS.filter(({ name, event, source }) => {
    if (event !== undefined && event !== type) return false;
    if (source.from === "context") return CONTEXT_SAMPLE.has(name) || name === `${type}.file.user`;
    const key = JSON.stringify(source);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Variables as rules use them; their state is part of an event here. */
export const VARIABLES: readonly Field[] = (
  [
    ["process.text", "string", false],
    ["process.count", "int", false],
    ["seen", "bool", false],
    ["container.list", "string", true],
    ["cgroup.numbers", "int", true],
  ] as const
).map(([name, type, array]) => ({
  name: variableKey(name),
  type,
  array,
  matching: "flat",
  timestamp: false,
  unresolved: false,
  source: { from: "variable", key: variableKey(name) },
  doc: "",
}));

/** What one ancestor has, by a register. */
export const ELEMENTS: readonly Field[] = ["pid", "uid", "comm", "file.path", "is_exec", "argv"].map(
  (suffix) => registerName(`process.ancestors[A].${suffix}`)?.field as Field,
);

/** Fields of a type that random rules read, variables among them. */
export function fieldsOf(type: string, wanted: (field: Field) => boolean): readonly Field[] {
  return [...(sampled.get(type) ?? []), ...VARIABLES].filter(wanted);
}
