/**
 * Integers of rules as JavaScript expressions.
 *
 * The rule language has signed 64-bit integers that wrap around. Whoever writes the conditions by hand uses
 * numbers wherever they are exact, so that is what is generated: 32-bit fields and what is computed of them stay
 * numbers; a value of an event is a bigint only when it is no safe integer; only arithmetic on such fields goes
 * through bigints.
 */
import type { Field } from "@weir/matcher-wasm/format";
import type { IntExpr } from "@weir/rules";

/** Code and what is known of its value: `any` is a number or a bigint. */
interface IntCode {
  readonly code: string;
  readonly range: "u32" | "i32" | "any";
}

const isSmall = ({ range }: IntCode): boolean => range !== "any";

/** @returns a literal that is in the form of values of events */
export function intLiteral(value: bigint): string {
  return Number.isSafeInteger(Number(value)) ? String(value) : `${value}n`;
}

/** @returns a value of an event in its form: a number where that is exact */
export function normalInt(value: bigint | number): number | bigint {
  const wrapped = BigInt.asIntN(64, BigInt(value));
  return Number.isSafeInteger(Number(wrapped)) ? Number(wrapped) : wrapped;
}

/** Operators for operands that may not be small; `h` in the code. */
export const helpers = {
  "&": (a: number | bigint, b: number | bigint) => BigInt.asIntN(64, BigInt(a) & BigInt(b)),
  "|": (a: number | bigint, b: number | bigint) => BigInt.asIntN(64, BigInt(a) | BigInt(b)),
  "^": (a: number | bigint, b: number | bigint) => BigInt.asIntN(64, BigInt(a) ^ BigInt(b)),
  "+": (a: number | bigint, b: number | bigint) => BigInt.asIntN(64, BigInt(a) + BigInt(b)),
  "-": (a: number | bigint, b: number | bigint) => BigInt.asIntN(64, BigInt(a) - BigInt(b)),
};

/** @param read code that reads a field of the event */
export function intCode(expr: IntExpr, read: (field: Field) => string): IntCode {
  switch (expr.kind) {
    case "int":
      return { code: `(${intLiteral(expr.value)})`, range: rangeOfConstant(expr.value) };
    case "intField":
      return { code: read(expr.field), range: rangeOfField(expr.field) };
    case "unary": {
      const operand = intCode(expr.operand, read);
      // ~x is -1 - x in two's complement of any width.
      const from = expr.op === "-" ? "0" : "-1";
      return binaryCode("-", { code: from, range: "i32" }, operand);
    }
    case "binary":
      return binaryCode(expr.op, intCode(expr.left, read), intCode(expr.right, read));
  }
}

function binaryCode(op: keyof typeof helpers, left: IntCode, right: IntCode): IntCode {
  const ranges = [left.range, right.range];
  // A sum of 32-bit integers has 33 bits.
  if ((op === "+" || op === "-") && isSmall(left) && isSmall(right))
    return { code: `(${left.code} ${op} ${right.code})`, range: "any" };
  if (ranges.every((range) => range === "i32")) return { code: `(${left.code} ${op} ${right.code})`, range: "i32" };
  // A negative operand has its upper bits set; with `&` those of the other decide.
  if (op === "&" && isSmall(left) && isSmall(right))
    return { code: `((${left.code} & ${right.code}) >>> 0)`, range: "u32" };
  if (ranges.every((range) => range === "u32"))
    return { code: `((${left.code} ${op} ${right.code}) >>> 0)`, range: "u32" };
  return { code: `h[${JSON.stringify(op)}](${left.code}, ${right.code})`, range: "any" };
}

/** @returns code of a comparison; a number and a bigint of one value are loosely equal */
export function compareCode(op: string, left: IntCode, right: IntCode): string {
  const strict = isSmall(left) && isSmall(right);
  const operator = op === "==" || op === "!=" ? op + (strict ? "=" : "") : op;
  return `(${left.code} ${operator} ${right.code})`;
}

function rangeOfConstant(value: bigint): IntCode["range"] {
  if (value >= 0n && value <= 0xffffffffn) return "u32";
  return value < 0n && value >= -0x80000000n ? "i32" : "any";
}

function rangeOfField({ source }: Field): IntCode["range"] {
  switch (source.from) {
    case "u32":
    case "pathLength":
    case "nameLength":
      return "u32";
    case "i32":
      return "i32";
    default:
      return "any";
  }
}
