import { FIELDS } from "@weir/matcher-wasm/format";
import { expect, test } from "vitest";
import { completeEvent } from "./event.ts";

test("what is given stays, and completing twice is completing once", () => {
  const given = {
    "rename.file.path": "/a/b",
    "rename.file.destination.path": "/a/archive.tar.gz",
    "rename.file.mode": 0o100644n,
    "process.file.path": "/usr/bin/mv",
    "process.file.name": "given",
    "process.argv": ["-f", "b"],
  };
  const once = completeEvent("rename", given);
  expect(once).toMatchObject({ ...given, "rename.file.destination.extension": ".gz", "rename.file.rights": 0o644n });
  expect(completeEvent("rename", once)).toEqual(once);
});

test("bytes stay bytes", () => {
  const path = Uint8Array.from([0x2f, 0x61, 0x2f, 0xff, 0x2e]);
  expect(completeEvent("open", { "open.file.path": path })).toMatchObject({
    "open.file.name": Uint8Array.from([0xff, 0x2e]),
    "open.file.extension": Uint8Array.from([0x2e]),
    "open.file.path.length": 5,
  });
});

test("nothing follows from nothing", () => {
  for (const type of ["open", "mount", "exec"]) expect(completeEvent(type, {})).toEqual({});
});

test("every field that the record derives is filled in", () => {
  const event = completeEvent("setxattr", {
    "setxattr.file.path": "/x.y",
    "setxattr.file.destination.name": "user.a.b",
  });
  expect(event).toMatchObject({ "setxattr.file.destination.namespace": "user" });
  const derived = FIELDS.filter(
    ({ event: type, source }) =>
      type === "setxattr" && ["basename", "extension", "pathLength", "nameLength", "textPrefix"].includes(source.from),
  );
  expect(derived.length).toBeGreaterThan(4);
  expect(derived.filter(({ name }) => event[name] === undefined)).toEqual([]);
});
