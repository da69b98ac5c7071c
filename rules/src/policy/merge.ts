/**
 * Definitions of rules to rules: several with one id are alternatives, a switch, or an override.
 *
 * Of the definitions that take part, those with an expression come first: one of them at most may be enabled on a
 * host. Then those that only say `disabled: true`, then the overrides, in the order of policies and of their lines.
 *
 * Where only a host decides which definitions take part, each is a rule of its own, a variant: with the condition that
 * no other definition is in force instead. So at most one of them is, whatever the filters say.
 */
import { type DiagnosticList, diagnosticAt } from "../diagnostics.ts";
import type { Place } from "../source.ts";
import { suggestion } from "../suggest.ts";
import { ACTIONS_MAX } from "./action.ts";
import { actionMetadata } from "./metadata.ts";
import type { ActionSource, OverrideField, PolicySource, RuleSource } from "./model.ts";
import { placeText } from "./set.ts";

export type InactiveState = "disabled" | "filtered" | "unsupported" | "error";

/** Why a definition gives no rule. */
export interface Inactive {
  readonly state: InactiveState;
  readonly reason: string;
}

/** One rule to be compiled. */
export interface MergedRule {
  readonly source: RuleSource;
  /** The definition whose expression it has. */
  readonly origin: RuleSource;
  /** The other definitions that went into it, and what is said of each. */
  readonly others: ReadonlyMap<RuleSource, string>;
  /** What is said of the origin itself. */
  readonly note: string | undefined;
  /** From 1, where there are several rules of this id. */
  readonly variant: number | undefined;
  /** On hosts where one of these holds, it does not. */
  readonly excluded: readonly Exclusion[];
}

/** A definition in whose place the rule is not, unless that is switched off. */
export interface Exclusion {
  readonly by: RuleSource;
  readonly unless: readonly RuleSource[];
}

export interface MergedRules {
  readonly rules: readonly MergedRule[];
  readonly inactive: ReadonlyMap<RuleSource, Inactive>;
}

/** @param policies in order; those that are replaced left out */
export function mergeRules(
  policies: readonly PolicySource[],
  { diagnostics, unsupported }: { readonly diagnostics: DiagnosticList; readonly unsupported: "skip" | "error" },
): MergedRules {
  const groups = Map.groupBy(
    policies.flatMap((policy) => policy.rules),
    (rule) => rule.id,
  );
  const merge = new Merge(diagnostics, unsupported, [...groups.keys()]);
  for (const definitions of groups.values()) merge.group(definitions);
  return merge;
}

/** The keys that each field to override stands for; `all` stands for every key that is written. */
const OVERRIDDEN: Readonly<Record<Exclude<OverrideField, "all">, string>> = {
  expression: "expression",
  actions: "actions",
  every: "every",
  tags: "tags",
  product_tags: "product_tags",
};
/** Keys of an override that act whatever its fields. */
const ALWAYS = ["id", "combine", "override_options", "agent_version", "filters", "disabled"];

const HINTS_MAX = 10;
/** Most overrides of one rule; each makes a new definition out of all before. */
const OVERRIDES_MAX = 64;
/** Most definitions of one rule between which hosts choose; each has the filters of all others. */
const VARIANTS_MAX = 16;

const isSwitch = (rule: RuleSource): boolean => rule.disabled === true && rule.expression === null;

class Merge implements MergedRules {
  readonly rules: MergedRule[] = [];
  readonly inactive = new Map<RuleSource, Inactive>();
  readonly #diagnostics: DiagnosticList;
  readonly #unsupported: "skip" | "error";
  readonly #ids: readonly string[];
  #hintsLeft = HINTS_MAX;

  constructor(diagnostics: DiagnosticList, unsupported: "skip" | "error", ids: readonly string[]) {
    this.#diagnostics = diagnostics;
    this.#unsupported = unsupported;
    this.#ids = ids;
  }

