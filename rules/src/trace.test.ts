import { findField } from "@weir/matcher-wasm/format";
import { expect, test } from "vitest";
import { checkExpression } from "./check/index.ts";
import { completeEvent } from "./event.ts";
import { wholeText } from "./source.ts";
import { parseExpression, parseMacro } from "./syntax/parser.ts";
import { fieldValueText, type TraceNode, trace } from "./trace.ts";

function traced(text: string, fields: Record<string, unknown>): TraceNode {
  const { expr, event } = checkExpression(parseExpression(text), wholeText("test", text), new Map());
  return trace(expr, completeEvent(event, fields as Parameters<typeof completeEvent>[1]));
}

const outline = ({ text, value, values, terms }: TraceNode): string =>
  `${text} ${value ? "+" : "-"}${values.map((v) => ` ${v.field}=${v.text}`).join("")}${terms.length > 0 ? ` {${terms.map(outline).join("; ")}}` : ""}`;

test("no part is left out, whatever decided", () => {
  const node = traced('!(open.file.name == "a") && (open.flags & O_CREAT > 0 || process.uid == 0)', {
    "open.file.path": "/a",
    "open.flags": 66,
  });
  expect(outline(node)).toBe(
    'and - {not - {open.file.name == "a" + open.file.name="a"}; or + {open.flags & 64 > 0 + open.flags=66 (O_RDWR | O_CREAT); process.uid == 0 + process.uid=0}}',
  );
});

test("two fields, and lists of values", () => {
  expect(outline(traced("open.file.uid != process.uid", { "open.file.uid": 3 }))).toMatch(
    /- open\.file\.uid=3 process\.uid=0$|\+ open\.file\.uid=3 process\.uid=0$/,
  );
  const node = traced('open.retval < 0 && process.ancestors.comm in ["sh", "cron"]', {
    "open.retval": -13,
    "process.ancestors.comm": ["bash", "cron"],
  });
  expect(node.value).toBe(true);
  expect(node.terms.map((term) => term.values[0]?.text)).toEqual(["-13 (EACCES)", '["bash", "cron"]']);
});

const value = (name: string, given?: unknown): string =>
  fieldValueText(findField(name) as NonNullable<ReturnType<typeof findField>>, {
    ...(given === undefined ? {} : { [name]: given as string }),
  });

test("values as people read them", () => {
  expect(value("open.flags", 0n)).toBe("0 (O_RDONLY)");
  expect(value("open.flags", 0o4010001n)).toBe("1052673 (O_SYNC | O_WRONLY)");
  expect(value("open.flags", 0x40000001)).toBe("1073741825 (O_WRONLY | 0x40000000)");
  expect(value("open.file.mode", 0o100644)).toBe("0o100644");
  expect(value("open.file.path")).toBe('""');
  expect(value("process.argv")).toBe("[]");
  expect(value("container.created_at", 1_700_000_000_123_456_789n)).toBe(
    "1700000000123456789 (2023-11-14T22:13:20.123Z)",
  );
  expect(value("event.timestamp", -(2n ** 63n))).toBe("-9223372036854775808 (1677-09-21T00:12:43.146Z)");
  expect(value("process.ancestors.user_session.ssh_client_ip", ["::1"])).toBe("[::1]");
  expect(value("open.created")).toBe("false");
  expect(value("process.argv", ["a\u001b[2J\u202e"])).toBe('["a\\u001b[2J\\u202e"]');
  expect(value("process.args", "x".repeat(500))).toHaveLength(160);
});

test("what hosts cannot know does not decide, whichever way it is asked", () => {
  const text =
    'open.created && open.file.hashes == "x" && !(event.service == "y") && not (event.async || open.created == false)';
  expect(outline(traced(text, { "open.created": true }))).toBe(
    'and + {open.created + open.created=true; open.file.hashes == "x" + open.file.hashes=not known on hosts; not + {event.service == "y" - event.service=not known on hosts}; not + {or - {event.async - event.async=not known on hosts; not - {open.created + open.created=true}}}}',
  );
  expect(outline(traced('open.created || event.service != "y"', { "event.service": "y" }))).toBe(
    'or - {open.created - open.created=false; event.service != "y" - event.service="y"}',
  );
});

test.each<readonly [string, string]>([
  ["open.file.path", '""'],
  ["process.args", '""'],
  ["process.argv", "[]"],
  ["process.ancestors.pid", "[]"],
  ["process.ancestors.is_exec", "[]"],
  ["process.uid", "0"],
  ["open.file.rights", "0o0"],
  ["open.flags", "0 (O_RDONLY)"],
  ["container.created_at", "0 (never)"],
  ["event.timestamp", "0 (never)"],
  ["open.created", "false"],
  ["process.user_session.ssh_client_ip", "no address"],
])("an absent %s reads %s", (name, text) => expect(value(name)).toBe(text));

test("as it was written, with the names of macros", () => {
  const macros = new Map(
    Object.entries({
      files: '["/a", "/b"]',
      writes: "open.flags & O_WRONLY > 0",
      either: "writes || open.created",
    }).map(([id, text]) => [id, { id, root: parseMacro(text), excerpt: wholeText(id, text) }] as const),
  );
  const text = "open.file.path in\n  files and either and open.created";
  const { expr, written } = checkExpression(parseExpression(text), wholeText("test", text), macros);
  const { terms } = trace(expr, {}, written);
  expect(terms.map((term) => [term.macro, term.text])).toEqual([
    [undefined, "open.file.path in files"],
    ["either", "or"],
    [undefined, "open.created"],
  ]);
  expect(terms[1]?.terms.map((term) => [term.macro, term.text])).toEqual([
    ["writes", "open.flags & 1 > 0"],
    [undefined, "open.created"],
  ]);
});
