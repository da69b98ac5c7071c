/**
 * Iterators: predicates that are asked once for each element, here each ancestor. Its values lie at the same place in
 * several arrays of the context block; of arrays with any number of values for each, another one says where they end.
 *
 * Invariant: what lies outside an array is absent, whatever the ends say.
 */
import { contextCount, contextValue } from "./context.ts";

/** The element that predicates are asked about. */
export let element: u32 = 0;

export function set_element(index: u32): u32 {
  element = index;
  return index;
}

/** Values of an entry. */
export function value_count(entry: u32): u32 {
  return contextCount(entry);
}

/** The element's integer, 0 when it is absent. */
export function element_int(entry: u32): i64 {
  return element < contextCount(entry) ? load<i64>(contextValue(entry, element)) : 0;
}

/** Where the values of the element start in an entry of `count` values. */
export function elementStart(ends: u32, count: u32): u32 {
  return element == 0 ? 0 : endOf(ends, element - 1, count);
}

/** Number of the element's values. */
export function elementCount(ends: u32, count: u32): u32 {
  if (element >= contextCount(ends)) return 0;
  const start = elementStart(ends, count);
  const end = endOf(ends, element, count);
  return end > start ? end - start : 0;
}

function endOf(ends: u32, index: u32, count: u32): u32 {
  const end = index < contextCount(ends) ? load<i64>(contextValue(ends, index)) : 0;
  if (end < 0) return 0;
  return end < (count as i64) ? (end as u32) : count;
}
