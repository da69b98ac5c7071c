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
