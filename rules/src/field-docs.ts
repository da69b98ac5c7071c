/** The field table as people read it: for `weir fields` and for FIELDS.md. */
import { EVENT_TYPES, FIELDS, type Field } from "@weir/matcher-wasm/format";

export interface FieldDoc {
  readonly name: string;
  /** Event type that has the field; null where every type has it. */
  readonly event: string | null;
  readonly type: Field["type"];
  readonly array: boolean;
  /** Of strings: what `*` in a pattern stands for. */
  readonly matching?: Field["matching"];
  /** Compared with a duration, its age is meant. */
  readonly timestamp: boolean;
  /** Who learns the value: the kernel stage with the event, the agent afterwards, or nobody in this version. */
  readonly known: "kernel" | "agent" | "unknown";
  readonly doc: string;
}

export interface FieldGroup {
  /** Event type; null for what all types have. */
  readonly event: string | null;
  readonly doc: string;
  readonly fields: readonly FieldDoc[];
}

function docOf(field: Field): FieldDoc {
  const { name, event, type, array, matching, timestamp, unresolved, source, doc } = field;
  return {
    name,
    event: event ?? null,
    type,
    array,
    ...(type === "string" ? { matching } : {}),
    timestamp,
    known: unresolved ? "unknown" : source.from === "context" || source.from === "variable" ? "agent" : "kernel",
    doc,
  };
}

/** @returns all fields in groups: each event type, then what every event has */
export function fieldGroups(): readonly FieldGroup[] {
  const docs = FIELDS.map(docOf);
  const group = (event: string | null, doc: string): FieldGroup => ({
    event,
    doc,
    fields: docs.filter((field) => field.event === event),
  });
  return [...EVENT_TYPES.map(({ name, doc }) => group(name, doc)), group(null, "fields of every event")];
}

/** @returns such as `string[]`, `int, time`, `string, glob` */
export function typeText({ type, array, matching, timestamp }: FieldDoc): string {
  const kind = timestamp ? ", time" : matching === "path" ? ", path" : "";
  return `${type}${array ? "[]" : ""}${kind}`;
}

const HEAD = `# Fields

Written by \`weir fields --markdown\`; the table itself is \`matcher-wasm/format/fields.ts\`.

- **path**: patterns on it are globs over components; on other strings \`*\` stands for any text.
- **time**: nanoseconds since the epoch; compared with a duration, the age at the time of the event is meant.
- **[]**: any number of values.
- Known by the *kernel* with the event, or by the *agent* afterwards. What is *unknown* no agent of this version
  learns: the language has it, and conditions over it count as true.
`;

/** @returns the text of FIELDS.md */
export function fieldsMarkdown(groups: readonly FieldGroup[] = fieldGroups()): string {
  const sections = groups.map(({ event, doc, fields }) => {
    const rows = fields.map(
      (field) => `| \`${field.name}\` | ${typeText(field)} | ${field.known} | ${field.doc.replaceAll("|", "\\|")} |`,
    );
    const head = event === null ? "## Every event" : `## ${event}\n\n${doc[0]?.toUpperCase()}${doc.slice(1)}.`;
    return [`${head}\n`, "| field | type | known by | |", "| --- | --- | --- | --- |", ...rows].join("\n");
  });
  return `${HEAD}\n${sections.join("\n\n")}\n`;
}
