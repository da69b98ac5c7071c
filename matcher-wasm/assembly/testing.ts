/** What tests call directly; not part of any matcher. */
import { INPUT } from "../format/layout.ts";
import { childHash, nameHash, ROOT_HASH } from "./hash.ts";

export function test_input(): u32 {
  return INPUT;
}

export function test_name_hash(address: usize, length: u32): u64 {
  return nameHash(address, length);
}

export function test_child_hash(directory: u64, name: u64): u64 {
  return childHash(directory, name);
}

export function test_root_hash(): u64 {
  return ROOT_HASH;
}

/** Keeps the shape of the runtime, whose one import is the predicate table. */
export function test_predicate(rule: u32): i32 {
  return call_indirect<i32>(rule, 0, 0);
}
