/**
 * What a matcher module says of itself, as JSON in a custom section: which values its context block holds,
 * which variables its rules share, and which of its functions are programs of actions.
 */
import type { ContextKey, FieldType } from "./field-types.ts";

/** Name of the custom section. */
export const DESCRIPTION_SECTION = "weir.matcher";

export type VariableScope = "global" | "process" | "container" | "cgroup";
export type VariableValue = string | number | boolean | readonly string[] | readonly number[];

/** State that actions set and expressions read. */
export interface VariableDescription {
  /** As in expressions, `process.x`; without a dot for the scope `global`. */
  readonly name: string;
  readonly scope: VariableScope;
  readonly type: FieldType;
  readonly array: boolean;
  /** Value while nothing is set; else the type's zero value or the empty list. */
  readonly default?: VariableValue;
  /** A value is forgotten that long after it was set, in nanoseconds. */
  readonly ttlNs?: number;
  /** Arrays: most values, the oldest go first. */
  readonly size?: number;
  /** A process without a value of its own has that of its nearest ancestor with one. */
  readonly inherited: boolean;
  /** Not part of detections. */
  readonly private: boolean;
}

/** An action as far as the matcher takes part in it. */
export interface ProgramDescription {
  /** Index of the rule, and of the action in it. */
  readonly rule: number;
  readonly action: number;
  /** Index for `run_program`: the action is taken only when it gives 1. */
  readonly filter?: number;
  readonly set?: {
    /** Name of the variable. */
    readonly variable: string;
    readonly append: boolean;
    /** What it is set to: a constant, or what a program gives. */
    readonly value?: VariableValue;
    readonly program?: number;
  };
}

export interface MatcherDescription {
  readonly format: "weir-matcher/1";
  /** Entry i of the context block. Variables have the key `${NAME}`. */
  readonly context: readonly ContextKey[];
  readonly variables: readonly VariableDescription[];
  readonly programs: readonly ProgramDescription[];
}

/**
 * What programs may read besides fields and variables: a random UUID (RFC 9562, version 4), another one for each run
 * of a program. The host that runs it gives it; where values come from events there is none.
 */
export const UUID_KEY: ContextKey = { key: "builtins.uuid4", type: "string", array: false };

/**
 * @returns the key of how many values of an array the ancestors up to each one have, where each has any number: an
 *   array of integers, one for each ancestor
 */
export const endsKey = (key: string): string => `${key}.ends`;

/** @returns the key of a variable in the context block, and its name as a field */
export function variableKey(name: string): string {
  return `\${${name}}`;
}
