/**
 * What `weir check` finds, for people and for machines. People see what they may have to act on: rules that are not
 * loaded, rules that the kernel stage cannot filter, and by what it filters the rest.
 */
import {
  type AccessPredicate,
  type Analysis,
  type Diagnostic,
  type KernelFilter,
  kernelFilters,
  type LoadedRule,
  predicateText,
  type RuleStatus,
  renderPlace,
  type Unfiltered,
  unfilteredPart,
} from "@weir/rules";
import ansis from "ansis";
import { plural } from "../terminal/plural.ts";
import { countOf, countsText, loadedText, statesOf } from "./report.ts";

const APPROVERS_SHOWN = 6;
const PREVENTERS_SHOWN = 3;
const UNFILTERED_SHOWN = 10;
const NOT_LOADED_SHOWN = 20;
const REASON_CHARACTERS_MAX = 100;

/** The result as JSON; README.md of rules/ describes it. */
export function checkJson(analysis: Analysis, diagnostics: readonly Diagnostic[], ok: boolean): object {
  const loaded = byId(analysis);
  return {
    ok,
    rules: analysis.statuses.map((status) => statusJson(status, rulesOf(status, loaded))),
    kernel: kernelFilters(analysis),
    diagnostics,
  };
}

/** A rule of the sources may be several in the matcher, one for each event type. */
function byId({ rules }: Analysis): Map<string, LoadedRule[]> {
  return Map.groupBy(rules, (rule) => rule.source.id);
}

/** The rules that a definition is part of: of several between which hosts choose, its own. */
function rulesOf(
  { id, file, line }: RuleStatus,
  loaded: ReadonlyMap<string, readonly LoadedRule[]>,
): readonly LoadedRule[] {
  const rules = loaded.get(id) ?? [];
  const own = rules.filter(
    ({ source: { idPlace } }) => idPlace.file.name === file && idPlace.file.lineOf(idPlace.offset) === line,
  );
  return own.length === 0 ? rules : own;
}

function statusJson(status: RuleStatus, rules: readonly LoadedRule[]): object {
  const { access: _, ...rest } = status;
  if (status.state !== "loaded" || rules.length === 0) return rest;
  return {
    ...rest,
    approvers: rules.flatMap((rule) => rule.access.map((one) => approverJson(one, rule.checked.event))),
    unfiltered: rules.flatMap((rule) => {
      const part = unfilteredPart(rule);
      return part === null ? [] : [{ event: rule.checked.event, ...part }];
    }),
  };
}

const approverJson = ({ key, flagsAny }: AccessPredicate, event: string): object => ({
  event,
  ...(key ?? { kind: "any" }),
  flagsAny,
});

/** Every rule with its approvers. */
export function rulesText(analysis: Analysis): string {
  const loaded = byId(analysis);
  return analysis.statuses.map((status) => ruleText(status, rulesOf(status, loaded))).join("");
}

const STATE_PAINT: Readonly<Record<RuleStatus["state"], (text: string) => string>> = {
  loaded: ansis.green,
  filtered: ansis.dim,
  disabled: ansis.dim,
  unsupported: ansis.yellow,
  error: ansis.red,
};

const shownId = ({ id }: RuleStatus): string => id || "(no id)";
const stateText = (state: RuleStatus["state"]): string => STATE_PAINT[state](state.padEnd(11));

function ruleText(status: RuleStatus, rules: readonly LoadedRule[]): string {
  const head = `${stateText(status.state)} ${ansis.bold(shownId(status))}`;
  if (status.state !== "loaded" || rules.length === 0) return `${head}: ${status.reason ?? ""}\n`;
  return rules.map((rule) => `${head} (${rule.checked.event})\n${approversText(rule)}`).join("");
}

function approversText(rule: LoadedRule): string {
  const { access } = rule;
  if (access.length === 0) return "  no event can match it\n";
  const lines = access
    .slice(0, APPROVERS_SHOWN)
    .flatMap((one) => (one.key === null ? [] : [`  passes ${predicateText(one)}`]));
  if (access.length > APPROVERS_SHOWN) lines.push(`  … and ${access.length - APPROVERS_SHOWN} more`);
  const open = unfilteredPart(rule);
  if (open !== null) lines.push(`  ${ansis.yellow("not filtered by path")}: ${open.cost}`);
  return lines.map((line) => `${line}\n`).join("");
}

/** What is worth knowing of the set as a whole, the counts in the last line. */
export function summaryText(analysis: Analysis, diagnostics: readonly Diagnostic[], notes: boolean): string {
  return [
    notLoadedText(analysis.statuses),
    unfilteredText(analysis.rules),
    kernelText(kernelFilters(analysis)),
    lastLine(analysis, diagnostics, notes),
  ].join("");
}

const heading = (text: string): string => `\n${ansis.bold(text)}\n`;
const clip = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function notLoadedText(statuses: readonly RuleStatus[]): string {
  const rows = statuses.filter(({ state }) => state !== "loaded");
  if (rows.length === 0) return "";
  const shown = rows.slice(0, NOT_LOADED_SHOWN);
  const width = Math.max(...shown.map((status) => shownId(status).length));
  const lines = shown.map((status) => {
    const { state, file, line, reason } = status;
    const where = ansis.dim(`(${file}:${line})`);
    return `  ${stateText(state)} ${shownId(status).padEnd(width)}  ${clip(reason ?? "", REASON_CHARACTERS_MAX)} ${where}\n`;
  });
  const more = rows.length > shown.length ? `  … and ${rows.length - shown.length} more, with --rules\n` : "";
  return heading(`Not loaded: ${plural(rows.length, "rule")}`) + lines.join("") + more;
}

