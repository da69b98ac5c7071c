import { expect, test } from "vitest";
import { ConstraintError, parseConstraint, parseVersion, satisfies, type Version } from "./version.ts";

const version = (text: string): Version => {
  const parsed = parseVersion(text);
  if (parsed === undefined) throw new Error(`${text} is no version`);
  return parsed;
};

/** Constraint, versions that satisfy it, versions that do not. */
test.each([
  ["", "7.78.0 0.0.1", ""],
  ["*", "7.78.0 0.0.1", ""],
  [">= 7.42", "7.42.0 7.42.9 7.78.0 8.0.0", "7.41.9 6.99.0"],
  [">=7.42.1", "7.42.1 7.43.0", "7.42.0"],
  ["=> 7.42", "7.42.0", "7.41.0"],
  ["> 7.42", "7.43.0 8.0.0", "7.42.0 7.42.5 7.41.0"],
  ["> 7.42.1", "7.42.2", "7.42.1 7.42.0"],
  ["> 7", "8.0.0", "7.0.0 7.99.0"],
  ["< 7.42", "7.41.9 6.0.0", "7.42.0 7.43.0"],
  ["< 7", "6.99.9", "7.0.0 7.1.0"],
  ["<= 7.42", "7.42.0 7.42.9 7.0.0", "7.43.0"],
  ["=< 7.42.1", "7.42.1 7.42.0", "7.42.2"],
  ["7.42", "7.42.0 7.42.7", "7.41.0 7.43.0"],
  ["= 7.42.1", "7.42.1", "7.42.0"],
  ["= v7.42.1", "7.42.1", "7.42.0"],
  ["!= 7.42", "7.41.0 7.43.0", "7.42.0 7.42.7"],
  ["!= 7.42.1", "7.42.0", "7.42.1"],
  ["< 7.50, >= 7.40", "7.40.0 7.49.9", "7.39.0 7.50.0"],
  [">= 7.40 < 7.50", "7.40.0 7.49.9", "7.39.0 7.50.0"],
  [">= 7.40 , < 7.50 ,", "7.40.0 7.49.9", "7.39.0 7.50.0"],
  ["< 7.10 || >= 7.40, < 7.50 || 8", "7.9.0 7.45.0 8.3.0", "7.20.0 7.50.0 9.0.0"],
  ["~1.2", "1.2.0 1.2.9", "1.1.9 1.3.0 2.2.0"],
  ["~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0"],
  ["~> 1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0"],
  ["~1", "1.0.0 1.9.9", "0.9.0 2.0.0"],
  ["^7", "7.0.0 7.99.9", "6.9.0 8.0.0"],
  ["^7.40", "7.40.0 7.99.9", "7.39.0 8.0.0"],
  ["^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0"],
  ["^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0 1.2.3"],
  ["^0.0.3", "0.0.3", "0.0.2 0.0.4 0.1.3"],
  ["^0.0", "0.0.0 0.0.9", "0.1.0"],
  ["^0", "0.0.0 0.9.9", "1.0.0"],
  ["7.40 - 7.50", "7.40.0 7.45.0 7.50.0 7.50.9", "7.39.9 7.51.0"],
  ["7.40.1 - 7.50.2", "7.40.1 7.50.2", "7.40.0 7.50.3"],
  ["7.x", "7.0.0 7.99.0", "6.9.0 8.0.0"],
  ["7.42.*", "7.42.3", "7.43.0"],
  [">= 7.X", "7.0.0 8.0.0", "6.9.0"],
  [">= 7.42.0-rc.1", "7.42.0 7.43.0", "7.41.0"],
  ["< 7.42.0-rc.1", "7.41.0", "7.42.0"],
  ["= 7.42.0-rc.1", "", "7.42.0 7.41.0"],
])("%s", (text, yes, no) => {
  const constraint = parseConstraint(text);
  const words = (list: string) => list.split(" ").filter((word) => word !== "");
  for (const one of words(yes)) expect(satisfies(version(one), constraint), one).toBe(true);
  for (const one of words(no)) expect(satisfies(version(one), constraint), one).toBe(false);
});

test.each([
  ["seven", 0, 5, "`seven` is no version constraint"],
  [">= 7.4, newer", 8, 5, "`newer` is no version constraint"],
  [">= 7.4 || ?7", 10, 2, "`?7` is no version constraint"],
  [">=", 0, 2, "`>=` is no version constraint"],
  [">= 7.4 ||", 9, 0, "expected a version constraint beside `||`"],
  ["|| 7", 0, 0, "expected a version constraint beside `||`"],
  ["1.2.3.4", 0, 7, "is no version constraint"],
  [">= 7.40<7.50", 0, 2, "is no version constraint"],
  [`>= ${"9".repeat(12)}`, 0, 1, "version part of 12 digits"],
  ["7 ".repeat(200), 0, 1, "400 characters: at most 256 are allowed"],
])("no constraint: %s", (text, at, length, message) => {
  try {
    parseConstraint(text);
  } catch (error) {
    if (!(error instanceof ConstraintError)) throw error;
    expect({ at: error.at, length: error.length }).toEqual({ at, length });
    expect(error.message).toContain(message);
    return;
  }
  throw new Error("accepted");
});

test("versions", () => {
  expect(parseVersion("7.78.0")).toEqual([7, 78, 0]);
  expect(parseVersion("v7.78.0-rc.1+git.5")).toEqual([7, 78, 0]);
  expect(parseVersion("7.78")).toEqual([7, 78, 0]);
  for (const text of ["", "x", "7.", "7.78.0.1", "1234567890.1"]) expect(parseVersion(text), text).toBeUndefined();
});
