import { describe, expect, test } from "vitest";
import { EventError, parseEvent, parseJson, problemText, readEvent } from "./index.ts";

const problems = (value: unknown, options = {}): string[] => {
  const result = readEvent(value, options);
  return result.ok ? [] : result.problems.map(problemText);
};

const open = (fields: object): object => ({ type: "open", "open.file.path": "/a/b.txt", ...fields });

test("values of every type, and what follows from them", () => {
  const event = parseEvent(`{
    "type": "open", "open.file.path": "/etc/ssh.d/é.conf", "open.flags": ["O_RDWR", "O_CREAT"], "open.created": true,
    "open.file.mode": "0o104755", "process.uid": 0, "process.auid": "AUDIT_AUID_UNSET", "open.retval": "EACCES",
    "process.cap_effective": 18446744073709551615, "process.ancestors.file.path": ["/usr/bin/bash", "/sbin/init"],
    "process.ancestors.pid": ["0x10", 1], "process.argv": ["-c", "id"], "container.id": "c1", "\${process.seen}": true
  }`);
  expect(event.type).toBe("open");
  expect(event.fields).toMatchObject({
    "open.flags": 66n,
    "open.syscall.flags": 66n,
    "open.created": true,
    "open.file.name": "é.conf",
    "open.file.extension": ".conf",
    "open.file.path.length": 18,
    "open.file.name.length": 7,
    "open.file.mode": 0o104755n,
    "open.file.rights": 0o4755n,
    "process.auid": 0xffffffffn,
    "open.retval": -13n,
    "process.cap_effective": -1n,
    "process.ancestors.pid": [16n, 1n],
    "process.ancestors.file.name": ["bash", "init"],
    "process.ancestors.file.path.length": [13, 10],
    "process.ancestors.length": 2,
    "process.args": "-c id",
    "process.argv.length": 2,
    "process.container.id": "c1",
    "${process.seen}": true,
  });
});

test("integers beyond 2^53 are exact", () => {
  expect(parseJson("[9007199254740993, -9223372036854775808, 1.5]")).toEqual([
    9007199254740993n,
    -9223372036854775808n,
    1.5,
  ]);
});

test.each<[string, object, string]>([
  ["misspelled field", { "open.fil.path": "/" }, "open.fil.path: unknown field (did you mean `open.file.path`?)"],
  ["field without its event", { "file.name": "x" }, "file.name: unknown field (did you mean `open.file.name`?)"],
  [
    "foreign field",
    { "unlink.file.path": "/" },
    "unlink.file.path: belongs to event type unlink, but the event is of type open",
  ],
  ["number for text", { "process.comm": 3 }, "process.comm: expected a string, received 3 (put it in quotes)"],
  [
    "text for a boolean",
    { "open.created": "true" },
    'open.created: expected true or false, received the string "true"',
  ],
  [
    "one for many",
    { "process.argv": "-c" },
    'process.argv: expected a list of strings, received the string "-c" (write it in [ ])',
  ],
  ["many for one", { "open.file.path": ["/"] }, "open.file.path: expected a string, received a list"],
  [
    "item of a list",
    { "process.ancestors.pid": [1, null] },
    "process.ancestors.pid[1]: expected a list of integers or names of constants, received null",
  ],
  [
    "numbers for flags",
    { "open.flags": [1, 2] },
    "open.flags[0]: a list stands for an integer when it holds names of constants, received 1 (write one integer without the [ ])",
  ],
  [
    "unknown constant",
    { "open.flags": ["O_RDRW"] },
    'open.flags[0]: expected the name of a constant, received the string "O_RDRW" (did you mean `O_RDWR`?)',
  ],
  [
    "constants with a bar",
    { "open.flags": "O_RDWR|O_CREAT" },
    'open.flags: expected an integer, the name of a constant, or a list of such names, received the string "O_RDWR|O_CREAT" (write a list: ["O_RDWR", "O_CREAT"])',
  ],
  [
    "ambiguous octal",
    { "open.file.mode": "0644" },
    'open.file.mode: expected an integer, the name of a constant, or a list of such names, received the string "0644" (a leading zero may mean octal or nothing: write `0o…` for octal, or no leading zero)',
  ],
  [
    "fraction",
    { "process.uid": 1.5 },
    "process.uid: expected an integer, the name of a constant, or a list of such names, received 1.5",
  ],
  [
    "more than 64 bits",
    { "open.file.inode": "0x10000000000000000" },
    'open.file.inode: expected an integer, the name of a constant, or a list of such names, received the string "0x10000000000000000"',
  ],
  ["more than its field holds", { "process.uid": 2 ** 32 }, "process.uid: 4294967296: expected u32, 0 to 4294967295"],
  [
    "too long a name",
    { "process.comm": "sixteen-bytes-16" },
    "process.comm: of 16 bytes, at most 15 and none of them NUL",
  ],
  ["contradicting name", { "open.file.name": "x" }, "open.file.name: is not the last component of the path"],
  [
    "two values of one",
    { "open.flags": 1, "open.syscall.flags": 2 },
    "open.syscall.flags: is the same value as `open.flags`, but the event has another one there",
  ],
  ["not a variable", { "${1}": 1 }, "${1}: a name of a variable has letters, digits, `_` and dots, no digit first"],
  ["nested", { process: { uid: 0 } }, "process: unknown field"],
])("%s", (_, fields, message) => {
  expect(problems(open(fields))).toEqual([message]);
});

