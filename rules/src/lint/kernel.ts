/**
 * What the kernel stage can do for a set of rules: by what it filters each event type, which rules it cannot filter,
 * which of their conditions prevent it, and what that costs. Costs are said in words: nothing here is measured.
 */
import { eventTypeByName, type Field } from "@weir/matcher-wasm/format";
import { accessPredicates } from "../access/index.ts";
import type { Analysis, LoadedRule } from "../analyse.ts";
import type { Written } from "../check/index.ts";
import { CONSTANTS } from "../constants.ts";
import { compareText, diagnosticAt, type RelatedPlace } from "../diagnostics.ts";
import { leafFields } from "../evaluate.ts";
import type { Leaf } from "../ir.ts";
import { placeOf } from "../source.ts";
import { type Located, locate, textOf } from "./located.ts";

/** A condition because of which the kernel stage cannot look a rule's events up. */
export interface Preventer extends RelatedPlace {
  /** As written, shortened. */
  readonly text: string;
}

/** How often such events happen, by rank and not by measurement. */
export type Frequency = "highest" | "high" | "moderate" | "low";

/** Flags of which an open must have one to pass, as a mask and by name; null and none for no condition. */
export interface FlagFilter {
  readonly flagsAny: number | null;
  readonly flags: readonly string[];
}

/** What passes the kernel stage for a rule that has no approver. */
export interface Unfiltered extends FlagFilter {
  /** `every-event` of the type, or `events-with-flags`. */
  readonly class: "every-event" | "events-with-flags";
  readonly frequency: Frequency;
  /** The cost in words. */
  readonly cost: string;
  readonly because: readonly Preventer[];
}

/** By what the kernel stage filters one event type. */
export interface KernelFilter extends FlagFilter {
  readonly event: string;
  /** Rules that judge the type. */
  readonly rules: number;
  /** Number of approvers by what they look at: `path`, `directory`, `name`, `destination path` … */
  readonly approvers: Readonly<Record<string, number>>;
  /** Ids of rules for which events pass without an approver, and with which flags; null when there is none. */
  readonly unfiltered: (FlagFilter & { readonly rules: readonly string[] }) | null;
}

/** @returns why and at what cost the rule is not filtered by path, or null when it is */
export function unfilteredPart({ access, checked, source, written, regexes }: LoadedRule): Unfiltered | null {
  const open = access.find((predicate) => predicate.key === null);
  if (open === undefined) return null;
  const filter = flagFilter(open.flagsAny);
  const { expression } = source;
  return {
    ...filter,
    class: open.flagsAny === null ? "every-event" : "events-with-flags",
    ...costOf(checked.event, filter.flags),
    because: expression === null ? [] : regexes.run(() => preventers(locate(written, expression))),
  };
}

const flagFilter = (flagsAny: number | null): FlagFilter => ({
  flagsAny,
  flags: flagsAny === null ? [] : flagNames(flagsAny),
});

const APPROVER_NAMES = { path: "path", ancestor: "directory", basename: "name" } as const;

/** @returns one row for each event type that a rule judges, by name */
export function kernelFilters({ rules, seeds }: Analysis): readonly KernelFilter[] {
  return seeds.interests.map(({ event, flagsAny, unfiltered }) => {
    const own = rules.filter((rule) => rule.checked.event === event);
    const open = own.filter((rule) => rule.access.some(({ key }) => key === null)).map((rule) => rule.source.id);
    const approvers: Record<string, number> = {};
    for (const approver of seeds.approvers) {
      if (approver.event !== event) continue;
      const name = `${approver.slot === "destination" ? "destination " : ""}${APPROVER_NAMES[approver.kind]}`;
      approvers[name] = (approvers[name] ?? 0) + 1;
    }
    return {
      event,
      rules: own.length,
      approvers,
      ...flagFilter(flagsAny),
      unfiltered: unfiltered
        ? { rules: [...new Set(open)].sort(compareText), ...flagFilter(unfiltered.flagsAny) }
        : null,
    };
  });
}

const SINGLE_FLAGS: readonly (readonly [string, number])[] = [...CONSTANTS]
  .filter(([name, value]) => name.startsWith("O_") && value > 0n && (value & (value - 1n)) === 0n)
  .map(([name, value]) => [name, Number(value)] as const)
  .filter(([, value], i, all) => all.findIndex(([, other]) => other === value) === i);

