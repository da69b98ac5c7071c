/** The actions of a rule as far as the matcher takes part in them: filters, and what variables are set to. */
import { FIELDS, type Field, findField, type VariableDescription, variableKey } from "@weir/matcher-wasm/format";
import {
  checkFilter,
  checkSetExpression,
  fimPrefixOf,
  type MacroTable,
  type VariableTable,
  withFimPrefix,
} from "../check/index.ts";
import type { CheckedAction, SetValue } from "../ir.ts";
import type { ActionSource, SetAction } from "../policy/index.ts";
import type { Place } from "../source.ts";
import { suggestion } from "../suggest.ts";
import { shapeOfExpression, shapeText, variableName } from "./declare.ts";

/** Why an action can't be used, and where. */
export class ActionError extends Error {
  override readonly name = "ActionError";
  readonly code: string;
  readonly place: Place;
  readonly hint: string | undefined;

  constructor(code: string, place: Place, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.place = place;
    this.hint = hint;
  }
}

export interface ActionNames {
  readonly event: string;
  readonly macros: MacroTable;
  readonly variables: VariableTable;
  /** Variables that have no type, and why. */
  readonly untyped?: ReadonlyMap<string, string>;
}

interface Names extends ActionNames {
  /** What `fim.write.file.` stands for. */
  readonly fimPrefix?: string;
}

/**
 * @param onUnsupported decides about an action that is right but can't be done: throws, or it is left out
 * @returns those actions that have a filter or set a variable
 * @throws ActionError, CheckError
 */
export function checkActions(
  actions: readonly ActionSource[],
  { event, ...others }: ActionNames,
  onUnsupported: (error: ActionError) => void,
): readonly CheckedAction[] {
  const fimPrefix = fimPrefixOf(event);
  const names: Names = { event, ...others, ...(fimPrefix === undefined ? {} : { fimPrefix }) };
  return actions.flatMap((source, action): CheckedAction[] => {
    try {
      const filter = source.filter && checkFilter(source.filter.node, source.filter.excerpt, names);
      const set = source.kind === "set" ? checkSet(source, names) : undefined;
      if (filter === undefined && set === undefined) return [];
      return [{ action, ...(filter === undefined ? {} : { filter }), ...(set === undefined ? {} : { set }) }];
    } catch (error) {
      if (!(error instanceof ActionError) || error.code !== "unsupported") throw error;
      onUnsupported(error);
      return [];
    }
  });
}

function checkSet(action: SetAction, names: Names): NonNullable<CheckedAction["set"]> {
  const name = variableName(action);
  const variable = names.variables.get(name);
  if (variable === undefined) throw untypedError(action, names);
  if (action.scopeField !== undefined)
    throw new ActionError(
      "unsupported",
      action.scopeField.place,
      "`scope_field`: a variable of the event's own process can be set, not yet one of the process that a field names",
    );
  return { variable, append: action.append, value: setValue(action, variable, names) };
}

/** Why the action does not say of which type its variable is. */
function untypedError({ to, name }: SetAction, names: Names): ActionError {
  if (to.from === "field") eventField(to.field.value, to.field.place, names);
  if (to.from === "expression") checkSetExpression(to.expression.node, to.expression.excerpt, names);
  const message = `nothing says of which type \`${variableKey(name.value)}\` is`;
  return new ActionError("variable", name.place, message, "add a `default_value`");
}

function setValue({ to, name }: SetAction, variable: VariableDescription, names: Names): SetValue {
  switch (to.from) {
    case "value":
      return { kind: "constant", value: to.value.value };
    case "field":
      return { kind: "field", field: eventField(to.field.value, to.field.place, names) };
    case "expression": {
      const { node, excerpt } = to.expression;
      const value = checkSetExpression(node, excerpt, names);
      const { type, array } = shapeOfExpression(value);
      if (type !== variable.type || (array && !variable.array))
        throw new ActionError(
          "variable",
          name.place,
          `\`${variableKey(variable.name)}\` is ${shapeText(variable)}, the expression gives ${shapeText({ type, array })}`,
        );
      return value.kind === "text" ? { kind: "constant", value: value.value } : value;
    }
  }
}

function eventField(name: string, place: Place, { event, fimPrefix }: Names): Field {
  const field = findField(withFimPrefix(name, fimPrefix));
  if (field === undefined && fimPrefix === undefined && name.startsWith("fim.write."))
    throw new ActionError(
      "unknown-name",
      place,
      `\`${name}\` stands for the file of an event that changes one, the rule judges ${event}`,
    );
  if (field === undefined) {
    const names = FIELDS.filter((f) => f.event === undefined || f.event === event).map((f) => f.name);
    throw new ActionError("unknown-name", place, `unknown field \`${name}\``, suggestion(name, names));
  }
  if (field.event !== undefined && field.event !== event)
    throw new ActionError(
      "event-type",
      place,
      `\`${name}\` belongs to event type ${field.event}, the rule judges ${event}`,
    );
  if (field.type === "ip") throw new ActionError("unsupported", place, "variables of addresses are not supported yet");
  return field;
}
