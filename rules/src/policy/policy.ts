/** A policy file to its macros and rules, each with the places that messages point at. */
import { isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from "yaml";
import { isReservedName } from "../check/index.ts";
import type { DiagnosticList } from "../diagnostics.ts";
import type { Excerpt, Place, SourceFile } from "../source.ts";
import type { List, Node as SyntaxNode } from "../syntax/ast.ts";
import { type Entry, PolicyReader, scalarText, typeName } from "./document.ts";
import { scalarExcerpt } from "./scalar-map.ts";

/** Longest id of a rule or macro, in characters. */
export const ID_LENGTH_MAX = 200;

/** Most characters of texts that go into a bundle's manifest. */
export const DESCRIPTION_LENGTH_MAX = 4096;
export const VERSION_LENGTH_MAX = 64;
export const TAG_NAME_LENGTH_MAX = 128;
export const TAG_LENGTH_MAX = 1024;

/** By name; several values are joined by commas. */
export type Tags = Readonly<Record<string, string>>;

export interface RuleSource {
  readonly id: string;
  readonly idPlace: Place;
  readonly version: string | undefined;
  readonly description: string | undefined;
  readonly tags: Tags;
  readonly productTags: readonly string[];
  readonly disabled: boolean;
  /** Null only for a disabled rule. */
  readonly expression: Excerpt | null;
}

export interface MacroSource {
  readonly id: string;
  readonly idPlace: Place;
  /** An expression still to be parsed, or the list that `values` holds. */
  readonly body:
    | { readonly kind: "expression"; readonly excerpt: Excerpt }
    | { readonly kind: "values"; readonly excerpt: Excerpt; readonly list: List };
}

export interface PolicySource {
  readonly file: SourceFile;
  readonly version: string | undefined;
  readonly macros: readonly MacroSource[];
  readonly rules: readonly RuleSource[];
}

const POLICY_KEYS = ["version", "type", "replace_policy_id", "macros", "rules", "hooks"];
const POLICY_IGNORED = ["type", "replace_policy_id", "hooks"];
const MACRO_KEYS = ["id", "expression", "values", "description", "agent_version", "filters", "combine"];
const MACRO_IGNORED = ["agent_version", "filters", "combine"];
const RULE_IGNORED = [
  "agent_version",
  "filters",
  "combine",
  "override_options",
  "actions",
  "every",
  "limiter_token",
  "silent",
  "group_id",
  "priority",
];
const RULE_KEYS = ["id", "version", "expression", "description", "tags", "product_tags", "disabled", ...RULE_IGNORED];

/** @returns what the file holds, as far as it could be read, and everything that is wrong with it */
export function readPolicy(file: SourceFile): {
  readonly policy: PolicySource;
  readonly diagnostics: DiagnosticList;
} {
  const reader = new PolicyReader(file);
  const root = reader.parse();
  const nothing: PolicySource = { file, version: undefined, macros: [], rules: [] };
  if (root === null || (isScalar(root) && root.value === null)) {
    if (reader.diagnostics.items.length === 0)
      reader.error("empty", reader.place(null), "the policy is empty", "a policy is a mapping with `rules:`");
    return { policy: nothing, diagnostics: reader.diagnostics };
  }
  const map = reader.map(root, "a policy", reader.place(null));
  if (map === null) return { policy: nothing, diagnostics: reader.diagnostics };
  const entries = reader.entries(map, "a policy", POLICY_KEYS);
  warnIgnored(reader, entries, POLICY_IGNORED);
  if (!entries.has("rules") && !entries.has("macros"))
    reader.error("empty", reader.place(map), "the policy has neither `rules` nor `macros`");
  const macros = reader.items(entries.get("macros"), "`macros`").map((item) => readMacro(reader, item));
  const rules = reader.items(entries.get("rules"), "`rules`").map((item) => readRule(reader, item));
  const policy = {
    file,
    version: reader.text(entries.get("version"), "`version`"),
    macros: macros.filter((macro) => macro !== null),
    rules: rules.filter((rule) => rule !== null),
  };
  return { policy, diagnostics: reader.diagnostics };
}

function warnIgnored(reader: PolicyReader, entries: ReadonlyMap<string, Entry>, keys: readonly string[]): void {
  for (const key of keys) {
    const entry = entries.get(key);
    if (entry !== undefined)
      reader.report("warning", "ignored-key", entry.keyPlace, `\`${key}\` is not supported yet: it is ignored`);
  }
}

interface Id {
  readonly id: string;
  readonly idPlace: Place;
}

function readId(
  reader: PolicyReader,
  map: YAMLMap,
  entries: ReadonlyMap<string, Entry>,
  what: string,
  form: RegExp,
): Id | null {
  const entry = entries.get("id");
  if (entry === undefined) {
    reader.error("missing-key", firstPlace(reader, map), `the ${what} has no \`id\``);
    return null;
  }
  const id = reader.text(entry, "`id`");
  if (id === undefined) return null;
  const idPlace = reader.place(entry.value);
  if (id.length > ID_LENGTH_MAX) {
    reader.error("id", idPlace, `an id of ${id.length} characters: at most ${ID_LENGTH_MAX} are allowed`);
    return null;
  }
  if (form.test(id)) return { id, idPlace };
  reader.error(
    "id",
    idPlace,
    `${JSON.stringify(id)} is no ${what} id: expected letters, digits, \`_\`${what === "rule" ? ", `-` and `.`" : " and `.`, no digit first"}`,
  );
  return null;
}

const firstPlace = (reader: PolicyReader, map: YAMLMap): Place =>
  reader.place((map.items[0]?.key as Node | undefined) ?? map);

function readRule(reader: PolicyReader, node: Node | null): RuleSource | null {
  const map = reader.map(node, "a rule", reader.place(null));
  if (map === null) return null;
  const entries = reader.entries(map, "a rule", RULE_KEYS);
  warnIgnored(reader, entries, RULE_IGNORED);
  const id = readId(reader, map, entries, "rule", /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/);
  const disabled = reader.boolean(entries.get("disabled"), "`disabled`") ?? false;
  const expression = reader.string(entries.get("expression"), "`expression`");
  const description = limitedText(reader, entries.get("description"), DESCRIPTION_LENGTH_MAX);
  const version = limitedText(reader, entries.get("version"), VERSION_LENGTH_MAX);
  const tags = readTags(reader, entries.get("tags"));
  const productTags = readStrings(reader, entries.get("product_tags"), "`product_tags`");
  if (expression === undefined && !disabled && !entries.has("expression"))
    reader.error(
      "missing-key",
      firstPlace(reader, map),
      `the rule${id === null ? "" : ` \`${id.id}\``} has no \`expression\``,
    );
  if (id === null || (expression === undefined && !disabled)) return null;
  const excerpt = expression === undefined ? null : scalarExcerpt(reader.file, expression);
  return { ...id, version, description, tags, productTags, disabled, expression: excerpt };
}

