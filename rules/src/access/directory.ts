/**
 * The discarder proof: what a rule says of a directory alone, whatever lies in it.
 *
 * `directoryExpr` turns the expression of a rule over events into one over directories. It is true for a
 * directory unless no event whose file lies directly in it can match; false is a proof. It is the same
 * may-match as everywhere: a leaf that the directory does not decide counts as true.
 *
 * The result reads one field, the path of the event's file, which now holds the path of the directory.
 * Paths are absolute and normalised. What lies directly in `/a` is `/a/n`, in `/` it is `/n`, with a name n
 * that is neither empty nor `.` nor `..` and has no slash. `/` itself lies in no directory.
 */
import { FIELDS, type Field, PATH_BYTES_MAX } from "@weir/matcher-wasm/format";
import { evaluate } from "../evaluate.ts";
import type { CheckedRule, Expr, Leaf, Nnf, StringTest, TemplatePart } from "../ir.ts";
import { toNnf } from "../nnf.ts";
import { isEventPath, isName } from "../paths.ts";
import { globComponents, globMatches, hasStar } from "../pattern.ts";
import { compileRegex } from "../regex/index.ts";
import { type Canonical, canonical } from "./canonical.ts";

const TRUE: Expr = { kind: "const", value: true };
const FALSE: Expr = { kind: "const", value: false };
const ROOT: StringTest = { kind: "equals", value: "/" };

/**
 * Directories. `below`: for those other than the root, the directory has to fit every test of one of the
 * lists; the empty list is fitted by each. `root`: whether the root is one; it always is beside an empty list.
 */
interface DirectorySet {
  readonly below: readonly (readonly StringTest[])[];
  readonly root: boolean;
}

const NONE: DirectorySet = { below: [], root: false };
const ALL: DirectorySet = { below: [[]], root: true };

/** What is asked of a directory's children: that some of them could fit the test, or that all of them do. */
type Quantifier = "some" | "every";

/**
 * @param expr of a rule
 * @returns an expression over directories, false only for those in which no event matches, in a form that
 *   rules with the same condition on directories mostly share
 */
export function directoryExpr(expr: Nnf): Canonical {
  return canonical(toNnf(relax(expr)));
}

/** @returns the field that a directory's path stands in for, undefined when events of the type have no file */
export function directoryField(type: string): Field | undefined {
  return FIELDS.find((field) => field.event === type && isFilePath(field));
}

/**
 * The model of `prove`: what the compiled matcher has to answer.
 * @param rules of a bundle, of any types
 * @returns for the path of a directory as records have it, whether no event of the type whose file lies
 *   directly in it matches any of the rules; false when that is not proven, or the path is not one that the
 *   kernel stage gives
 */
export function directoryProof(
  rules: readonly CheckedRule[],
  type: string,
): (directory: string | Uint8Array) => boolean {
  const field = directoryField(type);
  if (field === undefined) return () => false;
  const exprs = rules.filter(({ event }) => event === type).map(({ expr }) => directoryExpr(expr).expr);
  return (directory) => {
    const bytes = typeof directory === "string" ? Buffer.from(directory) : directory;
    // One character a byte: the separators are what is looked at.
    if (bytes.length > PATH_BYTES_MAX || !isEventPath(Buffer.from(bytes).toString("latin1"))) return false;
    return !exprs.some((expr) => evaluate(expr, { [field.name]: bytes }));
  };
}

const isFilePath = ({ source, array }: Field): boolean => !array && source.from === "path" && source.slot === "file";

function relax(expr: Nnf): Expr {
  switch (expr.kind) {
    case "const":
      return expr;
    case "and":
    case "or":
      return { kind: expr.kind, terms: expr.terms.map(relax) };
    default:
      return relaxLeaf(expr);
  }
}

function relaxLeaf(leaf: Leaf): Expr {
  switch (leaf.kind) {
    case "string":
      return relaxString(leaf);
    case "sameString":
    case "compare":
    case "member":
    case "anyInt":
    case "anyIntPair":
    case "exists":
    case "ip":
    case "bool":
      return TRUE;
  }
}

/** A negated leaf is false for certain only where all children fit one and the same test. */
function relaxString({ field, tests, negated }: Extract<Leaf, { kind: "string" }>): Expr {
  const quantifier: Quantifier = negated ? "every" : "some";
  const { source } = field;
  let decided: Expr;
  if (isFilePath(field)) {
    decided = anyOf(tests.map((test) => inSet(field, childrenOf(quantifier, test))));
  } else if (source.from === "basename" && source.slot === "file") {
    decided = tests.some((test) => namesFit(quantifier, test)) ? TRUE : FALSE;
  } else {
    return TRUE;
  }
  return negated ? { kind: "not", term: decided } : decided;
}

const anyOf = (terms: readonly Expr[]): Expr => ({ kind: "or", terms });