/** As in the sources. */
const byPlace = (a: LoadedRule, b: LoadedRule): number =>
  a.source.idPlace.file === b.source.idPlace.file ? a.source.idPlace.offset - b.source.idPlace.offset : 0;

function unfilteredText(rules: readonly LoadedRule[]): string {
  const open = rules.toSorted(byPlace).flatMap((rule) => {
    const part = unfilteredPart(rule);
    return part === null ? [] : [{ rule, part }];
  });
  if (open.length === 0) return "";
  // Those over the life of processes cost nothing more, and would hide the others.
  const life = open.filter(({ rule }) => isLife(rule));
  const costly = open.filter(({ rule }) => !isLife(rule));
  const shown = costly.slice(0, UNFILTERED_SHOWN).map(({ rule, part }) => unfilteredRuleText(rule, part));
  const more = costly.length > shown.length ? `  … and ${costly.length - shown.length} more, with --rules\n` : "";
  const free = life.length === 0 ? "" : `  ${lifeText(life.map(({ rule }) => rule))}\n`;
  const rest = ansis.dim(
    "  The others keep their filters; such events are resolved, written to the ring and judged all the same.",
  );
  return `${heading(`Not filtered by path in the kernel: ${countText(open)}`)}${shown.join("")}${more}${free}${rest}\n`;
}

type Open = readonly { readonly rule: LoadedRule; readonly part: Unfiltered }[];

const countText = (open: Open): string => plural(new Set(open.map(({ rule }) => rule.source.id)).size, "rule");

const isLife = ({ checked }: LoadedRule): boolean => checked.event === "exec" || checked.event === "exit";

/** Such as `75 rules over exec, 1 rule over exit: …`. */
function lifeText(rules: readonly LoadedRule[]): string {
  const counts = [...Map.groupBy(rules, ({ checked }) => checked.event)].map(
    ([event, own]) => `${plural(own.length, "rule")} over ${event}`,
  );
  return `${counts.join(", ")}: the agent follows processes anyway`;
}

function unfilteredRuleText({ source, checked }: LoadedRule, { cost, because }: Unfiltered): string {
  const lines = [`  ${ansis.yellow(source.id)} (${checked.event}): ${cost}`];
  for (const place of because.slice(0, PREVENTERS_SHOWN))
    lines.push(renderPlace(place, { color: ansis.isSupported() }).replace(/^/gm, "    "));
  if (because.length > PREVENTERS_SHOWN) lines.push(`    … and ${because.length - PREVENTERS_SHOWN} more`);
  return `${lines.join("\n")}\n`;
}

function kernelText(filters: readonly KernelFilter[]): string {
  if (filters.length === 0) return "";
  const rows = filters.map((filter) => [filter.event, String(filter.rules), filterText(filter)] as const);
  const width = Math.max(5, ...rows.map(([event]) => event.length));
  const head = ansis.dim(`  ${"event".padEnd(width)}  rules  passes the kernel stage`);
  const lines = rows.map(([event, rules, text]) => `  ${event.padEnd(width)}  ${rules.padStart(5)}  ${text}\n`);
  return `${heading("Kernel stage")}${head}\n${lines.join("")}`;
}

function filterText({ event, approvers, flagsAny, flags, unfiltered }: KernelFilter): string {
  const paths = approversOf(approvers);
  const withFlags = (names: readonly string[]): string => ` with ${names.join("|")}`;
  if (unfiltered === null) return `${paths}${flagsAny === null ? "" : `; only${withFlags(flags)}`}`;
  const open = unfiltered.flagsAny === null ? `every ${event}` : `every ${event}${withFlags(unfiltered.flags)}`;
  const shown = unfiltered.rules.slice(0, 3).join(", ");
  const more = unfiltered.rules.length > 3 ? ` and ${unfiltered.rules.length - 3} more` : "";
  return `${ansis.yellow(open)}, for ${shown}${more}${paths === "" ? "" : `; ${paths}`}`;
}

const DESTINATION = "destination ";

/** Such as `2 paths, 1 directory; as destination 1 name`. */
function approversOf(approvers: KernelFilter["approvers"]): string {
  const entries = Object.entries(approvers);
  const list = (rows: readonly (readonly [string, number])[]): string =>
    rows.map(([name, count]) => `${count} ${count === 1 ? name : PLURALS[name]}`).join(", ");
  const source = list(entries.filter(([name]) => !name.startsWith(DESTINATION)));
  const target = entries.flatMap(([name, count]) =>
    name.startsWith(DESTINATION) ? [[name.slice(DESTINATION.length), count] as const] : [],
  );
  return [source, target.length === 0 ? "" : `as destination ${list(target)}`].filter((text) => text !== "").join("; ");
}

const PLURALS: Readonly<Record<string, string>> = { path: "paths", directory: "directories", name: "names" };

function lastLine({ statuses }: Analysis, diagnostics: readonly Diagnostic[], notes: boolean): string {
  const counts = Map.groupBy(statesOf(statuses), (state) => state);
  const others = [...counts].filter(([state]) => state !== "loaded").map(([state, list]) => `${list.length} ${state}`);
  const detail = others.length === 0 ? "" : ` (${others.sort().join(", ")})`;
  const hidden = !notes && diagnostics.some(({ severity }) => severity === "note");
  const tail = hidden ? `; ${countOf(diagnostics, "note")}, shown with --notes` : "";
  return `\n${loadedText(statuses)} loaded${detail}; ${countsText(diagnostics)}${tail}\n`;
}
