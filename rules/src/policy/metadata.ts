/** What a bundle says of a rule besides its expression, as plain JSON. */
import type { ActionSource, RuleSource, Scope, SetAction, Tags, VariableValue } from "./model.ts";

/** An action as written; expressions are SECL. */
export type ActionMetadata = { readonly filter?: string } & (
  | {
      readonly kind: "set";
      readonly name: string;
      readonly scope?: Scope;
      readonly scopeField?: string;
      readonly value?: VariableValue;
      readonly field?: string;
      readonly expression?: string;
      readonly defaultValue?: VariableValue;
      readonly append: boolean;
      readonly size?: number;
      readonly ttlNs?: number;
      readonly private: boolean;
      readonly inherited: boolean;
    }
  | {
      readonly kind: "kill";
      readonly signal: string;
      readonly scope: Scope;
      readonly disableContainerDisarmer: boolean;
      readonly disableExecutableDisarmer: boolean;
    }
  | { readonly kind: "hash"; readonly field?: string; readonly maxFileSizeBytes?: number }
  | {
      readonly kind: "coredump";
      readonly process: boolean;
      readonly mount: boolean;
      readonly dentry: boolean;
      readonly noCompression: boolean;
    }
  | { readonly kind: "log"; readonly level: string; readonly message?: string }
);

/** Metadata that comes from keys of the policy; absent keys are left out. */
export interface PolicyMetadata {
  readonly description?: string;
  readonly version?: string;
  readonly tags: Tags;
  readonly productTags?: readonly string[];
  readonly everyNs?: number;
  readonly limiterToken?: readonly string[];
  readonly silent?: true;
  readonly priority?: number;
  readonly groupId?: string;
  readonly actions?: readonly ActionMetadata[];
}

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** @returns the object without the keys that are undefined */
function present<T extends object>(object: T): Present<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Present<T>;
}

const some = <T>(list: readonly T[]): readonly T[] | undefined => (list.length > 0 ? list : undefined);

export function policyMetadata(source: RuleSource): PolicyMetadata {
  const { description, version, everyNs, priority, groupId } = source;
  const optional = present({
    description,
    version,
    productTags: some(source.productTags),
    everyNs,
    limiterToken: some(source.limiterToken.map(({ value }) => value)),
    silent: source.silent || undefined,
    priority,
    groupId,
    actions: some(source.actions.map(actionMetadata)),
  });
  return { ...optional, tags: source.tags };
}

export function actionMetadata(action: ActionSource): ActionMetadata {
  const filter = present({ filter: action.filter?.excerpt.text });
  switch (action.kind) {
    case "set":
      return { ...filter, ...setMetadata(action) };
    case "kill": {
      const { kind, signal, scope, disableContainerDisarmer, disableExecutableDisarmer } = action;
      return { ...filter, kind, signal, scope, disableContainerDisarmer, disableExecutableDisarmer };
    }
    case "hash": {
      const { kind, field, maxFileSizeBytes } = action;
      return { ...filter, kind, ...present({ field: field?.value, maxFileSizeBytes }) };
    }
    case "coredump": {
      const { kind, process, mount, dentry, noCompression } = action;
      return { ...filter, kind, process, mount, dentry, noCompression };
    }
    case "log":
      return { ...filter, kind: "log", level: action.level, ...present({ message: action.message }) };
  }
}

function setMetadata({ kind, name, scope, scopeField, to, defaultValue, ...rest }: SetAction): ActionMetadata {
  const { append, size, ttlNs, private: isPrivate, inherited } = rest;
  return {
    kind,
    name: name.value,
    append,
    private: isPrivate,
    inherited,
    ...present({
      scope,
      scopeField: scopeField?.value,
      value: to.from === "value" ? to.value.value : undefined,
      field: to.from === "field" ? to.field.value : undefined,
      expression: to.from === "expression" ? to.expression.excerpt.text : undefined,
      defaultValue: defaultValue?.value,
      size,
      ttlNs,
    }),
  };
}
