/** Policy files to a bundle on this machine, for use without a control plane. */
import { compileForPublish } from "@weir/control-plane";
import { assembleBundle, type Bundle, writtenRules } from "@weir/trust";
import { PolicyError } from "../terminal/errors.ts";
import { plural } from "../terminal/plural.ts";
import { diagnosticsText } from "./report.ts";
import { PolicySources } from "./sources.ts";

/** Tenant of bundles that no control plane knows. */
const LOCAL_TENANT = "local";

/**
 * Compiles policy files. Warnings go to standard error.
 * @throws PolicyError when one has an error; PolicyFileError for unreadable files
 */
export async function bundleFromFiles(paths: readonly string[]): Promise<Bundle> {
  const sources = await PolicySources.read(paths);
  const compiled = await compileForPublish(sources.files);
  const diagnostics = sources.located(compiled.diagnostics);
  if (!compiled.ok) throw new PolicyError("the policies have errors", diagnostics);
  process.stderr.write(diagnosticsText(diagnostics));
  const { rules, seeds, wasm, compiler } = compiled;
  return assembleBundle({ tenant: LOCAL_TENANT, wasm, seeds, rules, sources: sources.files, compiler });
}

/** Such as `4 rules`, as they are written. */
export const rulesText = ({ manifest }: Pick<Bundle, "manifest">): string =>
  plural(writtenRules(manifest.rules).length, "rule");
