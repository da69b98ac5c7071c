/** Backslashes in strings. */
import type { Excerpt } from "../source.ts";
import type { Root } from "../syntax/ast.ts";
import { escapeProblem, rawEscapesOf } from "../syntax/walk.ts";
import type { Warning } from "./scope.ts";

/** What is said of backslashes that start no escape. */
export function escapeWarnings(root: Root, excerpt: Excerpt): Warning[] {
  return rawEscapesOf(root, excerpt.text).map((span) => ({ ...escapeProblem(excerpt.text, span), span, excerpt }));
}
