/**
 * Policy files as one set: their order, and which of them take part.
 *
 * The order decides which of several definitions is the later one. It does not depend on how the files are
 * given or where they lie: policies that others build on come first, then it goes by file name.
 */
import { basename, extname } from "node:path";
import { compareText, type DiagnosticList, diagnosticAt } from "../diagnostics.ts";
import type { Place } from "../source.ts";
import { suggestion } from "../suggest.ts";
import type { PolicySource } from "./model.ts";

/** @returns the policies, the ones that others build on first */
export function inOrder(policies: readonly PolicySource[]): PolicySource[] {
  const keyed = policies.map((policy) => ({ policy, name: basename(policy.file.name), base: isBase(policy) }));
  keyed.sort(
    (a, b) =>
      Number(b.base) - Number(a.base) ||
      compareText(a.name, b.name) ||
      compareText(a.policy.file.text, b.policy.file.text),
  );
  return keyed.map(({ policy }) => policy);
}

/** `type` says so, or the name of the file when there is no type. */
const isBase = ({ type, file }: PolicySource): boolean =>
  type === undefined ? basename(file.name).startsWith("default.") : type === "default" || type === "policy";

/** `FILE:LINE`, for messages that point at a second place. */
export const placeText = ({ file, offset }: Place): string => `${file.name}:${file.lineOf(offset)}`;

/** The file's name, with and without its extension. */
function idsOf({ file }: PolicySource): readonly string[] {
  const name = basename(file.name);
  return [name, basename(name, extname(name))];
}

/**
 * Which policies are replaced by `replace_policy_id` of another one. A policy that is itself replaced
 * replaces nothing.
 *
 * @returns by replaced policy, the place that replaces it
 */
export function replacements(
  policies: readonly PolicySource[],
  diagnostics: DiagnosticList,
): ReadonlyMap<PolicySource, Place> {
  const named = policies.flatMap((policy) => [...new Set(idsOf(policy))].map((id) => ({ id, policy })));
  const byId = Map.groupBy(named, ({ id }) => id);
  const replacers = new Map<PolicySource, PolicySource[]>();
  for (const policy of policies) {
    if (policy.replaces === undefined) continue;
    const { value } = policy.replaces;
    const targets = (byId.get(value) ?? []).filter((target) => target.policy !== policy);
    for (const target of targets) {
      const all = replacers.get(target.policy);
      if (all === undefined) replacers.set(target.policy, [policy]);
      else all.push(policy);
    }
    if (targets.length === 0) reportNoTarget(policy.replaces, policies, diagnostics);
  }
  const result = new Map<PolicySource, Place>();
  const decided = new Set<PolicySource>();
  const open = new Set<PolicySource>();
  const decide = (policy: PolicySource): void => {
    if (decided.has(policy)) return;
    open.add(policy);
    for (const replacer of replacers.get(policy) ?? []) {
      const place = replacer.replaces?.place as Place;
      if (open.has(replacer)) {
        diagnostics.add("error", () =>
          diagnosticAt(place, {
            severity: "error",
            code: "replace-policy",
            message: "policies replace one another in a circle",
          }),
        );
        continue;
      }
      decide(replacer);
      if (!result.has(replacer)) result.set(policy, place);
    }
    open.delete(policy);
    decided.add(policy);
  };
  for (const policy of policies) decide(policy);
  return result;
}

function reportNoTarget(
  { value, place }: { readonly value: string; readonly place: Place },
  policies: readonly PolicySource[],
  diagnostics: DiagnosticList,
): void {
  diagnostics.add("warning", () =>
    diagnosticAt(place, {
      severity: "warning",
      code: "no-effect",
      message: `no other policy here is called ${JSON.stringify(value)}: nothing is replaced`,
      hint: suggestion(value, policies.flatMap(idsOf)),
    }),
  );
}