function readStrings(reader: PolicyReader, entry: Entry | undefined, what: string): readonly string[] {
  return reader.items(entry, what).flatMap((item) => {
    const text = scalarText(item);
    if (text === undefined)
      reader.error("yaml", reader.place(item ?? entry?.value), `${what} holds strings, received ${typeName(item)}`);
    return text === undefined ? [] : [text];
  });
}

function withinLimit(reader: PolicyReader, place: Place, what: string, text: string, most: number): boolean {
  if (text.length <= most) return true;
  reader.error("too-long", place, `${what} of ${text.length} characters: at most ${most} are allowed`);
  return false;
}

/** @returns the text of the entry, shortened to nothing when it is over the limit */
function limitedText(reader: PolicyReader, entry: Entry | undefined, most: number): string | undefined {
  const what = `\`${entry?.key}\``;
  const text = reader.text(entry, what);
  return text === undefined || withinLimit(reader, reader.place(entry?.value), what, text, most) ? text : undefined;
}

function readTags(reader: PolicyReader, entry: Entry | undefined): Tags {
  if (entry === undefined) return {};
  const map = reader.map(entry.value, "`tags`", entry.keyPlace);
  const tags = new Map<string, string>();
  for (const pair of map?.items ?? []) {
    const key = scalarText(reader.resolve(pair.key));
    const value = reader.resolve(pair.value);
    const place = reader.place(reader.resolve(pair.key) ?? map);
    const list = isSeq(value) ? value.items.map((item) => scalarText(reader.resolve(item))) : [scalarText(value)];
    const text = list.every((item) => item !== undefined) ? list.join(",") : undefined;
    if (key === undefined) reader.error("yaml", place, "a tag's name must be a string");
    else if (tags.has(key)) reader.error("duplicate-key", place, `tag \`${key}\` occurs twice`);
    else if (text === undefined)
      reader.error("yaml", place, `tag \`${key}\` must be a string or a list of strings, received ${typeName(value)}`);
    else if (
      withinLimit(reader, place, "a tag's name", key, TAG_NAME_LENGTH_MAX) &&
      withinLimit(reader, place, "a tag", text, TAG_LENGTH_MAX)
    )
      tags.set(key, text);
  }
  return Object.fromEntries(tags);
}

