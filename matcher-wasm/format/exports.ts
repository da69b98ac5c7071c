/** The allow-list of a matcher's exports: the linker leaves exactly these, the host admits exactly these. */

/** The memory is the only one that is not a function. `module.ts` says what each one does. */
export const MATCHER_EXPORTS: readonly string[] = [
  "abi_version",
  "consumed",
  "context_ptr",
  "input_ptr",
  "malformed",
  "match_batch",
  "match_context",
  "memory",
  "output_ptr",
  "proof_ptr",
  "prove",
  "resume",
  "run_program",
];
