// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The kernel stage of Weir: file events of a host, filtered by the active generation's interests and
 * approvers, and the life of its processes. ARCHITECTURE.md tells the way of an event.
 *
 * The agent loads either the trampolines or the tracepoints, and the process programs with both.
 */
#include "lib/bpf.h"
#include "trampoline.h"
#include "tracepoint.h"
#include "process.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Makes clang put these structures into BTF whole, for the inner maps and for the agent's abi.test.ts. */
const struct file_record *abi_file_record __attribute__((unused));
const struct exec_record *abi_exec_record __attribute__((unused));
const struct fork_record *abi_fork_record __attribute__((unused));
const struct generation *abi_generation __attribute__((unused));
const struct approver_key *abi_approver_key __attribute__((unused));
const struct approver *abi_approver __attribute__((unused));
const struct discarder_key *abi_discarder_key __attribute__((unused));
const struct identity_key *abi_identity_key __attribute__((unused));
const struct identity_path *abi_identity_path __attribute__((unused));
const struct counters *abi_counters __attribute__((unused));
