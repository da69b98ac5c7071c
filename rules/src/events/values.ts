/**
 * Values of event fields as people write them, in JSON or YAML: what a field takes, and what to say of
 * anything else.
 */
import { isIP } from "node:net";
import type { Field } from "@weir/matcher-wasm/format";
import { CONSTANTS } from "../constants.ts";
import type { EventValue } from "../evaluate.ts";
import { quoted } from "../quote.ts";
import { suggestion } from "../suggest.ts";

/** Why a value is not one of its field. */
export interface ValueProblem {
  /** Of the item of a list that is meant. */
  readonly index?: number;
  readonly message: string;
  readonly hint?: string;
}

/** A value of the field, or what is wrong with it. */
export type ValueResult = { readonly value: EventValue | readonly EventValue[] } | { readonly problem: ValueProblem };

type FieldShape = Pick<Field, "type" | "array">;

const I64_MIN = -(1n << 63n);
const U64_MAX = (1n << 64n) - 1n;
const SHOWN_MAX = 60;

/** @returns what was received, short enough for a message */
export function received(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  const text = typeof value === "string" ? quoted(value) : String(value);
  const shown = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
  return typeof value === "string" ? `the string ${shown}` : shown;
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: "a string",
  bool: "true or false",
  int: "an integer, the name of a constant, or a list of such names",
  ip: "an IP address as a string",
};

const EXPECTED_ITEMS: Readonly<Record<string, string>> = {
  string: "a list of strings",
  int: "a list of integers or names of constants",
  bool: "a list of true and false",
  ip: "a list of IP addresses",
};

/**
 * @param value as `parseJson` or the YAML reader gives it: integers beyond 2^53 as bigint
 * @returns the value in the evaluator's terms; integers as bigint, wrapped to signed 64 bits
 */
export function readValue(field: FieldShape, value: unknown): ValueResult {
  if (!field.array) {
    if (field.type === "int" && Array.isArray(value)) return readConstantList(value);
    return readScalar(field.type, value, EXPECTED[field.type] ?? field.type);
  }
  const expected = EXPECTED_ITEMS[field.type] ?? `a list of ${field.type}`;
  if (!Array.isArray(value))
    return { problem: { message: `expected ${expected}, received ${received(value)}`, hint: "write it in [ ]" } };
  const list: EventValue[] = [];
  for (const [index, item] of value.entries()) {
    const result = readScalar(field.type, item, expected);
    if ("problem" in result) return { problem: { ...result.problem, index } };
    list.push(result.value as EventValue);
  }
  return { value: list };
}

/** Names of constants, combined by OR. Numbers are refused: they look like an array, which this field is not. */
function readConstantList(list: readonly unknown[]): ValueResult {
  let bits = 0n;
  for (const [index, item] of list.entries()) {
    if (typeof item !== "string") {
      const message = `a list stands for an integer when it holds names of constants, received ${received(item)}`;
      return { problem: { index, message, hint: "write one integer without the [ ]" } };
    }
    const result = readScalar("int", item, "the name of a constant");
    if ("problem" in result) return { problem: { ...result.problem, index } };
    bits |= result.value as bigint;
  }
  return { value: BigInt.asIntN(64, bits) };
}

function readScalar(type: Field["type"], value: unknown, expected: string): ValueResult {
  const wrong = (hint?: string): ValueResult => ({
    problem: {
      message: `expected ${expected}, received ${received(value)}`,
      ...(hint === undefined ? {} : { hint }),
    },
  });
  switch (type as string) {
    case "bool":
      return typeof value === "boolean" ? { value } : wrong();
    case "int":
      return readInteger(value, wrong);
    case "ip":
      return typeof value === "string" && isIP(value) !== 0 ? { value } : wrong();
    default:
      return typeof value === "string" ? { value } : wrong(typeof value === "number" ? "put it in quotes" : undefined);
  }
}

function readInteger(value: unknown, wrong: (hint?: string) => ValueResult): ValueResult {
  if (typeof value === "number") {
    if (Number.isSafeInteger(value)) return { value: BigInt(value) };
    return wrong(Number.isInteger(value) ? "write integers beyond 2^53 as a string of digits" : undefined);
  }
  if (typeof value === "bigint") return inRange(value, wrong);
  if (typeof value !== "string") return wrong();
  const number = /^(-?)(0|[1-9][0-9]{0,31}|0x[0-9a-f]{1,16}|0o[0-7]{1,22})$/i.exec(value);
  if (number !== null) return inRange(BigInt(number[2] as string) * (number[1] === "-" ? -1n : 1n), wrong);
  if (/^-?0[0-9]+$/.test(value))
    return wrong("a leading zero may mean octal or nothing: write `0o…` for octal, or no leading zero");
  const constant = CONSTANTS.get(value);
  if (constant !== undefined) return { value: constant };
  if (/^[A-Z][A-Z0-9_]*(\s*\|\s*[A-Z][A-Z0-9_]*)+$/.test(value))
    return wrong(
      `write a list: [${value
        .split("|")
        .map((name) => JSON.stringify(name.trim()))
        .join(", ")}]`,
    );
  return wrong(/^[A-Za-z]/.test(value) ? suggestion(value, CONSTANTS.keys()) : undefined);
}

function inRange(value: bigint, wrong: (hint?: string) => ValueResult): ValueResult {
  if (value < I64_MIN || value > U64_MAX) return wrong("it does not fit 64 bits");
  return { value: BigInt.asIntN(64, value) };
}
