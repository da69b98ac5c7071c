/** `weir fields`: the fields that rules can read. */
import type { FieldGroup } from "@weir/rules";
import type { Command } from "commander";

interface FieldsOptions {
  readonly event?: string;
  readonly json?: boolean;
  readonly markdown?: boolean;
}

export function register(program: Command): void {
  program
    .command("fields")
    .description("the fields that rules can read: name, type, who knows them, meaning")
    .argument("[filter]", "only fields whose name contains this; * stands for any text")
    .option("--event <type>", "only what a rule for events of this type can read")
    .option("--json", "print JSON")
    .option("--markdown", "print Markdown tables")
    .addHelpText(
      "after",
      `
Types: string and int as usual; [] any number of values; path: patterns are globs over components; time:
nanoseconds since the epoch, compared with a duration by age.

Examples:
  weir fields --event open
  weir fields ancestors
  weir fields "open.*.path"`,
    )
    .action(async (filter: string | undefined, options: FieldsOptions) => {
      const { fail } = await import("../terminal/errors.ts");
      await fields(filter, options).catch((error) => fail("fields", error));
    });
}

async function fields(filter: string | undefined, options: FieldsOptions): Promise<void> {
  const { fieldGroups, fieldsMarkdown } = await import("@weir/rules");
  const { CommandError } = await import("../terminal/errors.ts");
  if (options.json && options.markdown) throw new CommandError("--json and --markdown exclude each other");
  const all = fieldGroups();
  const types = all.flatMap(({ event }) => (event === null ? [] : [event]));
  if (options.event !== undefined && !types.includes(options.event))
    throw new CommandError(`${JSON.stringify(options.event)} is no event type`, `one of ${types.join(", ")}`);
  const groups = select(all, filter, options.event);
  if (groups.length === 0) throw new CommandError(`no field fits ${JSON.stringify(filter)}`);
  if (options.json) process.stdout.write(`${JSON.stringify(groups.flatMap((group) => group.fields))}\n`);
  else if (options.markdown) process.stdout.write(fieldsMarkdown(groups));
  else process.stdout.write(await tables(groups));
}

function select(all: readonly FieldGroup[], filter = "", event: string | undefined): readonly FieldGroup[] {
  const parts = filter.split("*").map((part) => part.replace(/[^\w]/g, "\\$&"));
  const pattern = new RegExp(parts.join(".*"), "i");
  return all
    .filter((group) => event === undefined || group.event === null || group.event === event)
    .map((group) => ({ ...group, fields: group.fields.filter(({ name }) => pattern.test(name)) }))
    .filter((group) => group.fields.length > 0);
}

async function tables(groups: readonly FieldGroup[]): Promise<string> {
  const { default: ansis } = await import("ansis");
  const { typeText } = await import("@weir/rules");
  const rows = groups.flatMap((group) => group.fields);
  const width = (texts: readonly string[]): number => Math.max(...texts.map((text) => text.length));
  const nameWidth = width(rows.map(({ name }) => name));
  const typeWidth = width(rows.map(typeText));
  const sections = groups.map(({ event, doc, fields: own }) => {
    const head = event === null ? ansis.bold(doc) : `${ansis.bold(event)}: ${doc}`;
    const lines = own.map((field) => {
      const known = field.known === "unknown" ? ansis.yellow("unknown") : ansis.dim(field.known.padEnd(7));
      const type = ansis.cyan(typeText(field).padEnd(typeWidth));
      return `  ${field.name.padEnd(nameWidth)}  ${type}  ${known}  ${field.doc}`;
    });
    return `${[head, ...lines].join("\n")}\n`;
  });
  return sections.join("\n");
}
