/**
 * The grammar of regular expressions as Go's regexp (RE2 with its Perl syntax) has it: source to tree.
 *
 * Which text matches is all that is asked, so groups capture nothing and greed makes no difference; both
 * are read and forgotten. What no automaton can do in linear time, back-references and lookaround, is an
 * error that says so.
 */
import type { RegexNode } from "./ast.ts";
import { Budget } from "./budget.ts";
import { type CharSet, complement, EVERYTHING } from "./char-set.ts";
import { RegexError, RegexLimitError } from "./error.ts";
import { bracketClass, escapedCharacter, escapedClass } from "./escapes.ts";
import { Reader } from "./reader.ts";
import { foldCase } from "./unicode.ts";

/** Largest count of a repetition, and of repetitions within one another multiplied. */
export const REPEAT_MAX = 1000;
/** Deepest nesting of groups and repetitions. */
export const REGEX_DEPTH_MAX = 1000;

const NEWLINE = 10;
const NOT_NEWLINE: CharSet = complement([NEWLINE, NEWLINE]);
const EMPTY_NODE: RegexNode = { kind: "empty" };

const LOOKAROUND =
  "text is matched in one pass that neither looks ahead nor back; combine two conditions with `&&` or `not`";

interface Flags {
  /** i: case makes no difference */
  readonly fold: boolean;
  /** m: `^` and `$` stand for starts and ends of lines */
  readonly lines: boolean;
  /** s: `.` stands for a newline too */
  readonly dotAll: boolean;
}

const FLAG_NAMES: Readonly<Record<string, keyof Flags | "">> = { i: "fold", m: "lines", s: "dotAll", U: "" };

/** A part of the tree with what limits ask of it. */
interface Part {
  readonly node: RegexNode;
  readonly depth: number;
  /** The largest product of counts of repetitions within one another. */
  readonly repeats: number;
}

const leaf = (node: RegexNode): Part => ({ node, depth: 1, repeats: 1 });

/**
 * @param source the text between the quotes
 * @throws RegexError naming the part that is not well formed or not supported
 */
export function parseRegex(source: string, budget: Budget = new Budget(source)): RegexNode {
  return new RegexParser(source, budget).parse();
}

class RegexParser {
  readonly #reader: Reader;
  #flags: Flags = { fold: false, lines: false, dotAll: false };
  #groups = 0;
  readonly #names = new Set<string>();

  constructor(source: string, budget: Budget) {
    this.#reader = new Reader(source, budget);
  }

  parse(): RegexNode {
    const part = this.#alternatives();
    const { at, atEnd } = this.#reader;
    if (!atEnd) this.#reader.fail("unexpected `)`: no group is open", at, "for the character write `\\)`", at + 1);
    return part.node;
  }

  #alternatives(): Part {
    const branches = [this.#sequence()];
    while (this.#reader.take("|")) branches.push(this.#sequence());
    return this.#joined("alternate", branches);
  }

  #joined(kind: "concat" | "alternate", parts: readonly Part[]): Part {
    const [only] = parts;
    if (parts.length === 0) return leaf(EMPTY_NODE);
    if (only !== undefined && parts.length === 1) return only;
    const depth = 1 + parts.reduce((most, part) => Math.max(most, part.depth), 0);
    const repeats = parts.reduce((most, part) => Math.max(most, part.repeats), 1);
    const nodes = parts.flatMap(({ node }) => (node.kind === kind ? node.parts : [node]));
    return this.#checked({ node: { kind, parts: nodes }, depth, repeats });
  }

