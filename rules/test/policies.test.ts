/**
 * Sets of policies as text. A file holds cases:
 *
 *     == what it shows
 *     --- NAME.yaml
 *     the policy; any number of them, given in this order and in the reverse one
 *     =>
 *     STATE ID FILE:LINE REASON           every status, in order; `*` is any state, `-` no id
 *     error|warning FILE:LINE:COLUMN CODE part of the message; every diagnostic, in order
 *     error CODE                          one that has no place
 *     rule ID {JSON}                      metadata and expression of a loaded rule
 *     host ID FILTER; FILTER              what only a host decides
 *     matches ID {EVENT} {EVENT} …        events that the loaded rule matches; `type` is `open` if not given
 *     differs ID {EVENT} …                events that it does not match
 *     events ID TYPE TYPE …               event types of the loaded rule, in order
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Analysis, analysePolicies } from "../src/analyse.ts";
import type { Diagnostic } from "../src/diagnostics.ts";
import { evaluate } from "../src/evaluate.ts";
import { completeEvent } from "../src/event.ts";
import { type PolicyInput, policyMetadata } from "../src/policy/index.ts";

const FOLDER = new URL("policies/", import.meta.url);
const STATE = /^(?:loaded|filtered|disabled|unsupported|error|\*) \S+ \S+:\d+(?: |$)/;

interface Case {
  readonly name: string;
  readonly files: readonly PolicyInput[];
  readonly expectations: readonly string[];
}

function parseCases(text: string): Case[] {
  return text
    .split(/^== /m)
    .slice(1)
    .map((block) => {
      const [head = "", tail] = block.split(/^=>$/m);
      if (tail === undefined) throw new Error(`case without =>: ${block}`);
      const [title = "", ...policies] = head.split(/^--- /m);
      const files = policies.map((policy) => {
        const end = policy.indexOf("\n");
        return { name: policy.slice(0, end), text: policy.slice(end + 1) };
      });
      return { name: title.trim(), files, expectations: tail.split("\n").filter((line) => line !== "") };
    });
}

function loadedRule({ rules }: Analysis, id: string, type?: string) {
  const rule = rules.find(({ checked }) => checked.id === id && (type === undefined || checked.event === type));
  if (rule === undefined) throw new Error(`rule ${id} is not loaded${type === undefined ? "" : ` for ${type}`}`);
  return rule;
}

function checkRule(analysis: Analysis, verb: string, id: string, rest: string): void {
  const { source } = loadedRule(analysis, id);
  if (verb === "rule") {
    expect({ ...policyMetadata(source), expression: source.expression?.text }).toEqual(JSON.parse(rest));
  } else if (verb === "host") {
    const filters = source.gate.state === "host" ? source.gate.filters : [];
    expect(filters.map(({ excerpt }) => excerpt.text).join("; ")).toBe(rest);
  } else if (verb === "events") {
    const types = analysis.rules.filter(({ checked }) => checked.id === id).map(({ checked }) => checked.event);
    expect(types.join(" ")).toBe(rest);
  } else {
    for (const event of rest.split(/(?<=\}) /)) {
      const { type = "open", ...values } = JSON.parse(event);
      const { checked } = loadedRule(analysis, id, type);
      const fields = completeEvent(type, values);
      expect(evaluate(checked.expr, fields), event).toBe(verb === "matches");
    }
  }
}

const located = ({ severity, file, line, column, code, message }: Diagnostic): string =>
  line === 0 ? `${severity} ${code}` : `${severity} ${file}:${line}:${column} ${code} ${message}`;

function check({ files, expectations }: Case): void {
  const analysis = analysePolicies(files);
  const statuses = analysis.statuses.map(({ state, id, file, line, reason }) =>
    `${state} ${id || "-"} ${file}:${line} ${reason ?? ""}`.trim(),
  );
  const states = expectations.filter((line) => STATE.test(line));
  expect(statuses.map((line, i) => (states[i]?.startsWith("*") ? line.replace(/^\S+/, "*") : line))).toEqual(states);
  const problems = expectations.filter((line) => /^(?:error|warning) /.test(line) && !STATE.test(line));
  expect(analysis.diagnostics.map((d, i) => located(d).slice(0, problems[i]?.length))).toEqual(problems);
  for (const line of expectations) {
    const [, verb, id, rest] = /^(rule|host|events|matches|differs) (\S+) ?(.*)$/.exec(line) ?? [];
    if (verb !== undefined && id !== undefined) checkRule(analysis, verb, id, rest ?? "");
    else if (!states.includes(line) && !problems.includes(line)) throw new Error(`unknown expectation: ${line}`);
  }
}

const names = readdirSync(FOLDER).filter((file) => file.endsWith(".txt"));
test("there are case files", () => expect(names.length).toBeGreaterThan(3));

describe.each(names)("%s", (file) => {
  const cases = parseCases(readFileSync(new URL(file, FOLDER), "utf8"));
  test("holds cases", () => expect(cases.length).toBeGreaterThan(0));
  test.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    expect(one.expectations.length, "a case without expectations shows nothing").toBeGreaterThan(0);
    check(one);
    check({ ...one, files: one.files.toReversed() });
  });
});
