/** The process of the `weir` command. */
import { createProgram } from "./program.ts";

// A reader that has gone, as in `weir check … | head`, is no reason for a stack trace.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", () => {
    process.exitCode ??= 1;
  });

await (await createProgram()).parseAsync();
