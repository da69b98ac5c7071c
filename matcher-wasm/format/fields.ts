/**
 * The one table of events and fields. The rule checker, the matcher's code generation, the context block,
 * `weir fields` and the detections all read it; a field exists exactly when it has a row here.
 */
import * as r from "./record.ts";

export interface EventType {
  readonly name: string;
  readonly id: number;
  /** Whether events of this type carry a destination path. */
  readonly destination: boolean;
  readonly doc: string;
}

export const EVENT_TYPES: readonly EventType[] = [
  { name: "open", id: r.EVENT_OPEN, destination: false, doc: "a file was opened, created or truncated by opening" },
  { name: "unlink", id: r.EVENT_UNLINK, destination: false, doc: "a file was removed" },
  { name: "rename", id: r.EVENT_RENAME, destination: true, doc: "a file or directory was renamed or moved" },
  { name: "chmod", id: r.EVENT_CHMOD, destination: false, doc: "the permission bits of a file were changed" },
];

/** Where a field's value lies. `u…`/`i…`: an integer in the record at `offset`, masked where `mask` is set. */
export type FieldSource =
  | { readonly from: "u32" | "i32" | "u64"; readonly offset: number; readonly mask?: number }
  /** 1 when one of the bits of the record's flags is set, else 0. */
  | { readonly from: "flag"; readonly bit: number }
  | { readonly from: "path" | "basename" | "pathLength"; readonly slot: "file" | "destination" }
  | { readonly from: "comm" }
  /** Value `id` of the context block, see `module.ts`. */
  | { readonly from: "context"; readonly id: number };

export interface Field {
  readonly name: string;
  /** Event type the field belongs to; undefined: every type has it. */
  readonly event?: string;
  readonly type: "string" | "int" | "bool";
  /** The field has any number of values; comparisons ask for ANY of them, negated ones for NONE. */
  readonly array: boolean;
  /** Strings: `path` patterns are globs over components, `flat` patterns let `*` cross slashes. */
  readonly matching: "path" | "flat";
  readonly source: FieldSource;
  readonly doc: string;
}

type Row = readonly [suffix: string, type: Field["type"], source: FieldSource, doc: string];

const file = (slot: "file" | "destination"): readonly Row[] => [
  ["path", "string", { from: "path", slot }, "path in the mount tree of the task"],
  ["name", "string", { from: "basename", slot }, "last component of the path"],
  ["path.length", "int", { from: "pathLength", slot }, "bytes of the path"],
];

const attributes: readonly Row[] = [
  ["inode", "int", { from: "u64", offset: r.FILE_INODE }, "inode number"],
  ["dev", "int", { from: "u32", offset: r.FILE_DEV }, "device number"],
  ["mount_id", "int", { from: "u32", offset: r.FILE_MOUNT_ID }, "id of the mount"],
  ["mode", "int", { from: "u32", offset: r.FILE_MODE }, "mode, file type included"],
  ["rights", "int", { from: "u32", offset: r.FILE_MODE, mask: 0o7777 }, "permission bits"],
  ["uid", "int", { from: "u32", offset: r.FILE_UID }, "owner"],
  ["gid", "int", { from: "u32", offset: r.FILE_GID }, "group"],
];

const perEvent: Record<string, readonly Row[]> = {
  open: [
    ["flags", "int", { from: "u32", offset: r.FILE_OP_FLAGS }, "flags of the open file, O_*"],
    ["created", "bool", { from: "flag", bit: r.FLAG_CREATED }, "the call created the file"],
  ],
  chmod: [
    ["file.destination.mode", "int", { from: "u32", offset: r.FILE_OP_MODE }, "new mode"],
    ["file.destination.rights", "int", { from: "u32", offset: r.FILE_OP_MODE, mask: 0o7777 }, "new permission bits"],
  ],
};

