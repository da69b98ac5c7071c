/** Variables: `${name}` by itself and inside strings. */
import { type Field, findField, UUID_KEY, type VariableDescription, variableKey } from "@weir/matcher-wasm/format";
import type { TemplatePart } from "../ir.ts";
import { suggestion } from "../suggest.ts";
import type { Span } from "../syntax/error.ts";
import type { Scope } from "./scope.ts";

export type VariableTable = ReadonlyMap<string, VariableDescription>;

/** Variables that are fields under another name. */
const BUILTINS: ReadonlyMap<string, string> = new Map([["process.pid", "process.pid"]]);

/** @returns the variable as a field of the context block */
export function variableField({ name, type, array }: Pick<VariableDescription, "name" | "type" | "array">): Field {
  const key = variableKey(name);
  return {
    name: key,
    type,
    array,
    matching: "flat",
    timestamp: false,
    unresolved: false,
    source: { from: "variable", key },
    doc: "set by actions of rules",
  };
}

/** A random UUID, another one each time that it is read. */
const UUID: Field = {
  ...variableField({ name: UUID_KEY.key, type: UUID_KEY.type, array: UUID_KEY.array }),
  source: { from: "context", key: UUID_KEY.key },
  doc: "a random UUID",
};

/** @returns the field that `${name}` reads; reports an unknown name */
export function findVariable(scope: Scope, name: string, span: Span): Field {
  const builtin = BUILTINS.get(name);
  if (builtin !== undefined) return findField(builtin) as Field;
  if (name === UUID_KEY.key) {
    if (scope.readsBuiltins) return UUID;
    scope.unsupported(span, `\`${UUID.name}\` in a condition is`, "it is another one each time: set a variable to it");
  }
  const variable = scope.variables.get(name);
  if (variable !== undefined) {
    if (!scope.variablesRead.has(name)) scope.variablesRead.set(name, { excerpt: scope.excerpt, span });
    return variableField(variable);
  }
  const measured = withoutLength(name);
  if (measured !== name && scope.variables.has(measured))
    scope.unsupported(span, `the length of \`${variableKey(measured)}\` is`);
  const why = scope.untypedReason(name);
  if (why !== undefined)
    scope.fail("variable", span, `\`${variableKey(name)}\` has no type: ${why}`, "a `default_value` says the type");
  const known = [...scope.variables.keys(), ...BUILTINS.keys()];
  return scope.fail(
    "unknown-name",
    span,
    `unknown variable \`${variableKey(name)}\`: no action of the policies sets it`,
    suggestion(name, known) ?? fieldHint(scope, name) ?? "variables are set by `actions: [set: {name: …, value: …}]`",
  );
}

const withoutLength = (name: string): string => name.replace(/\.length$/, "");

const fieldHint = (scope: Scope, name: string): string | undefined =>
  scope.findField(name) === undefined ? undefined : `\`${name}\` is a field, no variable`;

const FIELD_PLACEHOLDER = /%\{([^{}]*)\}/g;

/** Reports fields inside a text, which SECL writes as `%{name}`; what is no field is text. */
function refuseFields(scope: Scope, text: string, span: Span): void {
  for (const [written, name = ""] of text.matchAll(FIELD_PLACEHOLDER))
    if (scope.findField(withoutLength(name)) !== undefined)
      scope.unsupported(
        span,
        `\`${written}\` in a text is`,
        "compare with the field itself where it is the whole text",
      );
}

const PLACEHOLDER = /\$\{([A-Za-z_][\w.]*)\}/g;

/**
 * @returns the text around variables and the variables in it; undefined when there are none. What is not
 *   closed, or holds no name, is text.
 */
export function templateParts(scope: Scope, text: string, span: Span): readonly TemplatePart[] | undefined {
  if (text.includes("%{")) refuseFields(scope, text, span);
  if (!text.includes("${")) return undefined;
  const parts: TemplatePart[] = [];
  let end = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    const field = findVariable(scope, match[1] as string, span);
    if (field.type === "bool") scope.fail("type", span, `${match[0]} has no place in a text: it is a boolean`);
    if (match.index > end) parts.push({ kind: "text", value: text.slice(end, match.index) });
    parts.push({ kind: "variable", field });
    end = match.index + match[0].length;
  }
  if (parts.length === 0) return undefined;
  if (end < text.length) parts.push({ kind: "text", value: text.slice(end) });
  return parts;
}
