/** What a policy file holds, read and positioned but not yet combined with other files. */
import type { Excerpt, Place, SourceFile } from "../source.ts";
import type { List, Node, Root } from "../syntax/ast.ts";

/** By name; several values are joined by commas. */
export type Tags = Readonly<Record<string, string>>;

export interface Positioned<T> {
  readonly value: T;
  readonly place: Place;
}

/** An expression within a policy, parsed. */
export interface Program<N extends Root = Node> {
  readonly excerpt: Excerpt;
  readonly node: N;
}

/** Whether a definition takes part in a compilation: what its `agent_version` and `filters` come to. */
export type Gate =
  | { readonly state: "open" }
  /** It is left out; nothing else of it was read. */
  | { readonly state: "filtered"; readonly reason: string }
  /** Only a host can tell: the definition holds there when one of the filters is true. */
  | { readonly state: "host"; readonly filters: readonly Program[] };

/** What of a rule an override replaces. */
export const OVERRIDE_FIELDS = ["all", "expression", "actions", "every", "tags", "product_tags"] as const;
export type OverrideField = (typeof OVERRIDE_FIELDS)[number];

export interface Override {
  /** Of the key `combine`. */
  readonly place: Place;
  readonly fields: readonly OverrideField[];
}

export const SCOPES = ["process", "container", "cgroup"] as const;
export type Scope = (typeof SCOPES)[number];

/** A constant of a `set` action; integers are within the safe range. */
export type VariableValue = string | number | boolean | readonly string[] | readonly number[];

interface ActionParts {
  /** Of the action's own key, such as `kill`. */
  readonly place: Place;
  /** The action is taken only where this condition holds. */
  readonly filter: Program | undefined;
}

export interface SetAction extends ActionParts {
  readonly kind: "set";
  readonly name: Positioned<string>;
  /** Undefined: one value for all. */
  readonly scope: Scope | undefined;
  /** Field that names the process whose variable it is. */
  readonly scopeField: Positioned<string> | undefined;
  readonly to:
    | { readonly from: "value"; readonly value: Positioned<VariableValue> }
    | { readonly from: "field"; readonly field: Positioned<string> }
    | { readonly from: "expression"; readonly expression: Program };
  readonly defaultValue: Positioned<VariableValue> | undefined;
  readonly append: boolean;
  /** Most values that an array keeps. */
  readonly size: number | undefined;
  readonly ttlNs: number | undefined;
  readonly private: boolean;
  readonly inherited: boolean;
}

export interface KillAction extends ActionParts {
  readonly kind: "kill";
  /** Such as `SIGKILL`. */
  readonly signal: string;
  readonly scope: Scope;
  readonly disableContainerDisarmer: boolean;
  readonly disableExecutableDisarmer: boolean;
}

export interface HashAction extends ActionParts {
  readonly kind: "hash";
  /** A file, such as `open.file`; undefined: the file of the event. */
  readonly field: Positioned<string> | undefined;
  readonly maxFileSizeBytes: number | undefined;
}

export interface CoredumpAction extends ActionParts {
  readonly kind: "coredump";
  readonly process: boolean;
  readonly mount: boolean;
  readonly dentry: boolean;
  readonly noCompression: boolean;
}

export interface LogAction extends ActionParts {
  readonly kind: "log";
  readonly level: string;
  readonly message: string | undefined;
}

export type ActionSource = SetAction | KillAction | HashAction | CoredumpAction | LogAction;

interface Definition {
  readonly id: string;
  readonly idPlace: Place;
  readonly gate: Gate;
  /** Something in it is wrong and was reported. */
  readonly isBroken: boolean;
}

export interface RuleSource extends Definition {
  readonly version: string | undefined;
  readonly description: string | undefined;
  readonly tags: Tags;
  readonly productTags: readonly string[];
  /** Undefined when the policy does not say. */
  readonly disabled: boolean | undefined;
  /** Null where there need not be one: filtered and disabled definitions, and overrides. */
  readonly expression: Excerpt | null;
  readonly override: Override | undefined;
  readonly actions: readonly ActionSource[];
  readonly everyNs: number | undefined;
  /** Fields whose values make up the key of the rate limit. */
  readonly limiterToken: readonly Positioned<string>[];
  readonly silent: boolean;
  readonly groupId: string | undefined;
  readonly priority: number | undefined;
  /** Where each key stands that was written. */
  readonly keys: ReadonlyMap<string, Place>;
}

/** An expression still to be parsed, or the list that `values` holds. */
export type MacroBody =
  | { readonly kind: "expression"; readonly excerpt: Excerpt }
  | { readonly kind: "values"; readonly excerpt: Excerpt; readonly list: List };

export interface MacroSource extends Definition {
  readonly combine: "merge" | "override" | undefined;
  /** Null for a filtered definition and for a broken one. */
  readonly body: MacroBody | null;
}

export interface PolicySource {
  readonly file: SourceFile;
  readonly version: string | undefined;
  readonly type: string | undefined;
  /** Id of the policy that this one takes the place of. */
  readonly replaces: Positioned<string> | undefined;
  readonly macros: readonly MacroSource[];
  readonly rules: readonly RuleSource[];
  /** Definitions of rules that have no usable id, which is all that is known of them. */
  readonly nameless: readonly Place[];
}
