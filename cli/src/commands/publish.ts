/** `weir publish`: policy files to a control plane, which compiles, signs and releases them. */
import type { PublishResult } from "@weir/control-plane";
import type { Diagnostic } from "@weir/rules";
import type { Command } from "commander";
import { POLICY_ARGUMENT } from "../terminal/options.ts";
import { plural } from "../terminal/plural.ts";

interface PublishOptions {
  readonly server: string;
  readonly tenant: string;
  readonly token?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command("publish")
    .description("publish policies as a tenant's rules; agents follow within seconds")
    .argument("<policy...>", `${POLICY_ARGUMENT}, which replaces what the tenant had`)
    .requiredOption("--server <url>", "address of the control plane")
    .requiredOption("--tenant <name>", "tenant to publish for; created with its first release")
    .option("--token <token>", "admin token (default: the environment's WEIR_TOKEN)")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
The first release of a tenant also makes its root of trust. Agents are enrolled by that root's fingerprint,
which is shown in the command to start one.

Exit status 0: published, or the same rules were current already. 1: nothing was published.

Example:
  weir publish rules/packs/linux-fim.yaml --server http://127.0.0.1:8420 --tenant acme`,
    )
    .action(publish);
}

async function publish(policies: string[], options: PublishOptions): Promise<void> {
  const { PolicySources } = await import("../policies/sources.ts");
  const { PolicyError } = await import("../terminal/errors.ts");
  const { diagnosticsText } = await import("../policies/report.ts");
  const { publishFiles, RemoteError, rootFingerprint } = await import("../remote/control-plane.ts");
  let located = (diagnostics: readonly Diagnostic[]): readonly Diagnostic[] => diagnostics;
  try {
    const sources = await PolicySources.read(policies);
    located = (diagnostics) => sources.located(diagnostics);
    const token = options.token ?? process.env["WEIR_TOKEN"] ?? "";
    const result = await publishFiles(sources.files, { ...options, token });
    const diagnostics = located(result.diagnostics);
    const fingerprint = await rootFingerprint(options).catch((error: Error) => {
      process.stderr.write(`weir publish: published, but the tenant's root can't be shown: ${error.message}\n`);
      return null;
    });
    if (options.json)
      process.stdout.write(`${JSON.stringify({ ...result, diagnostics, rootFingerprint: fingerprint })}\n`);
    else {
      process.stderr.write(diagnosticsText(diagnostics));
      process.stdout.write(summary(result) + (isFirst(result) ? enrolment(options, fingerprint) : ""));
    }
  } catch (error) {
    const { message } = error as Error;
    const details = error instanceof RemoteError ? error.details : {};
    const isDiagnosed = error instanceof PolicyError || error instanceof RemoteError;
    const diagnostics = located(isDiagnosed ? error.diagnostics : []);
    if (options.json) {
      const result = { published: false, error: message, ...details, diagnostics };
      process.stdout.write(`${JSON.stringify(result)}\n`);
    } else process.stderr.write(`${diagnosticsText(diagnostics)}weir publish: ${message}; nothing published\n`);
    process.exitCode = 1;
  }
}

const isFirst = ({ version, changed }: PublishResult): boolean => changed && version === 1;

function summary({ tenant, version, digest, rules, changed, moduleBytes }: PublishResult): string {
  const what = `${plural(rules.length, "rule")}, ${Math.ceil(moduleBytes / 1024)} KiB matcher`;
  return changed
    ? `Published for ${tenant}: release ${version}, ${what}\nbundle ${digest}\n`
    : `Unchanged: ${tenant} has these rules already, release ${version}, ${what}\nbundle ${digest}\n`;
}

/** How a host comes to these rules. */
function enrolment({ server, tenant }: PublishOptions, fingerprint: string | null): string {
  if (fingerprint === null) return "";
  return `
Watch a host by them:

  weir agent --server ${server} --tenant ${tenant}=sha256:${fingerprint}
`;
}
