/**
 * The one reader of events as people and tests write them: a flat mapping of field names to values, with
 * the event's type under `type`. Everything that is wrong with an event is found at once, under its key.
 *
 * Invariant: an event that is accepted can be encoded as a record, so that matcher and evaluator see the
 * same values.
 */
import { isDeepStrictEqual } from "node:util";
import {
  CONTEXT_KEYS,
  EncodeError,
  EVENT_TYPES,
  encodeEvent,
  endsKey,
  FIELDS,
  type Field,
  findField,
  variableKey,
} from "@weir/matcher-wasm/format";
import type { EventFields, EventValue } from "../evaluate.ts";
import { completeEvent, impossiblePaths, sharedFields } from "../event.ts";
import { isEventPath } from "../paths.ts";
import { visible } from "../quote.ts";
import { suggest, suggestion } from "../suggest.ts";
import { notJson, parseJson, withoutByteOrderMark } from "./json.ts";
import { readValue, received, type ValueProblem } from "./values.ts";

/** An event of a type with its values, those included that follow from others. */
export interface TypedEvent {
  readonly type: string;
  readonly fields: EventFields;
}

/** What is wrong with an event, and under which key. */
export interface EventProblem extends ValueProblem {
  /** Of the event's mapping; empty where the event as a whole is meant. */
  readonly key: string;
}

export type EventResult =
  | { readonly ok: true; readonly event: TypedEvent }
  | { readonly ok: false; readonly problems: readonly EventProblem[] };

/** An event that cannot be used, with all that is wrong with it. */
export class EventError extends Error {
  override readonly name = "EventError";
  readonly problems: readonly EventProblem[];
  constructor(problems: readonly EventProblem[]) {
    super(problems.map(problemText).join("\n"));
    this.problems = problems;
  }
}

/** @returns such as `open.flags[1]: expected …, received … (did you mean …?)` */
export function problemText({ key, index, message, hint }: EventProblem): string {
  const where = visible(key) + (index === undefined ? "" : `[${index}]`);
  return `${where === "" ? "" : `${where}: `}${message}${hint === undefined ? "" : ` (${hint})`}`;
}

export interface ReadEventOptions {
  /** Refuse paths that no kernel reports; absent ones are allowed. */
  readonly kernelPaths?: boolean;
}

/** @param value an object or a Map: from `parseJson`, or from YAML */
export function readEvent(value: unknown, options: ReadEventOptions = {}): EventResult {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return failed({
      key: "",
      message: `expected an event: a mapping of field names to values, received ${received(value)}`,
    });
  const entries = new Map<string, unknown>(value instanceof Map ? value : Object.entries(value));
  const type = readType(entries.get("type"));
  entries.delete("type");
  const problems: EventProblem[] = typeof type === "string" ? [] : [type];
  const fields: Record<string, EventValue | readonly EventValue[]> = {};
  for (const [key, given] of entries) {
    const result = readEntry(typeof type === "string" ? type : undefined, key, given);
    if ("problem" in result) problems.push({ key, ...result.problem });
    else fields[key] = result.value;
  }
  if (typeof type !== "string" || problems.length > 0) return { ok: false, problems };
  problems.push(...contradictions(type, fields), ...unfitting(type, fields));
  if (options.kernelPaths === true) problems.push(...pathProblems(type, fields));
  if (problems.length > 0) return { ok: false, problems };
  const event = { type, fields: completeEvent(type, fields) };
  const problem = encodingProblem(event);
  return problem === null ? { ok: true, event } : failed(problem);
}

/**
 * @param text JSON, with or without a byte order mark
 * @throws EventError naming the keys that are wrong or there twice, and the place where it is no JSON
 */
export function parseEvent(text: string, options: ReadEventOptions = {}): TypedEvent {
  let value: unknown;
  try {
    value = parseJson(withoutByteOrderMark(text));
  } catch (error) {
    throw new EventError([{ key: "", message: notJson(error) }]);
  }
  const result = readEvent(value, options);
  if (!result.ok) throw new EventError(result.problems);
  return result.event;
}

const failed = (...problems: EventProblem[]): EventResult => ({ ok: false, problems });

function readType(value: unknown): string | EventProblem {
  const names = EVENT_TYPES.map((type) => type.name);
  if (typeof value === "string" && names.includes(value)) return value;
  const hint = (typeof value === "string" ? suggestion(value, names) : undefined) ?? `one of ${names.join(", ")}`;
  const message =
    value === undefined ? "the event has no `type`" : `expected an event type, received ${received(value)}`;
  return { key: value === undefined ? "" : "type", message, hint };
}

