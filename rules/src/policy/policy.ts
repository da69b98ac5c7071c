/** A policy file to its macros and rules, each with the places that messages point at. */
import { isMap, isScalar } from "yaml";
import type { DiagnosticList } from "../diagnostics.ts";
import type { SourceFile } from "../source.ts";
import { suggestion } from "../suggest.ts";
import { ID_LENGTH_MAX } from "./definition.ts";
import { BoundsError, type Entry, PolicyReader, typeName } from "./document.ts";
import { readMacro } from "./macro.ts";
import type { PolicySource } from "./model.ts";
import { readRule } from "./rule.ts";
import { limitedText } from "./values.ts";
import type { Version } from "./version.ts";

const KEYS = ["version", "type", "replace_policy_id", "macros", "rules", "hooks"];
const SHAPE = "a policy is a mapping with `rules:`, a list";
/** What `type` can say; `policy` and `default` mark the policies that others build on. */
const TYPES = ["policy", "default", "custom", "internal", "selftest", "content_pack"];

export interface ReadOptions {
  readonly agentVersion: Version;
  /** What is not supported is left out, or an error. */
  readonly unsupported: "skip" | "error";
}

/** @returns what the file holds, as far as it could be read, and everything that is wrong with it */
export function readPolicy(
  file: SourceFile,
  options: ReadOptions,
): {
  readonly policy: PolicySource;
  readonly diagnostics: DiagnosticList;
} {
  const reader = new PolicyReader(file, options);
  const { diagnostics } = reader;
  try {
    return { policy: readContent(reader, options), diagnostics };
  } catch (error) {
    if (!(error instanceof BoundsError)) throw error;
    reader.refuse("yaml-limit", error.message);
    const nothing = { version: undefined, type: undefined, replaces: undefined, macros: [], rules: [], nameless: [] };
    return { policy: { file, ...nothing }, diagnostics };
  }
}

function readContent(reader: PolicyReader, options: ReadOptions): PolicySource {
  const entries = readEntries(reader);
  const macros = reader.items(entries.get("macros"), "`macros`").map((item) => readMacro(reader, item, options));
  const items = reader.items(entries.get("rules"), "`rules`");
  const rules = items.map((item) => readRule(reader, item, options));
  const hooks = entries.get("hooks");
  if (hooks !== undefined) reader.unsupported(hooks.keyPlace, "`hooks`: probes of a policy's own are not supported");
  return {
    file: reader.file,
    version: reader.text(entries.get("version"), "`version`"),
    type: readType(reader, entries.get("type")),
    replaces: readReplaced(reader, entries.get("replace_policy_id")),
    macros: macros.filter((macro) => macro !== null),
    rules: rules.filter((rule) => rule !== null),
    nameless: items.flatMap((item, i) => (rules[i] === null ? [reader.place(item)] : [])),
  };
}

/** The keys of the policy; none after reporting why it is no policy. */
function readEntries(reader: PolicyReader): ReadonlyMap<string, Entry> {
  const root = reader.parse();
  if (root === null || (isScalar(root) && root.value === null)) {
    if (reader.diagnostics.items.length === 0) reader.error("empty", reader.place(null), "the policy is empty", SHAPE);
    return new Map();
  }
  if (!isMap(root)) {
    reader.error("yaml", reader.place(root), `a policy must be a mapping, received ${typeName(root)}`, SHAPE);
    return new Map();
  }
  const entries = reader.knownEntries(root, "a policy", KEYS);
  const isMisspelt = reader.diagnostics.hasErrors;
  if (!isMisspelt && !["rules", "macros", "hooks"].some((key) => entries.has(key)))
    reader.error("empty", reader.place(root), "the policy has neither `rules` nor `macros`");
  return reader.written(entries);
}

function readType(reader: PolicyReader, entry: Entry | undefined): string | undefined {
  const type = reader.text(entry, "`type`");
  if (entry === undefined || type === undefined || TYPES.includes(type)) return type;
  const message = `\`type\`: ${JSON.stringify(type)} is unknown and has no effect`;
  const hint = suggestion(type, TYPES) ?? `known: ${TYPES.join(", ")}`;
  reader.report("warning", "unknown-value", reader.valuePlace(entry), message, hint);
  return undefined;
}

function readReplaced(reader: PolicyReader, entry: Entry | undefined): PolicySource["replaces"] {
  const value = limitedText(reader, entry, ID_LENGTH_MAX);
  return value === undefined || value === "" ? undefined : { value, place: reader.valuePlace(entry) };
}
