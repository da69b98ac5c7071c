/** How the runtime names string fields, see `REF_*` in the layout. */
import {
  type Field,
  REF_ARRAY,
  REF_COMM,
  REF_CONTEXT,
  REF_DESTINATION_EXTENSION,
  REF_DESTINATION_NAME,
  REF_DESTINATION_PATH,
  REF_ELEMENT,
  REF_ENDS,
  REF_EXTENSION,
  REF_FILESYSTEM,
  REF_NAME,
  REF_PATH,
  REF_TEXT,
  REF_TEXT_PREFIX,
} from "@weir/matcher-wasm/format";
import type { ContextEntries } from "./context-entries.ts";
import { LinkError } from "./error.ts";

/** @throws LinkError when the field holds no string */
export function stringRef(entries: ContextEntries, field: Field): number {
  const source = field.source;
  switch (source.from) {
    case "path":
      return source.slot === "file" ? REF_PATH : REF_DESTINATION_PATH;
    case "basename":
      return source.slot === "file" ? REF_NAME : REF_DESTINATION_NAME;
    case "extension":
      return source.slot === "file" ? REF_EXTENSION : REF_DESTINATION_EXTENSION;
    case "comm":
      return REF_COMM;
    case "filesystem":
      return REF_FILESYSTEM;
    case "text":
      return REF_TEXT;
    case "textPrefix":
      return REF_TEXT_PREFIX;
    case "context":
    case "variable":
      return REF_CONTEXT + entries.entryOf(field) + (field.array ? REF_ARRAY : 0) + elementBits(entries, field);
    default:
      throw new LinkError("field", field.name, `field ${field.name} is read as a string but comes from ${source.from}`);
  }
}

function elementBits(entries: ContextEntries, { element }: Field): number {
  if (element === undefined) return 0;
  return REF_ELEMENT + (element.ends === undefined ? 0 : entries.entryOf(element.ends) * 2 ** REF_ENDS);
}
