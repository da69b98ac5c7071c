/**
 * Expressions judged twice, by the compiled matcher and by the reference evaluator, and compared with what
 * is expected of them.
 *
 * Many expressions go into one module, as in a bundle; one that cannot be used does not affect the others.
 * An event whose path no kernel would report (absent, relative, not normalised) is judged by a module
 * without index, because access predicates hold for the kernel's paths only.
 */
import type { Seeds, VariableDescription } from "@weir/matcher-wasm/format";
import { accessPredicates, kernelStagePasses, toSeeds } from "../access/index.ts";
import { CheckError, type CheckedExpression, checkRule, type VariableTable } from "../check/index.ts";
import { diagnosticAt, renderDiagnostic } from "../diagnostics.ts";
import { evaluate } from "../evaluate.ts";
import { hasKernelPaths, type TypedEvent, withoutByteOrderMark } from "../events/index.ts";
import type { AccessPredicate, CheckedRule, Nnf } from "../ir.ts";
import { placeOf, wholeText } from "../source.ts";
import { ExpressionError } from "../syntax/error.ts";
import { parseExpression } from "../syntax/parser.ts";
import { CaseError, type ConformanceCase, type Expected, eventProblems, parseCase, parseMacros } from "./case.ts";
import type { EventJudge } from "./judge.ts";

/** What one of the judges says. */
export type Judgement = boolean | "error";

export interface ConformanceFailure {
  /** From 1. */
  readonly line: number;
  readonly name?: string;
  readonly expression?: string;
  readonly expected?: Expected;
  readonly evaluator?: Judgement;
  readonly matcher?: Judgement;
  /** What else is to be said: why there is an error, with its place; lines without a final newline. */
  readonly detail?: string;
}

export interface ConformanceCounts {
  readonly passed: number;
  readonly failed: number;
}

/** Cases that are judged by common modules. */
const BATCH_CASES = 1000;

/**
 * @param lines without their ends; blank ones and those that start with `#` are passed over
 * @param report.failure is called for each case that fails, in the order of lines
 * @param report.progress is called now and then with the counts so far
 */
export async function runConformance(
  lines: AsyncIterable<string> | Iterable<string>,
  report: {
    readonly failure: (failure: ConformanceFailure) => void;
    readonly progress?: (counts: ConformanceCounts) => void;
  },
): Promise<ConformanceCounts> {
  const counts = { passed: 0, failed: 0 };
  let batch: NumberedLine[] = [];
  const flush = async (): Promise<void> => {
    for (const failure of await judgeBatch(batch)) {
      if (failure === null) {
        counts.passed++;
      } else {
        counts.failed++;
        report.failure(failure);
      }
    }
    batch = [];
    report.progress?.(counts);
  };
  let number = 0;
  for await (const text of lines) {
    number++;
    if (text.trim() === "" || text.trimStart().startsWith("#")) continue;
    batch.push({ number, text: number === 1 ? withoutByteOrderMark(text) : text });
    if (batch.length === BATCH_CASES) await flush();
  }
  await flush();
  return counts;
}

interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

/** An expression as it is linked; `problem` says why it cannot be used. */
type Subject = { readonly problem: string } | LinkedSubject;

interface LinkedSubject {
  readonly rule: CheckedRule;
  readonly access: readonly AccessPredicate[];
  readonly seeds: Seeds;
  /** Its variables and their types: expressions that differ in them have no module in common. */
  readonly variables: string;
  /** Set once it is linked, or why it could not be. */
  matcher: { readonly judge: EventJudge; readonly index: number } | { readonly problem: string } | undefined;
}

/** A line that is decided, or what is still to be judged. */
type Prepared =
  | { readonly failure: ConformanceFailure | null }
  | { readonly one: ConformanceCase; readonly event: TypedEvent; readonly subject: Subject };

/** @returns for each line its failure, or null */
async function judgeBatch(lines: readonly NumberedLine[]): Promise<(ConformanceFailure | null)[]> {
  const subjects = new Map<string, Subject>();
  const prepared = lines.map((line) => prepare(line, subjects));
  await linkSubjects([...subjects.values()].filter((subject) => "rule" in subject));
  return prepared.map((line, i) =>
    "failure" in line ? line.failure : judgeCase((lines[i] as NumberedLine).number, line),
  );
}

/** @param subjects what was compiled already, by all that it depends on */
function prepare({ number, text }: NumberedLine, subjects: Map<string, Subject>): Prepared {
  try {
    const one = parseCase(text);
    if (!one.event.ok) {
      // An expression that is wrong is so whatever the event.
      if ("problem" in compileSubject(one, undefined)) return { failure: null };
      throw new CaseError(eventProblems(one.event.problems).join("\n"));
    }
    const { event } = one.event;
    const key = JSON.stringify([
      event.type,
      hasKernelPaths(event),
      one.expression,
      [...one.macros],
      [...variablesOf(event)],
    ]);
    const subject = subjects.get(key) ?? compileSubject(one, event);
    subjects.set(key, subject);
    return { one, event, subject };
  } catch (error) {
    if (!(error instanceof CaseError)) throw error;
    return { failure: { line: number, detail: error.message } };
  }
}

