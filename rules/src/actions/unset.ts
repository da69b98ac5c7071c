/** Variables that loaded rules read and that none of them sets, because the rules that would are not loaded. */
import { type VariableDescription, variableKey } from "@weir/matcher-wasm/format";
import type { CheckedExpression, Warning, Written } from "../check/index.ts";
import type { CheckedRule } from "../ir.ts";
import { variablesRead } from "../reads.ts";
import { type Declaration, type Declarations, setterText } from "./declare.ts";

/** @returns the variables that no action of the rules sets, by name */
export function unsetVariables(
  rules: readonly CheckedRule[],
  { variables }: Pick<Declarations, "variables">,
): ReadonlyMap<string, VariableDescription> {
  const set = new Set(rules.flatMap(({ actions = [] }) => actions.map((action) => action.set?.variable.name)));
  return new Map([...variables].filter(([name]) => !set.has(name)));
}

/** @returns the rule with what it has to know of those of the variables that it reads */
export function withUnset<T extends { readonly checked: CheckedRule }>(
  rule: T,
  unset: ReadonlyMap<string, VariableDescription>,
): T {
  const read = unset.size === 0 ? [] : variablesRead(rule.checked, unset);
  return read.length === 0 ? rule : { ...rule, checked: { ...rule.checked, unset: read } };
}

/**
 * @param whyNot why a rule that would set the variable does not
 * @returns what is to be said of the condition of a rule
 */
export function unsetWarnings(
  { variables }: Pick<CheckedExpression, "variables">,
  unset: ReadonlyMap<string, VariableDescription>,
  { setters, whyNot }: Pick<Declarations, "setters"> & { readonly whyNot: (setter: Declaration) => string },
): Warning[] {
  return [...variables].flatMap(([name, written]: [string, Written]): Warning[] => {
    if (!unset.has(name)) return [];
    const [first, ...more] = setters.get(name) ?? [];
    const others = more.length === 0 ? "" : `, as ${more.length} other action${more.length === 1 ? "" : "s"}`;
    const because = first && `${setterText(first)} would set it${others}, but is ${whyNot(first)}`;
    const message = `no loaded rule sets \`${variableKey(name)}\`: it always has its default`;
    return [{ code: "never-set", message, ...written, hint: because }];
  });
}