  #checked(part: Part, start = this.#reader.at - 1): Part {
    if (part.depth <= REGEX_DEPTH_MAX) return part;
    throw new RegexLimitError({
      message: `the regex nests deeper than ${REGEX_DEPTH_MAX} levels (REGEX_DEPTH_MAX)`,
      start,
      end: start + 1,
      limit: "REGEX_DEPTH_MAX",
      value: part.depth,
      maximum: REGEX_DEPTH_MAX,
    });
  }

  #sequence(): Part {
    const reader = this.#reader;
    const parts: Part[] = [];
    /** Where the repetition stands that was read last, when nothing has come after it. */
    let repetition: number | undefined;
    while (!reader.atEnd && !/[|)]/.test(reader.source[reader.at] as string)) {
      const start = reader.at;
      const counts = this.#counts();
      if (counts === undefined) {
        repetition = undefined;
        this.#item(parts);
        continue;
      }
      if (repetition !== undefined)
        reader.fail(
          `nested repetition \`${reader.text(repetition)}\``,
          repetition,
          "possessive and stacked repetitions are not supported; group what is repeated: `(?:…)`",
        );
      repetition = start;
      const part = parts.pop();
      if (part === undefined) return reader.fail(`\`${reader.text(start)}\` repeats nothing`, start);
      parts.push(this.#repeated(part, counts, start));
    }
    return this.#joined("concat", parts);
  }

  /** Reads `*`, `+`, `?` or `{n,m}` and a `?` behind it; undefined when something else stands there. */
  #counts(): { min: number; max: number | null } | undefined {
    const reader = this.#reader;
    const start = reader.at;
    let counts: { min: number; max: number | null };
    if (reader.take("*")) counts = { min: 0, max: null };
    else if (reader.take("+")) counts = { min: 1, max: null };
    else if (reader.take("?")) counts = { min: 0, max: 1 };
    else {
      const braces = /\{(0|[1-9]\d*)(?:(,)(0|[1-9]\d*)?)?\}/y;
      braces.lastIndex = start;
      const found = braces.exec(reader.source);
      if (found === null) return undefined;
      reader.at += found[0].length;
      const min = Number(found[1]);
      const max = found[2] === undefined ? min : found[3] === undefined ? null : Number(found[3]);
      this.#checkCounts(min, max, start);
      counts = { min, max };
    }
    reader.take("?");
    return counts;
  }

  #checkCounts(min: number, max: number | null, start: number): void {
    const reader = this.#reader;
    const most = Math.max(min, max ?? 0);
    if (most > REPEAT_MAX) this.#tooOften(most, start);
    if (max !== null && min > max) reader.fail(`\`${reader.text(start)}\`: ${min} is more than ${max}`, start);
  }

  #tooOften(value: number, start: number): never {
    throw new RegexLimitError({
      message: `repetition of ${value} times: at most ${REPEAT_MAX} are allowed, nested ones multiplied (REPEAT_MAX)`,
      start,
      end: this.#reader.at,
      limit: "REPEAT_MAX",
      value,
      maximum: REPEAT_MAX,
    });
  }

  #repeated(part: Part, { min, max }: { min: number; max: number | null }, start: number): Part {
    const factor = max ?? min;
    const repeats = max === 0 ? 1 : part.repeats * Math.max(1, factor);
    if (factor >= 2 && repeats > REPEAT_MAX) this.#tooOften(repeats, start);
    const node: RegexNode =
      max === 0 ? EMPTY_NODE : min === 1 && max === 1 ? part.node : { kind: "repeat", part: part.node, min, max };
    return this.#checked({ node, depth: part.depth + 1, repeats }, start);
  }

  /** Reads one item that can be repeated, or a group that only sets flags. */
  #item(parts: Part[]): void {
    const reader = this.#reader;
    const { fold, dotAll, lines } = this.#flags;
    const start = reader.at;
    if (reader.startsWith("(")) this.#group(parts);
    else if (reader.startsWith("[")) parts.push(leaf({ kind: "chars", set: bracketClass(reader, fold) }));
    else if (reader.startsWith("\\")) this.#escape(parts);
    else if (reader.take(".")) parts.push(leaf({ kind: "chars", set: dotAll ? EVERYTHING : NOT_NEWLINE }));
    else if (reader.take("^")) parts.push(leaf({ kind: "assert", assertion: lines ? "lineStart" : "textStart" }));
    else if (reader.take("$")) parts.push(leaf({ kind: "assert", assertion: lines ? "lineEnd" : "textEnd" }));
    else parts.push(this.#character(reader.next().codePointAt(0) as number, start));
  }

  #character(codePoint: number, start: number): Part {
    const set: CharSet = [codePoint, codePoint];
    return leaf({ kind: "chars", set: this.#reader.counted(this.#flags.fold ? foldCase(set) : set, start) });
  }

  #escape(parts: Part[]): void {
    const reader = this.#reader;
    const start = reader.at;
    if (reader.take("\\Q")) {
      const end = reader.source.indexOf("\\E", reader.at);
      const stop = end < 0 ? reader.source.length : end;
      while (reader.at < stop) parts.push(this.#character(reader.next().codePointAt(0) as number, start));
      reader.take("\\E");
    } else if (reader.take("\\A")) parts.push(leaf({ kind: "assert", assertion: "textStart" }));
    else if (reader.take("\\z")) parts.push(leaf({ kind: "assert", assertion: "textEnd" }));
    else if (reader.take("\\b")) parts.push(leaf({ kind: "assert", assertion: "wordEdge" }));
    else if (reader.take("\\B")) parts.push(leaf({ kind: "assert", assertion: "noWordEdge" }));
    else {
      const set = escapedClass(reader, this.#flags.fold);
      parts.push(set === undefined ? this.#character(escapedCharacter(reader), start) : leaf({ kind: "chars", set }));
    }
  }

  /** `(…)`, `(?:…)`, `(?flags:…)`, `(?P<name>…)`, `(?<name>…)`, or `(?flags)`, which holds to the end of the group. */
  #group(parts: Part[]): void {
    const reader = this.#reader;
    const start = reader.at;
    const outer = this.#flags;
    reader.at++;
    if (reader.startsWith("?")) {
      this.#refuseUnsupported(start);
      if (reader.startsWith("?P<") || reader.startsWith("?<")) this.#name(start);
      else if (this.#setFlags(start)) return;
    }
    if (++this.#groups > REGEX_DEPTH_MAX) this.#checked({ ...leaf(EMPTY_NODE), depth: this.#groups }, start);
    const inner = this.#alternatives();
    this.#groups--;
    if (!reader.take(")")) reader.fail("the group is not closed: `)` is missing", start, undefined, start + 1);
    this.#flags = outer;
    parts.push(inner);
  }

  #refuseUnsupported(start: number): void {
    const rest = this.#reader.source.slice(start, start + 4);
    const [, lookaround] = /^(\(\?<?[=!])/.exec(rest) ?? [];
    const refuse = (text: string, what: string, hint: string): never => {
      throw new RegexError({ message: `${what} \`${text}\``, start, end: start + text.length, hint });
    };
    if (lookaround !== undefined) refuse(lookaround, "lookaround", LOOKAROUND);
    if (rest.startsWith("(?>")) refuse("(?>", "atomic group", "there is no backtracking to prevent; write `(?:`");
    if (rest === "(?P=") refuse("(?P=", "back-reference", "no automaton remembers what a group matched");
  }

  #name(start: number): void {
    const reader = this.#reader;
    const from = reader.source.indexOf("<", start) + 1;
    const end = reader.source.indexOf(">", from);
    const name = end < 0 ? "" : reader.source.slice(from, end);
    reader.at = end < 0 ? reader.source.length : end + 1;
    if (!/^[A-Za-z0-9_]+$/.test(name))
      reader.fail("malformed group name", start, "write `(?P<name>…)`, with letters, digits and `_`");
    if (this.#names.has(name)) reader.fail(`two groups have the name \`${name}\``, start);
    this.#names.add(name);
  }

  /** @returns whether that was the whole group; the reader is at the question mark */
  #setFlags(start: number): boolean {
    const reader = this.#reader;
    const [whole, on = "", off, end] = /^\?([imsU]*)(?:-([imsU]+))?([:)])/.exec(reader.source.slice(reader.at)) ?? [];
    if (whole === undefined) {
      reader.at += 1 + (/^\?[a-zA-Z-]*/.exec(reader.source.slice(reader.at))?.[0].length ?? 0);
      reader.at = Math.min(reader.at, reader.source.length);
      return reader.fail(`unsupported group \`${reader.text(start)}\``, start, "known flags are i, m, s and U");
    }
    reader.at += whole.length;
    const changed: Partial<Record<keyof Flags, boolean>> = {};
    for (const [letters, value] of [[on, true] as const, [off ?? "", false] as const])
      for (const letter of letters) {
        const flag = FLAG_NAMES[letter];
        if (flag) changed[flag] = value;
      }
    this.#flags = { ...this.#flags, ...changed };
    return end === ")";
  }
}