const SCOPE = /^(?:process|container|cgroup)(?=\.)/;

/** Variables that the event has values for, with the types of these. */
function variablesOf({ fields }: TypedEvent): VariableTable {
  const named = Object.entries(fields).filter(([key]) => key.startsWith("${"));
  return new Map(
    named.map(([key, value]): [string, VariableDescription] => {
      const name = key.slice(2, -1);
      const scope = (SCOPE.exec(name)?.[0] ?? "global") as VariableDescription["scope"];
      const sample: unknown = Array.isArray(value) ? value[0] : value;
      const type = typeof sample === "boolean" ? "bool" : typeof sample === "bigint" ? "int" : "string";
      return [name, { name, scope, type, array: Array.isArray(value), inherited: false, private: false }];
    }),
  );
}

const ALWAYS: readonly AccessPredicate[] = [{ key: null, flagsAny: null }];

function compileSubject(one: ConformanceCase, given: TypedEvent | undefined): Subject {
  const excerpt = wholeText("expression", one.expression);
  try {
    const macros = parseMacros(one.macros);
    const variables = given === undefined ? new Map() : variablesOf(given);
    const options = { defaultEvent: given?.type ?? "open", variables };
    const checked = checkRule(parseExpression(one.expression), excerpt, macros, options);
    // `fim.write` has a form for each of several event types.
    const { event, nnf } = checked.find((form) => form.event === given?.type) ?? (checked[0] as CheckedExpression);
    const predicates = accessPredicates(nnf);
    return {
      rule: { id: one.expression, event, expr: nnf },
      access: given !== undefined && hasKernelPaths(given) ? predicates : ALWAYS,
      seeds: toSeeds([{ event, predicates }]),
      variables: JSON.stringify([...variables]),
      matcher: undefined,
    };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const place = placeOf(error instanceof CheckError ? error.excerpt : excerpt, error.span);
    const { code, message, hint } = error;
    return { problem: renderDiagnostic(diagnosticAt(place, { severity: "error", code, message, hint })) };
  }
}

/** Links all that can be linked together; what breaks a limit is found by halving and left alone. */
async function linkSubjects(subjects: readonly LinkedSubject[]): Promise<void> {
  if (subjects.length === 0) return;
  const { linkMatcher } = await import("../codegen/link.ts");
  const { LinkError } = await import("../codegen/error.ts");
  const { EventJudge } = await import("./judge.ts");
  const attempt = async (part: readonly LinkedSubject[]): Promise<void> => {
    try {
      const wasm = linkMatcher(
        part.map(({ rule }) => rule),
        part.map(({ access }) => access),
      );
      const judge = await EventJudge.load(wasm);
      for (const [index, subject] of part.entries()) subject.matcher = { judge, index };
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      const [only] = part;
      if (part.length === 1 && only !== undefined) {
        only.matcher = { problem: error.message };
        return;
      }
      const half = part.length >> 1;
      await attempt(part.slice(0, half));
      await attempt(part.slice(half));
    }
  };
  for (const group of Map.groupBy(subjects, (subject) => subject.variables).values()) await attempt(group);
}

function judgeCase(
  line: number,
  { one, event, subject }: Extract<Prepared, { readonly one: unknown }>,
): ConformanceFailure | null {
  const { name, expression, expected } = one;
  const about = { line, ...(name === undefined ? {} : { name }), expression, expected };
  if ("problem" in subject)
    return expected === "error" ? null : { ...about, evaluator: "error", matcher: "error", detail: subject.problem };
  const { rule, seeds, matcher } = subject;
  if (matcher === undefined) throw new Error(`line ${line} was not linked`);
  const evaluator = rule.event === event.type && evaluate(rule.expr as Nnf, event.fields);
  const judged = "judge" in matcher ? matcher.judge.session().judge(event) : null;
  const linked = "judge" in matcher ? judged?.rules.includes(matcher.index) === true : "error";
  const details = [
    ...("problem" in matcher ? [matcher.problem] : []),
    ...(evaluator && hasKernelPaths(event) && !kernelStagePasses(seeds, event.type, event.fields)
      ? ["the kernel stage would drop this event, although the expression matches it"]
      : []),
    ...(evaluator && judged?.silent ? ["the directory is proven silent, although the expression matches"] : []),
  ];
  if (evaluator === expected && linked === expected && details.length === 0) return null;
  return {
    ...about,
    evaluator,
    matcher: linked,
    ...(details.length === 0 ? {} : { detail: details.join("\n") }),
  };
}
