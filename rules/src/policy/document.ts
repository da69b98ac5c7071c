/**
 * YAML text to a tree that keeps positions, and typed access to its parts. Only what a policy can contain
 * is read; aliases are followed one at a time and never expanded as a whole.
 */
import {
  type Alias,
  Composer,
  CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  type Pair,
  Parser,
  type Scalar,
  visit,
  type YAMLMap,
} from "yaml";
import { DiagnosticList, diagnosticAt, diagnosticOf, placeAt } from "../diagnostics.ts";
import type { Place, SourceFile } from "../source.ts";
import { suggestion } from "../suggest.ts";
import { NestingDepth } from "./nesting.ts";

/** Most YAML tokens of one file, about 4,000 rules; the parser takes 2 to 3 µs for each. */
export const TOKENS_MAX = 250_000;
/** Deepest nesting, of brackets, indentation and list items together; the parser recurses that deep. */
const NESTING_DEPTH_MAX = 100;

/** Most characters that all aliases of a file stand for, those within others counted each time. */
const ALIASED_LENGTH_MAX = 1 << 20;

const MULTIPLE_DOCUMENTS = "multiple documents in one file: a policy is one";

/** What helps against errors of the YAML library, by their message. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^Nested mappings/, "put text that contains `: ` in quotes"],
  [/^Tabs are not allowed/, "indent with blanks"],
  [/^Plain value cannot start with/, "put text that starts so in quotes"],
  [/^Unresolved tag/, "put text that starts with `!` in quotes"],
  [/^Unexpected scalar at node end/, 'in text in double quotes write `\\"` for a quote, or put it in single quotes'],
  [
    /^Sequence item without - indicator|^All (?:mapping|sequence) items must start at the same column/,
    "indent it as the lines above",
  ],
  [/^multiple documents/, "write one file for each: given together they are one set"],
];

/** The file is beyond a limit. */
export class BoundsError extends Error {
  override readonly name = "BoundsError";
}

/** One key of a mapping with its value, aliases resolved; null for a missing value. */
export interface Entry {
  readonly key: string;
  readonly keyPlace: Place;
  readonly value: Node | null;
}

/** A pair of a mapping, aliases resolved. */
interface ResolvedPair {
  readonly key: Node | null;
  readonly value: Node | null;
  /** It comes from a mapping that a merge key names. */
  readonly isMerged: boolean;
}

type Hint = string | (() => string | undefined);

/** Reads one file and collects what is wrong with it. */
export class PolicyReader {
  readonly file: SourceFile;
  #diagnostics = new DiagnosticList();
  readonly #unsupported: "skip" | "error";
  #aliases = new Map<Alias, Node | undefined>();
  #hasAliases = false;
  /** Characters that the aliases followed so far stand for. */
  #aliased = 0;

  /** @param options.unsupported whether what is not supported is left out (default) or an error */
  constructor(file: SourceFile, options: { readonly unsupported?: "skip" | "error" } = {}) {
    this.file = file;
    this.#unsupported = options.unsupported ?? "skip";
  }

  get diagnostics(): DiagnosticList {
    return this.#diagnostics;
  }

  /** Reads something of which it is nobody's business what is wrong with it. */
  silently<T>(read: () => T): T {
    const reported = this.#diagnostics;
    this.#diagnostics = new DiagnosticList();
    try {
      return read();
    } finally {
      this.#diagnostics = reported;
    }
  }

  /** @param hint a function is called only when the problem is shown */
  report(severity: "error" | "warning", code: string, place: Place, message: string, hint?: Hint): void {
    this.diagnostics.add(severity, () =>
      diagnosticAt(place, { severity, code, message, hint: typeof hint === "function" ? hint() : hint }),
    );
  }

  error(code: string, place: Place, message: string, hint?: Hint): void {
    this.report("error", code, place, message, hint);
  }