  #report(severity: "error" | "warning", code: string, place: Place, message: string, hint?: string): void {
    this.#diagnostics.add(severity, () => diagnosticAt(place, { severity, code, message, hint }));
  }

  #drop(rule: RuleSource, state: InactiveState, reason: string): void {
    this.inactive.set(rule, { state, reason });
  }

  /** Reports a limit and gives up the definitions. */
  #refuse(rules: readonly RuleSource[], { at, message }: { readonly at: RuleSource; readonly message: string }): void {
    this.#report("error", "too-long", at.idPlace, message);
    for (const rule of rules) this.#drop(rule, "error", message);
  }

  /** Brings the definitions of one id together. */
  group(definitions: readonly RuleSource[]): void {
    const active = definitions.filter((rule) => rule.gate.state !== "filtered");
    for (const rule of definitions) if (rule.gate.state === "filtered") this.#drop(rule, "filtered", rule.gate.reason);
    if (active.some((rule) => rule.isBroken)) {
      for (const rule of active)
        this.#drop(rule, "error", rule.isBroken ? "it has errors" : "another definition of it has errors");
      return;
    }
    const overrides = active.filter((rule) => rule.override !== undefined);
    const switches = active.filter((rule) => rule.override === undefined && isSwitch(rule));
    const full = active.filter((rule) => rule.override === undefined && !isSwitch(rule));
    const isFiltered = full.length === 0 && definitions.some((rule) => rule.gate.state === "filtered");
    const variants = this.#choose(full);
    if (variants.length > VARIANTS_MAX) {
      const message = `${variants.length} definitions of one rule between which hosts choose: at most ${VARIANTS_MAX} are allowed`;
      this.#refuse(active, { at: (variants[VARIANTS_MAX] as Variant).base, message });
      return;
    }
    this.#combine({ variants, switches, overrides, isFiltered });
  }

  /**
   * The definitions that count on some host: a later disabled one switches earlier ones off, a later enabled one takes
   * its place. Where all of them are disabled, that is the last one, which an override may enable.
   */
  #choose(full: readonly RuleSource[]): readonly Variant[] {
    let enabled: Variant[] = [];
    let off: RuleSource | undefined;
    /** Disabled definitions that only some hosts have. */
    const offSomewhere: { readonly by: RuleSource; readonly before: number }[] = [];
    for (const rule of full) {
      if (!rule.disabled) {
        const first = enabled.find(({ base }) => base.gate.state !== "host" || rule.gate.state !== "host");
        if (first !== undefined) this.#duplicate(rule, first.base);
        else enabled.push(variantOf(rule, enabled, offSomewhere));
        continue;
      }
      if (off !== undefined) this.#drop(off, "disabled", "disabled in the policy");
      off = rule;
      if (rule.gate.state === "host") {
        enabled = enabled.map((one) => ({ ...one, excluded: [...one.excluded, { by: rule, unless: [] }] }));
        offSomewhere.push({ by: rule, before: enabled.length });
        continue;
      }
      for (const { base } of enabled) this.#drop(base, "disabled", `disabled by ${placeText(rule.idPlace)}`);
      enabled = [];
      offSomewhere.length = 0;
    }
    if (off !== undefined && enabled.length > 0) this.#drop(off, "disabled", "disabled in the policy");
    return enabled.length === 0 && off !== undefined ? [{ base: off, excluded: [] }] : enabled;
  }

  #duplicate(second: RuleSource, first: RuleSource): void {
    const isHost = second.gate.state === "host" || first.gate.state === "host";
    const hint = `first used at ${placeText(first.idPlace)}`;
    const why = isHost ? "; definitions of one rule for different hosts all need filters" : "";
    this.#report("error", "duplicate-id", second.idPlace, `rule id \`${second.id}\` is used twice`, hint + why);
    this.#drop(second, "error", `its id is that of ${placeText(first.idPlace)}`);
  }

  #combine({ variants, switches, overrides, isFiltered }: Parts): void {
    for (const rule of switches) this.#drop(rule, "disabled", "disabled in the policy");
    if (overrides.length > OVERRIDES_MAX) {
      this.#refuse([...variants.map(({ base }) => base), ...overrides], {
        at: overrides[OVERRIDES_MAX] as RuleSource,
        message: `${overrides.length} overrides of one rule: at most ${OVERRIDES_MAX} are allowed`,
      });
      return;
    }
    if (variants.length === 0) {
      this.#withoutBase(overrides, isFiltered);
      return;
    }
    const usable = overrides.filter((rule) => this.#isUsable(rule));
    const switchedOff = switches.find((rule) => rule.gate.state !== "host");
    const somewhere = switches.filter((rule) => rule.gate.state === "host").map((by) => ({ by, unless: [] }));
    for (const [i, { base, excluded }] of variants.entries()) {
      const draft: Draft = {
        base,
        source: switchedOff ? { ...base, disabled: true } : base,
        origin: base,
        disabledBy: switchedOff,
        overrides: [],
        variant: variants.length > 1 ? i + 1 : undefined,
        excluded: [...excluded, ...somewhere],
      };
      this.#finish(usable.reduce(withOverride, draft));
    }
  }

  /** Overrides of nothing: the first with an expression stands for itself. */
  #withoutBase(overrides: readonly RuleSource[], isFiltered: boolean): void {
    let draft: Draft | undefined;
    for (const rule of overrides) {
      if (draft !== undefined) {
        if (this.#isUsable(rule)) draft = withOverride(draft, rule);
      } else if (isFiltered) this.#drop(rule, "filtered", "the definition that it overrides is filtered");
      else if (rule.expression === null) this.#noBase(rule);
      else {
        const message = `nothing here defines rule \`${rule.id}\`: the override stands for itself`;
        this.#report("warning", "no-effect", (rule.override as { place: Place }).place, message);
        const nothing = { disabledBy: undefined, overrides: [], variant: undefined, excluded: [] };
        draft = { base: rule, source: rule, origin: rule, ...nothing };
      }
    }
    if (draft !== undefined) this.#finish(draft);
  }

  #noBase(rule: RuleSource): void {
    const message = `nothing here defines rule \`${rule.id}\`, which this overrides`;
    if (rule.disabled) {
      this.#drop(rule, "disabled", "disabled in the policy");
      return;
    }
    this.#report("error", "override", rule.idPlace, message, this.#suggest(rule.id));
    this.#drop(rule, "error", "nothing here defines the rule that it overrides");
  }

  /** Looking through all ids takes time, so that only the first few problems get a hint. */
  #suggest(id: string): string | undefined {
    if (this.#hintsLeft === 0) return undefined;
    this.#hintsLeft--;
    return suggestion(
      id,
      this.#ids.filter((other) => other !== id),
    );
  }

  /** Whether an override can be applied; reports what of it has no effect. */
  #isUsable(rule: RuleSource): boolean {
    if (rule.gate.state === "host") {
      const isError = this.#unsupported === "error";
      const message = "an override whose filters only a host can decide is not supported yet";
      const place = rule.override?.place ?? rule.idPlace;
      this.#report(isError ? "error" : "warning", "unsupported", place, isError ? message : `left out: ${message}`);
      this.#drop(rule, "unsupported", message);
      return false;
    }
    this.#lintFields(rule, fieldsOf(rule));
    return true;
  }

  /** Names the keys of an override that do nothing, and the fields that it has nothing for. */
  #lintFields(rule: RuleSource, fields: readonly OverrideField[]): void {
    if (fields.includes("all")) return;
    const acting = [...ALWAYS, ...fields];
    for (const [key, place] of rule.keys)
      if (!acting.includes(key))
        this.#report(
          "warning",
          "no-effect",
          place,
          `\`${key}\` has no effect: the override is of ${fields.join(", ")} only`,
          "list it in `override_options.fields`, or `all`",
        );
    for (const field of fields)
      if (field !== "all" && !rule.keys.has(OVERRIDDEN[field]))
        this.#report(
          "warning",
          "no-effect",
          rule.override?.place ?? rule.idPlace,
          `the override is of \`${field}\` but has no \`${OVERRIDDEN[field]}\``,
        );
  }

  #finish({ base, source, origin, disabledBy, overrides, variant, excluded }: Draft): void {
    const members = [base, ...overrides];
    if (source.disabled || source.expression === null) {
      const by = disabledBy === undefined ? "disabled in the policy" : `disabled by ${placeText(disabledBy.idPlace)}`;
      for (const rule of members) this.#drop(rule, "disabled", rule === disabledBy ? "disabled in the policy" : by);
      return;
    }
    if (source.actions.length > ACTIONS_MAX) {
      const message = `${source.actions.length} actions of one rule: at most ${ACTIONS_MAX} are allowed`;
      this.#refuse(members, { at: base, message });
      return;
    }
    const last = overrides.at(-1);
    const by = last && `overridden by ${placeText(last.idPlace)}`;
    const said = (rule: RuleSource) => (rule === base ? by : `overrides ${placeText(base.idPlace)}`);
    const others = new Map(members.filter((rule) => rule !== origin).map((rule) => [rule, said(rule) ?? ""]));
    const isAlone = variant === undefined && excluded.length === 0;
    const note = said(origin) ?? (isAlone ? undefined : "on hosts where its filters hold and no other definition does");
    this.rules.push({ source, origin, others, note, variant, excluded });
  }
}

