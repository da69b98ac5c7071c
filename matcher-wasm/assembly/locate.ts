/**
 * Where the texts of fields are, in the record or in the context block, by the reference that predicates use.
 *
 * Rules that are asked one after the other mostly ask for the same text, and a name or comm has to be searched
 * for: the last text of the record is kept. Invariant: whoever goes on to another record forgets it.
 */
import {
  REF_ARRAY,
  REF_COMM,
  REF_CONTEXT,
  REF_CONTEXT_ENTRY_MASK,
  REF_DESTINATION_EXTENSION,
  REF_DESTINATION_NAME,
  REF_DESTINATION_PATH,
  REF_ELEMENT,
  REF_ENDS,
  REF_EXTENSION,
  REF_FILESYSTEM,
  REF_NAME,
  REF_TEXT,
  REF_TEXT_PREFIX,
} from "../format/layout.ts";
import { contextCount, contextValue, stringAddress, stringLength } from "./context.ts";
import { element, elementCount, elementStart } from "./elements.ts";
import {
  commOf,
  destinationLength,
  destinationOf,
  extensionStart,
  filesystemOf,
  nameStart,
  pathLength,
  pathOf,
  prefixLength,
  shortLength,
  textLength as thirdLength,
  textOf,
} from "./record.ts";

/** The string that `fetch` found last. */
export let text: usize = 0;
export let textLength: u32 = 0;

/** One more than the reference of what `text` is, when it lies in the record; else 0. */
let found: u32 = 0;

/** Another record comes, or other bytes in its place. */
export function forgetText(): void {
  found = 0;
}

/** Number of values of a field. */
export function valueCount(ref: u32): u32 {
  if ((ref & REF_ARRAY) == 0) return 1;
  const count = contextCount(ref & REF_CONTEXT_ENTRY_MASK);
  return (ref & REF_ELEMENT) != 0 ? elementCount(ref >> REF_ENDS, count) : count;
}

/** Puts value `index` of the field into `text` and `textLength`; an absent scalar is the empty string. */
// @ts-ignore: decorator
@inline
export function fetch(record: usize, ref: u32, index: u32): void {
  if (ref + 1 != found) find(record, ref, index);
}

function find(record: usize, ref: u32, index: u32): void {
  if ((ref & REF_CONTEXT) == 0) {
    found = ref + 1;
    locate(record, ref);
    return;
  }
  found = 0;
  const entry = ref & REF_CONTEXT_ENTRY_MASK;
  textLength = 0;
  const count = contextCount(entry);
  if ((ref & REF_ELEMENT) != 0) index += (ref & REF_ARRAY) != 0 ? elementStart(ref >> REF_ENDS, count) : element;
  if (index >= count) return;
  const value = contextValue(entry, index);
  text = stringAddress(value);
  textLength = stringLength(value);
}

/** The same of a text that lies in the record itself. */
function locate(record: usize, ref: u32): void {
  switch (ref) {
    case REF_COMM:
      text = commOf(record);
      textLength = shortLength(text);
      return;
    case REF_FILESYSTEM:
      text = filesystemOf(record);
      textLength = shortLength(text);
      return;
    case REF_TEXT:
    case REF_TEXT_PREFIX:
      text = textOf(record);
      textLength = thirdLength(record);
      if (ref == REF_TEXT_PREFIX) textLength = prefixLength(text, textLength);
      return;
  }
  const destination =
    ref == REF_DESTINATION_PATH || ref == REF_DESTINATION_NAME || ref == REF_DESTINATION_EXTENSION;
  text = destination ? destinationOf(record) : pathOf(record);
  textLength = destination ? destinationLength(record) : pathLength(record);
  let start: u32 = 0;
  if (ref == REF_NAME || ref == REF_DESTINATION_NAME) start = nameStart(text, textLength);
  else if (ref == REF_EXTENSION || ref == REF_DESTINATION_EXTENSION) start = extensionStart(text, textLength);
  text += start;
  textLength -= start;
}
