/**
 * The `weir` command. Each subcommand lives in `commands/` and loads what it needs when it runs, so that
 * `weir --help` stays quick.
 */
import { readdirSync } from "node:fs";
import { Command } from "commander";

interface CommandModule {
  register(program: Command): void;
}

const program = new Command("weir")
  .description("File-integrity monitoring: signed rules, filtered in the kernel, judged in WebAssembly")
  .version("0.1.0")
  .showHelpAfterError("(run with --help for usage)")
  .configureHelp({ sortSubcommands: true });

// A reader that has gone, as in `weir check … | head`, is no reason for a stack trace.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", () => {
    process.exitCode ??= 1;
  });

const folder = new URL("./commands/", import.meta.url);
const modules = readdirSync(folder).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
for (const file of modules.sort()) {
  const module = (await import(new URL(file, folder).href)) as CommandModule;
  module.register(program);
}

await program.parseAsync();
