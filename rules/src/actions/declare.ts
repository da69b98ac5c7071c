/**
 * Which variables the actions of a set of rules declare, and of which type they are.
 *
 * A variable is what its `set` actions say together: type and scope have to agree, what only some of them say
 * (a default, a limit) holds for all. The result does not depend on the order of the rules. Where none of the rules
 * sets a variable, definitions that are not loaded say what it is, so that rules that read it keep their meaning.
 */
import { type FieldType, findField, type VariableDescription, variableKey } from "@weir/matcher-wasm/format";
import {
  CheckError,
  checkSetExpression,
  type MacroTable,
  type SetExpression,
  type VariableTable,
  withFimPrefix,
} from "../check/index.ts";
import { type DiagnosticList, diagnosticAt } from "../diagnostics.ts";
import type { ActionSource, MergedRule, RuleSource, SetAction, VariableValue } from "../policy/index.ts";
import { ExpressionError } from "../syntax/error.ts";

/** Most variables of a set of rules. */
export const VARIABLES_MAX = 4096;

interface Shape {
  readonly type: FieldType;
  readonly array: boolean;
}

/** An action that sets a variable, and the definition of the rule that has it. */
export interface Declaration {
  readonly rule: RuleSource;
  readonly action: SetAction;
}

export interface Declarations {
  readonly variables: VariableTable;
  /** Variables of which nothing says their type, and why. */
  readonly untyped: ReadonlyMap<string, string>;
  /** By variable, in definitions that are loaded or not. */
  readonly setters: ReadonlyMap<string, readonly Declaration[]>;
  /** What was reported, by the id of the rule whose action it is. */
  readonly problems: ReadonlyMap<string, string>;
}

/** @returns the name in expressions */
export const variableName = ({ name, scope }: SetAction): string =>
  scope === undefined ? name.value : `${scope}.${name.value}`;

/**
 * @param rules that are to be loaded
 * @param others definitions that are not
 */
export function declareVariables(
  rules: readonly MergedRule[],
  others: Iterable<RuleSource>,
  { macros, diagnostics }: { readonly macros: MacroTable; readonly diagnostics: DiagnosticList },
): Declarations {
  const problems = new Map<string, string>();
  const report = ({ rule, action }: Declaration, code: string, message: string): void => {
    problems.set(rule.id, message);
    diagnostics.add("error", () =>
      diagnosticAt(action.name.place, { severity: "error", code, message, rule: rule.id }),
    );
  };
  const active = settersOf(rules.map(({ source, origin }) => ({ actions: source.actions, rule: origin })));
  const inactive = settersOf([...others].map((rule) => ({ actions: rule.actions, rule })));
  const groups = new Map([...inactive, ...active]);
  const shapes = shapesOf(groups, macros);
  const variables = new Map<string, VariableDescription>();
  const untyped = new Map<string, string>();
  for (const [name, declarations] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [first] = declarations as [Declaration, ...Declaration[]];
    if (variables.size >= VARIABLES_MAX) {
      report(first, "too-many-variables", `more than ${VARIABLES_MAX} variables`);
      break;
    }
    const shape = shapes.get(name);
    if (shape === undefined) {
      untyped.set(name, `it would follow from what ${setterText(first)} sets it to`);
      continue;
    }
    for (const other of active.get(name) ?? []) {
      const found = shapeOf(other.action, name, shapes, macros) ?? shape;
      if (found.type !== shape.type || found.array !== shape.array)
        report(other, "variable", disagreement(name, { shape, first, found }));
    }
    variables.set(name, describe(name, shape, declarations));
  }
  const names = [...groups.keys()];
  const setters = new Map(names.map((name) => [name, [...(active.get(name) ?? []), ...(inactive.get(name) ?? [])]]));
  return { variables, untyped, setters, problems };
}

function settersOf(
  rules: readonly { readonly actions: readonly ActionSource[]; readonly rule: RuleSource }[],
): Map<string, Declaration[]> {
  const declarations = rules.flatMap(({ actions, rule }) =>
    actions.flatMap((action): Declaration[] => (action.kind === "set" ? [{ rule, action }] : [])),
  );
  return Map.groupBy(declarations, ({ action }) => variableName(action));
}

/** @returns the rule of an action with the place of the action */
export function setterText({ rule, action }: Declaration): string {
  const { file, offset } = action.name.place;
  return `rule \`${rule.id}\` (${file.name}:${file.lineOf(offset)})`;
}

