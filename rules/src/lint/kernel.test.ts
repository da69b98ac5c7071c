import { expect, test } from "vitest";
import { analysePolicies } from "../analyse.ts";
import { flagNames, kernelFilters, unfilteredPart } from "./kernel.ts";

function analyse(...expressions: readonly string[]) {
  const rules = expressions.map((expression, i) => `  - id: r${i + 1}\n    expression: |-\n      ${expression}\n`);
  return analysePolicies([{ name: "p.yaml", text: `rules:\n${rules.join("")}` }]);
}

/** The parts that prevent approvers, as marked, each with its reason. */
function preventers(expression: string): string[] | null {
  const [rule] = analyse(expression).rules;
  if (rule === undefined) throw new Error("not loaded");
  const part = unfilteredPart(rule);
  if (part === null) return null;
  return part.because.map(({ excerpt = "", column, length, message }) => {
    const marked = excerpt.slice(column - 1, column - 1 + length);
    return `${marked}: ${message}`;
  });
}

const NO_PATH = "no condition in it names a path, a directory or a name of the file";

test.each<readonly [string, readonly string[] | null]>([
  [`open.file.path == "/a" && process.uid == 0`, null],
  [`open.file.name == "a" || open.file.path =~ "/etc/**"`, null],
  [`open.flags & O_CREAT > 0 && process.uid == 0`, [`open.flags & O_CREAT > 0 && process.uid == 0: ${NO_PATH}`]],
  [
    `open.file.path =~ "**/a*"`,
    [`open.file.path =~ "**/a*": it has neither a literal directory to start with nor a literal last component`],
  ],
  [`open.file.path != "/a"`, [`open.file.path != "/a": it says only which paths are not meant`]],
  [
    `open.file.name =~ "*.bak"`,
    [`open.file.name =~ "*.bak": the kernel stage knows whole names, not patterns of them`],
  ],
  [
    `open.file.path == "/a" || process.file.name == "x"`,
    [`process.file.name == "x": it is known only to the agent, when the event has left the kernel`],
  ],
  [
    `open.created && (open.file.path == "/a" || process.uid == 0)`,
    ["process.uid == 0: the kernel stage looks at path, directories, name and flags, not at this"],
  ],
  [`mount.source.path in ["/a", ""]`, [`mount.source.path in ["/a", ""]: an absent path cannot be looked up`]],
  [`open.created && !(open.file.path == "/a")`, [`!(open.file.path == "/a"): it says only which paths are not meant`]],
])("%s", (expression, expected) => {
  expect(preventers(expression)).toEqual(expected);
});

test("the cost: which events pass, in words and as a class", () => {
  const cost = (expression: string) => {
    const [rule] = analyse(expression).rules;
    return rule && unfilteredPart(rule);
  };
  expect(cost("process.uid == 0 && open.flags & (O_WRONLY | O_RDWR) > 0")).toMatchObject({
    class: "events-with-flags",
    frequency: "high",
    flagsAny: 3,
    flags: ["O_WRONLY", "O_RDWR"],
    cost: "every open with O_WRONLY or O_RDWR reaches the agent for it",
  });
  expect(cost("open.file.uid == 0")).toMatchObject({ class: "every-event", frequency: "highest", flags: [] });
  expect(cost("chmod.file.uid == 0")).toMatchObject({ class: "every-event", frequency: "low" });
});

test("by what each event type is filtered", () => {
  const analysis = analyse(
    `open.file.path in ["/a", ~"/etc/**"] && open.flags & O_CREAT > 0`,
    "open.flags & O_TRUNC > 0 && process.uid == 0",
    `rename.file.destination.name == "x" || rename.file.path == "/a"`,
  );
  expect(kernelFilters(analysis)).toEqual([
    {
      event: "open",
      rules: 2,
      approvers: { path: 1, directory: 1 },
      flagsAny: 0o1100,
      flags: ["O_CREAT", "O_TRUNC"],
      unfiltered: { rules: ["r2"], flagsAny: 0o1000, flags: ["O_TRUNC"] },
    },
    {
      event: "rename",
      rules: 1,
      approvers: { "destination name": 1, path: 1 },
      flagsAny: null,
      flags: [],
      unfiltered: null,
    },
  ]);
});

test("bits without a name of their own are shown in hexadecimal", () => {
  expect(flagNames(0o4010001)).toEqual(["O_WRONLY", "O_DSYNC", "0x100000"]);
});
