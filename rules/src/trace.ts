/**
 * Why an expression is true or false of an event: the tree of its parts, each with its own result and with
 * the values that it read. Nothing is cut short: a part that could not change the result is judged as well.
 * What no host can know does not speak against a match, as on hosts (`evaluateOnHost`).
 */
import type { Field } from "@weir/matcher-wasm/format";
import type { Written } from "./check/index.ts";
import { CONSTANTS } from "./constants.ts";
import { type EventState, type EventValue, evaluateOnHost, isKnownOnHosts, leafFields } from "./evaluate.ts";
import { leafText } from "./explain.ts";
import type { Expr } from "./ir.ts";
import { quoted, visible } from "./quote.ts";

/** A value that a condition read. */
export interface TraceValue {
  readonly field: string;
  /** As people read it: text in quotes, flags by their names, modes in octal. */
  readonly text: string;
  /** No host of this version knows the value, and the event gives none: the condition does not decide. */
  readonly unknown?: true;
}

export interface TraceNode {
  readonly kind: "and" | "or" | "not" | "condition" | "constant";
  readonly value: boolean;
  /** The condition as it was written, or in the words of the rule language; of the others their operator. */
  readonly text: string;
  /** Name of the macro that is all of this part. */
  readonly macro?: string;
  /** Of a condition: what it read. */
  readonly values: readonly TraceValue[];
  readonly terms: readonly TraceNode[];
}

/**
 * @param written where parts of the expression were written, when that is known
 * @throws EventValueError when a value that is read does not fit its field
 */
export function trace(expr: Expr, event: EventState, written: ReadonlyMap<Expr, Written> = new Map()): TraceNode {
  return traceOf(expr, { event, written, negated: false });
}

interface Around {
  readonly event: EventState;
  readonly written: ReadonlyMap<Expr, Written>;
  /** The number of negations around is odd. */
  readonly negated: boolean;
}

function traceOf(expr: Expr, around: Around): TraceNode {
  const { event, written, negated } = around;
  const source = sourceText(written.get(expr));
  const isMacro = source !== undefined && /^[\w.]+$/.test(source) && expr.kind !== "bool";
  const node = { value: evaluateOnHost(expr, event, negated), values: [], ...(isMacro ? { macro: source } : {}) };
  switch (expr.kind) {
    case "const":
      return { ...node, kind: "constant", text: String(expr.value), terms: [] };
    case "and":
    case "or": {
      const terms = expr.terms.map((term) => traceOf(term, around));
      return { ...node, kind: expr.kind, text: expr.kind, terms };
    }
    case "not":
      return { ...node, kind: "not", text: "not", terms: [traceOf(expr.term, { ...around, negated: !negated })] };
    default: {
      const fields = [...new Set(leafFields(expr))];
      const values = fields.map((field) => traceValue(field, event));
      const text = isMacro || source === undefined ? leafText(expr) : source;
      return { ...node, kind: "condition", text, values, terms: [] };
    }
  }
}

function traceValue(field: Field, event: EventState): TraceValue {
  const { name } = field;
  if (!isKnownOnHosts(field, event)) return { field: name, text: "not known on hosts", unknown: true };
  return { field: name, text: fieldValueText(field, event) };
}

/** The part of the source on one line, what could disturb a terminal replaced. */
function sourceText(written: Written | undefined): string | undefined {
  if (written === undefined) return undefined;
  const { excerpt, span } = written;
  const text = excerpt.text.slice(span.start, span.end).replace(/\s+/g, " ").trim();
  return shorten(visible(text));
}

const TEXT_MAX = 160;

/** @returns the value that the event has for a field, as people read it; its zero value when absent */
export function fieldValueText(field: Field, event: EventState): string {
  const value = Object.hasOwn(event, field.name) ? event[field.name] : undefined;
  if (field.array) {
    const list = (value ?? []) as readonly EventValue[];
    return shorten(`[${list.map((item) => valueText(field, item)).join(", ")}]`);
  }
  return shorten(valueText(field, (value as EventValue | undefined) ?? ZERO[field.type]));
}

const ZERO: Readonly<Record<Field["type"], EventValue>> = { string: "", int: 0n, bool: false, ip: "" };

const shorten = (text: string): string => (text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1)}…` : text);

function valueText(field: Field, value: EventValue): string {
  if (value instanceof Uint8Array) return quoted(new TextDecoder().decode(value));
  if (typeof value === "string") return field.type === "ip" ? value || "no address" : quoted(value);
  return typeof value === "boolean" ? String(value) : intText(field, BigInt(value));
}

function intText({ name, timestamp }: Field, value: bigint): string {
  if (timestamp) return value === 0n ? "0 (never)" : `${value}${dateText(value)}`;
  if (/^open\.(?:syscall\.)?flags$/.test(name)) return `${value} (${openFlagsText(value)})`;
  if (/(?:^|[._])(?:mode|rights)$/.test(name)) return `0o${value.toString(8)}`;
  const errno = name.endsWith(".retval") && value < 0n ? constantOf(value) : undefined;
  return errno === undefined ? value.toString() : `${value} (${errno})`;
}

/** Of nanoseconds since the epoch; nothing where they are none of the calendar. */
function dateText(ns: bigint): string {
  const date = new Date(Number(ns / 1_000_000n));
  return Number.isNaN(date.getTime()) ? "" : ` (${date.toISOString()})`;
}

function constantOf(value: bigint): string | undefined {
  return [...CONSTANTS].find(([name, known]) => known === value && /^E[A-Z0-9]+$/.test(name))?.[0];
}

/** Flags of an open, the widest first: O_SYNC holds the bit of O_DSYNC. */
const OPEN_FLAGS = [...CONSTANTS]
  .filter(([name, value]) => /^O_/.test(name) && value > 0n && name !== "O_ACCMODE")
  .sort(([, a], [, b]) => bitCount(b) - bitCount(a));

function bitCount(value: bigint): number {
  return value.toString(2).replaceAll("0", "").length;
}

function openFlagsText(value: bigint): string {
  let rest = BigInt.asUintN(32, value);
  const names = (rest & 3n) === 0n ? ["O_RDONLY"] : [];
  for (const [name, bits] of OPEN_FLAGS) {
    if ((rest & bits) !== bits) continue;
    names.push(name);
    rest &= ~bits;
  }
  return [...names, ...(rest === 0n ? [] : [`0x${rest.toString(16)}`])].join(" | ");
}
