/** Predicates that are asked for each element of an iterator: a function of their own with a loop. */
import type { Field } from "@weir/matcher-wasm/format";
import binaryen from "binaryen";
import { type Code, PARAM_KNOWN, PARAM_RECORD } from "./int-code.ts";
import type { Runtime } from "./runtime.ts";

const LOCAL_ELEMENT = 2;
const LOCAL_COUNT = 3;

/**
 * @param elements fields of the element that the term reads
 * @param term code of the term
 * @returns code that is 1 when the term holds for an element; adds the function that it calls
 */
export function existsCode(runtime: Runtime, elements: readonly Field[], term: Code): Code {
  const { module: m } = runtime;
  const get = (local: number): Code => m.local.get(local, binaryen.i32);
  const counts = elements.flatMap(({ element }): Code[] => {
    if (element === undefined) return [];
    const count = runtime.call("value_count", [m.i32.const(runtime.entries.entryOf(element.ends ?? element.of))]);
    // The longest array says how many elements there are.
    const isMore = m.i32.gt_u(get(LOCAL_ELEMENT), get(LOCAL_COUNT));
    return [m.local.set(LOCAL_ELEMENT, count), m.if(isMore, m.local.set(LOCAL_COUNT, get(LOCAL_ELEMENT)))];
  });
  const body = m.block(null, [
    ...counts,
    m.local.set(LOCAL_ELEMENT, m.i32.const(0)),
    m.loop(
      "elements",
      m.block(null, [
        m.if(m.i32.ge_u(get(LOCAL_ELEMENT), get(LOCAL_COUNT)), m.return(m.i32.const(0))),
        m.drop(runtime.call("set_element", [get(LOCAL_ELEMENT)])),
        m.if(term, m.return(m.i32.const(1))),
        m.local.set(LOCAL_ELEMENT, m.i32.add(get(LOCAL_ELEMENT), m.i32.const(1))),
        m.br("elements"),
      ]),
    ),
    m.unreachable(),
  ]);
  const name = `exists${m.getNumFunctions()}`;
  const params = binaryen.createType([binaryen.i32, binaryen.i32]);
  m.addFunction(name, params, binaryen.i32, [binaryen.i32, binaryen.i32], body);
  return m.call(name, [get(PARAM_RECORD), get(PARAM_KNOWN)], binaryen.i32);
}
