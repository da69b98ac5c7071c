/** Typed values of policy keys, each checked against its limits: what does not fit is reported and left out. */
import { FIELDS, findField } from "@weir/matcher-wasm/format";
import { isScalar, type Node, type Scalar } from "yaml";
import { foreignName } from "../check/foreign.ts";
import { type Excerpt, type Place, placeOf } from "../source.ts";
import { suggestion } from "../suggest.ts";
import { ExpressionError } from "../syntax/error.ts";
import { parseExpression } from "../syntax/parser.ts";
import { escapeProblem, rawEscapesOf } from "../syntax/walk.ts";
import { type Entry, type PolicyReader, scalarText, typeName } from "./document.ts";
import { durationOfNs, parseDuration } from "./duration.ts";
import type { Positioned, Program } from "./model.ts";
import { scalarExcerpt } from "./scalar-map.ts";

/** Shorter durations, written as a bare number, were most likely meant as seconds; in nanoseconds. */
const DOUBTFUL_NS = 1_000_000;

const FIELD_NAME = /^[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*$/;

export function withinLimit(reader: PolicyReader, place: Place, what: string, text: string, most: number): boolean {
  if (text.length <= most) return true;
  reader.error("too-long", place, `${what} of ${text.length} characters: at most ${most} are allowed`);
  return false;
}

/** @returns the text of the entry; nothing when it is over the limit */
export function limitedText(reader: PolicyReader, entry: Entry | undefined, most: number): string | undefined {
  const what = `\`${entry?.key}\``;
  const text = reader.text(entry, what);
  return text === undefined || withinLimit(reader, reader.valuePlace(entry), what, text, most) ? text : undefined;
}

export interface ListLimits {
  readonly itemsMax: number;
  /** Characters of one item. */
  readonly lengthMax: number;
}

/** @returns the items of a list of strings; none when there are too many */
export function readStrings(reader: PolicyReader, entry: Entry | undefined, limits: ListLimits): Positioned<string>[] {
  const what = `\`${entry?.key}\``;
  return readItems(reader, entry, limits.itemsMax).flatMap((item) => {
    const text = scalarText(item);
    const place = reader.place(item ?? entry?.value);
    if (text === undefined) reader.error("yaml", place, `${what} holds strings, received ${typeName(item)}`);
    else if (withinLimit(reader, place, `an item of ${what}`, text, limits.lengthMax)) return [{ value: text, place }];
    return [];
  });
}

/** @returns the items of a list; none when there are too many */
export function readItems(reader: PolicyReader, entry: Entry | undefined, itemsMax: number): readonly (Node | null)[] {
  const items = reader.items(entry, `\`${entry?.key}\``);
  if (items.length <= itemsMax) return items;
  const message = `\`${entry?.key}\` has ${items.length} items: at most ${itemsMax} are allowed`;
  reader.error("too-long", reader.valuePlace(entry), message);
  return [];
}

/** @returns one of the names */
export function readEnum<T extends string>(
  reader: PolicyReader,
  entry: Entry | undefined,
  names: readonly T[],
): T | undefined {
  const text = reader.text(entry, `\`${entry?.key}\``);
  return text === undefined ? undefined : oneOf(reader, reader.valuePlace(entry), `\`${entry?.key}\``, text, names);
}

/** @returns the text when it is one of the names */
export function oneOf<T extends string>(
  reader: PolicyReader,
  place: Place,
  what: string,
  text: string,
  names: readonly T[],
): T | undefined {
  const found = names.find((name) => name === text);
  if (found === undefined)
    reader.error(
      "unknown-value",
      place,
      `${what} cannot be ${JSON.stringify(text)}`,
      () => suggestion(text, names) ?? `${names.length === 1 ? "only" : "one of"} ${names.join(", ")}`,
    );
  return found;
}

export interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

export function readInteger(
  reader: PolicyReader,
  entry: Entry | undefined,
  { min, max }: IntegerRange,
): number | undefined {
  if (entry === undefined) return undefined;
  const value = isScalar(entry.value) ? entry.value.value : undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  const received = typeof value === "number" ? scalarText(entry.value) : typeName(entry.value);
  const message = `\`${entry.key}\` must be an integer from ${min} to ${max}, received ${received}`;
  reader.error(typeof value === "number" ? "range" : "yaml", reader.valuePlace(entry), message);
  return undefined;
}

/** @returns nanoseconds */
export function readDuration(reader: PolicyReader, entry: Entry | undefined): number | undefined {
  if (entry === undefined) return undefined;
  const what = `\`${entry.key}\``;
  const value = isScalar(entry.value) ? entry.value.value : undefined;
  if (typeof value !== "number" && typeof value !== "string") {
    reader.error("yaml", reader.valuePlace(entry), `${what} must be a duration, received ${typeName(entry.value)}`);
    return undefined;
  }
  const place = reader.valuePlace(entry);
  const result = typeof value === "number" ? durationOfNs(value) : parseDuration(value);
  if ("problem" in result) {
    reader.error("duration", place, `${what}: ${JSON.stringify(value)} ${result.problem}`, result.hint);
    return undefined;
  }
  if (typeof value === "number" && value > 0 && value < DOUBTFUL_NS)
    reader.report(
      "warning",
      "duration",
      place,
      `${what}: a number without a unit is nanoseconds: ${value} of them pass at once`,
      `for seconds write \`${value}s\``,
    );
  return result.ns;
}

/** @returns the name of a field that the language has */
export function fieldName(reader: PolicyReader, name: Positioned<string>): Positioned<string> | undefined {
  const { value, place } = name;
  if (FIELD_NAME.test(value) && isKnownField(value)) return name;
  const names = () => FIELDS.map((field) => field.name);
  reader.error("unknown-name", place, `unknown field ${JSON.stringify(value)}`, () => suggestion(value, names()));
  return undefined;
}

/** Whether SECL knows the field, be it supported or not; `fim.write.…` stands for those of several event types. */
function isKnownField(name: string): boolean {
  return findField(name.replace(/^fim\.write\./, "open.")) !== undefined || foreignName(name) !== undefined;
}

/** @returns the entry as a field's name */
export function readFieldName(reader: PolicyReader, entry: Entry | undefined): Positioned<string> | undefined {
  const scalar = reader.string(entry, `\`${entry?.key}\``);
  return scalar === undefined ? undefined : fieldName(reader, { value: scalar.value, place: reader.valuePlace(entry) });
}

/** @returns the entry as an expression, parsed */
export function readProgram(reader: PolicyReader, entry: Entry | undefined): Program | undefined {
  const scalar = reader.string(entry, `\`${entry?.key}\``);
  return scalar === undefined ? undefined : programOf(reader, scalar);
}

/** @returns the scalar's expression, or nothing after reporting why it is none */
export function programOf(reader: PolicyReader, scalar: Scalar<string>): Program | undefined {
  const excerpt = scalarExcerpt(reader.file, scalar);
  const node = attempt(reader, excerpt, () => parseExpression(excerpt.text));
  for (const span of node === undefined ? [] : rawEscapesOf(node, excerpt.text)) {
    const { code, message, hint } = escapeProblem(excerpt.text, span);
    reader.report("warning", code, placeOf(excerpt, span), message, hint);
  }
  return node === undefined ? undefined : { excerpt, node };
}

/** Runs a stage of the front end on an excerpt; what it throws is reported where it stands. */
export function attempt<T>(reader: PolicyReader, excerpt: Excerpt, stage: () => T): T | undefined {
  try {
    return stage();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    reader.error(error.code, placeOf(excerpt, error.span), error.message, error.hint);
    return undefined;
  }
}
