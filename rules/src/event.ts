/**
 * Events as flat maps of field names, with what follows from one field filled in for the others.
 *
 * Invariant: what is given stays as it is; completing twice is completing once. Fields that are read from
 * the same place (`container.id` and `process.container.id`, `open.flags` and `open.syscall.flags`) have
 * the same value afterwards, unless different ones were given.
 */
import { extensionOf, FIELDS, type Field, type FieldSource, nameOf, namespaceOf } from "@weir/matcher-wasm/format";
import type { EventFields, EventValue } from "./evaluate.ts";
import { pathOfParts } from "./event-path.ts";

type Value = EventValue | readonly EventValue[];
type Values = Record<string, Value | undefined>;

/** Fills in one field from another, or several from each other. */
type Step = (values: Values) => void;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const plans = new Map<string, readonly Step[]>();

/**
 * Fills in what is absent and follows from what is there: values under their other names, name, extension
 * and lengths of a path, permission bits of a mode, arguments as one text. Where of a path only such parts are
 * given, it is one that has them, `/NAME` for a name alone; where only permission bits are given, the mode is these
 * bits; where only the namespace of an attribute is given, its name is `NAMESPACE.a`.
 * @param type name of the event type
 * @returns a new map; fields of other types are left as they are
 */
export function completeEvent(type: string, event: EventFields): EventFields {
  const values: Values = { ...event };
  let plan = plans.get(type);
  if (plan === undefined) {
    plan = planOf(type);
    plans.set(type, plan);
  }
  for (const step of plan) step(values);
  return values;
}

const shared = new Map<string, readonly (readonly Field[])[]>();

/** @returns the fields of events of a type, in groups of those that are read from one place under several names */
export function sharedFields(type: string): readonly (readonly Field[])[] {
  let groups = shared.get(type);
  if (groups === undefined) {
    const whole = fieldsOf(type).filter((field) => maskOf(field.source) === undefined);
    groups = [...Map.groupBy(whole, (field) => JSON.stringify(field.source)).values()].filter(
      ({ length }) => length > 1,
    );
    shared.set(type, groups);
  }
  return groups;
}

const fieldsOf = (type: string): readonly Field[] =>
  FIELDS.filter((field) => field.event === undefined || field.event === type);

const maskOf = (source: FieldSource): number | undefined => ("mask" in source ? source.mask : undefined);

function planOf(type: string): Step[] {
  const fields = fieldsOf(type);
  const same = sharedFields(type).map(sharedStep);
  const given = fields.flatMap((field) => [...pathSteps(field, fields), ...attributeSteps(field, fields)]);
  const parts = fields.flatMap((field) => maskSteps(field, fields));
  const derived = fields.flatMap((field) => [...recordSteps(field, fields), ...contextSteps(field, fields)]);
  // Values that are shared before anything is derived from them, and what was derived afterwards.
  return [...same, ...given, ...parts, ...derived, ...same];
}

/** Fields that follow from a path. */
const PATH_PARTS = ["basename", "extension", "nameLength", "pathLength"] as const;
type PathPart = (typeof PATH_PARTS)[number];
type PartFields = Readonly<Partial<Record<PathPart, Field>>>;

function partsOf(path: Field, fields: readonly Field[]): PartFields {
  const { source } = path;
  const slot = source.from === "path" ? source.slot : undefined;
  const at = (from: PathPart) => fields.find((f) => f.source.from === from && f.source.slot === slot);
  return Object.fromEntries(PATH_PARTS.flatMap((from) => at(from) ?? []).map((f) => [f.source.from, f]));
}

/** A path from what is said of it. */
function pathSteps(path: Field, fields: readonly Field[]): Step[] {
  if (path.source.from !== "path") return [];
  const parts = partsOf(path, fields);
  return [
    (values) => {
      if (values[path.name] !== undefined) return;
      const found = pathFrom(parts, values);
      if (found === undefined || found.length === 0) return;
      values[path.name] = isText(parts, values) ? decoder.decode(found) : found;
    },
  ];
}

const isText = ({ basename, extension }: PartFields, values: Values): boolean =>
  [basename, extension].every((field) => !(field && values[field.name] instanceof Uint8Array));

/** @returns the empty path where nothing is said of it, undefined where no path is so */
function pathFrom({ basename, extension, nameLength, pathLength }: PartFields, values: Values): Uint8Array | undefined {
  const bytes = (field: Field | undefined): Uint8Array | undefined => {
    const value = field && values[field.name];
    return typeof value === "string" ? encoder.encode(value) : value instanceof Uint8Array ? value : undefined;
  };
  const length = (field: Field | undefined): number | undefined => {
    const value = field && values[field.name];
    return typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
  };
  return pathOfParts({
    name: bytes(basename),
    extension: bytes(extension),
    nameLength: length(nameLength),
    pathLength: length(pathLength),
  });
}

/**
 * @param event as given, not completed
 * @returns the fields that say together of a path what no path is, for each path that the event does not give itself
 */
export function impossiblePaths(type: string, event: EventFields): readonly (readonly Field[])[] {
  const values: Values = { ...event };
  const fields = fieldsOf(type);
  return fields.flatMap((path) => {
    if (path.source.from !== "path" || values[path.name] !== undefined) return [];
    const parts = partsOf(path, fields);
    const given = Object.values(parts).filter(({ name }) => values[name] !== undefined);
    return given.length > 0 && pathFrom(parts, values) === undefined ? [given] : [];
  });
}

/** The name of an attribute from its namespace. */
function attributeSteps(field: Field, fields: readonly Field[]): Step[] {
  if (field.source.from !== "textPrefix") return [];
  const text = fields.find((f) => f.source.from === "text");
  const named = (value: EventValue): EventValue | undefined =>
    typeof value === "string" && value !== "" ? `${value}.a` : undefined;
  return text === undefined ? [] : [step(text, field, named)];
}

