import { expect, test } from "vitest";
import { flagsOf, optionsOf } from "./arguments.ts";

test.each([
  [["-a"], ["a"]],
  [
    ["-lt", "file"],
    ["l", "t", "lt"],
  ],
  [["--all"], ["all"]],
  [["--a"], []],
  [["-x=1", "--name=value"], []],
  [["-a-b"], ["a-b"]],
  [["-9"], ["9"]],
  [["-", "--", "---", "", "a-b"], []],
])("flags of %j", (args, flags) => expect(flagsOf(args)).toEqual(flags));

test.each([
  [["--name", "value", "rest"], ["name=value"]],
  [["-c", "value"], ["c=value"]],
  [["--name=value"], ["name=value"]],
  [["--name", ""], ["name="]],
  [["--quiet", "--name", "value"], ["name=value"]],
  [["-a", "-b"], []],
  [["--last"], []],
  [["--", "value", "-=", "-", "value"], []],
  [
    ["plain", "-p", "22", "-p", "23"],
    ["p=22", "p=23"],
  ],
])("options of %j", (args, options) => expect(optionsOf(args)).toEqual(options));
