/**
 * Programs of actions, as functions behind those of the rules.
 *
 * A filter gives 1 only when it is certainly true: it is compiled as the negation of what may-matches. A
 * program of values gives PROGRAM_UNKNOWN when it reads anything that is not known.
 */
import {
  type Field,
  PROGRAM_UNKNOWN,
  PROGRAMS_MAX,
  type ProgramDescription,
  type VariableDescription,
} from "@weir/matcher-wasm/format";
import binaryen from "binaryen";
import type { CheckedAction, CheckedRule, SetValue } from "../ir.ts";
import { toNnf } from "../nnf.ts";
import { valueFields } from "../reads.ts";
import { contextKeyOf } from "./context-entries.ts";
import { LinkError } from "./error.ts";
import { type Code, intCode, intFieldCode, PARAM_RECORD } from "./int-code.ts";
import { predicateCode, whenKnown } from "./predicate.ts";
import type { Runtime } from "./runtime.ts";
import { stringRef } from "./string-ref.ts";
import { putTemplate } from "./template.ts";

export interface Programs {
  /** Names of the functions, in the order of the table. */
  readonly functions: readonly string[];
  readonly programs: readonly ProgramDescription[];
  /** Sorted by name. */
  readonly variables: readonly VariableDescription[];
}

/**
 * @param first index in the function table of the first program
 * @throws LinkError when there are more than PROGRAMS_MAX
 */
export function addPrograms(runtime: Runtime, rules: readonly CheckedRule[], first: number): Programs {
  const functions: string[] = [];
  const variables = new Map(rules.flatMap(({ unset = [] }) => unset.map((variable) => [variable.name, variable])));
  const add = (body: Code): number => {
    const index = first + functions.length;
    const name = `program${functions.length}`;
    const params = binaryen.createType([binaryen.i32, binaryen.i32]);
    runtime.module.addFunction(name, params, binaryen.i32, [], body);
    functions.push(name);
    return index;
  };
  const programs = rules.flatMap(({ actions = [] }, rule) =>
    actions.map((action): ProgramDescription => {
      if (action.set !== undefined) variables.set(action.set.variable.name, action.set.variable);
      return describe(runtime, rule, action, add);
    }),
  );
  if (programs.length > PROGRAMS_MAX)
    throw new LinkError(
      "PROGRAMS_MAX",
      programs.length,
      `${programs.length} actions with programs: at most ${PROGRAMS_MAX} fit a matcher`,
      PROGRAMS_MAX,
    );
  const byName = [...variables.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { functions, programs, variables: byName };
}

function describe(
  runtime: Runtime,
  rule: number,
  { action, filter, set }: CheckedAction,
  add: (body: Code) => number,
): ProgramDescription {
  const { module: m } = runtime;
  return {
    rule,
    action,
    ...(filter === undefined
      ? {}
      : { filter: add(m.i32.eqz(predicateCode(runtime, toNnf({ kind: "not", term: filter }), 0))) }),
    ...(set === undefined
      ? {}
      : {
          set: {
            variable: set.variable.name,
            append: set.append,
            ...(set.value.kind === "constant"
              ? { value: set.value.value }
              : {
                  program: add(
                    whenKnown(runtime, valueFields(set.value), valueCode(runtime, set.value), PROGRAM_UNKNOWN),
                  ),
                }),
          },
        }),
  };
}

function valueCode(runtime: Runtime, value: Exclude<SetValue, { kind: "constant" }>): Code {
  const { module: m } = runtime;
  switch (value.kind) {
    case "int":
      return runtime.call("emit_int", [intCode(runtime, value.expr, 0)]);
    case "bool":
      return runtime.call("emit_int", [m.i64.extend_u(predicateCode(runtime, value.expr, 0))]);
    case "field":
      return fieldCode(runtime, value.field);
    case "template": {
      const template = putTemplate(value.parts, runtime.pool, (field) => runtime.entries.entryOf(field));
      return runtime.call("emit_text", [m.local.get(PARAM_RECORD, binaryen.i32), m.i32.const(template)]);
    }
  }
}

function fieldCode(runtime: Runtime, field: Field): Code {
  const { module: m } = runtime;
  if (field.type === "string" || field.type === "ip") {
    const record = m.local.get(PARAM_RECORD, binaryen.i32);
    return runtime.call("emit_strings", [record, m.i32.const(stringRef(runtime.entries, field))]);
  }
  if (contextKeyOf(field) !== undefined && field.array)
    return runtime.call("emit_ints", [m.i32.const(runtime.entries.entryOf(field))]);
  return runtime.call("emit_int", [intFieldCode(runtime, field)]);
}
