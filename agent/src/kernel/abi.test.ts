/** The C side of every shared layout, as the compiler laid it out, against the constants of the TypeScript side. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as format from "@weir/matcher-wasm/format";
import { describe, expect, test } from "vitest";
import { COUNTER_NAMES } from "./counters.ts";
import { HOOKED_PROGRAMS } from "./hooks.ts";
import { OPTIONS_BYTES } from "./options.ts";
import {
  ACTIVE_BYTES,
  APPROVER_BYTES,
  APPROVER_KEY_BYTES,
  DISCARDER_KEY_BYTES,
  GENERATION_BYTES,
  IDENTITY_KEY_BYTES,
  IDENTITY_PATH_BYTES,
  INTEREST_BYTES,
} from "./tables.ts";

interface BtfType {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly members?: readonly { readonly name: string; readonly bits_offset: number }[];
}

const object = fileURLToPath(new URL("../../../bpf/build/weir.bpf.o", import.meta.url));
const dump = execFileSync("bpftool", ["-j", "btf", "dump", "file", object], { encoding: "utf8", maxBuffer: 64 << 20 });
const types = (JSON.parse(dump) as { types: BtfType[] }).types;

/** Byte offset of each member, and the size. */
function layoutOf(name: string): { size: number; offsets: Record<string, number> } {
  const struct = types.find((type) => type.kind === "STRUCT" && type.name === name);
  if (!struct?.members || struct.size === undefined) throw new Error(`no struct ${name} in the BTF of ${object}`);
  const offsets = Object.fromEntries(struct.members.map((member) => [member.name, member.bits_offset / 8]));
  return { size: struct.size, offsets };
}

describe("records", () => {
  test("header", () => {
    expect(layoutOf("record")).toEqual({
      size: format.RECORD_HEADER_BYTES,
      offsets: {
        size: format.RECORD_SIZE,
        type: format.RECORD_TYPE,
        flags: format.RECORD_FLAGS,
        time_ns: format.RECORD_TIME_NS,
        tenants: format.RECORD_TENANTS,
        generation: format.RECORD_GENERATION,
        retval: format.RECORD_RETVAL,
        process_start_ns: format.RECORD_PROCESS_START_NS,
        cgroup_id: format.RECORD_CGROUP_ID,
        tgid: format.RECORD_TGID,
        tid: format.RECORD_TID,
        ppid: format.RECORD_PPID,
        uid: format.RECORD_UID,
        gid: format.RECORD_GID,
        euid: format.RECORD_EUID,
        egid: format.RECORD_EGID,
        fsuid: format.RECORD_FSUID,
        fsgid: format.RECORD_FSGID,
        auid: format.RECORD_AUID,
        mount_ns: format.RECORD_MOUNT_NS,
        pid_ns: format.RECORD_PID_NS,
        comm: format.RECORD_COMM,
      },
    });
  });

  test("file event", () => {
    expect(layoutOf("file_record")).toEqual({
      size: format.FILE_PATHS,
      offsets: {
        head: 0,
        inode: format.FILE_INODE,
        dev: format.FILE_DEV,
        mount_id: format.FILE_MOUNT_ID,
        mode: format.FILE_MODE,
        uid: format.FILE_UID,
        gid: format.FILE_GID,
        op_flags: format.FILE_OP_FLAGS,
        op_mode: format.FILE_OP_MODE,
        op_uid: format.FILE_OP_UID,
        op_gid: format.FILE_OP_GID,
        path_len: format.FILE_PATH_LEN,
        dest_len: format.FILE_DEST_LEN,
        mtime_ns: format.FILE_MTIME_NS,
        ctime_ns: format.FILE_CTIME_NS,
        filesystem: format.FILE_FILESYSTEM,
        text_len: format.FILE_TEXT_LEN,
        used_len: format.FILE_USED_LEN,
        used_dest_len: format.FILE_USED_DEST_LEN,
        reserved: 198,
        directory_key: format.FILE_DIRECTORY_KEY,
      },
    });
  });

  test("exec", () => {
    expect(layoutOf("exec_record")).toEqual({
      size: format.EXEC_PATH,
      offsets: { head: 0, path_len: format.EXEC_PATH_LEN, args_len: format.EXEC_ARGS_LEN, reserved: 116 },
    });
  });

  test("fork", () => {
    expect(layoutOf("fork_record")).toEqual({
      size: format.FORK_BYTES,
      offsets: {
        head: 0,
        forker_start_ns: format.FORK_FORKER_START_NS,
        forker_tgid: format.FORK_FORKER_TGID,
        reserved: 124,
      },
    });
  });
});

describe("filter maps", () => {
  test("approver", () => {
    expect(layoutOf("approver_key")).toEqual({ size: APPROVER_KEY_BYTES, offsets: { hash: 0, kind: 8, type: 12 } });
    expect(layoutOf("approver")).toEqual({ size: APPROVER_BYTES, offsets: { tenants: 0, flags_any: 8, reserved: 12 } });
  });

  test("discarder", () => {
    expect(layoutOf("discarder_key")).toEqual({
      size: DISCARDER_KEY_BYTES,
      offsets: { directory: 0, type: 8, reserved: 12 },
    });
  });

  test("identity", () => {
    expect(layoutOf("identity_key")).toEqual({ size: IDENTITY_KEY_BYTES, offsets: { inode: 0, dev: 8, nth: 12 } });
    expect(layoutOf("identity_path")).toEqual({ size: IDENTITY_PATH_BYTES, offsets: { path: 0 } });
  });

  test("counters", () => {
    const fields = Object.entries(layoutOf("counters").offsets).map(([name, at]) => [at / 8, name]);
    const camel = (name: string): string => name.replace(/_(.)/g, (_, c: string) => c.toUpperCase());
    expect(fields.map(([at, name]) => [at, camel(String(name).replace("dropped_", "dropped_by_"))])).toEqual(
      COUNTER_NAMES.map((name, i) => [i, name]),
    );
  });

  test("options", () => {
    const { size, offsets } = layoutOf("options");
    expect(size).toBe(OPTIONS_BYTES);
    expect(offsets).toEqual({
      agent_tgid: 0,
      mkdir_returns_dentry: 4,
      direct_loads: 8,
      unmapped: 12,
      secret: 16,
      rename_lock: 32,
      mount_lock: 40,
      completes_by_cqe: 48,
      reserved: 52,
    });
  });

  test("active", () => {
    expect(layoutOf("active")).toEqual({
      size: ACTIVE_BYTES,
      offsets: { slot: 0, generation: 4, reserved: 12, wanted: 16 },
    });
  });

  test("generation", () => {
    const { size, offsets } = layoutOf("generation");
    expect(size).toBe(GENERATION_BYTES);
    expect(offsets).toEqual({
      generation: 0,
      reserved: 4,
      interest: 8,
      bitmap: 8 + (format.EVENT_TYPE_MAX + 1) * INTEREST_BYTES,
    });
    expect(layoutOf("interest")).toEqual({
      size: INTEREST_BYTES,
      offsets: { tenants: 0, unfiltered: 8, flags_any: 16, unfiltered_flags_any: 20 },
    });
  });
});

test("the object has the trampolines that hooks name, and no others", () => {
  const programs = types.filter(({ kind, name }) => kind === "FUNC" && name.startsWith("trampoline_"));
  expect(programs.map(({ name }) => name).sort()).toEqual([...new Set(HOOKED_PROGRAMS)].sort());
});
