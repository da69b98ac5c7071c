/** Lints of integers: permissions written in decimal, modes that hold more than permissions, flags compared as a whole. */
import { FILE_MODE, type Field } from "@weir/matcher-wasm/format";
import type { Written } from "../check/index.ts";
import { CONSTANTS } from "../constants.ts";
import { intText } from "../explain.ts";
import type { IntExpr, Leaf } from "../ir.ts";
import { isMode } from "./constraint.ts";
import type { Report } from "./finding.ts";
import type { Located } from "./located.ts";

const PERMISSION_BITS = 0o7777n;
/** Flags that contain the bit of another one. */
const COMPOSITE = ["O_SYNC", "O_TMPFILE"].map((name) => ({ name, value: CONSTANTS.get(name) as bigint }));

export function lintNumbers(part: Located, report: Report): void {
  for (const term of part.terms) lintNumbers(term, report);
  if (part.nnf.kind !== "compare" && part.nnf.kind !== "member") return;
  lintDecimal(part.nnf, part.at, report);
  lintMode(part.nnf, part.at, report);
  lintFlags(part.nnf, part.at, report);
}

type IntLeaf = Extract<Leaf, { kind: "compare" | "member" }>;

function* numbersOf(leaf: IntLeaf): Iterable<IntExpr | bigint> {
  if (leaf.kind === "member") yield* leaf.values;
  else for (const side of [leaf.left, leaf.right]) yield* partsOf(side);
}

function* partsOf(expr: IntExpr): Iterable<IntExpr> {
  yield expr;
  if (expr.kind === "unary") yield* partsOf(expr.operand);
  if (expr.kind === "binary") for (const side of [expr.left, expr.right]) yield* partsOf(side);
}

function fieldsOf(leaf: IntLeaf): readonly Field[] {
  if (leaf.kind === "member") return [leaf.field];
  return [...partsOf(leaf.left), ...partsOf(leaf.right)].flatMap((part) =>
    part.kind === "intField" ? [part.field] : [],
  );
}

/** `777` where `0o777` is meant: three or four digits that would be an octal number. */
function lintDecimal(leaf: IntLeaf, at: Written, report: Report): void {
  if (!fieldsOf(leaf).some(isMode)) return;
  const values = new Set(
    [...numbersOf(leaf)].map((one) => (typeof one === "bigint" ? one : one.kind === "int" ? one.value : -1n)),
  );
  const text = at.excerpt.text.slice(at.span.start, at.span.end);
  for (const found of text.matchAll(/(?<![\w."])[1-7][0-7]{2,3}(?![\w."])/g)) {
    const [digits] = found;
    const value = BigInt(digits);
    if (!values.has(value) && values.size > 0 && leaf.kind === "member") continue;
    const start = at.span.start + found.index;
    report({
      severity: "warning",
      code: "decimal-mode",
      at: { excerpt: at.excerpt, span: { start, end: start + digits.length } },
      message: `${digits} is decimal: as permissions that is 0o${value.toString(8)}`,
      hint: `write 0o${digits} for the permissions ${digits}`,
    });
  }
}

/** A file's mode is never just permissions: its type is in it as well. One that a call asks for has no type. */
function lintMode(leaf: IntLeaf, at: Written, report: Report): void {
  const [field, values] = compared(leaf);
  if (field === undefined || !isFileMode(field)) return;
  const small = values.find((value) => value > 0n && value <= PERMISSION_BITS);
  if (small === undefined) return;
  report({
    severity: "warning",
    code: "mode-type",
    at,
    message: `\`${field.name}\` holds the type of the file too: 0o${small.toString(8)} are permissions alone`,
    hint: `compare \`${field.name.replace(/mode$/, "rights")}\`, or mask it: \`${field.name} & 0o7777\``,
  });
}

const isFileMode = ({ source }: Field): boolean =>
  source.from === "u32" && source.offset === FILE_MODE && source.mask === undefined;

/** @returns the field and the values that it as a whole is equal to or not */
function compared(leaf: IntLeaf): readonly [Field | undefined, readonly bigint[]] {
  if (leaf.kind === "member") return [leaf.field, leaf.values];
  if ((leaf.op !== "==" && leaf.op !== "!=") || leaf.left.kind !== "intField" || leaf.right.kind !== "int")
    return [undefined, []];
  return [leaf.left.field, [leaf.right.value]];
}

/** `open.flags == O_CREAT` asks for no other flag at all, and real calls nearly always have some. */
function lintFlags(leaf: IntLeaf, at: Written, report: Report): void {
  const [field, values] = compared(leaf);
  if (field?.name === "open.flags") {
    const zero = values.includes(0n);
    report({
      severity: "warning",
      code: "flags-whole",
      at,
      message:
        "`open.flags` as a whole is compared: every other flag, such as O_CLOEXEC or O_LARGEFILE, makes it different",
      hint: zero
        ? "for reading alone write `open.flags & O_ACCMODE == O_RDONLY`"
        : "for one of several flags write `open.flags & (A | B) > 0`, for all `open.flags & (A | B) == (A | B)`",
    });
    return;
  }
  if (leaf.kind !== "compare" || leaf.right.kind !== "int") return;
  const composite = COMPOSITE.find(({ value }) => intText(leaf.left) === `(open.flags & ${value})`);
  const some = (leaf.op === ">" || leaf.op === "!=") && leaf.right.value === 0n;
  if (composite === undefined || !some) return;
  const { name } = composite;
  report({
    severity: "warning",
    code: "composite-flag",
    at,
    message: `${name} is several bits, one of which is ${name === "O_SYNC" ? "O_DSYNC" : "O_DIRECTORY"}: any of them makes this true`,
    hint: `write \`open.flags & ${name} == ${name}\``,
  });
}
