/**
 * The one table of events and fields. The rule checker, the matcher's code generation, the context block,
 * `weir fields` and the detections all read it; a field exists exactly when it has a row here.
 */
import { endsKey } from "./description.ts";
import {
  commonRows,
  context,
  fileRows,
  hostRows,
  pathRows,
  processRows,
  type Row,
  recordProcessRows,
  relatedRows,
  row,
} from "./field-rows.ts";
import type { ContextKey, EventType, Field, FieldSource } from "./field-types.ts";
import * as r from "./record.ts";

export type * from "./field-types.ts";

const fileEvent = (name: string, id: number, doc: string, destination = false): EventType => ({
  name,
  id,
  file: true,
  destination,
  doc,
});
const processEvent = (name: string, id: number, doc: string): EventType => ({
  name,
  id,
  file: false,
  destination: false,
  doc,
});

export const EVENT_TYPES: readonly EventType[] = [
  fileEvent("open", r.EVENT_OPEN, "a file was opened, created or truncated by opening"),
  fileEvent("unlink", r.EVENT_UNLINK, "a file was removed"),
  fileEvent("rename", r.EVENT_RENAME, "a file or directory was renamed or moved", true),
  fileEvent("chmod", r.EVENT_CHMOD, "the permission bits of a file were changed"),
  fileEvent("chown", r.EVENT_CHOWN, "owner or group of a file were changed"),
  fileEvent("link", r.EVENT_LINK, "a file got another name", true),
  fileEvent("mkdir", r.EVENT_MKDIR, "a directory was made"),
  fileEvent("rmdir", r.EVENT_RMDIR, "a directory was removed"),
  fileEvent("utimes", r.EVENT_UTIMES, "the times of a file were set"),
  fileEvent("setxattr", r.EVENT_SETXATTR, "an extended attribute was set"),
  fileEvent("removexattr", r.EVENT_REMOVEXATTR, "an extended attribute was removed"),
  fileEvent("mount", r.EVENT_MOUNT, "a file system or directory was mounted", true),
  fileEvent("umount", r.EVENT_UMOUNT, "a mount was taken away"),
  fileEvent("splice", r.EVENT_SPLICE, "a file was spliced from or into a pipe"),
  fileEvent("chdir", r.EVENT_CHDIR, "the working directory was changed"),
  processEvent("exec", r.PROCESS_EXEC, "a process executed a file"),
  processEvent("exit", r.PROCESS_EXIT, "a process ended"),
];

const u32 = (offset: number, mask?: number): FieldSource =>
  mask === undefined ? { from: "u32", offset } : { from: "u32", offset, mask };
const id32 = (offset: number): FieldSource => ({ from: "id32", offset });
const FLAGS = u32(r.FILE_OP_FLAGS);
const MODE = u32(r.FILE_OP_MODE);
const RIGHTS = u32(r.FILE_OP_MODE, 0o7777);
const UNRESOLVED = { unresolved: true };
const OPTIONAL = { optional: true } as const;

const newMode: readonly Row[] = [
  row("file.destination.mode", "int", MODE, "mode asked for"),
  row("file.destination.rights", "int", RIGHTS, "permission bits asked for"),
];
const syscallPath = row("syscall.path", "string", context("syscall.path"), "path as the call gave it", UNRESOLVED);
const syscallDestination = row(
  "syscall.destination.path",
  "string",
  context("syscall.destination.path"),
  "destination as the call gave it",
  UNRESOLVED,
);
const attributeName: readonly Row[] = [
  row("file.destination.name", "string", { from: "text" }, "name of the attribute, such as security.capability"),
  row("file.destination.namespace", "string", { from: "textPrefix" }, "namespace of the attribute, such as security"),
];

/** Fields of an event besides those of its file. */
const perEvent: Readonly<Record<string, readonly Row[]>> = {
  open: [
    row("flags", "int", FLAGS, "flags of the open, O_*"),
    row("created", "bool", { from: "flag", bit: r.FLAG_CREATED }, "the call created the file"),
    ...newMode,
    syscallPath,
    row("syscall.flags", "int", FLAGS, "flags of the call, O_*"),
    row("syscall.mode", "int", MODE, "mode of the call"),
  ],
  unlink: [row("flags", "int", FLAGS, "flags of the call, AT_*"), syscallPath],
  rename: [syscallPath, syscallDestination],
  chmod: [...newMode, syscallPath, row("syscall.mode", "int", MODE, "mode of the call")],
  chown: [
    row("file.destination.uid", "int", id32(r.FILE_OP_UID), "new owner, -1: not changed"),
    row("file.destination.gid", "int", id32(r.FILE_OP_GID), "new group, -1: not changed"),
    row("file.destination.user", "string", context("chown.user"), "name of the new owner"),
    row("file.destination.group", "string", context("chown.group"), "name of the new group"),
    syscallPath,
    row("syscall.uid", "int", id32(r.FILE_OP_UID), "owner of the call"),
    row("syscall.gid", "int", id32(r.FILE_OP_GID), "group of the call"),
  ],
  link: [syscallPath, syscallDestination],
  mkdir: [...newMode, syscallPath, row("syscall.mode", "int", MODE, "mode of the call")],
  rmdir: [syscallPath],
  utimes: [syscallPath],
  setxattr: attributeName,
  removexattr: attributeName,
  splice: [
    row("pipe_entry_flag", "int", FLAGS, "flag of the first buffer of the pipe read from, PIPE_BUF_FLAG_*"),
    row("pipe_exit_flag", "int", MODE, "flag of the last buffer of the pipe written to, PIPE_BUF_FLAG_*"),
  ],
  mount: [
    row("fs_type", "string", { from: "filesystem" }, "type of the file system, at most 15 bytes"),
    row("mountpoint.path", "string", { from: "path", slot: "file" }, "where it was mounted"),
    row(
      "source.path",
      "string",
      { from: "path", slot: "destination" },
      "what a bind mount shows, else empty",
      OPTIONAL,
    ),
    row("root.path", "string", { from: "text" }, "what was mounted, as path in its file system"),
    syscallPath,
  ],
  umount: [row("mountpoint.path", "string", { from: "path", slot: "file" }, "where it was mounted")],
  chdir: [syscallPath],
  exec: [syscallPath],
  exit: [
    row("code", "int", context("exit.code"), "exit code, or the number of the signal that ended it"),
    row("cause", "int", context("exit.cause"), "0: ended by itself, 1: core dumped, 2: ended by a signal"),
  ],
};