  /** Reports what is right but not supported; it is left out. */
  unsupported(place: Place, message: string): void {
    const skipped = this.#unsupported === "skip";
    this.report(skipped ? "warning" : "error", "unsupported", place, skipped ? `left out: ${message}` : message);
  }

  /** @returns the root node, or null after reporting why there is none */
  parse(): Node | null {
    try {
      const [document, second] = withoutStacks(() => this.#documents());
      if (document === undefined) return null;
      // One that follows a broken document is part of the same problem. Tags are of no use in a policy.
      const problem = document.errors[0] ?? document.warnings.find(({ code }) => code === "TAG_RESOLVE_FAILED");
      if (problem !== undefined) this.#reportYaml(problem.message, problem.pos);
      else if (second?.range != null) this.#reportYaml(MULTIPLE_DOCUMENTS, second.range);
      else if (!this.#hasAliases || this.#collectAliases(document.contents)) return document.contents as Node | null;
    } catch (error) {
      if (error instanceof BoundsError) this.refuse("yaml-limit", error.message);
      else if (error instanceof RangeError) this.refuse("yaml", "YAML: the file nests too deeply");
      else throw error;
    }
    return null;
  }

  /** @param text the message of the library, more than a line perhaps */
  #reportYaml(text: string, [start, end]: readonly [number, number, ...number[]]): void {
    const message = firstLine(text);
    const place = placeAt(this.file, start, Math.max(1, end - start));
    this.error("yaml", place, `YAML: ${message}`, HINTS.find(([pattern]) => pattern.test(message))?.[1]);
  }

  /** Reports a problem of the file as a whole. */
  refuse(code: string, message: string): void {
    this.diagnostics.add("error", () => diagnosticOf(this.file.name, { severity: "error", code, message }));
  }

  /** At most two documents with content; composing further ones would be for nothing. */
  #documents(): readonly Document[] {
    // Unique keys are checked where maps are read: the library's own check is quadratic.
    const composer = new Composer({ uniqueKeys: false, prettyErrors: false, logLevel: "error" });
    const documents: Document[] = [];
    for (const document of composer.compose(this.#tokens(), true, this.file.text.length)) {
      const isEmpty = typeName(document.contents as Node | null) === "nothing" && document.errors.length === 0;
      if (isEmpty && documents.length > 0) continue;
      documents.push(document);
      if (documents.length === 2) break;
    }
    return documents;
  }

  /** Drives the library's lexer and parser, and stops at what would keep it busy for long. */
  *#tokens(): Generator<CST.Token, void> {
    const parser = new Parser();
    const depth = new NestingDepth();
    let tokens = 0;
    for (const token of new Lexer().lex(this.file.text)) {
      if (++tokens > TOKENS_MAX)
        throw new BoundsError(`YAML: the file has more than ${TOKENS_MAX} tokens: split it into several files`);
      const type = CST.tokenType(token);
      if (depth.after(token, type) > NESTING_DEPTH_MAX)
        throw new BoundsError(`YAML: the file nests deeper than ${NESTING_DEPTH_MAX} levels`);
      if (type === "alias") this.#hasAliases = true;
      yield* parser.next(token);
    }
    yield* parser.end();
  }