/** A definition, and those in whose place it is not. */
interface Variant {
  readonly base: RuleSource;
  readonly excluded: readonly Exclusion[];
}

/** The definition behind the others, each of which it yields to unless that has been switched off between them. */
function variantOf(
  base: RuleSource,
  earlier: readonly Variant[],
  switches: readonly { readonly by: RuleSource; readonly before: number }[],
): Variant {
  const excluded = earlier.map((one, i) => ({
    by: one.base,
    unless: switches.filter(({ before }) => before > i).map(({ by }) => by),
  }));
  return { base, excluded };
}

interface Parts {
  /** Several where hosts choose between them. */
  readonly variants: readonly Variant[];
  readonly switches: readonly RuleSource[];
  readonly overrides: readonly RuleSource[];
  /** There are definitions, and all are filtered. */
  readonly isFiltered: boolean;
}

interface Draft {
  readonly base: RuleSource;
  readonly source: RuleSource;
  readonly origin: RuleSource;
  readonly disabledBy: RuleSource | undefined;
  readonly overrides: readonly RuleSource[];
  readonly variant: number | undefined;
  readonly excluded: readonly Exclusion[];
}

const fieldsOf = (rule: RuleSource): readonly OverrideField[] => rule.override?.fields ?? ["all"];

function withOverride(draft: Draft, rule: RuleSource): Draft {
  const fields = fieldsOf(rule);
  const isDisabledHere = rule.disabled === true;
  return {
    ...draft,
    source: overridden(draft.source, rule, fields),
    origin: replaces(rule, fields, "expression") ? rule : draft.origin,
    disabledBy: rule.disabled === undefined ? draft.disabledBy : isDisabledHere ? rule : undefined,
    overrides: [...draft.overrides, rule],
  };
}

