/**
 * The matcher runtime. The first group is what every matcher exports (`format/module.ts`); the second is
 * what the linker binds the predicates of rules to and then takes off the list of exports.
 *
 * No allocation, no import but the predicate table that the linker replaces, no start function.
 */
import { CONTEXT, INPUT, OUTPUT, PROOF } from "../format/layout.ts";
import { ABI_VERSION } from "../format/record.ts";

import { consumed, malformed, match_batch, match_context, resume } from "./batch.ts";
import { element_int, set_element, value_count } from "./elements.ts";
import {
  all_int_in,
  any_int,
  any_int_in,
  any_int_pair,
  context_int,
  context_unknown,
  int_in,
  ip_all_in,
  ip_in,
  same_string,
  string_all_in,
  string_in,
  string_is,
  string_length,
  template_is,
} from "./fields.ts";
import { emit_int, emit_ints, emit_strings, emit_text, run_program } from "./programs.ts";
import { prove } from "./prove.ts";

export { consumed, malformed, match_batch, match_context, prove, resume, run_program };

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

export function proof_ptr(): u32 {
  return PROOF;
}

export {
  all_int_in,
  any_int,
  any_int_in,
  any_int_pair,
  context_int,
  context_unknown,
  element_int,
  emit_int,
  emit_ints,
  emit_strings,
  emit_text,
  int_in,
  ip_all_in,
  ip_in,
  same_string,
  set_element,
  string_all_in,
  string_in,
  string_is,
  string_length,
  template_is,
  value_count,
};
