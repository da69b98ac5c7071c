import { CONTEXT_FIELDS, FIELDS } from "@weir/matcher-wasm/format";
import type { ContextValue } from "@weir/matcher-wasm/host";
import { expect, test } from "vitest";
import { ANCESTORS_MAX, type Process, UNKNOWN_IMAGE } from "../process/process.ts";
import { contextOf } from "./context.ts";

const INIT: Process = {
  tgid: 1,
  startNs: 0n,
  ppid: 0,
  parent: undefined,
  image: { path: "/sbin/init", pathTruncated: false, args: ["init", "splash"], argsTruncated: false },
  comm: "init",
  cgroupId: 0n,
  containerId: "",
};

const child = (parent: Process, parts: Partial<Process> = {}): Process => ({
  ...INIT,
  tgid: parent.tgid + 1,
  ppid: parent.tgid,
  parent,
  image: { ...INIT.image, path: "/bin/sh", args: ["sh", "-c", "true"] },
  comm: "sh",
  ...parts,
});

function context(process: Process): Record<string, ContextValue> {
  const values = contextOf(process);
  return Object.fromEntries(
    FIELDS.flatMap(({ name, source }) => (source.from === "context" ? [[name, values[source.id]]] : [])),
  );
}

test("a known process has a value for every field", () => {
  const values = context(child(child(INIT)));
  expect(Object.keys(values)).toHaveLength(CONTEXT_FIELDS);
  expect(values).toMatchObject({
    "process.file.path": "/bin/sh",
    "process.args": "-c true",
    "process.argv0": "sh",
    "process.parent.pid": 2n,
    "process.parent.file.name": "sh",
    "process.ancestors.file.path": ["/bin/sh", "/sbin/init"],
  });
});

test("init has no parent, which is known", () => {
  expect(context(INIT)).toMatchObject({
    "process.parent.pid": 0n,
    "process.parent.file.path": "",
    "process.ancestors.pid": [],
  });
});

test("arguments that were cut are not known", () => {
  const process = child(INIT);
  process.image = { ...process.image, argsTruncated: true };
  expect(context(process)).toMatchObject({
    "process.args": null,
    "process.argv": null,
    "process.argv0": "sh",
    "process.file.path": "/bin/sh",
  });
  process.image = { ...process.image, args: ["s"] };
  expect(context(process)["process.argv0"]).toBeNull();
});

test("an executable's path that was cut is not known, to its descendants neither", () => {
  const process = child(INIT);
  process.image = { ...process.image, pathTruncated: true };
  expect(context(process)).toMatchObject({ "process.file.path": null, "process.file.name": null });
  expect(context(child(process))).toMatchObject({
    "process.file.path": "/bin/sh",
    "process.parent.file.path": null,
    "process.ancestors.file.path": null,
    "process.ancestors.pid": [2n, 1n],
  });
});

test("of a process that nothing told of, neither image nor lineage is known", () => {
  const process = child(INIT, { image: UNKNOWN_IMAGE, ppid: 0, parent: undefined });
  expect(context(process)).toMatchObject({
    "process.file.path": null,
    "process.argv": null,
    "process.parent.pid": null,
    "process.ancestors.pid": null,
  });
  expect(context(child(process))).toMatchObject({ "process.parent.pid": 2n, "process.ancestors.pid": null });
});

test("a lineage that ends before init is not known", () => {
  expect(context(child(child(INIT, { parent: undefined })))).toMatchObject({ "process.ancestors.comm": null });
});

test("a lineage longer than is followed is not known", () => {
  let process: Process = INIT;
  for (let i = 0; i < ANCESTORS_MAX - 1; i++) process = child(process);
  expect(context(process)["process.ancestors.pid"]).toHaveLength(ANCESTORS_MAX - 1);
  expect(context(child(child(process)))["process.ancestors.pid"]).toBeNull();
});
