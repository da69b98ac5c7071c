/** Compiles one scenario in a fresh process and prints the times as JSON: `node cold.ts SCENARIO RULES`. */
import { compileOnce } from "./compiling.ts";
import { policyFiles, scenarioOf } from "./workload/scenarios.ts";

const [name = "", rules = ""] = process.argv.slice(2);
const { wasm: _, ...times } = await compileOnce(policyFiles(scenarioOf(name), Number(rules)));
const { user, system } = process.cpuUsage();
process.stdout.write(JSON.stringify({ ...times, processorMs: (user + system) / 1000 }));
