/** The `weir` command without a process around it. Each subcommand lives in `commands/`. */
import { readdirSync } from "node:fs";
import { Command } from "commander";

interface CommandModule {
  register(program: Command): void;
}

/**
 * Subcommands load what they need when they run, so that `weir --help` stays quick.
 * @param configure is called before they are added: they take over what it sets
 * @returns the command, for `parseAsync`
 */
export async function createProgram(configure: (program: Command) => void = () => {}): Promise<Command> {
  const program = new Command("weir")
    .description("File-integrity monitoring: signed rules, filtered in the kernel, judged in WebAssembly")
    .version("0.1.0")
    .showHelpAfterError("(run with --help for usage)")
    .configureHelp({ sortSubcommands: true });
  configure(program);
  const folder = new URL("./commands/", import.meta.url);
  const modules = readdirSync(folder).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  for (const file of modules.sort()) {
    const module = (await import(new URL(file, folder).href)) as CommandModule;
    module.register(program);
  }
  return program;
}
