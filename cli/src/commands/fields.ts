/** `weir fields`: the fields that rules can read. */
import type { FieldDoc, FieldGroup } from "@weir/rules";
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
    .argument(
      "[filter]",
      "only fields whose name contains this, or if there is none, whose meaning does; * stands for any text",
    )
    .option("--event <type>", "only what a rule for events of this type can read")
    .option("--json", "print JSON")
    .option("--markdown", "print Markdown tables")
    .addHelpText(
      "after",
      `
Types: string and int as usual; [] any number of values; path: patterns are globs over components; time:
nanoseconds since the epoch, compared with a duration by age.
Known to the kernel with the event, or to the agent afterwards; what is unknown no agent of this version learns,
and conditions over it count as true.
Without a filter the fields of parents and ancestors are left out that every process has.

Examples:
  weir fields --event open
  weir fields process.parent.
  weir fields "open.*.path"
  weir fields owner`,
    )
    .action(async (filter: string | undefined, options: FieldsOptions) => {
      const { fail } = await import("../terminal/errors.ts");
      await fields(filter, options).catch((error) => fail("fields", error, options.markdown ? {} : options));
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
  if (groups.length === 0)
    throw new CommandError(`no field fits ${JSON.stringify(filter)}`, "all of them: weir fields");
  if (options.json) process.stdout.write(`${JSON.stringify(groups.flatMap((group) => group.fields))}\n`);
  else if (options.markdown) process.stdout.write(fieldsMarkdown(groups));
  else process.stdout.write(await tables(filter === undefined ? groups.map(withoutKin) : groups));
}

function select(all: readonly FieldGroup[], filter = "", event: string | undefined): readonly FieldGroup[] {
  const parts = filter.split("*").map((part) => part.replace(/[^\w]/g, "\\$&"));
  const pattern = new RegExp(parts.join(".*"), "i");
  const fitting = (textOf: (field: FieldDoc) => string): readonly FieldGroup[] =>
    all
      .filter((group) => event === undefined || group.event === null || group.event === event)
      .map((group) => ({ ...group, fields: group.fields.filter((field) => pattern.test(textOf(field))) }))
      .filter((group) => group.fields.length > 0);
  const byName = fitting(({ name }) => name);
  return byName.length > 0 ? byName : fitting(({ doc }) => doc);
}

const KIN = /^process\.(parent|ancestors)\./;

/** Without the fields of parents and ancestors that a process has too; a row for all of them says so. */
function withoutKin(group: FieldGroup): FieldGroup & { readonly more: readonly string[] } {
  const names = new Set(group.fields.map(({ name }) => name));
  const isRepeated = ({ name }: FieldDoc): boolean => KIN.test(name) && names.has(name.replace(KIN, "process."));
  const counts = Map.groupBy(group.fields.filter(isRepeated), ({ name }) => KIN.exec(name)?.[1] as string);
  const more = [...counts].map(([kin, own]) => `process.${kin}.…: ${own.length} fields, as those of process`);
  return { ...group, fields: group.fields.filter((field) => !isRepeated(field)), more };
}

type Table = FieldGroup & { readonly more?: readonly string[] };

async function tables(groups: readonly Table[]): Promise<string> {
  const { default: ansis } = await import("ansis");
  const { typeText } = await import("@weir/rules");
  const width = (texts: readonly string[]): number => Math.max(...texts.map((text) => text.length));
  const sections = groups.map(({ event, doc, fields: own, more = [] }) => {
    const head = event === null ? ansis.bold(doc) : `${ansis.bold(event)}: ${doc}`;
    const nameWidth = width(own.map(({ name }) => name));
    const typeWidth = width(own.map(typeText));
    const lines = own.map((field) => {
      const known = field.known === "unknown" ? ansis.yellow("unknown") : ansis.dim(field.known.padEnd(7));
      const type = ansis.cyan(typeText(field).padEnd(typeWidth));
      return `  ${field.name.padEnd(nameWidth)}  ${type}  ${known}  ${field.doc}`;
    });
    return `${[head, ...lines, ...more.map((line) => `  ${ansis.dim(line)}`)].join("\n")}\n`;
  });
  return sections.join("\n");
}