function sharedStep(group: readonly Field[]): Step {
  const names = group.map((field) => field.name);
  return (values) => {
    const given = names.find((name) => values[name] !== undefined);
    if (given !== undefined) for (const name of names) values[name] ??= values[given];
  };
}

/** @param derive element by element where both are arrays; undefined when the value is not of its type */
function step(target: Field, from: Field, derive: (value: EventValue) => EventValue | undefined): Step {
  return (values) => {
    const value = values[from.name];
    if (values[target.name] !== undefined || value === undefined) return;
    if (isList(value) !== target.array) return;
    const derived = isList(value) ? value.map(derive) : derive(value);
    if (derived !== undefined && !(isList(derived) && derived.includes(undefined)))
      values[target.name] = derived as Value;
  };
}

const isList = <T>(value: T | readonly T[]): value is readonly T[] => Array.isArray(value);

/** A derivation on bytes; its result is text when its input was. */
function onText(derive: (bytes: Uint8Array) => Uint8Array): (value: EventValue) => EventValue | undefined {
  return (value) => {
    if (typeof value === "string") return decoder.decode(derive(encoder.encode(value)));
    return value instanceof Uint8Array ? derive(value) : undefined;
  };
}

function byteLength(value: EventValue): EventValue | undefined {
  if (typeof value === "string") return encoder.encode(value).length;
  return value instanceof Uint8Array ? value.length : undefined;
}

const masked =
  (mask: number) =>
  (value: EventValue): EventValue | undefined =>
    typeof value === "number" || typeof value === "bigint" ? BigInt(value) & BigInt(mask) : undefined;

/** Permission bits from a mode of the record, and the mode from them alone. */
function maskSteps(field: Field, fields: readonly Field[]): Step[] {
  const { source } = field;
  const mask = maskOf(source);
  if (source.from !== "u32" || mask === undefined) return [];
  const wholes = fields.filter(
    (f) => f.source.from === "u32" && f.source.offset === source.offset && maskOf(f.source) === undefined,
  );
  return wholes.flatMap((whole) => [step(field, whole, masked(mask)), step(whole, field, masked(mask))]);
}

function recordSteps(field: Field, fields: readonly Field[]): Step[] {
  const { source } = field;
  const from = (wanted: (source: FieldSource) => boolean, derive: (value: EventValue) => EventValue | undefined) =>
    fields.filter((f) => wanted(f.source)).map((f) => step(field, f, derive));
  switch (source.from) {
    case "basename":
      return from((s) => s.from === "path" && s.slot === source.slot, onText(nameOf));
    case "extension":
      return from((s) => s.from === "path" && s.slot === source.slot, onText(extensionOf));
    case "pathLength":
      return from((s) => s.from === "path" && s.slot === source.slot, byteLength);
    case "nameLength":
      return from(
        (s) => s.from === "path" && s.slot === source.slot,
        (value) => {
          const name = onText(nameOf)(value);
          return name === undefined ? undefined : byteLength(name);
        },
      );
    case "textPrefix":
      return from((s) => s.from === "text", onText(namespaceOf));
    default:
      return [];
  }
}

const RIGHTS = 0o7777;

/** What of a file or process that the host describes follows from its other fields, by their names. */
const CONTEXT_RULES: readonly (readonly [
  suffix: string,
  from: string,
  derive: (value: EventValue) => EventValue | undefined,
])[] = [
  ["file.name", "file.path", onText(nameOf)],
  ["file.extension", "file.path", onText(extensionOf)],
  ["file.extension", "file.name", onText(extensionOf)],
  ["file.path.length", "file.path", byteLength],
  ["file.name.length", "file.name", byteLength],
  ["file.rights", "file.mode", masked(RIGHTS)],
];

function contextSteps(field: Field, fields: readonly Field[]): Step[] {
  if (field.source.from !== "context") return [];
  const { name } = field;
  const other = (suffix: string, from: string): Field | undefined => {
    const sibling = name.slice(0, -suffix.length) + from;
    return fields.find((f) => f.name === sibling);
  };
  const steps = CONTEXT_RULES.filter(([suffix]) => name.endsWith(suffix)).flatMap(([suffix, from, derive]) => {
    const source = other(suffix, from);
    return source === undefined ? [] : [step(field, source, derive)];
  });
  if (name === "process.ancestors.length") steps.push(countAncestors);
  if (field.array || !/(?:^|\.)argv\.length$|(?:^|\.)args$/.test(name)) return steps;
  const argv = other(name.endsWith("args") ? "args" : "argv.length", "argv");
  if (argv !== undefined) steps.push(argumentStep(field, argv));
  return steps;
}

/** Arguments as one text, or their number. */
function argumentStep(target: Field, argv: Field): Step {
  return (values) => {
    const list = values[argv.name];
    if (values[target.name] !== undefined || list === undefined || !isList(list)) return;
    if (target.type === "int") values[target.name] = list.length;
    else if (list.every((value) => typeof value === "string")) values[target.name] = list.join(" ");
  };
}

/** Lists of ancestors that have one value for each. */
const ANCESTOR_LISTS = ["pid", "comm", "file.path", "file.name"].map((suffix) => `process.ancestors.${suffix}`);

function countAncestors(values: Values): void {
  const lengths = ANCESTOR_LISTS.map((name) => values[name]).flatMap((list) => (isList(list) ? [list.length] : []));
  if (lengths.length > 0) values["process.ancestors.length"] ??= Math.max(...lengths);
}
