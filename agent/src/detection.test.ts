import {
  EVENT_CHOWN,
  EVENT_LINK,
  EVENT_MKDIR,
  EVENT_MOUNT,
  EVENT_OPEN,
  EVENT_RENAME,
  EVENT_SETXATTR,
  EVENT_SPLICE,
  EVENT_UNLINK,
  type FileEvent,
  FLAG_ATTRIBUTES_UNKNOWN,
  FLAG_CREATED,
  FLAG_RESOLVED_AT_SYSCALL,
  ID_UNCHANGED,
  PROCESS_EXEC,
  PROCESS_EXIT,
  type VariableDescription,
} from "@weir/matcher-wasm/format";
import { VariableStore } from "@weir/matcher-wasm/host";
import { describe, expect, test } from "vitest";
import { type Detection, type DetectionInput, detectionOf } from "./detection.ts";
import { EventContext } from "./match/context/context.ts";
import { childOf, fileEvent, HOST, header, INIT } from "./match/context/event.fixture.ts";
import type { JudgedRecord } from "./match/context/facts.ts";

const RULE = { id: "r", event: "open", tags: { severity: "high" }, expression: "" };

function detect(record: JudgedRecord, parts: Partial<DetectionInput> = {}): Detection {
  const event = new EventContext(record, childOf(INIT, { startNs: 1_000_000_000n }), HOST);
  return detectionOf({ event, tenant: "acme", bundle: "b", rule: RULE, ...parts });
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const of = (type: number, parts: Partial<FileEvent> = {}): Detection => detect(fileEvent({ type, ...parts }));

test("what every detection says", () => {
  expect(of(EVENT_OPEN, { timeNs: 5_500_000_000n, auid: 1000, euid: 7, comm: "thread" })).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f]{32}$/),
    time: "1970-01-01T00:00:05.500Z",
    host: "host",
    tenant: "acme",
    rule: { id: "r", tags: { severity: "high" } },
    file: { path: "/etc/passwd", inode: "1", user: "user 0", group: "group 0", filesystem: "ext4", mode: "0644" },
    process: {
      start: "1970-01-01T00:00:01.000Z",
      comm: "thread",
      executable: "/bin/sh",
      auid: 1000,
      euser: "user 7",
      cgroup: "/init.scope",
      ancestors: [{ pid: 1, executable: "/sbin/init" }],
    },
  });
});

test("the same event and rule have the same id; another rule, type or time another", () => {
  const [one, again] = [of(EVENT_OPEN), of(EVENT_OPEN)];
  expect(again.id).toBe(one.id);
  const other = [of(EVENT_UNLINK), of(EVENT_OPEN, { timeNs: 6n }), detect(fileEvent(), { rule: { ...RULE, id: "s" } })];
  expect(new Set([one, ...other].map(({ id }) => id)).size).toBe(4);
});

