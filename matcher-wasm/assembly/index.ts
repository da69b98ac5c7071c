/**
 * The matcher runtime. The first group is what every matcher exports (`format/module.ts`); the second is
 * what the linker binds the predicates of rules to and then takes off the list of exports.
 *
 * No allocation, no import but the predicate table that the linker replaces, no start function.
 */
import { CONTEXT, INPUT, OUTPUT } from "../format/layout.ts";
import { ABI_VERSION } from "../format/record.ts";

import { consumed, malformed, match_batch, match_context, resume } from "./batch.ts";
import { any_int, any_int_in, context_int, context_unknown, int_in, same_string, string_in, string_is } from "./fields.ts";

export { consumed, malformed, match_batch, match_context, resume };

export function abi_version(): u32 {
  return ABI_VERSION;
}

export function input_ptr(): u32 {
  return INPUT;
}

export function output_ptr(): u32 {
  return OUTPUT;
}

export function context_ptr(): u32 {
  return CONTEXT;
}

export { any_int, any_int_in, context_int, context_unknown, int_in, same_string, string_in, string_is };
