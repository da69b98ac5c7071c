/** The scenario as a program, for a guest: `guest.ts MODE` prints the result as the last line. */
import type { AttachMode } from "@weir/agent";
import { runScenario } from "./scenario.ts";

const mode = (process.argv[2] ?? "auto") as AttachMode | "auto";
process.stdout.write(`${JSON.stringify(await runScenario(mode))}\n`);
