/** `weir explain`: which rules match an event, and why the others do not. */
import type { PolicySet, TypedEvent } from "@weir/rules";
import type { Command } from "commander";
import { POLICY_ARGUMENT } from "../terminal/options.ts";

interface ExplainOptions {
  readonly event: string;
  readonly rule?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command("explain")
    .description("judge one event by policies, and say why each rule matches or does not")
    .argument("<policy...>", POLICY_ARGUMENT)
    .requiredOption("--event <event>", "the event: a JSON file, - for standard input, or JSON itself")
    .option("--rule <id>", "only this rule")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
The event is a flat mapping of field names to values; see weir fields for the names. Flags and modes are numbers
or names of constants. Absent fields have their type's zero value; what no host can know (see weir fields) is not
known here either, and conditions over it count as true.
Each part of a rule is judged, also those that could not change the result.
Exit status 0: explained, whatever matches. 1: there are errors.

Examples:
  weir explain rules/packs/linux-fim.yaml --event event.json
  weir explain rules/packs/linux-fim.yaml --rule credentials_written --event \\
    '{"type": "open", "open.file.path": "/etc/shadow", "open.flags": ["O_RDWR", "O_CREAT"]}'`,
    )
    .action(async (paths: string[], options: ExplainOptions) => {
      const { fail } = await import("../terminal/errors.ts");
      await explain(paths, options).catch(async (error) => fail("explain", await readable(error), options));
    });
}

async function explain(paths: string[], options: ExplainOptions): Promise<void> {
  const { readPolicies } = await import("../policies/inputs.ts");
  const { CommandError, PolicyError } = await import("../terminal/errors.ts");
  const { countOf, countsText } = await import("../policies/report.ts");
  const { analysePolicies, EventError, PolicySet } = await import("@weir/rules");
  if (paths.includes("-") && options.event === "-")
    throw new CommandError("standard input is either the policy or the event");
  const policies = await readPolicies(paths);
  const event = await eventOf(options.event);
  const analysis = analysePolicies(policies);
  const set = await PolicySet.load(analysis);
  if (!(set instanceof PolicySet)) throw new PolicyError(countsText(set), set);
  if (options.rule !== undefined && !set.rules.some((rule) => rule.checked.id === options.rule))
    throw new CommandError(ruleProblem(set, options.rule));
  const accepted = set.accept(event);
  if (!accepted.ok) throw new EventError(accepted.problems);
  const judged = set.session().judge(accepted.event);
  const { explanationJson, explanationText } = await import("../policies/explanation.ts");
  if (options.json) {
    process.stdout.write(`${JSON.stringify(explanationJson(set, judged, options.rule))}\n`);
    return;
  }
  // They are about the policies, not about this event.
  if (analysis.diagnostics.length > 0)
    process.stderr.write(`weir explain: ${countOf(analysis.diagnostics, "warning")}, shown by weir check\n`);
  process.stdout.write(explanationText(set, judged, options.rule));
}

/** @param given JSON itself, which starts with a brace, as no path in practice does; or where it is */
async function eventOf(given: string): Promise<TypedEvent> {
  const { parseEvent } = await import("@weir/rules");
  const { textOf } = await import("../policies/lines.ts");
  const text = given.trimStart().startsWith("{") ? given : await textOf(given);
  return parseEvent(text, { kernelPaths: true });
}

/** An event that cannot be used, with its problems one below the other. */
async function readable(error: unknown): Promise<unknown> {
  const { EventError } = await import("@weir/rules");
  if (!(error instanceof EventError)) return error;
  return new Error(`the event cannot be used\n  ${error.message.replaceAll("\n", "\n  ")}`);
}

function ruleProblem(set: PolicySet, id: string): string {
  const status = set.analysis.statuses.find((row) => row.id === id && row.reason !== undefined);
  if (status === undefined) return `no rule has the id ${JSON.stringify(id)}`;
  return `rule ${id} is not loaded: ${status.reason ?? status.state}`;
}
