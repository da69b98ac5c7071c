import { readFileSync, statSync } from "node:fs";
import { hostname, release } from "node:os";
import {
  CONTEXT_BYTES,
  CONTEXT_KEYS,
  type ContextKey,
  FIELDS,
  FLAG_ATTRIBUTES_UNKNOWN,
  HOST_FIELDS,
  ID_UNCHANGED,
} from "@weir/matcher-wasm/format";
import { type ContextValue, VariableStore, writeContext } from "@weir/matcher-wasm/host";
import { describe, expect, test, vi } from "vitest";
import { Accounts } from "../../process/accounts.ts";
import { namespaceOf } from "../../process/live.ts";
import { readProcess } from "../../process/proc.ts";
import { ANCESTORS_MAX, type Process, UNKNOWN_IMAGE } from "../../process/process.ts";
import { ProcessTable } from "../../process/table.ts";
import { Clock } from "../clock.ts";
import { ContextPlan, EventContext, RESOLVERS } from "./context.ts";
import { childOf, fileEvent, HOST, header, INIT } from "./event.fixture.ts";
import type { JudgedRecord } from "./facts.ts";
import { readHostFacts } from "./host.ts";

const NONE = new VariableStore({ variables: [] });
const keysOf = (...keys: string[]): ContextKey[] =>
  keys.map((key) => CONTEXT_KEYS.get(key) ?? { key, type: "string", array: false });
const planOf = (...keys: string[]): ContextPlan => new ContextPlan({ context: keysOf(...keys) }, NONE);

/** All that is known of an event. */
function context(process: Process, record: JudgedRecord = fileEvent(), sources = HOST): Record<string, ContextValue> {
  const event = new EventContext(record, process, sources);
  return Object.fromEntries([...RESOLVERS].map(([key, resolve]) => [key, event.value(resolve)]));
}

test("a key has a resolver exactly when its fields are not marked as unresolved", () => {
  const rows = [...FIELDS, ...HOST_FIELDS].flatMap(({ source, unresolved }) =>
    source.from === "context" ? [{ key: source.key, unresolved }] : [],
  );
  expect(rows.filter(({ key, unresolved }) => RESOLVERS.has(key) === unresolved)).toEqual([]);
});