export const shapeText = ({ type, array }: Shape): string => (array ? `a list of ${type}` : `one ${type}`);

/** @returns of which type the values are, and whether there is any number of them */
export function shapeOfExpression(value: SetExpression): Shape {
  switch (value.kind) {
    case "text":
    case "template":
      return { type: "string", array: false };
    case "field":
      return { type: value.field.type, array: value.field.array };
    case "int":
    case "bool":
      return { type: value.kind, array: false };
  }
}

function disagreement(
  name: string,
  { shape, first, found }: { readonly shape: Shape; readonly first: Declaration; readonly found: Shape },
): string {
  const { file, offset } = first.action.name.place;
  const where = `${file.name}:${file.lineOf(offset)}`;
  return `\`${variableKey(name)}\` is ${shapeText(shape)} elsewhere (${where}), here it is set to ${shapeText(found)}`;
}

/** Types that follow from constants and fields first; those of expressions may need others. */
function shapesOf(groups: ReadonlyMap<string, readonly Declaration[]>, macros: MacroTable): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  const open = new Set(groups.keys());
  for (let before = -1; before !== open.size; ) {
    before = open.size;
    for (const name of [...open].sort()) {
      const found = firstShape(groups.get(name) ?? [], name, shapes, macros);
      if (found === undefined) continue;
      shapes.set(name, found);
      open.delete(name);
    }
  }
  return shapes;
}

function firstShape(
  declarations: readonly Declaration[],
  name: string,
  shapes: ReadonlyMap<string, Shape>,
  macros: MacroTable,
): Shape | undefined {
  for (const { action } of declarations) {
    const shape = action.to.from === "expression" ? undefined : shapeOf(action, name, shapes, macros);
    if (shape !== undefined) return shape;
  }
  for (const { action } of declarations) {
    const shape = shapeOf(action, name, shapes, macros);
    if (shape !== undefined) return shape;
  }
  return undefined;
}

/** Fields of files have the same type for all events. */
const ANY_FIM = "open.file.";

/** @returns undefined where it is not known yet, or not at all */
function shapeOf(
  action: SetAction,
  name: string,
  shapes: ReadonlyMap<string, Shape>,
  macros: MacroTable,
): Shape | undefined {
  const { to, append, defaultValue } = action;
  if (to.from === "value") return withAppend(valueShape(to.value.value), append);
  if (to.from === "field") {
    const field = findField(withFimPrefix(to.field.value, ANY_FIM));
    return field && withAppend(field, append);
  }
  if (defaultValue !== undefined) return withAppend(valueShape(defaultValue.value), append);
  // Without a default a variable that is set from itself counts.
  const assumed = new Map(shapes).set(name, { type: "int", array: append });
  const variables = new Map([...assumed].map(([key, shape]) => [key, describe(key, shape, [])]));
  try {
    const value = checkSetExpression(to.expression.node, to.expression.excerpt, {
      macros,
      variables,
      fimPrefix: ANY_FIM,
    });
    return withAppend(shapeOfExpression(value), append);
  } catch (error) {
    if (error instanceof CheckError || error instanceof ExpressionError) return undefined;
    throw error;
  }
}

function valueShape(value: VariableValue): Shape {
  const array = typeof value === "object";
  const one = array ? value[0] : value;
  return { type: typeof one === "number" ? "int" : typeof one === "boolean" ? "bool" : "string", array };
}

const withAppend = ({ type, array }: Shape, append: boolean): Shape => ({ type, array: array || append });

function describe(name: string, { type, array }: Shape, declarations: readonly Declaration[]): VariableDescription {
  const actions = declarations.map(({ action }) => action);
  const defined = <T>(read: (action: SetAction) => T | undefined): T | undefined =>
    actions.map(read).find((value) => value !== undefined);
  const initial = defined((action) => action.defaultValue?.value);
  const ttlNs = defined((action) => action.ttlNs);
  const size = defined((action) => action.size);
  return {
    name,
    scope: defined((action) => action.scope) ?? "global",
    type,
    array,
    ...(initial === undefined ? {} : { default: initial }),
    ...(ttlNs === undefined ? {} : { ttlNs }),
    ...(size === undefined ? {} : { size }),
    inherited: actions.some((action) => action.inherited),
    private: actions.some((action) => action.private),
  };
}