/** Events whose file is called by another name than `file`. */
const WITHOUT_FILE = new Set(["mount", "umount"]);

const field = (prefix: string, of: Row, event?: string): Field => ({
  name: prefix + of.suffix,
  ...(event === undefined ? {} : { event }),
  type: of.type,
  array: of.array ?? false,
  matching: /\.path$/.test(of.suffix) || of.suffix === "path" ? "path" : "flat",
  timestamp: of.timestamp ?? false,
  unresolved: of.unresolved ?? false,
  ...(of.optional ? { optional: true } : {}),
  source: of.source,
  doc: of.doc,
});

/** Rows of ancestors: each has one value, or several, for every process on the way to init. */
const ancestorRows: readonly Row[] = [
  ...relatedRows("process.ancestors").map((r): Row => ({ ...r, array: true })),
  row("length", "int", context("process.ancestors.length"), "number of ancestors"),
];

function eventFields({ name, file, destination }: EventType): Field[] {
  const own = (perEvent[name] ?? []).map((r) => field(`${name}.`, r, name));
  if (!file) return [...processEventRows.map((r) => field(`${name}.`, r, name)), ...own];
  const retval: FieldSource = { from: "i32", offset: r.RECORD_RETVAL };
  const outcome = row("retval", "int", retval, "0, or the negative errno of a failed operation");
  const rows = WITHOUT_FILE.has(name) ? [] : [...pathRows("file"), ...fileRows];
  const other = destination && !WITHOUT_FILE.has(name) ? [...pathRows("destination"), ...fileRows] : [];
  return [
    ...rows.map((r) => field(`${name}.file.`, r, name)),
    ...other.map((r) => field(`${name}.file.destination.`, r, name)),
    ...own,
    field(`${name}.`, outcome, name),
  ];
}

/** exec and exit speak of the process itself. */
const processEventRows: readonly Row[] = [...recordProcessRows, ...processRows("process")];

export const FIELDS: readonly Field[] = [
  ...EVENT_TYPES.flatMap(eventFields),
  ...[...recordProcessRows, ...processRows("process")].map((r) => field("process.", r)),
  ...relatedRows("process.parent").map((r) => field("process.parent.", r)),
  ...ancestorRows.map((r) => field("process.ancestors.", r)),
  ...commonRows.map((r) => field("", r)),
];

/** What `filters` read; not part of events. */
export const HOST_FIELDS: readonly Field[] = hostRows.map((r) => field("", r));

const byName = new Map(FIELDS.map((f) => [f.name, f]));
const hostByName = new Map(HOST_FIELDS.map((f) => [f.name, f]));
const typesByName = new Map(EVENT_TYPES.map((t) => [t.name, t]));
const typesById = new Map(EVENT_TYPES.map((t) => [t.id, t]));

/** Where the values of each ancestor end, of which each has any number. */
const ANCESTOR_ENDS: readonly ContextKey[] = relatedRows("process.ancestors").flatMap(({ source, array }) =>
  array && source.from === "context" ? [{ key: endsKey(source.key), type: "int", array: true }] : [],
);

/** Every value that a context block may hold, variables aside, by key. */
export const CONTEXT_KEYS: ReadonlyMap<string, ContextKey> = new Map(
  [
    ...[...FIELDS, ...HOST_FIELDS].flatMap(({ source, type, array }) =>
      source.from === "context" ? [{ key: source.key, type, array }] : [],
    ),
    ...ANCESTOR_ENDS,
  ].map((key) => [key.key, key]),
);

export function findField(name: string): Field | undefined {
  return byName.get(name);
}

export function findHostField(name: string): Field | undefined {
  return hostByName.get(name);
}

export function eventTypeByName(name: string): EventType | undefined {
  return typesByName.get(name);
}

export function eventTypeById(id: number): EventType | undefined {
  return typesById.get(id);
}
