/** Results of a benchmark as text: one figure a line, lists of records as tables. */

type Row = Record<string, unknown>;

/** @returns lines without a trailing newline; nested records are indented */
export function formatResult(result: Row, indent = ""): string[] {
  const width = Math.max(0, ...Object.keys(result).map((key) => key.length));
  return Object.entries(result).flatMap(([key, value]) => {
    if (isRow(value)) return [`${indent}${key}`, ...formatResult(value, `${indent}  `)];
    if (Array.isArray(value) && value.length > 0 && value.every(isRow))
      return [`${indent}${key}`, ...formatTable(value, `${indent}  `)];
    return [`${indent}${key.padEnd(width)}  ${formatValue(value)}`];
  });
}

function formatTable(rows: readonly Row[], indent: string): string[] {
  const columns = [...new Set(rows.flatMap(Object.keys))];
  const cells = [columns, ...rows.map((row) => columns.map((column) => formatValue(row[column])))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => (line[index] ?? "").length)));
  return cells.map((line) => indent + line.map((cell, index) => cell.padStart(widths[index] ?? 0)).join("  "));
}

/** Four significant digits are more than repeated runs agree on. */
function formatValue(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "number" && !Number.isInteger(value)) return String(Number(value.toPrecision(4)));
  if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") return String(value);
  return toJson(value);
}

/** JSON, big integers as decimal numbers where they are exact and as strings elsewhere. */
export function toJson(value: unknown, space?: number): string {
  const replacer = (_key: string, item: unknown) => {
    if (typeof item !== "bigint") return item;
    return Number.isSafeInteger(Number(item)) ? Number(item) : String(item);
  };
  return JSON.stringify(value, replacer, space) ?? "undefined";
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
