/** Templates as data, as `layout.ts` draws them. */
import { type Field, PART_INT, PART_INTS, PART_LITERAL, PART_RECORD_INT, PART_STRING } from "@weir/matcher-wasm/format";
import type { TemplatePart } from "../ir.ts";
import type { DataPool } from "./pool.ts";

const encoder = new TextEncoder();

/**
 * @param entryOf entry of a variable in the context block
 * @returns address of the template
 */
export function putTemplate(parts: readonly TemplatePart[], pool: DataPool, entryOf: (field: Field) => number): number {
  const words = parts.flatMap((part) => {
    if (part.kind === "variable") {
      const { source, type, array } = part.field;
      // `${process.pid}` is in the record itself.
      if (source.from === "u32" && source.mask === undefined) return [PART_RECORD_INT, source.offset, 0];
      const kind = type === "string" ? PART_STRING : array ? PART_INTS : PART_INT;
      return [kind, entryOf(part.field), 0];
    }
    const bytes = encoder.encode(part.value);
    return [PART_LITERAL, pool.put(bytes), bytes.length];
  });
  return pool.putWords([parts.length, 0, ...words]);
}
