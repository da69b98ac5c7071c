/** One item of `rules`. */
import { isSeq, type Node } from "yaml";
import type { Place } from "../source.ts";
import { readActions } from "./action.ts";
import { checkId, firstPlace, type HeadOptions, ID_LENGTH_MAX, readHead } from "./definition.ts";
import { type Entry, type PolicyReader, scalarText, typeName } from "./document.ts";
import { OVERRIDE_FIELDS, type Override, type OverrideField, type RuleSource, type Tags } from "./model.ts";
import { scalarExcerpt } from "./scalar-map.ts";
import {
  fieldName,
  limitedText,
  oneOf,
  readDuration,
  readEnum,
  readInteger,
  readStrings,
  withinLimit,
} from "./values.ts";

/** Most characters of texts that go into a bundle's manifest. */
export const DESCRIPTION_LENGTH_MAX = 4096;
export const VERSION_LENGTH_MAX = 64;
export const TAG_NAME_LENGTH_MAX = 128;
export const TAG_LENGTH_MAX = 1024;
/** Most product tags, and most fields of a limiter token. */
const PRODUCT_TAGS_MAX = 64;
const LIMITER_FIELDS_MAX = 16;
const FIELD_LENGTH_MAX = 256;
const PRIORITY = { min: -1_000_000, max: 1_000_000 };

const KEYS = [
  "id",
  "version",
  "expression",
  "description",
  "tags",
  "product_tags",
  "agent_version",
  "filters",
  "disabled",
  "combine",
  "override_options",
  "actions",
  "every",
  "limiter_token",
  "silent",
  "group_id",
  "priority",
];

type Entries = ReadonlyMap<string, Entry>;

/** @returns the rule; null after reporting that it has no id */
export function readRule(
  reader: PolicyReader,
  node: Node | null,
  options: Omit<HeadOptions, "what">,
): RuleSource | null {
  const map = reader.map(node, "a rule", reader.place(null));
  if (map === null) return null;
  const errors = reader.diagnostics.errors;
  const all = reader.entries(map, "a rule");
  const entries = reader.written(all, ["id", "expression"]);
  const head = readHead(reader, map, entries, { ...options, what: "rule" });
  const isFiltered = head?.gate.state === "filtered";
  const skip = head === null || head.isGateBroken || isFiltered;
  if (!isFiltered) reader.checkKeys(all, "a rule", KEYS);
  const body = skip ? skippedBody(reader, entries) : readBody(reader, entries);
  if (!skip || head === null) requireExpression(reader, entries, body, firstPlace(reader, map), head?.id);
  if (head === null) return null;
  const { id, idPlace, gate } = head;
  return { id, idPlace, gate, ...body, isBroken: reader.diagnostics.errors > errors };
}

type Body = Omit<RuleSource, "id" | "idPlace" | "gate" | "isBroken">;

/** Of what takes no part, only the variables count that it would set: other rules may read them. */
function skippedBody(reader: PolicyReader, entries: Entries): Body {
  const actions = reader.silently(() => readActions(reader, entries.get("actions")));
  return { ...readBody(reader, new Map()), actions: actions.filter(({ kind }) => kind === "set") };
}

function readBody(reader: PolicyReader, entries: Entries): Body {
  const expression = reader.string(entries.get("expression"), "`expression`");
  return {
    version: limitedText(reader, entries.get("version"), VERSION_LENGTH_MAX),
    description: limitedText(reader, entries.get("description"), DESCRIPTION_LENGTH_MAX),
    tags: readTags(reader, entries.get("tags")),
    productTags: readStrings(reader, entries.get("product_tags"), {
      itemsMax: PRODUCT_TAGS_MAX,
      lengthMax: TAG_LENGTH_MAX,
    }).map((tag) => tag.value),
    disabled: reader.boolean(entries.get("disabled"), "`disabled`"),
    expression: expression === undefined ? null : scalarExcerpt(reader.file, expression),
    override: readOverride(reader, entries),
    actions: readActions(reader, entries.get("actions")),
    everyNs: readDuration(reader, entries.get("every")) || undefined,
    limiterToken: readStrings(reader, entries.get("limiter_token"), {
      itemsMax: LIMITER_FIELDS_MAX,
      lengthMax: FIELD_LENGTH_MAX,
    }).flatMap((name) => fieldName(reader, name) ?? []),
    silent: reader.boolean(entries.get("silent"), "`silent`") ?? false,
    groupId: readGroup(reader, entries.get("group_id")),
    priority: readInteger(reader, entries.get("priority"), PRIORITY),
    keys: new Map([...entries.values()].map(({ key, keyPlace }) => [key, keyPlace])),
  };
}

function requireExpression(
  reader: PolicyReader,
  entries: Entries,
  { disabled, override }: Body,
  place: Place,
  id: string | undefined,
): void {
  if (entries.has("expression") || disabled || override !== undefined || entries.has("combine")) return;
  reader.error("missing-key", place, `the rule${id === undefined ? "" : ` \`${id}\``} has no \`expression\``);
}

function readGroup(reader: PolicyReader, entry: Entry | undefined): string | undefined {
  const id = limitedText(reader, entry, ID_LENGTH_MAX);
  return id !== undefined && checkId(reader, reader.valuePlace(entry), id, "group") ? id : undefined;
}

function readOverride(reader: PolicyReader, entries: Entries): Override | undefined {
  const combine = entries.get("combine");
  const options = entries.get("override_options");
  const fields = readOverrideFields(reader, options);
  if (combine === undefined) {
    if (options !== undefined)
      reader.report(
        "warning",
        "no-effect",
        options.keyPlace,
        "`override_options` has no effect without `combine: override`",
      );
    return undefined;
  }
  return readEnum(reader, combine, ["override"]) && { place: combine.keyPlace, fields };
}

function readOverrideFields(reader: PolicyReader, entry: Entry | undefined): readonly OverrideField[] {
  const map = entry && reader.map(entry.value, "`override_options`", entry.keyPlace);
  const fields = map && reader.writtenEntries(map, "`override_options`", ["fields"]).get("fields");
  if (!fields) return ["all"];
  const names = readStrings(reader, fields, { itemsMax: OVERRIDE_FIELDS.length, lengthMax: FIELD_LENGTH_MAX });
  const known = names.flatMap(
    ({ value, place }) => oneOf(reader, place, "a field to override", value, OVERRIDE_FIELDS) ?? [],
  );
  return known.length === 0 ? ["all"] : known;
}

function readTags(reader: PolicyReader, entry: Entry | undefined): Tags {
  if (entry === undefined) return {};
  const map = reader.map(entry.value, "`tags`", entry.keyPlace);
  const tags = new Map<string, string>();
  for (const { key: keyNode, value, isMerged } of map === null ? [] : reader.pairs(map, "`tags`")) {
    const key = scalarText(keyNode);
    const place = reader.place(keyNode ?? map);
    if (isMerged && key !== undefined && tags.has(key)) continue;
    const items = isSeq(value) ? value.items.map((item) => reader.resolve(item)) : [value];
    const list = items.map((item) => (typeName(item) === "nothing" ? "" : scalarText(item)));
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
