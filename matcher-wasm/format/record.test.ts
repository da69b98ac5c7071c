/** Records: what is encoded decodes to the same, what contradicts itself is refused, nothing else happens. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ARGS_BYTES_MAX,
  decodeRecord,
  EncodeError,
  EVENT_OPEN,
  EVENT_RENAME,
  EXEC_ARGS_LEN,
  encodeEvent,
  encodeRecord,
  encodeSpan,
  FILE_DEST_LEN,
  FILE_PATH_LEN,
  FILE_TEXT_LEN,
  FLAG_CREATED,
  FLAG_PATH_TRUNCATED,
  MalformedRecordError,
  PATH_BYTES_MAX,
  RECORD_SIZE,
  RECORD_TYPE,
  type RecordInit,
  ringFootprint,
  ringRecords,
  TEXT_BYTES_MAX,
} from "./index.ts";

const u32 = fc.nat({ max: 0xffffffff });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const ascii = fc.string({ unit: "grapheme-ascii", maxLength: 40 });
const common = {
  flags: fc.nat({ max: 0xffff }),
  timeNs: u64,
  tenants: u64,
  generation: u32,
  retval: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  processStartNs: u64,
  cgroupId: u64,
  tgid: u32,
  tid: u32,
  ppid: u32,
  uid: u32,
  gid: u32,
  euid: u32,
  egid: u32,
  fsuid: u32,
  fsgid: u32,
  auid: u32,
  mountNs: u32,
  pidNs: u32,
  comm: fc.string({ unit: "grapheme-ascii", maxLength: 15 }),
};
const anyRecord: fc.Arbitrary<RecordInit> = fc.oneof(
  fc.record({
    kind: fc.constant("file" as const),
    type: fc.constantFrom(EVENT_OPEN, EVENT_RENAME),
    ...common,
    inode: u64,
    dev: u32,
    mountId: u32,
    mode: u32,
    fileUid: u32,
    fileGid: u32,
    opFlags: u32,
    opMode: u32,
    path: ascii,
    destination: ascii,
    text: ascii.map((text) => text.slice(0, 40)),
    usedPath: ascii,
    usedDestination: ascii,
  }),
  fc.record({ kind: fc.constant("fork" as const), ...common, forkerStartNs: u64, forkerTgid: u32 }),
  fc.record({ kind: fc.constant("exec" as const), ...common, path: ascii, args: fc.array(ascii, { maxLength: 5 }) }),
  fc.record({ kind: fc.constant("exit" as const), ...common }),
);

const rename = encodeRecord({ kind: "file", type: EVENT_RENAME, path: "/a/b", destination: "/a/c" });

/** A copy of the rename with one 16- or 32-bit value changed. */
function changed(offset: number, value: number, bits: 16 | 32): Uint8Array {
  const copy = rename.slice();
  const view = new DataView(copy.buffer);
  if (bits === 16) view.setUint16(offset, value, true);
  else view.setUint32(offset, value, true);
  return copy;
}

/** An exec record with room for three bytes of arguments that claims to have more. */
function badExec(argsBytes: number): Uint8Array {
  const record = encodeRecord({ kind: "exec", path: "/bin/sh", args: ["sh"] });
  new DataView(record.buffer).setUint16(EXEC_ARGS_LEN, argsBytes, true);
  return record;
}

const reasonOf = (bytes: Uint8Array, offset = 0): string => {
  try {
    decodeRecord(bytes, offset);
  } catch (error) {
    if (error instanceof MalformedRecordError) return error.reason;
    throw error;
  }
  return "none";
};

