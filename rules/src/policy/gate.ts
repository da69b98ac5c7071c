/**
 * Which definitions take part: `agent_version` against the version of SECL that is implemented, and `filters`
 * as far as they are the same on every host that Weir runs on.
 *
 * A definition that does not take part is not read any further, so that rules for other systems and later
 * versions do no harm. A filter that only a host can decide stays, as a condition of the rule.
 */
import { isScalar, type Scalar } from "yaml";
import { PATTERN_BYTES_MAX, patternMatches } from "../pattern.ts";
import { placeOf } from "../source.ts";
import { suggestion } from "../suggest.ts";
import type { Node, Root } from "../syntax/ast.ts";
import { ExpressionError, type Span } from "../syntax/error.ts";
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

/** What filters may read: whether a name has one value on all hosts, and which. */
const HOST_NAMES: ReadonlyMap<string, string | boolean | undefined> = new Map<string, string | boolean | undefined>([
  ["os", "linux"],
  ["origin", "ebpf"],
  ["kernel.core.enabled", true],
  ["os.is_linux", true],
  ["os.is_windows", false],
  ["true", true],
  ["false", false],
  ...["major", "minor", "patch", "abi", "flavor"].map((name) => [`kernel.version.${name}`, undefined] as const),
  ...["os.id", "os.platform_id", "os.version_id", "envs", "hostname"].map((name) => [name, undefined] as const),
  ...["amazon_linux", "cos", "debian", "oracle", "rhel", "rhel7", "rhel8", "sles", "sles12", "sles15"].map(
    (name) => [`os.is_${name}`, undefined] as const,
  ),
]);

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
    const verdict = program && attempt(reader, program.excerpt, () => checkFilter(program.node));
    if (program === undefined || reader.diagnostics.errors > errors) isValid = false;
    else if (verdict === undefined) undecided.push(program);
    else if (verdict) isOpen = true;
  }
  if (!isValid) return undefined;
  if (isOpen) return OPEN;
  if (undecided.length > 0) return { state: "host", filters: undecided };
  const written = items.map((item) => scalarText(item)).join(" || ");
  return { state: "filtered", reason: `filters: ${written.length > 80 ? `${written.slice(0, 80)}…` : written}` };
}

const isText = (item: unknown): item is Scalar<string> => isScalar(item) && typeof item.value === "string";

/**
 * @returns whether the filter holds on every host, on none (false), or cannot be told here (undefined)
 * @throws ExpressionError for names that filters do not have
 */
export function checkFilter(node: Root): boolean | undefined {
  switch (node.kind) {
    case "ident": {
      const value = hostValue(node);
      return typeof value === "boolean" ? value : undefined;
    }
    case "unary": {
      const inner = checkFilter(node.operand);
      return node.op === "!" && inner !== undefined ? !inner : undefined;
    }
    case "logical":
      return logical(node);
    case "comparison": {
      const verdict = compare(node.left, node.right, node.op === "=~" || node.op === "!~");
      if (verdict === undefined || !["==", "!=", "=~", "!~"].includes(node.op)) return undefined;
      return verdict === (node.op === "==" || node.op === "=~");
    }
    case "membership": {
      const verdicts = itemsOf(node.right).map((item) => compare(node.left, item, false));
      checkFilter(node.right);
      if (node.right.kind !== "list" || node.op === "allin") return undefined;
      const some = verdicts.includes(true) ? true : verdicts.includes(undefined) ? undefined : false;
      return some === undefined ? undefined : some === (node.op === "in");
    }
    case "binary":
      checkFilter(node.left);
      checkFilter(node.right);
      return undefined;
    case "list":
      for (const item of node.items) checkFilter(item);
      return undefined;
    default:
      return undefined;
  }
}

const itemsOf = (node: Root): readonly Node[] => (node.kind === "list" ? node.items : []);

/** The chain groups to the right; an undecided side matters only where the other one does not decide. */
function logical({ terms, ops }: Extract<Node, { kind: "logical" }>): boolean | undefined {
  const verdicts = terms.map((term) => checkFilter(term));
  let result = verdicts.at(-1);
  for (let i = ops.length - 1; i >= 0; i--) {
    const decisive = ops[i] === "||";
    const left = verdicts[i];
    if (left === decisive || result === decisive) result = decisive;
    else result = left === undefined || result === undefined ? undefined : !decisive;
  }
  return result;
}

/** Whether both sides are the same, where that can be told. */
function compare(left: Node, right: Node, like: boolean): boolean | undefined {
  const sides = [left, right].map((side) => ({ side, verdict: checkFilter(side) }));
  const [a, b] = sides.map(({ verdict }) => verdict);
  if (a !== undefined && b !== undefined) return a === b;
  const field = [left, right].find((side) => side.kind === "ident");
  const text = [left, right].find((side) => side.kind === "string" || side.kind === "pattern");
  const value = field?.kind === "ident" ? hostValue(field) : undefined;
  if (typeof value !== "string" || text === undefined) return undefined;
  const written = (text as { readonly value: string }).value;
  if (!like && text.kind !== "pattern") return written === value;
  return Buffer.byteLength(written) > PATTERN_BYTES_MAX ? false : patternMatches(written, value);
}

function hostValue({ name, span }: { readonly name: string; readonly span: Span }): string | boolean | undefined {
  if (HOST_NAMES.has(name)) return HOST_NAMES.get(name);
  throw new ExpressionError({
    code: "unknown-name",
    message: `\`${name}\` is no name of a filter: filters read the host, not events`,
    span,
    hint: suggestion(name, HOST_NAMES.keys()) ?? `names: ${[...HOST_NAMES.keys()].join(", ")}`,
  });
}