describe("the operation", () => {
  test.each<[string, Detection, object]>([
    [
      "open",
      of(EVENT_OPEN, { opFlags: 0o1101, opMode: 0o640, flags: FLAG_CREATED | FLAG_RESOLVED_AT_SYSCALL }),
      { flags: ["O_WRONLY", "O_CREAT", "O_TRUNC"], created: true, new_mode: "0640", resolution: "syscall" },
    ],
    ["unlink", of(EVENT_UNLINK, { opFlags: 0x200, retval: -13 }), { flags: ["AT_REMOVEDIR"], retval: -13 }],
    ["rename", of(EVENT_RENAME, { opFlags: 2 }), { flags: ["RENAME_EXCHANGE"] }],
    ["mkdir", of(EVENT_MKDIR, { opMode: 0o1777 }), { new_mode: "01777" }],
    ["chown", of(EVENT_CHOWN, { opUid: 5, opGid: 6 }), { new_uid: 5, new_user: "user 5", new_gid: 6 }],
    ["setxattr", of(EVENT_SETXATTR, { text: "user.x", opFlags: 1 }), { attribute: "user.x", flags: ["XATTR_CREATE"] }],
    [
      "mount",
      of(EVENT_MOUNT, { text: "/sub" }),
      { mount: { filesystem: "ext4", root: "/sub", root_truncated: false } },
    ],
    [
      "splice",
      of(EVENT_SPLICE, { opFlags: 0x10, opMode: 0 }),
      { pipe_entry_flags: ["PIPE_BUF_FLAG_CAN_MERGE"], pipe_exit_flags: [] },
    ],
  ])("%s", (type, { event }, expected) => expect(event).toMatchObject({ type, ...expected }));

  test("an owner that stays as it is", () => {
    const { event } = of(EVENT_CHOWN, { opUid: ID_UNCHANGED, opGid: 6 });
    expect(event).not.toHaveProperty("new_uid");
    expect(event).not.toHaveProperty("new_user");
    expect(event).toMatchObject({ new_gid: 6, new_group: "group 6" });
  });

  test("a second path is a destination, of mounts a source", () => {
    const destination = { destination: "/b", destinationBytes: bytes("/b") };
    expect(of(EVENT_LINK, destination).file).toMatchObject({ destination: "/b", destination_truncated: false });
    const mounted = of(EVENT_MOUNT, destination);
    expect(mounted.event.mount).toMatchObject({ source: "/b", source_truncated: false });
    expect(mounted.file).not.toHaveProperty("destination");
  });

  test("another name of the file is its path; the one that was used is told besides", () => {
    const other = of(EVENT_LINK, { usedPath: "/x/passwd", usedDestination: "/x/link" });
    expect(other.file).toMatchObject({ used_path: "/x/passwd", used_destination: "/x/link" });
    expect(of(EVENT_LINK, {}).file).not.toHaveProperty("used_path");
  });

  test("attributes that are not known are absent", () => {
    const { file } = of(EVENT_OPEN, { flags: FLAG_ATTRIBUTES_UNKNOWN });
    expect(Object.keys(file)).toEqual(["path", "path_truncated"]);
  });
});

test("exec and exit: the file is the executable", () => {
  const exec = { kind: "exec" as const, ...header({ type: PROCESS_EXEC }), path: "/x", pathTruncated: false };
  expect(detect({ ...exec, args: [], argsTruncated: false })).toMatchObject({
    event: { type: "exec", retval: 0 },
    file: { path: "/bin/sh", path_truncated: false },
    process: { args: ["sh", "-c", "true"] },
  });
  expect(detect({ kind: "exit", ...header({ type: PROCESS_EXIT, retval: 3 << 8 }) }).event).toEqual({
    type: "exit",
    retval: 0,
    exit: { code: 3, cause: "exited" },
    resolution: "object",
  });
});

test("variables that are set and not private, after the actions of the event", () => {
  const declare = (name: string, parts: Partial<VariableDescription> = {}): VariableDescription => ({
    name,
    scope: "global",
    type: "string",
    array: false,
    inherited: false,
    private: false,
    ...parts,
  });
  const variables = new VariableStore({
    variables: [
      declare("text"),
      declare("bytes"),
      declare("list", { array: true, type: "int" }),
      declare("secret", { private: true }),
      declare("unset"),
      declare("empty", { array: true }),
      declare("lost"),
      declare("given", { default: "d" }),
    ],
  });
  const event = new EventContext(fileEvent(), childOf(INIT), HOST);
  variables.set("text", { append: false, values: ["a"] }, event.subject);
  variables.set("bytes", { append: false, values: [Uint8Array.of(0x2f, 0xff)] }, event.subject);
  variables.set("list", { append: false, values: [1n, 2n ** 60n] }, event.subject);
  variables.set("secret", { append: false, values: ["s"] }, event.subject);
  variables.set("lost", { append: false, values: null }, event.subject);
  expect(detectionOf({ event, tenant: "acme", bundle: "b", rule: RULE, variables }).variables).toEqual({
    text: "a",
    bytes: "/\ufffd",
    list: [1, "1152921504606846976"],
    lost: null,
    given: "d",
  });
  expect(detect(fileEvent())).not.toHaveProperty("variables");
});
