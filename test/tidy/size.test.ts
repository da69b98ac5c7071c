import ts from "typescript";
import { describe, expect, test } from "vitest";
import { cSources, read, sources } from "./files.ts";

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;

interface Span {
  readonly name: string;
  readonly lines: number;
}

function functionsOfScript(path: string): Span[] {
  const source = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true);
  const line = (position: number) => source.getLineAndCharacterOfPosition(position).line;
  const found: Span[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) {
      const start = node.getStart(source);
      found.push({ name: `${path}:${line(start) + 1}`, lines: line(node.end) - line(start) + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Kernel style: the braces of a function stand alone in the first column. */
function functionsOfC(path: string): Span[] {
  const found: Span[] = [];
  let start: number | undefined;
  for (const [index, text] of read(path).split("\n").entries()) {
    if (text === "{") start = index;
    if (text === "}" && start !== undefined) {
      found.push({ name: `${path}:${start + 1}`, lines: index - start + 1 });
      start = undefined;
    }
  }
  return found;
}

describe("sources stay small enough to read", () => {
  test(`files have at most ${FILE_LINES_MAX} lines`, () => {
    const long = [...sources, ...cSources]
      .map((path) => ({ name: path, lines: read(path).trimEnd().split("\n").length }))
      .filter(({ lines }) => lines > FILE_LINES_MAX);
    expect(long).toEqual([]);
  });

  test(`functions have at most ${FUNCTION_LINES_MAX} lines`, () => {
    const functions = [...sources.flatMap(functionsOfScript), ...cSources.flatMap(functionsOfC)];
    expect(functions.length).toBeGreaterThan(50);
    expect(functions.filter(({ lines }) => lines > FUNCTION_LINES_MAX)).toEqual([]);
  });
});

test("modules start with a comment that says what they own", () => {
  const isIndex = (path: string) => /(^|\/)index\.ts$/.test(path);
  const bare = sources.filter((path) => !isIndex(path) && !read(path).startsWith("/**"));
  expect(bare).toEqual([]);
});
