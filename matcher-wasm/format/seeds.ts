/**
 * Seeds: what the kernel stage needs of one bundle. The rule compiler writes them as canonical JSON, so
 * that an auditor can read them; the agent computes the hashes and fills the maps.
 *
 * An event of type T passes for a tenant when the tenant's `interest` in T admits its flags and either
 * the interest is unfiltered or one approver of T is present in the event's path and admits its flags.
 */

/** Most approvers of one bundle: 16 for each of the RULES_MAX rules it may have. */
export const APPROVERS_MAX = 1 << 18;

/** What of a path an approver names. `path`: exactly it; `ancestor`: any directory above; `basename`. */
export const APPROVER_PATH = 1;
export const APPROVER_ANCESTOR = 2;
export const APPROVER_BASENAME = 3;
/** Added to the kind when the approver speaks of the destination path (rename). */
export const APPROVER_DESTINATION = 8;

export type ApproverKind = "path" | "ancestor" | "basename";

/**
 * Flag condition on an open. `any`: at least one of these bits must be set; null: no condition.
 * For types without flags it is null.
 */
export type FlagMask = number | null;

export interface Approver {
  /** Event type name, as in `EVENT_TYPES`. */
  readonly event: string;
  readonly kind: ApproverKind;
  /** Which path of the event: `file` or, for rename, `destination`. */
  readonly slot: "file" | "destination";
  /** `path`, `ancestor`: an absolute normalised path; `basename`: one component. */
  readonly value: string;
  readonly flagsAny: FlagMask;
}

export interface Interest {
  readonly event: string;
  /** Union of the flag conditions of all rules of this type; null when one rule has none. */
  readonly flagsAny: FlagMask;
  /** Flags condition of those rules that have no approver, or `false` when every rule has one. */
  readonly unfiltered: false | { readonly flagsAny: FlagMask };
}

export interface Seeds {
  readonly format: "weir-seeds/1";
  /** Sorted by event. */
  readonly interests: readonly Interest[];
  /** Sorted by event, slot, kind, value; one entry for each combination. */
  readonly approvers: readonly Approver[];
}