describe("this process, as it really is", () => {
  const table = new ProcessTable();
  table.scan();
  const startNs = readProcess(process.pid)?.startNs ?? 0n;
  const ids = { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 };
  const own = { tgid: process.pid, tid: process.pid, processStartNs: startNs, euid: ids.uid, egid: ids.gid, ...ids };
  const mountNs = statSync("/proc/self/ns/mnt").ino;
  const record = fileEvent({ ...header({ ...own, mountNs, ppid: process.ppid }), fileUid: 0 });
  const sources = { host: readHostFacts(), accounts: new Accounts(), clock: new Clock() };
  const values = context(table.processOf(record), record, sources);
  const node = statSync(process.execPath, { bigint: true });

  test("every value is of its key's type and fits", () => {
    const keys = keysOf(...Object.keys(values));
    expect(writeContext(new Uint8Array(CONTEXT_BYTES), keys, Object.values(values))).toEqual([]);
  });

  test("the executable, the environment, the accounts", () => {
    expect(values).toMatchObject({
      "process.file.path": process.execPath,
      "process.file.inode": node.ino,
      "process.file.mode": node.mode,
      "process.file.rights": node.mode & 0o7777n,
      "process.file.modification_time": node.mtimeNs,
      "process.file.change_time": node.ctimeNs,
      "process.envs": expect.arrayContaining(["PATH"]),
      "process.envs_truncated": false,
      "process.user": "root",
      "process.egroup": "root",
      "file.user": "root",
      "process.is_exec": true,
      "process.is_thread": false,
      "process.is_kworker": false,
    });
    expect(values["process.envp"]).toContain(`PATH=${readEnvironment("PATH")}`);
  });

  test("capabilities, times, lineage", () => {
    const effective = /^CapEff:\t(\w+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    expect(values["process.cap_effective"]).toBe(BigInt(`0x${effective}`));
    const ageMs = Date.now() - Number((values["process.created_at"] as bigint) / 1_000_000n);
    expect(Math.abs(ageMs - process.uptime() * 1000)).toBeLessThan(1000);
    expect(values["process.parent.pid"]).toBe(BigInt(process.ppid));
    const { length } = values["process.ancestors.pid"] as bigint[];
    expect(values["process.ancestors.length"]).toBe(BigInt(length));
    expect(values["process.ancestors.comm"]).toHaveLength(length);
    expect(values["process.ancestors.tty_name"]).toHaveLength(length);
    // Some systems let nobody look at init.
    if (namespaceOf(1, "mnt") === undefined) return;
    for (const key of ["file.inode", "user", "uid", "envs_truncated"])
      expect(values[`process.ancestors.${key}`], key).toHaveLength(length);
  });

  test("the cgroup", () => {
    expect(readFileSync("/proc/self/cgroup", "utf8")).toContain(values["process.cgroup.id"] as string);
    expect(values["process.container.id"]).toBeUndefined();
  });

  test("the host", () => {
    expect(values).toMatchObject({
      "event.hostname": hostname(),
      "host.hostname": hostname(),
      "host.os.is_linux": true,
    });
    expect(values["host.kernel.version.major"]).toBe(BigInt(release().split(".")[0] as string));
  });

  function readEnvironment(name: string): string | undefined {
    const variables = readFileSync("/proc/self/environ", "utf8").split("\0");
    return variables.find((variable) => variable.startsWith(`${name}=`))?.slice(name.length + 1);
  }
});

test("a known process of a known lineage", () => {
  const container = { id: "c1", runtime: "docker", createdNs: 3n, members: 1 };
  const cgroup = {
    ...(INIT.cgroup as NonNullable<Process["cgroup"]>),
    path: "/docker/c1",
    manager: "docker",
    container,
  };
  const ids = { ...header(), uid: 5 };
  const parent = childOf(INIT, {
    image: { ...INIT.image, path: "/bin/run.d/x", args: ["x", "-a", "--b=1"] },
    ids,
    cgroup,
  });
  expect(context(childOf(parent))).toMatchObject({
    "process.file.path": "/bin/sh",
    "process.file.extension": "",
    "process.file.path.length": 7n,
    "process.file.name.length": 2n,
    "process.args": "-c true",
    "process.argv.length": 2n,
    "process.argv0": "sh",
    "process.args_flags": ["c"],
    "process.args_options": ["c=true"],
    "process.args_truncated": false,
    "process.parent.pid": 2n,
    "process.parent.uid": 5n,
    "process.parent.user": "user 5",
    "process.parent.file.name": "x",
    "process.parent.args_options": ["b=1"],
    "process.parent.container.id": "c1",
    "process.parent.container.runtime": "docker",
    "process.parent.container.created_at": 3n,
    "process.parent.cgroup.manager": "docker",
    "process.ancestors.file.path": ["/bin/run.d/x", "/sbin/init"],
    "process.ancestors.argv": ["-a", "--b=1", "splash"],
    "process.ancestors.argv.ends": [2n, 3n],
    "process.ancestors.container.id": ["c1", ""],
    "process.ancestors.length": 2n,
    "event.timestamp": 5_000_000_000n,
    "event.origin": "ebpf",
    "host.os": "linux",
  });
});

test("init has no parent, which is known", () => {
  const values = context(INIT);
  expect(values).toMatchObject({
    "process.ancestors.pid": [],
    "process.ancestors.length": 0n,
    "process.parent.argv": [],
  });
  expect([values["process.parent.pid"], values["process.parent.file.path"]]).toEqual([undefined, undefined]);
});

test("threads of the kernel execute nothing, which is known", () => {
  const image = { ...INIT.image, path: "", args: [] };
  const values = context(childOf(INIT, { image, ofKernel: true, executed: false }));
  expect(values).toMatchObject({ "process.is_kworker": true, "process.envs": [], "process.file.path": "" });
  expect([values["process.file.inode"], values["process.file.user"]]).toEqual([undefined, undefined]);
});

describe("what is not known, or known in part only", () => {
  test("arguments that were cut", () => {
    const process = childOf(INIT);
    process.image = { ...process.image, argsTruncated: true };
    expect(context(process)).toMatchObject({
      "process.args": null,
      "process.argv": null,
      "process.argv.length": null,
      "process.args_flags": null,
      "process.args_truncated": true,
      "process.argv0": "sh",
      "process.file.path": "/bin/sh",
    });
    process.image = { ...process.image, args: ["s"] };
    expect(context(process)["process.argv0"]).toBeNull();
  });

  test("an executable's path that was cut, to its descendants neither", () => {
    const process = childOf(INIT);
    process.image = { ...process.image, pathTruncated: true };
    const unknown = { "process.file.path": null, "process.file.name": null, "process.file.extension": null };
    expect(context(process)).toMatchObject(unknown);
    expect(context(childOf(process))).toMatchObject({
      "process.file.path": "/bin/sh",
      "process.parent.file.path": null,
      "process.ancestors.file.path": null,
      "process.ancestors.pid": [2n, 1n],
    });
  });

  test("how many bytes a path has that is not UTF-8", () => {
    const image = { ...INIT.image, path: "/bin/\ufffd.sh" };
    expect(context(childOf(INIT, { image }))).toMatchObject({
      "process.file.path.length": null,
      "process.file.name.length": null,
      "process.file.extension": ".sh",
    });
  });

  test("of a process that nothing told of, neither image nor lineage nor cgroup", () => {
    const parts = { image: UNKNOWN_IMAGE, ppid: 0, parent: undefined, cgroup: undefined, ofKernel: undefined };
    const process = childOf(INIT, { ...parts, executed: undefined, tgid: 1 << 23 });
    const known = Object.entries(context(process)).filter(
      ([key, value]) => value !== null && key.startsWith("process.") && key !== "process.created_at",
    );
    expect(known).toEqual([]);
    expect(context(childOf(process))).toMatchObject({
      "process.parent.pid": BigInt(1 << 23),
      "process.ancestors.pid": null,
      "process.ancestors.length": null,
    });
  });

  test("a lineage that ends before init, or is longer than is followed", () => {
    const orphan = childOf(childOf(INIT, { parent: undefined }));
    expect(context(orphan)).toMatchObject({ "process.ancestors.comm": null, "process.ancestors.length": null });
    let process: Process = INIT;
    for (let i = 0; i < ANCESTORS_MAX - 1; i++) process = childOf(process);
    expect(context(process)["process.ancestors.pid"]).toHaveLength(ANCESTORS_MAX - 1);
    expect(context(childOf(childOf(process)))["process.ancestors.pid"]).toBeNull();
  });

  test("what one ancestor does not tell", () => {
    const values = context(childOf(childOf(INIT, { ofKernel: undefined })));
    expect(values["process.ancestors.is_kworker"]).toBeNull();
  });

  test("names of the file's owner where its attributes are missing", () => {
    const values = context(
      INIT,
      fileEvent({ flags: FLAG_ATTRIBUTES_UNKNOWN, fileUid: 0, opUid: 7, opGid: ID_UNCHANGED }),
    );
    expect(values).toMatchObject({ "file.user": null, "file.group": null, "chown.user": "user 7" });
    expect(values["chown.group"]).toBeUndefined();
  });

  test("keys that this version does not know, variables that nobody declares", () => {
    const event = new EventContext(fileEvent(), INIT, HOST);
    const plan = planOf("process.file.path", "process.mood", `\${weather}`, "constructor");
    expect(plan.values(event)).toEqual(["/sbin/init", null, null, null]);
  });
});

test.each([
  [0, 0n, 0n],
  [3 << 8, 3n, 0n],
  [9, 9n, 2n],
  [11 | 0x80, 11n, 1n],
])("exit status %i", (retval, code, cause) => {
  const values = context(INIT, { kind: "exit", ...header({ retval }) });
  expect(values).toMatchObject({ "exit.code": code, "exit.cause": cause });
});

test("only what a matcher reads is worked out, and once for all matchers", () => {
  const accounts = { nameOf: vi.fn(() => "somebody") };
  const sources = { ...HOST, accounts: accounts as unknown as Accounts };
  const event = new EventContext(fileEvent(), childOf(INIT), sources);
  expect(planOf("process.argv0", "process.container.id", "host.os").values(event)).toEqual(["sh", undefined, "linux"]);
  expect(accounts.nameOf).toHaveBeenCalledTimes(0);
  planOf("file.user").values(event);
  planOf("process.argv0", "file.user").values(event);
  expect(accounts.nameOf).toHaveBeenCalledTimes(1);
});

test("without the costly values, those are not known that are not at hand", () => {
  const accounts = { nameOf: vi.fn(() => "somebody") };
  const event = new EventContext(fileEvent(), childOf(INIT), { ...HOST, accounts: accounts as unknown as Accounts });
  const plan = planOf("file.user", "process.argv0", "file.group");
  planOf("file.group").values(event);
  expect(plan.values(event, { withCostly: false })).toEqual([null, "sh", "somebody"]);
  expect(accounts.nameOf).toHaveBeenCalledTimes(1);
  expect(plan.values(event)).toEqual(["somebody", "sh", "somebody"]);
  expect([plan.readsCostly, planOf("process.argv0", "process.parent.tty_name").readsCostly]).toEqual([true, true]);
  expect(planOf("process.argv0", "process.ancestors.file.path", "host.envs").readsCostly).toBe(false);
});

test("details to be read at each exec are those that somebody may ask for", () => {
  expect(planOf("process.file.path", "host.envs", "file.user", "process.cgroup.file.inode").execDetails).toEqual([]);
  const keys = ["process.file.mode", "process.parent.envp", "process.ancestors.tty_name", "process.cap_permitted"];
  expect(planOf(...keys).execDetails).toEqual(["executable", "environment", "terminal", "capabilities"]);
});