/** The set as an expression: exact, as it may be negated. */
function inSet(field: Field, { below, root }: DirectorySet): Expr {
  const fits = (test: StringTest): Expr => ({ kind: "string", field, tests: [test], negated: false });
  const isBelow = anyOf(below.map((tests): Expr => ({ kind: "and", terms: tests.map(fits) })));
  if (root) return anyOf([isBelow, fits(ROOT)]);
  // `/*` fits the root as well, which here is not in the set.
  const fitsRootToo = below.some((tests) =>
    tests.every((test) => test.kind === "glob" && globMatches(test.pattern, "/")),
  );
  return fitsRootToo ? { kind: "and", terms: [isBelow, { kind: "not", term: fits(ROOT) }] } : isBelow;
}

/** @returns the directories of which some child could fit, or every child fits; for "some" it may be more of them */
function childrenOf(quantifier: Quantifier, test: StringTest): DirectorySet {
  switch (test.kind) {
    case "equals":
      return quantifier === "some" ? parentOf(test.value) : NONE;
    case "glob":
      return globDirectories(quantifier, globComponents(test.pattern));
    case "pattern":
    case "regex":
      return quantifier === "some" ? ALL : NONE;
    case "template":
      return quantifier === "some" ? templateDirectories(test.parts) : NONE;
  }
}

/** What fits starts with the text before the first variable, so it lies below the last directory that this names. */
function templateDirectories([first]: readonly TemplatePart[]): DirectorySet {
  const text = first?.kind === "text" ? first.value : "";
  const directory = text.slice(0, text.lastIndexOf("/")).split("/");
  // A star is one here.
  return text.startsWith("/") && !text.includes("*") ? doubleStarDirectories(directory, []) : ALL;
}

function parentOf(path: string): DirectorySet {
  if (path === "/" || !isEventPath(path)) return NONE;
  const value = path.slice(0, path.lastIndexOf("/"));
  return value === "" ? { below: [], root: true } : { below: [[{ kind: "equals", value }]], root: false };
}

/**
 * A child's path has the components of its directory and its name; that of a child of the root has the empty
 * one and its name. The name stands against the last component of the glob, the directory against the others.
 */
function globDirectories(quantifier: Quantifier, components: readonly string[]): DirectorySet {
  const name = components.at(-1) as string;
  const anyName = name === "*" || name === "**";
  if (quantifier === "every" ? !anyName : !(hasStar(name) || isName(name))) return NONE;
  const double = components.indexOf("**");
  if (double < 0) {
    const directory = components.slice(0, -1);
    return {
      below: directory.length > 1 ? fitting(directory, []) : [],
      root: directory.join("/") === "" && directory.length === 1,
    };
  }
  return doubleStarDirectories(components.slice(0, double), components.slice(double + 1, -1));
}

/**
 * @param before the components before `**`, which the directory starts with, as the path has more than those
 * @param rest the components between `**` and the name, which the directory ends with; both may overlap
 */
function doubleStarDirectories(before: readonly string[], rest: readonly string[]): DirectorySet {
  const fromRoot = before.length === 0 || (before.length === 1 && before[0] === "");
  if (rest.length === 0)
    return fromRoot ? ALL : { below: [...fitting(before, []), ...fitting([...before, "**"], [])], root: false };
  const root = fromRoot && rest.length === 1 && (rest[0] === "" || rest[0] === "*");
  const longer = fitting([...before, "**", ...rest], []);
  return { below: fromRoot ? longer : [...longer, ...fitting(before, rest)], root };
}

/** @returns the directories that have exactly these components, or `**` among them, and end with those */
function fitting(components: readonly string[], end: readonly string[]): readonly (readonly StringTest[])[] {
  const test = directoryTest(components);
  if (test === null) return [];
  if (end.length === 0) return [[test]];
  const ending = directoryTest(["**", ...end]);
  if (ending === null) return [];
  if (test.kind !== "equals" || ending.kind !== "glob") return [[test, ending]];
  return globMatches(ending.pattern, test.value) ? [[test]] : [];
}

/** @returns the test for directories other than the root, null when none can fit */
function directoryTest(components: readonly string[]): StringTest | null {
  const [first] = components;
  if (first !== "" && first !== "**") return null;
  const occurs = (component: string, i: number): boolean =>
    hasStar(component) || isName(component) || (component === "" && (i === 0 || components[i - 1] === "**"));
  if (!components.every(occurs)) return null;
  if (!components.some(hasStar)) return { kind: "equals", value: components.join("/") };
  // The spelling without the slash is as long as the rule's own, which may be as long as patterns get.
  return {
    kind: "glob",
    pattern: (first === "" && components[1] === "*" ? components.slice(1) : components).join("/"),
  };
}

/** @returns whether some name could fit the test, or every name does */
function namesFit(quantifier: Quantifier, test: StringTest): boolean {
  switch (test.kind) {
    case "equals":
      return quantifier === "some" && isName(test.value);
    case "glob":
    case "template":
      return quantifier === "some";
    case "pattern":
      if (quantifier === "every") return /^\*+$/.test(test.pattern);
      return hasStar(test.pattern) ? !test.pattern.includes("/") : isName(test.pattern);
    case "regex":
      return quantifier === "some" || compileRegex(test.source).fits === "every text";
  }
}