function readMacro(reader: PolicyReader, node: Node | null): MacroSource | null {
  const map = reader.map(node, "a macro", reader.place(null));
  if (map === null) return null;
  const entries = reader.entries(map, "a macro", MACRO_KEYS);
  warnIgnored(reader, entries, MACRO_IGNORED);
  reader.text(entries.get("description"), "`description`");
  const id = readId(reader, map, entries, "macro", /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*$/);
  if (id === null) return null;
  if (isReservedName(id.id) || /^(?:and|or|not|in|allin)$/.test(id.id)) {
    reader.error("id", id.idPlace, `macro id \`${id.id}\` is a name of the language`);
    return null;
  }
  const expression = entries.get("expression");
  const values = entries.get("values");
  if ((expression === undefined) === (values === undefined)) {
    reader.error("missing-key", id.idPlace, `macro \`${id.id}\` needs either \`expression\` or \`values\``);
    return null;
  }
  if (values !== undefined) return readValues(reader, id, values);
  const scalar = reader.string(expression, "`expression`");
  return scalar === undefined
    ? null
    : { ...id, body: { kind: "expression", excerpt: scalarExcerpt(reader.file, scalar) } };
}

/** `values` are literal strings or integers; the excerpt is the YAML list itself. */
function readValues(reader: PolicyReader, id: Id, entry: Entry): MacroSource | null {
  const [start, end] = entry.value?.range ?? [0, 0];
  const span = { start: 0, end: end - start };
  const items: SyntaxNode[] = [];
  for (const item of reader.items(entry, "`values`")) {
    const range = (item as Scalar | null)?.range ?? [start, start];
    const inside = range[0] >= start && range[1] <= end;
    const itemSpan = inside ? { start: range[0] - start, end: range[1] - start } : span;
    const value = isScalar(item) ? item.value : undefined;
    if (typeof value === "string") items.push({ kind: "string", value, span: itemSpan });
    else if (typeof value === "number" && Number.isSafeInteger(value))
      items.push({ kind: "int", value: BigInt(value), span: itemSpan });
    else
      reader.error(
        "yaml",
        reader.place(item ?? entry.value),
        `\`values\` holds strings or integers, received ${typeName(item)}`,
      );
  }
  if (isSeq(entry.value) && items.length === 0) reader.error("missing-key", entry.keyPlace, "`values` is empty");
  if (items.length === 0 || isMap(entry.value)) return null;
  const offsets = Array.from({ length: end - start + 1 }, (_, i) => start + i);
  const excerpt = { file: reader.file, text: reader.file.text.slice(start, end), start, offsets };
  return { ...id, body: { kind: "values", excerpt, list: { kind: "list", items, span } } };
}