test("everything that is wrong is said at once", () => {
  expect(problems({ type: "opne", "process.uid": "x", "open.file.path": 1 })).toEqual([
    'type: expected an event type, received the string "opne" (did you mean `open`?)',
    expect.stringMatching(/^process\.uid: /),
    expect.stringMatching(/^open\.file\.path: /),
  ]);
  expect(problems({ "process.uid": 0 })).toEqual([expect.stringMatching(/^the event has no `type` \(one of open, /)]);
  expect(problems([])).toEqual(["expected an event: a mapping of field names to values, received a list"]);
});

describe("only a part of a value", () => {
  test("a name without its path", () => {
    expect(parseEvent('{"type": "unlink", "unlink.file.name": "x.ko"}').fields).toMatchObject({
      "unlink.file.path": "/x.ko",
      "unlink.file.extension": ".ko",
    });
  });

  test("permission bits without the mode", () => {
    const { fields } = parseEvent('{"type": "chmod", "chmod.file.destination.rights": "0o664"}');
    expect(fields).toMatchObject({ "chmod.file.destination.mode": 0o664n, "chmod.syscall.mode": 0o664n });
  });
});

test.each(["etc/passwd", "/etc/", "/etc//x", "/etc/../x", "/./x"])("%s is no path of the kernel", (path) => {
  expect(problems({ type: "open", "open.file.path": path })).toEqual([]);
  expect(problems({ type: "open", "open.file.path": path }, { kernelPaths: true })).toEqual([
    `open.file.path: expected a path as the kernel reports it, received the string ${JSON.stringify(path)} (absolute, without empty components, \`.\` and \`..\`)`,
  ]);
});

test("text that is no JSON", () => {
  expect(() => parseEvent('{"type": open}')).toThrow(EventError);
  expect(() => parseEvent('{"type": open}')).toThrow(/^not JSON: Unexpected token/);
});

test("what is quoted of an event does not disturb a terminal", () => {
  const hostile = "\u001b[2J\u009b\u202e";
  for (const value of [{ type: hostile }, { type: "open", [hostile]: 1 }, { type: "open", "open.flags": hostile }])
    expect(problems(value).join("")).not.toMatch(/[\p{Cc}\u202e]/u);
  expect(() => parseEvent(`{"type": ${hostile}}`)).toThrow(/^not JSON: [^\p{Cc}\u202e]*$/u);
});

describe("parts of a path without the path", () => {
  const pathOf = (fields: object): unknown =>
    parseEvent(JSON.stringify({ type: "open", ...fields })).fields["open.file.path"];
  test.each<[object, string | undefined]>([
    [{ "open.file.path.length": 2 }, "/a"],
    [{ "open.file.name.length": 5, "open.file.extension": ".gz" }, "/aa.gz"],
    [{ "open.file.name": "x", "open.file.path.length": 8 }, "/aaaaa/x"],
    [{ "open.file.name.length": 0 }, undefined],
  ])("%j: %s", (fields, path) => expect(pathOf(fields)).toBe(path));

  test.each<[object, string]>([
    [{ "open.file.path.length": 5000 }, "open.file.path.length: no path has this value"],
    [{ "open.file.extension": "gz" }, "open.file.extension: no path has this value"],
    [
      { "open.file.name.length": 2, "open.file.extension": ".txt" },
      "open.file.extension: no path has this value together with `open.file.name.length`",
    ],
    [
      { "open.file.name": "abc", "open.file.name.length": 2 },
      "open.file.name: no path has this value together with `open.file.name.length`",
    ],
  ])("%j", (fields, problem) => expect(problems({ type: "open", ...fields })).toEqual([problem]));

  test("the namespace of an attribute without its name", () => {
    const event = parseEvent('{"type": "setxattr", "setxattr.file.destination.namespace": "security"}');
    expect(event.fields["setxattr.file.destination.name"]).toBe("security.a");
  });
});

test("a byte order mark in front is none of the text", () =>
  expect(parseEvent('\ufeff{"type": "open"}')).toEqual({ type: "open", fields: {} }));

test.each<[string, string | null]>([
  ['{"type": "open", "process.uid": 1,\n "process.uid": 1}', 'the key "process.uid" occurs twice, again on line 2'],
  ['{"type": "open", "t\\u0079pe": "open"}', 'the key "type" occurs twice'],
  ['{"type": "open", "process.args": "\\"type\\", {", "process.argv": ["type", "type"]}', null],
  ['{"type": "open", "process.comm": "process.uid", "process.uid": 1}', null],
])("keys that occur twice: %s", (text, problem) => {
  const read = (): unknown => parseEvent(text);
  if (problem === null) expect(read).not.toThrow();
  else expect(read).toThrow(problem);
});