/** @returns the names of the bits; what has no name of its own in hexadecimal */
export function flagNames(mask: number): readonly string[] {
  const named = SINGLE_FLAGS.filter(([, value]) => (mask & value) !== 0);
  const rest = named.reduce((left, [, value]) => left & ~value, mask) >>> 0;
  return [...named.map(([name]) => name), ...(rest === 0 ? [] : [`0x${rest.toString(16)}`])];
}

const WRITING = new Set(["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND", "O_EXCL"]);
const FREQUENT: readonly string[] = ["unlink", "rename", "utimes", "mkdir", "rmdir", "chdir", "splice", "link"];

function costOf(event: string, flags: readonly string[]): Pick<Unfiltered, "frequency" | "cost"> {
  if (event === "open") {
    if (flags.length === 0)
      return {
        frequency: "highest",
        cost: "every open on the host reaches the agent for it, those for reading included",
      };
    if (flags.every((flag) => WRITING.has(flag)))
      return { frequency: "high", cost: `every open with ${flags.join(" or ")} reaches the agent for it` };
    return { frequency: "highest", cost: `every open with ${flags.join(" or ")} reaches the agent for it` };
  }
  if (eventTypeByName(event)?.file === false)
    return { frequency: "moderate", cost: `every ${event} reaches the agent, which follows processes anyway` };
  return {
    frequency: FREQUENT.includes(event) ? "moderate" : "low",
    cost: `every ${event} on the host reaches the agent for it`,
  };
}

/** Most conditions that are named as what prevents filtering; each takes its line with it. */
const PREVENTERS_MAX = 20;

/** @returns the smallest parts that would each have to name a path, the first ones */
function preventers(part: Located): readonly Preventer[] {
  if (isFiltered(part)) return [];
  if (part.kind === "single") return [preventerAt(part.at, textOf(part), part.nnf)];
  if (part.kind === "or") return preventersOf(part.terms);
  const terms = conjuncts(part);
  // A choice that names paths in some of its alternatives lacks them in the others only.
  const partly = terms.find((term) => term.kind === "or" && term.terms.some(isFiltered));
  if (partly !== undefined) return preventers(partly);
  const tried = terms.filter(({ nnf }) => nnf.kind === "string" && isLookedUp(nnf));
  if (tried.length > 0) return preventersOf(tried);
  const text = textOf(part);
  return [{ ...placeAt(part.at, "no condition in it names a path, a directory or a name of the file"), text }];
}

function preventersOf(terms: readonly Located[]): readonly Preventer[] {
  const found: Preventer[] = [];
  for (const term of terms) {
    if (found.length >= PREVENTERS_MAX) break;
    for (const preventer of preventers(term)) found.push(preventer);
  }
  return found.slice(0, PREVENTERS_MAX);
}

/** What has to be true together, macros looked into. */
const conjuncts = (part: Located): readonly Located[] => (part.kind === "and" ? part.terms.flatMap(conjuncts) : [part]);

const isFiltered = (part: Located): boolean => accessPredicates(part.nnf).every(({ key }) => key !== null);

function preventerAt(at: Written, text: string, nnf: Located["nnf"]): Preventer {
  const reason = nnf.kind === "const" || "terms" in nnf ? "it says nothing of the path" : reasonOf(nnf);
  return { ...placeAt(at, reason), text };
}

function placeAt(at: Written, message: string): RelatedPlace {
  const { file, line, column, length, excerpt } = diagnosticAt(placeOf(at.excerpt, at.span), {
    severity: "note",
    code: "",
    message,
  });
  return { message, file, line, column, length, ...(excerpt === undefined ? {} : { excerpt }) };
}

const isLookedUp = (leaf: Extract<Leaf, { kind: "string" }>): boolean =>
  leaf.field.source.from === "path" || leaf.field.source.from === "basename";

/** Why the kernel stage cannot look for what the leaf asks for. */
function reasonOf(leaf: Leaf): string {
  if (leaf.kind === "string" && isLookedUp(leaf)) {
    if (leaf.negated) return "it says only which paths are not meant";
    if (leaf.field.optional && leaf.tests.some((test) => test.kind === "equals" && test.value === ""))
      return "an absent path cannot be looked up";
    return leaf.field.source.from === "path"
      ? "it has neither a literal directory to start with nor a literal last component"
      : "the kernel stage knows whole names, not patterns of them";
  }
  const fields = leafFields(leaf);
  if (fields.some(isResolvedLater)) return "it is known only to the agent, when the event has left the kernel";
  return "the kernel stage looks at path, directories, name and flags, not at this";
}

const isResolvedLater = ({ source }: Field): boolean => source.from === "context" || source.from === "variable";
