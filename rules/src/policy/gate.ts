/**
 * Which definitions take part: `agent_version` against the version of SECL that is implemented, and `filters`
 * as far as they are the same on every host that Weir runs on.
 *
 * A definition that does not take part is not read any further, so that rules for other systems and later
 * versions do no harm. A filter that only a host can decide stays, as a condition of the rule.
 */
import { isScalar, type Scalar } from "yaml";
import { checkHostFilter } from "../check/index.ts";
import { placeOf } from "../source.ts";
import { type Entry, type PolicyReader, scalarText, typeName } from "./document.ts";
import type { Gate, Program } from "./model.ts";
import { scalarExcerpt } from "./scalar-map.ts";
import { attempt, programOf, readItems } from "./values.ts";
import { type Constraint, ConstraintError, parseConstraint, satisfies, type Version } from "./version.ts";

/** Version of the Datadog Agent whose rule language this is. */
export const SECL_AGENT_VERSION = "7.78.0";

/** Most filters of one definition. */
export const FILTERS_MAX = 100;

const OPEN: Gate = { state: "open" };

/** @returns whether the definition takes part; undefined after reporting what is wrong with its conditions */
export function readGate(
  reader: PolicyReader,
  entries: ReadonlyMap<string, Entry>,
  agentVersion: Version,
): Gate | undefined {
  const constraint = readConstraint(reader, entries.get("agent_version"));
  const filters = readFilters(reader, entries.get("filters"));
  if (constraint === undefined || filters === undefined) return undefined;
  if (!satisfies(agentVersion, constraint.terms))
    return {
      state: "filtered",
      reason: `agent_version ${JSON.stringify(constraint.text)} is not ${agentVersion.join(".")}`,
    };
  return filters;
}

function readConstraint(
  reader: PolicyReader,
  entry: Entry | undefined,
): { readonly text: string; readonly terms: Constraint } | undefined {
  if (entry === undefined) return { text: "", terms: [[]] };
  const text = reader.text(entry, "`agent_version`");
  if (text === undefined) return undefined;
  try {
    return { text, terms: parseConstraint(text) };
  } catch (error) {
    if (!(error instanceof ConstraintError)) throw error;
    const exact = isScalar(entry.value) && typeof entry.value.value === "string";
    const place = exact
      ? placeOf(scalarExcerpt(reader.file, entry.value as Scalar<string>), {
          start: error.at,
          end: error.at + error.length,
        })
      : reader.valuePlace(entry);
    reader.error("agent-version", place, `\`agent_version\`: ${error.message}`);
    return undefined;
  }
}

/** One filter that holds everywhere opens the gate; those that hold nowhere are dropped. */
function readFilters(reader: PolicyReader, entry: Entry | undefined): Gate | undefined {
  const items = readItems(reader, entry, FILTERS_MAX);
  if (items.length === 0) return OPEN;
  const undecided: Program[] = [];
  let isValid = true;
  let isOpen = false;
  for (const item of items) {
    const program = isText(item) ? programOf(reader, item) : undefined;
    if (!isText(item))
      reader.error("yaml", reader.place(item ?? entry?.value), `\`filters\` holds strings, received ${typeName(item)}`);
    const errors = reader.diagnostics.errors;
    const verdict = program && attempt(reader, program.excerpt, () => checkHostFilter(program.node, program.excerpt));
    if (program === undefined || reader.diagnostics.errors > errors) isValid = false;
    else if (verdict?.kind !== "const") undecided.push(program);
    else if (verdict.value) isOpen = true;
  }
  if (!isValid) return undefined;
  if (isOpen) return OPEN;
  if (undecided.length > 0) return { state: "host", filters: undecided };
  const written = items.map((item) => scalarText(item)).join(" || ");
  return { state: "filtered", reason: `filters: ${written.length > 80 ? `${written.slice(0, 80)}…` : written}` };
}

const isText = (item: unknown): item is Scalar<string> => isScalar(item) && typeof item.value === "string";