const recordProcess: readonly Row[] = [
  ["pid", "int", { from: "u32", offset: r.RECORD_TGID }, "process id in the initial namespace"],
  ["tid", "int", { from: "u32", offset: r.RECORD_TID }, "thread id in the initial namespace"],
  ["ppid", "int", { from: "u32", offset: r.RECORD_PPID }, "process id of the parent"],
  ["uid", "int", { from: "u32", offset: r.RECORD_UID }, "real user id"],
  ["gid", "int", { from: "u32", offset: r.RECORD_GID }, "real group id"],
  ["euid", "int", { from: "u32", offset: r.RECORD_EUID }, "effective user id"],
  ["egid", "int", { from: "u32", offset: r.RECORD_EGID }, "effective group id"],
  ["fsuid", "int", { from: "u32", offset: r.RECORD_FSUID }, "user id for file access"],
  ["fsgid", "int", { from: "u32", offset: r.RECORD_FSGID }, "group id for file access"],
  ["auid", "int", { from: "u32", offset: r.RECORD_AUID }, "login user id"],
  ["comm", "string", { from: "comm" }, "name of the task, at most 15 bytes"],
];

const field = (name: string, [, type, source, doc]: Row, event?: string, array = false): Field => ({
  name,
  ...(event === undefined ? {} : { event }),
  type,
  array,
  matching: /\.path$/.test(name) ? "path" : "flat",
  source,
  doc,
});

/**
 * Fields that the agent resolves after the record: row n is value n of the context block.
 * Appending is compatible; reordering is a new ABI version.
 */
const contextRows: readonly (readonly [name: string, type: Field["type"], array: boolean, doc: string])[] = [
  ["process.file.path", "string", false, "executable of the process"],
  ["process.file.name", "string", false, "last component of the executable's path"],
  ["process.args", "string", false, "arguments without argv[0], joined by blanks"],
  ["process.argv", "string", true, "arguments without argv[0]"],
  ["process.argv0", "string", false, "argv[0]"],
  ["process.parent.pid", "int", false, "process id of the parent"],
  ["process.parent.comm", "string", false, "name of the parent's task"],
  ["process.parent.file.path", "string", false, "executable of the parent"],
  ["process.parent.file.name", "string", false, "last component of the parent's executable"],
  ["process.ancestors.pid", "int", true, "process ids of all ancestors"],
  ["process.ancestors.comm", "string", true, "task names of all ancestors"],
  ["process.ancestors.file.path", "string", true, "executables of all ancestors"],
  ["process.ancestors.file.name", "string", true, "last components of the ancestors' executables"],
  ["process.container.id", "string", false, "container of the process, empty outside one"],
  ["container.id", "string", false, "container of the process, empty outside one"],
];

/** Number of values in a context block. */
export const CONTEXT_FIELDS = contextRows.length;

export const FIELDS: readonly Field[] = [
  ...EVENT_TYPES.flatMap((event) => {
    const rows: Field[] = [...file("file"), ...attributes].map((row) =>
      field(`${event.name}.file.${row[0]}`, row, event.name),
    );
    if (event.destination)
      rows.push(
        ...file("destination").map((row) => field(`${event.name}.file.destination.${row[0]}`, row, event.name)),
      );
    rows.push(...(perEvent[event.name] ?? []).map((row) => field(`${event.name}.${row[0]}`, row, event.name)));
    rows.push(
      field(
        `${event.name}.retval`,
        ["retval", "int", { from: "i32", offset: r.RECORD_RETVAL }, "0, or the negative errno of a failed operation"],
        event.name,
      ),
    );
    return rows;
  }),
  ...recordProcess.map((row) => field(`process.${row[0]}`, row)),
  ...contextRows.map(([name, type, array, doc], id) =>
    field(name, ["", type, { from: "context", id }, doc], undefined, array),
  ),
];

const byName = new Map(FIELDS.map((f) => [f.name, f]));
const typesByName = new Map(EVENT_TYPES.map((t) => [t.name, t]));
const typesById = new Map(EVENT_TYPES.map((t) => [t.id, t]));

export function findField(name: string): Field | undefined {
  return byName.get(name);
}

export function eventTypeByName(name: string): EventType | undefined {
  return typesByName.get(name);
}

export function eventTypeById(id: number): EventType | undefined {
  return typesById.get(id);
}
