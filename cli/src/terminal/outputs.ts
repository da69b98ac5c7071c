/** Where `weir agent` delivers to, by its configuration file and its flags. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { DeliveryConfig, FormatName, OutputConfig } from "@weir/agent";

export interface OutputFlags {
  readonly config?: string;
  readonly output?: string;
  readonly format: FormatName;
}

/**
 * The file's outputs, and what --output names besides; standard output where neither says anything.
 * @throws ConfigError, or CommandError when the file can't be read
 */
export async function deliveryConfig({ config: path, output, format }: OutputFlags): Promise<DeliveryConfig> {
  const { defaultConfig, parseConfig } = await import("@weir/agent");
  const config = path === undefined ? defaultConfig() : parseConfig(await readConfig(path), path);
  const named: OutputConfig[] =
    output === undefined ? [] : [{ type: "file", name: "output", format, path: resolve(output) }];
  const outputs = [...(config.outputs ?? []), ...named];
  if (config.outputs?.some(({ name }) => name === "output") && named.length > 0) {
    const { CommandError } = await import("./errors.ts");
    throw new CommandError(`${path} has an output named output, and --output is one of that name`);
  }
  return { ...config, outputs: outputs.length > 0 ? outputs : [{ type: "stdout", name: "stdout", format }] };
}

async function readConfig(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { CommandError } = await import("./errors.ts");
    throw new CommandError(`the configuration cannot be read: ${(error as Error).message}`);
  }
}