describe("decodeRecord", () => {
  it("gives back what was encoded", () => {
    fc.assert(
      fc.property(anyRecord, fc.nat({ max: 3 }), (init, words) => {
        const record = encodeRecord(init);
        expect(record.length % 8).toBe(0);
        const bytes = new Uint8Array(words * 8 + record.length + 8).fill(0xff);
        bytes.set(record, words * 8);
        expect(decodeRecord(bytes, words * 8)).toMatchObject(init);
      }),
    );
  });

  it("keeps an argument that was cut short", () => {
    const record = encodeRecord({ kind: "exec", path: "/bin/sh", args: ["sh", "-c", "true"] });
    new DataView(record.buffer).setUint16(EXEC_ARGS_LEN, 8, true);
    expect(decodeRecord(record)).toMatchObject({ args: ["sh", "-c", "tr"] });
  });

  it("keeps the bytes of a path that is not UTF-8", () => {
    const path = new Uint8Array([0x2f, 0xff, 0x61]);
    const record = decodeRecord(encodeRecord({ kind: "file", type: EVENT_OPEN, path }));
    expect(record).toMatchObject({ path: "/\ufffda", pathBytes: path });
  });

  it.each([
    ["cut in the header", rename.subarray(0, 100), "short"],
    ["cut in the paths", rename.subarray(0, rename.length - 8), "size"],
    ["size below the header", changed(RECORD_SIZE, 104, 32), "size"],
    ["size not a multiple of 8", changed(RECORD_SIZE, rename.length - 1, 32), "size"],
    ["size beyond the bytes", changed(RECORD_SIZE, 0xfffffff8, 32), "size"],
    ["size without room for the fields", changed(RECORD_SIZE, 144, 32), "short"],
    ["unknown type", changed(RECORD_TYPE, 16, 16), "type"],
    ["path too long", changed(FILE_PATH_LEN, PATH_BYTES_MAX + 1, 16), "path"],
    ["path beyond the record", changed(FILE_PATH_LEN, 200, 16), "path"],
    ["destination beyond the record", changed(FILE_DEST_LEN, 9, 16), "path"],
    ["text beyond the record", changed(FILE_TEXT_LEN, 9, 16), "path"],
    ["text too long", changed(FILE_TEXT_LEN, TEXT_BYTES_MAX + 1, 16), "text"],
    ["arguments beyond the record", badExec(ARGS_BYTES_MAX), "arguments"],
    ["arguments too long", badExec(ARGS_BYTES_MAX + 1), "arguments"],
  ])("%s", (_, bytes, reason) => {
    expect(reasonOf(bytes)).toBe(reason);
  });

  it("reads arbitrary bytes or refuses them", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.nat({ max: 0xffff }),
        fc.nat({ max: 64 }),
        (bytes, type, at) => {
          if (bytes.length > at + 8) {
            const view = new DataView(bytes.buffer);
            view.setUint16(at + RECORD_TYPE, type % 40, true);
            view.setUint32(at + RECORD_SIZE, (bytes.length - at) & ~7, true);
          }
          reasonOf(bytes, at);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("encodeEvent", () => {
  it("sets fields by name and what follows from them", () => {
    const record = decodeRecord(
      encodeEvent(
        "open",
        {
          "open.file.path": "/etc/passwd",
          "open.file.name": "passwd",
          "open.file.path.length": 11,
          "open.file.rights": 0o640,
          "open.flags": 0o101,
          "open.created": true,
          "open.retval": -13,
          "process.comm": "vi",
          "process.file.path": "ignored: context",
          "unlink.file.path": "ignored: another type",
        },
        { generation: 3, tenants: 5n, flags: FLAG_PATH_TRUNCATED },
      ),
    );
    expect(record).toMatchObject({
      path: "/etc/passwd",
      mode: 0o640,
      opFlags: 0o101,
      flags: FLAG_CREATED | FLAG_PATH_TRUNCATED,
      retval: -13,
      comm: "vi",
      generation: 3,
      tenants: 5n,
    });
  });

  it.each([
    ["an unknown type", "bind", {}],
    ["a name that is not the path's", "open", { "open.file.path": "/a/b", "open.file.name": "c" }],
    ["a length that is not the path's", "open", { "open.file.path": "/a/b", "open.file.path.length": 5 }],
    ["an extension that is not the path's", "open", { "open.file.path": "/a.b", "open.file.extension": "b" }],
    ["a name's length that is not the path's", "open", { "open.file.path": "/a/b", "open.file.name.length": 2 }],
    [
      "a namespace that is not the attribute's",
      "setxattr",
      { "setxattr.file.destination.name": "user.a", "setxattr.file.destination.namespace": "security" },
    ],
    ["an owner below -1", "chown", { "chown.file.destination.uid": -2 }],
    ["a long text", "setxattr", { "setxattr.file.destination.name": "a".repeat(TEXT_BYTES_MAX + 1) }],
    ["rights that are not the mode's", "open", { "open.file.mode": 0o100644, "open.file.rights": 0o600 }],
    ["an integer out of range", "open", { "process.uid": -1 }],
    ["a fraction", "open", { "process.uid": 0.5 }],
    ["a string for an integer", "open", { "process.uid": "0" }],
    ["a long comm", "open", { "process.comm": "sixteen bytes ok" }],
    ["a long path", "open", { "open.file.path": `/${"a".repeat(PATH_BYTES_MAX)}` }],
    ["an array for a scalar", "open", { "process.uid": [1] }],
  ])("refuses %s", (_, type, fields) => {
    expect(() => encodeEvent(type, fields)).toThrow(EncodeError);
  });

  it("refuses arguments that are too long", () => {
    expect(() => encodeRecord({ kind: "exec", args: ["a".repeat(ARGS_BYTES_MAX)] })).toThrow(EncodeError);
  });
});

describe("ringRecords", () => {
  const walk = (span: Uint8Array): { offsets: number[]; end: number } => {
    const offsets: number[] = [];
    const records = ringRecords(span);
    for (;;) {
      const { value, done } = records.next();
      if (done === true) return { offsets, end: value };
      offsets.push(value.offset);
    }
  };
  const step = ringFootprint(rename.length);

  it("passes over discarded records and stops at a busy one", () => {
    const span = encodeSpan([rename, { record: rename, discarded: true }, rename, { record: rename, busy: true }]);
    expect(walk(span)).toEqual({ offsets: [8, 2 * step + 8], end: 3 * step });
  });

  it("stops where a header claims more than there is", () => {
    const span = encodeSpan([rename, rename]);
    expect(walk(span.subarray(0, span.length - 8))).toEqual({ offsets: [8], end: step });
    expect(walk(span)).toEqual({ offsets: [8, step + 8], end: span.length });
    expect(walk(new Uint8Array(0))).toEqual({ offsets: [], end: 0 });
  });
});
