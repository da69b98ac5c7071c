/** Options that several commands share. */
import type { AttachMode, FormatName } from "@weir/agent";
import { type Command, InvalidArgumentError, Option } from "commander";

/** What the commands say of the policies that they take. */
export const POLICY_ARGUMENT =
  "policy files, folders of .yaml, .yml and .policy files, or - for standard input; together they are one set";

/** As the agent's own list, which would be slow to load just for help. */
export const FORMAT_NAMES: readonly FormatName[] = ["ocsf", "ecs", "datadog", "native"];

export interface StageFlags {
  readonly attach: AttachMode | "auto";
  readonly ringMb: number;
}

export function addStageOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--attach <mode>", "how to attach to the kernel: trampoline sees most, tracepoint works everywhere")
        .choices(["auto", "trampoline", "tracepoint"])
        .default("auto"),
    )
    .addOption(new Option("--ring-mb <MiB>", "size of the ring buffer").argParser(ringSize).default(8));
}

/** A power of two, as the kernel wants its ring buffers. */
function ringSize(value: string): number {
  const mebibytes = Number(value);
  if (!Number.isInteger(mebibytes) || mebibytes < 1 || mebibytes > 1024 || (mebibytes & (mebibytes - 1)) !== 0)
    throw new InvalidArgumentError("Expected a power of two from 1 to 1024.");
  return mebibytes;
}

/** A positive number of seconds; returns milliseconds. */
export function seconds(value: string): number {
  const number = Number(value);
  if (!(number > 0 && number <= 86_400))
    throw new InvalidArgumentError("Expected seconds, more than 0, at most 86400.");
  return number * 1000;
}
