/** Names of fields in the keys of a rule, once it is known which event type the rule judges. */
import { findField } from "@weir/matcher-wasm/format";
import { foreignName } from "../check/foreign.ts";
import type { Positioned, RuleSource } from "./model.ts";

export interface WrongReference {
  readonly name: Positioned<string>;
  readonly code: "unknown-name" | "event-type";
  readonly message: string;
  readonly hint?: string;
}

const FIM_WRITE = /^fim\.write\./;

/** @returns the fields that events of the rule's type do not have, and files to be hashed that are none */
export function wrongReferences(source: RuleSource, event: string): readonly WrongReference[] {
  const wrong: WrongReference[] = [];
  const names = [...source.limiterToken];
  for (const action of source.actions) {
    if (action.kind === "set" && action.to.from === "field") names.push(action.to.field);
    if (action.kind === "set" && action.scopeField !== undefined) names.push(action.scopeField);
    if (action.kind !== "hash") continue;
    const field = action.field ?? { value: `${event}.file`, place: action.place };
    const path = `${field.value.replace(FIM_WRITE, `${event}.`)}.path`;
    const owner = findField(path);
    if (owner === undefined && foreignName(path) !== undefined) continue;
    if (owner === undefined)
      wrong.push({
        name: field,
        code: "unknown-name",
        message: `\`${field.value}\` is no file`,
        hint: `such as \`${event}.file\` or \`process.file\``,
      });
    else if (owner.event !== undefined && owner.event !== event) wrong.push(ofOther(field, owner.event, event));
  }
  for (const name of names) {
    const owner = findField(name.value.replace(FIM_WRITE, `${event}.`))?.event;
    if (owner !== undefined && owner !== event) wrong.push(ofOther(name, owner, event));
  }
  return wrong;
}

const ofOther = (name: Positioned<string>, owner: string, event: string): WrongReference => ({
  name,
  code: "event-type",
  message: `\`${name.value}\` belongs to event type ${owner}, but the rule judges ${event}`,
});
