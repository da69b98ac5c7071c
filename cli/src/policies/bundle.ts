/** Policy files to a bundle on this machine, for use without a control plane. */
import { compileForPublish } from "@weir/control-plane";
import { assembleBundle, type Bundle } from "@weir/trust";
import { CommandError } from "../terminal/errors.ts";
import { readPolicyFiles } from "./files.ts";
import { diagnosticsText } from "./report.ts";

/** Tenant of bundles that no control plane knows. */
const LOCAL_TENANT = "local";

/**
 * Compiles policy files. Warnings go to standard error.
 * @throws CommandError with all diagnostics when a policy has an error; PolicyFileError for unreadable files
 */
export async function bundleFromFiles(paths: readonly string[]): Promise<Bundle> {
  const files = readPolicyFiles(paths).map(({ name, text }) => ({
    name,
    text: typeof text === "string" ? text : new TextDecoder().decode(text),
  }));
  const compiled = await compileForPublish(files);
  const diagnostics = diagnosticsText(compiled.diagnostics, process.stderr.isTTY === true);
  if (!compiled.ok) throw new CommandError(`the policies have errors\n${diagnostics}`);
  process.stderr.write(diagnostics);
  const { rules, seeds, wasm, compiler } = compiled;
  return assembleBundle({ tenant: LOCAL_TENANT, wasm, seeds, rules, sources: files, compiler });
}
