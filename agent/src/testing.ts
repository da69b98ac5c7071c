/** What tests of other workspaces may use: the kernel stage itself, filled with tables of their own. */
export { type Counters, lost } from "./kernel/counters.ts";
export { bootTimeNs } from "./kernel/libbpf.ts";
export { bpfObject } from "./kernel/object.ts";
export type { RingReader } from "./kernel/ring.ts";
export { KernelStage } from "./kernel/stage.ts";
export { buildTables, type FilterTables } from "./kernel/tables.ts";
