/** What tests of other workspaces may use: agent and kernel stage by themselves, and tables to fill the latter with. */
export { Agent } from "./agent.ts";
export { engineHere } from "./engine/here.ts";
export { type Counters, lost, totals } from "./kernel/counters.ts";
export { bootTimeNs } from "./kernel/libbpf.ts";
export { bpfObject, hasPrivateStacks } from "./kernel/object.ts";
export { KernelStage } from "./kernel/stage.ts";
export { buildTables } from "./kernel/tables.ts";
export { runTechniques } from "./kernel/techniques.main.fixture.ts";