  /** @returns whether all of them have an anchor; reports those that have none */
  #collectAliases(root: unknown): boolean {
    const anchors = new Map<string, Node>();
    const errors = this.diagnostics.errors;
    visit(root as Node, {
      Node: (_, node) => {
        if (!isAlias(node)) {
          if (node.anchor !== undefined) anchors.set(node.anchor, node);
          return;
        }
        const target = anchors.get(node.source);
        this.#aliases.set(node, target);
        if (target !== undefined) return;
        this.error("yaml", this.place(node), `YAML: there is no anchor \`&${node.source}\` before this alias`);
      },
    });
    return this.diagnostics.errors === errors;
  }

  /**
   * @returns what an alias stands for, any other node as it is
   * @throws BoundsError when aliases have stood for too much
   */
  resolve(node: unknown): Node | null {
    if (!isAlias(node)) return (node as Node | null | undefined) ?? null;
    const target = this.#aliases.get(node) ?? null;
    const [start = 0, end = 0] = target?.range ?? [];
    this.#aliased += end - start;
    if (this.#aliased > ALIASED_LENGTH_MAX)
      throw new BoundsError(`YAML: the aliases stand for more than ${ALIASED_LENGTH_MAX} characters`);
    return target;
  }

  place(node: { range?: readonly [number, number, number] | null | undefined } | null | undefined): Place {
    const [start, end] = node?.range ?? [0, 1];
    return placeAt(this.file, start, Math.max(1, end - start));
  }

  /**
   * @returns the entries by key; a repeated key is reported and its first value kept. Merge keys (`<<`) are
   * followed: what they bring in stands behind what the mapping has itself
   * @throws BoundsError as `resolve` does
   */
  entries(map: YAMLMap, what: string): Map<string, Entry> {
    const result = new Map<string, Entry>();
    for (const { key: keyNode, value, isMerged } of this.pairs(map, what)) {
      const keyPlace = this.place(keyNode ?? map);
      if (!isScalar(keyNode) || typeof keyNode.value !== "string")
        this.error("yaml", keyPlace, `a key of ${what} must be a string`);
      else if (!result.has(keyNode.value)) result.set(keyNode.value, { key: keyNode.value, keyPlace, value });
      else if (!isMerged) this.error("duplicate-key", keyPlace, `key \`${keyNode.value}\` occurs twice in ${what}`);
    }
    return result;
  }

  /**
   * The pairs of a mapping with aliases resolved, then those that its merge keys bring in. Of pairs with equal
   * keys the first counts.
   * @throws BoundsError as `resolve` does
   */
  *pairs(map: YAMLMap, what: string, depth = 0): Generator<ResolvedPair, void> {
    if (depth > NESTING_DEPTH_MAX)
      throw new BoundsError(`YAML: merge keys nest deeper than ${NESTING_DEPTH_MAX} levels`);
    const merges: Pair<unknown, unknown>[] = [];
    for (const pair of map.items as Pair<unknown, unknown>[]) {
      if (isMergeKey(pair.key)) merges.push(pair);
      else yield { key: this.resolve(pair.key), value: this.resolve(pair.value), isMerged: depth > 0 };
    }
    const [first, second] = merges;
    if (second !== undefined)
      this.error(
        "duplicate-key",
        this.place(second.key as Node),
        `key \`<<\` occurs twice in ${what}`,
        "write a list: `<<: [*a, *b]`",
      );
    if (first === undefined) return;
    const given = this.resolve(first.value);
    for (const one of isSeq(given) ? given.items : [given]) {
      const source = this.resolve(one);
      if (isMap(source)) yield* this.pairs(source, what, depth + 1);
      else this.error("yaml", this.place(first.key as Node), `\`<<\` brings in mappings, received ${typeName(source)}`);
    }
  }

  /**
   * @param required keys that are kept as they are, so that it can be said what is missing
   * @returns the entries without those that nothing is written after, which count as absent
   */
  written(entries: ReadonlyMap<string, Entry>, required: readonly string[] = []): Map<string, Entry> {
    return new Map([...entries].filter(([key, { value }]) => required.includes(key) || typeName(value) !== "nothing"));
  }

  /** Reports the keys that may not occur. */
  checkKeys(entries: ReadonlyMap<string, Entry>, what: string, allowed: readonly string[]): void {
    for (const { key, keyPlace } of entries.values()) {
      if (allowed.includes(key)) continue;
      const hint = () => suggestion(key, allowed) ?? `known keys: ${allowed.join(", ")}`;
      this.error("unknown-key", keyPlace, `unknown key \`${key}\` in ${what}`, hint);
    }
  }

  /** As `entries`, of a mapping whose keys are all known. */
  knownEntries(map: YAMLMap, what: string, allowed: readonly string[]): Map<string, Entry> {
    const entries = this.entries(map, what);
    this.checkKeys(entries, what, allowed);
    return entries;
  }

  /** As `knownEntries`, those that nothing is written after left out. */
  writtenEntries(map: YAMLMap, what: string, allowed: readonly string[]): Map<string, Entry> {
    return this.written(this.knownEntries(map, what, allowed));
  }

  /** @returns the mapping, or null after reporting what is there instead */
  map(node: Node | null, what: string, place: Place): YAMLMap | null {
    if (isMap(node)) return node;
    this.error(
      "yaml",
      node === null ? place : this.place(node),
      `${what} must be a mapping, received ${typeName(node)}`,
    );
    return null;
  }

  /** The value, or its key where nothing is written after it. */
  valuePlace(entry: Entry | undefined): Place {
    if (entry === undefined) return this.place(null);
    return typeName(entry.value) === "nothing" ? entry.keyPlace : this.place(entry.value);
  }

  /** @returns the items with aliases resolved; none after reporting what is there instead of a list */
  items(entry: Entry | undefined, what: string): readonly (Node | null)[] {
    if (entry === undefined) return [];
    if (isSeq(entry.value)) return entry.value.items.map((item) => this.resolve(item));
    const hint = typeName(entry.value) === "nothing" ? undefined : "start each item with `- `";
    this.error("yaml", this.valuePlace(entry), `${what} must be a list, received ${typeName(entry.value)}`, hint);
    return [];
  }

  /** @returns the scalar when it is a string, undefined when absent or after reporting */
  string(entry: Entry | undefined, what: string): Scalar<string> | undefined {
    if (entry === undefined) return undefined;
    if (isScalar(entry.value) && typeof entry.value.value === "string") return entry.value as Scalar<string>;
    this.error("yaml", this.valuePlace(entry), `${what} must be a string, received ${typeName(entry.value)}`);
    return undefined;
  }

  /** @returns a string, or a number or boolean as it was written; undefined when absent or after reporting */
  text(entry: Entry | undefined, what: string): string | undefined {
    if (entry === undefined) return undefined;
    const text = scalarText(entry.value);
    if (text === undefined)
      this.error("yaml", this.valuePlace(entry), `${what} must be a string, received ${typeName(entry.value)}`);
    return text;
  }

  boolean(entry: Entry | undefined, what: string): boolean | undefined {
    if (entry === undefined) return undefined;
    if (isScalar(entry.value)) {
      const { value, type } = entry.value;
      if (typeof value === "boolean") return value;
      // Booleans of YAML 1.1, as the Agent reads them.
      if (type === "PLAIN" && /^(?:yes|on)$/i.test(String(value))) return true;
      if (type === "PLAIN" && /^(?:no|off)$/i.test(String(value))) return false;
    }
    this.error("yaml", this.valuePlace(entry), `${what} must be true or false, received ${typeName(entry.value)}`);
    return undefined;
  }
}

/** The library makes an error of each problem, of which the first is used: their stacks would cost more than the rest. */
function withoutStacks<T>(task: () => T): T {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return task();
  } finally {
    Error.stackTraceLimit = before;
  }
}

/** @returns the text of a string, number or boolean scalar as written */
export function scalarText(node: Node | null): string | undefined {
  if (!isScalar(node)) return undefined;
  const { value, source } = node;
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
    ? (source ?? String(value))
    : undefined;
}

/** `<<`, unless it is in quotes. */
const isMergeKey = (key: unknown): boolean => isScalar(key) && key.value === "<<" && key.type === "PLAIN";

export function typeName(node: Node | null): string {
  if (node === null) return "nothing";
  if (isMap(node)) return "a mapping";
  if (isSeq(node)) return "a list";
  if (!isScalar(node) || node.value === null) return "nothing";
  return `a ${typeof node.value}`;
}

/** As `typeName`, a number or boolean as it was written. */
export function receivedText(node: Node | null): string {
  return isScalar(node) && typeof node.value !== "string" ? (scalarText(node) ?? typeName(node)) : typeName(node);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] as string;
}
