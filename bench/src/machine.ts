/** The machine that a figure was measured on; without it the figure says little. */
import { cpus, machine, release, totalmem } from "node:os";

export interface MachineFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly architecture: string;
  readonly memoryMiB: number;
  readonly kernel: string;
  readonly node: string;
}

export function machineFacts(): MachineFacts {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() || "unknown",
    cores: processors.length,
    architecture: machine(),
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    node: process.version,
  };
}