/** Whether the override brings this key. */
const replaces = (rule: RuleSource, fields: readonly OverrideField[], key: OverrideField): boolean =>
  rule.keys.has(key) && (fields.includes("all") || fields.includes(key));

/** Both lists, without those of the second that the first has already. */
function withActions(first: readonly ActionSource[], second: readonly ActionSource[]): readonly ActionSource[] {
  const known = new Set(first.map((action) => JSON.stringify(actionMetadata(action))));
  return [...first, ...second.filter((action) => !known.has(JSON.stringify(actionMetadata(action))))];
}

/**
 * `all` replaces every key that the override writes. Named fields replace theirs, except that tags are added
 * by name and actions to those that are there.
 */
function overridden(base: RuleSource, rule: RuleSource, fields: readonly OverrideField[]): RuleSource {
  const disabled = rule.disabled ?? base.disabled;
  if (!fields.includes("all")) {
    const takes = (key: OverrideField) => replaces(rule, fields, key);
    return {
      ...base,
      disabled,
      expression: takes("expression") ? rule.expression : base.expression,
      everyNs: takes("every") ? rule.everyNs : base.everyNs,
      tags: takes("tags") ? { ...base.tags, ...rule.tags } : base.tags,
      productTags: takes("product_tags") ? rule.productTags : base.productTags,
      actions: takes("actions") ? withActions(base.actions, rule.actions) : base.actions,
    };
  }
  const wrote = (key: string) => rule.keys.has(key);
  return {
    ...base,
    disabled,
    version: wrote("version") ? rule.version : base.version,
    description: wrote("description") ? rule.description : base.description,
    tags: wrote("tags") ? rule.tags : base.tags,
    productTags: wrote("product_tags") ? rule.productTags : base.productTags,
    expression: rule.expression ?? base.expression,
    actions: wrote("actions") ? rule.actions : base.actions,
    everyNs: wrote("every") ? rule.everyNs : base.everyNs,
    limiterToken: wrote("limiter_token") ? rule.limiterToken : base.limiterToken,
    silent: wrote("silent") ? rule.silent : base.silent,
    groupId: wrote("group_id") ? rule.groupId : base.groupId,
    priority: wrote("priority") ? rule.priority : base.priority,
  };
}
