/** One item of `macros`. */
import { isMap, isScalar, isSeq, type Node, type Scalar } from "yaml";
import { isReservedName } from "../check/index.ts";
import type { Node as SyntaxNode } from "../syntax/ast.ts";
import { type HeadOptions, readHead } from "./definition.ts";
import { type Entry, type PolicyReader, receivedText } from "./document.ts";
import type { MacroBody, MacroSource } from "./model.ts";
import { fileExcerpt, scalarExcerpt } from "./scalar-map.ts";
import { readEnum } from "./values.ts";

const KEYS = ["id", "expression", "values", "description", "agent_version", "filters", "combine"];

/** @returns the macro; null after reporting that it has no id */
export function readMacro(
  reader: PolicyReader,
  node: Node | null,
  options: Omit<HeadOptions, "what">,
): MacroSource | null {
  const map = reader.map(node, "a macro", reader.place(null));
  if (map === null) return null;
  const errors = reader.diagnostics.errors;
  const all = reader.entries(map, "a macro");
  const entries = reader.written(all, ["id"]);
  const head = readHead(reader, map, entries, { ...options, what: "macro" });
  if (head?.gate.state !== "filtered") reader.checkKeys(all, "a macro", KEYS);
  if (head === null) return null;
  const { id, idPlace, gate } = head;
  const bare = { id, idPlace, gate, combine: undefined, body: null };
  if (head.isGateBroken || gate.state === "filtered") return { ...bare, isBroken: head.isGateBroken };
  reader.text(entries.get("description"), "`description`");
  if (isReservedName(id) || /^(?:and|or|not|in|allin)$/.test(id))
    reader.error("id", idPlace, `macro id \`${id}\` is a name of the language`);
  const combine = readEnum(reader, entries.get("combine"), ["merge", "override"]);
  const body = readBody(reader, head.id, entries, head.idPlace);
  const isBroken = reader.diagnostics.errors > errors;
  return { ...bare, combine, body: isBroken ? null : body, isBroken };
}

function readBody(
  reader: PolicyReader,
  id: string,
  entries: ReadonlyMap<string, Entry>,
  place: MacroSource["idPlace"],
): MacroBody | null {
  const expression = entries.get("expression");
  const values = entries.get("values");
  if (expression !== undefined && values !== undefined) {
    const message = `macro \`${id}\` has both \`expression\` and \`values\``;
    reader.error("combine", values.keyPlace, message, "keep one of them; a list can be written as either");
    return null;
  }
  if (expression === undefined && values === undefined) {
    reader.error("missing-key", place, `macro \`${id}\` needs either \`expression\` or \`values\``);
    return null;
  }
  if (values !== undefined) return readValues(reader, values);
  const scalar = reader.string(expression, "`expression`");
  return scalar === undefined ? null : { kind: "expression", excerpt: scalarExcerpt(reader.file, scalar) };
}

/** `values` are literal strings or integers; the excerpt is the YAML list itself. */
function readValues(reader: PolicyReader, entry: Entry): MacroBody | null {
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
        `\`values\` holds strings or integers, received ${receivedText(item)}`,
      );
  }
  if (isSeq(entry.value) && entry.value.items.length === 0)
    reader.error("missing-key", entry.keyPlace, "`values` is empty");
  if (items.length === 0 || isMap(entry.value)) return null;
  return { kind: "values", excerpt: fileExcerpt(reader.file, start, end), list: { kind: "list", items, span } };
}