function readEntry(type: string | undefined, key: string, value: unknown): ReturnType<typeof readValue> {
  if (/^\$\{.*\}$/s.test(key)) return readVariable(key, value);
  const ends = key.endsWith(endsKey("")) ? CONTEXT_KEYS.get(key) : undefined;
  if (ends !== undefined) return readValue(ends, value);
  const field = findField(key);
  if (field === undefined) return { problem: unknownField(type, key) };
  if (type !== undefined && field.event !== undefined && field.event !== type)
    return { problem: { message: `belongs to event type ${field.event}, but the event is of type ${type}` } };
  return readValue(field, value);
}

/** Message of a problem that is the key's, not the value's. */
export const UNKNOWN_FIELD = "unknown field";

function unknownField(type: string | undefined, key: string): ValueProblem {
  const fits = (field: Field): boolean => type === undefined || field.event === undefined || field.event === type;
  const names = FIELDS.filter(fits).map((field) => field.name);
  const near = suggest(key, names) ?? (type === undefined ? undefined : suggest(`${type}.${key}`, names));
  return { message: UNKNOWN_FIELD, ...(near === undefined ? {} : { hint: `did you mean \`${near}\`?` }) };
}

/** Variables have the type of their value. */
function readVariable(key: string, value: unknown): ReturnType<typeof readValue> {
  if (!/^\$\{[A-Za-z_][A-Za-z0-9_.]*\}$/.test(key))
    return { problem: { message: "a name of a variable has letters, digits, `_` and dots, no digit first" } };
  if (key === variableKey("process.pid"))
    return { problem: { message: "is the field `process.pid`: give its value there" } };
  const sample: unknown = Array.isArray(value) ? value[0] : value;
  const type =
    typeof sample === "boolean" ? "bool" : typeof sample === "string" || sample === undefined ? "string" : "int";
  return readValue({ type, array: Array.isArray(value) }, value);
}

/** Different values of fields that are one value under several names. */
function contradictions(type: string, fields: EventFields): EventProblem[] {
  const given = sharedFields(type).map((group) => group.filter((field) => fields[field.name] !== undefined));
  return given.flatMap(([first, ...others]) =>
    others
      .filter((other) => first !== undefined && !isDeepStrictEqual(fields[first.name], fields[other.name]))
      .map((other) => ({
        key: other.name,
        message: `is the same value as \`${first?.name}\`, but the event has another one there`,
      })),
  );
}

/** What is said of a path that is not given, and fits none. */
function unfitting(type: string, fields: EventFields): EventProblem[] {
  return impossiblePaths(type, fields).map(([first, ...others]) => {
    const also = others.map(({ name }) => ` and \`${name}\``).join("");
    return {
      key: first?.name ?? "",
      message: `no path has this value${also === "" ? "" : ` together with${also.slice(4)}`}`,
    };
  });
}

const PATH_FIELDS = Map.groupBy(
  FIELDS.filter(({ source }) => source.from === "path"),
  ({ event }) => event,
);
const pathFields = (type: string): readonly Field[] => PATH_FIELDS.get(type) ?? [];

function pathProblems(type: string, fields: EventFields): EventProblem[] {
  return pathFields(type)
    .filter(({ name }) => typeof fields[name] === "string" && fields[name] !== "" && !isEventPath(fields[name]))
    .map(({ name }) => ({
      key: name,
      message: `expected a path as the kernel reports it, received ${received(fields[name])}`,
      hint: "absolute, without empty components, `.` and `..`",
    }));
}

/** @returns whether all paths of the event, given or not, are such as a kernel reports; optional ones may be absent */
export function hasKernelPaths({ type, fields }: TypedEvent): boolean {
  return pathFields(type).every(({ name, optional }) => {
    const path = fields[name] ?? "";
    return typeof path === "string" && (path === "" ? optional === true : isEventPath(path));
  });
}

/** What the record cannot hold: values out of range, too long, or contradicting one another. */
function encodingProblem({ type, fields }: TypedEvent): EventProblem | null {
  try {
    encodeEvent(type, fields as Parameters<typeof encodeEvent>[1]);
    return null;
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    const key = /^[\w.]+/.exec(error.message)?.[0] ?? "";
    if (!Object.hasOwn(fields, key)) return { key: "", message: error.message };
    return { key, message: error.message.slice(key.length).replace(/^:\s*/, "").trim() };
  }
}
