/**
 * The expression of a rule: one checked expression, or several when it reads `fim.write.file.`, which stands
 * for the file of every event that changes one.
 *
 * The events and their conditions are SECL's: a writing open, a change of mode or owner that changes anything,
 * link, rename (either path), unlink and utimes.
 */
import type { Expr } from "../ir.ts";
import { toNnf } from "../nnf.ts";
import type { Excerpt } from "../source.ts";
import type { Node, Root } from "../syntax/ast.ts";
import { parseExpression } from "../syntax/parser.ts";
import { children } from "../syntax/walk.ts";
import { type CheckedExpression, type CheckOptions, checkExpression } from "./check.ts";
import type { MacroTable } from "./scope.ts";

interface FimEvent {
  /** What `fim.write.file.` is; the rule holds when it does with any of them. */
  readonly prefixes: readonly string[];
  /** What else the event has to fulfil. */
  readonly condition?: string;
}

const FIM_EVENTS: readonly FimEvent[] = [
  { prefixes: ["open.file."], condition: "open.flags & (O_CREAT | O_TRUNC | O_APPEND | O_RDWR | O_WRONLY) > 0" },
  { prefixes: ["chmod.file."], condition: "chmod.file.destination.rights != chmod.file.rights" },
  {
    prefixes: ["chown.file."],
    condition:
      "(chown.file.destination.uid != -1 && chown.file.destination.uid != chown.file.uid) || (chown.file.destination.gid != -1 && chown.file.destination.gid != chown.file.gid)",
  },
  { prefixes: ["link.file."] },
  { prefixes: ["rename.file.", "rename.file.destination."] },
  { prefixes: ["unlink.file."] },
  { prefixes: ["utimes.file."] },
];

/** @returns what `fim.write.file.` is in the actions of a rule on such events; undefined where it is nothing */
export function fimPrefixOf(event: string): string | undefined {
  return FIM_EVENTS.map(({ prefixes }) => prefixes[0]).find((prefix) => prefix?.startsWith(`${event}.`));
}

/**
 * @returns one expression for each event type, in the order of the table above; warnings are with the first
 * @throws CheckError as `checkExpression` does
 */
export function checkRule(
  node: Node,
  excerpt: Excerpt,
  macros: MacroTable,
  options: CheckOptions = {},
): readonly CheckedExpression[] {
  if (!readsFim(node, macros)) return [checkExpression(node, excerpt, macros, options)];
  return FIM_EVENTS.map(({ prefixes, condition }, i) => {
    const variants = prefixes.map((fimPrefix) => checkExpression(node, excerpt, macros, { ...options, fimPrefix }));
    const [first, ...others] = variants as [CheckedExpression, ...CheckedExpression[]];
    const any: Expr = others.length === 0 ? first.expr : { kind: "or", terms: variants.map((variant) => variant.expr) };
    const expr: Expr = condition === undefined ? any : { kind: "and", terms: [conditionOf(condition, excerpt), any] };
    return {
      event: first.event,
      expr,
      nnf: toNnf(expr),
      parts: variants.reduce((sum, variant) => sum + variant.parts, 0),
      warnings: i === 0 ? first.warnings : [],
      written: new Map(variants.flatMap((variant) => [...variant.written])),
      texts: new Map(variants.flatMap((variant) => [...variant.texts])),
      variables: first.variables,
    };
  });
}

const conditionOf = (text: string, excerpt: Excerpt): Expr =>
  checkExpression(parseExpression(text), excerpt, new Map()).expr;

/** Whether the expression, macros included, has a name of `fim.`. */
function readsFim(root: Root, macros: MacroTable): boolean {
  const seen = new Set<string>();
  const open: Root[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.kind === "ident") {
      if (node.name.startsWith("fim.")) return true;
      const macro = seen.has(node.name) ? undefined : macros.get(node.name);
      seen.add(node.name);
      if (macro !== undefined) open.push(macro.root);
    }
    for (const child of children(node)) open.push(child);
  }
  return false;
}
