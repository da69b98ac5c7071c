/** Values that events give for variables, against what the policies make of these variables. */
import { type VariableDescription, variableKey } from "@weir/matcher-wasm/format";
import type { EventValue } from "../evaluate.ts";
import { suggestion } from "../suggest.ts";
import type { EventProblem, EventResult, TypedEvent } from "./read.ts";
import { readValue } from "./values.ts";

/** @returns the event with its variables as they are declared, or what is wrong with them */
export function withDeclaredVariables(event: TypedEvent, declared: readonly VariableDescription[]): EventResult {
  const byKey = new Map(declared.map((variable) => [variableKey(variable.name), variable]));
  const fields: Record<string, EventValue | readonly EventValue[] | undefined> = { ...event.fields };
  const problems: EventProblem[] = [];
  for (const key of Object.keys(fields).filter((name) => name.startsWith("${"))) {
    const variable = byKey.get(key);
    if (variable === undefined) {
      const hint = suggestion(key, byKey.keys());
      problems.push({ key, message: "no rule sets this variable", ...(hint === undefined ? {} : { hint }) });
      continue;
    }
    const result = readValue(variable, fields[key]);
    if ("problem" in result) problems.push({ key, ...result.problem });
    else fields[key] = result.value;
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, event: { ...event, fields } };
}
