/** The kernel stage on this machine's kernel: real calls of other processes, judged by real maps. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import {
  type Approver,
  type DecodedRecord,
  decodeRecord,
  type FileEvent,
  type Interest,
  ringRecords,
  type Seeds,
} from "@weir/matcher-wasm/format";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { totals } from "./counters.ts";
import { bpfObject } from "./object.ts";
import { KernelStage } from "./stage.ts";
import { buildTables, type FilterTables } from "./tables.ts";

const TYPES = ["open", "unlink", "rename", "chmod"];
const WRITE = 0o3 | 0o100;

let folder: string;
let stage: KernelStage;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "weir-stage-")));
});
afterEach(() => {
  stage.close();
  // Not rmSync: some tests leave paths that are longer than a call takes.
  spawnSync("rm", ["-rf", folder]);
});

function open(): void {
  stage = KernelStage.open({ object: bpfObject(), attach: "auto", ringBytes: 8 << 20 });
}

type Wanted = Partial<Approver> & Pick<Approver, "event" | "value">;

/** Tables of one tenant with these approvers; every type is of interest. */
function tables(
  approvers: readonly Wanted[],
  { generation = 1, tenant = 0, unfiltered = false, reads = false } = {},
): FilterTables {
  const interests: Interest[] = TYPES.map((event) => ({
    event,
    flagsAny: event === "open" && !reads ? WRITE : null,
    unfiltered: unfiltered && { flagsAny: null },
  }));
  const all = approvers.map((a): Approver => ({ kind: "path", slot: "file", flagsAny: null, ...a }));
  return buildTables(generation, [{ tenant, seeds: { format: "weir-seeds/1", interests, approvers: all } }]);
}

/** Runs a shell script in the folder, in a process of its own. */
function act(script: string): void {
  const { status, stderr } = spawnSync("/bin/bash", ["-c", script], { cwd: folder, encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
}

function records(): DecodedRecord[] {
  const span = new Uint8Array(1 << 20);
  const all: DecodedRecord[] = [];
  for (let length = stage.ring.read(span); length > 0; length = stage.ring.read(span)) {
    for (const { offset } of ringRecords(span.subarray(0, length))) all.push(decodeRecord(span, offset));
    stage.ring.release(length);
  }
  return all;
}

const events = (): FileEvent[] => records().filter((record) => record.kind === "file");
const paths = (): string[] => events().map(({ path, destination }) => [path, destination].filter(Boolean).join(" → "));

describe("approvers", () => {
  test("a path, a directory above, a name", async () => {
    open();
    mkdirSync(join(folder, "deep/er"), { recursive: true });
    await stage.activate(
      tables([
        { event: "open", value: `${folder}/exact` },
        { event: "open", kind: "ancestor", value: `${folder}/deep` },
        { event: "open", kind: "basename", value: "authorized_keys" },
      ]),
    );
    act("for f in exact exacT exact2 deep/a deep/er/b deeper authorized_keys authorized_key; do : > $f; done");
    expect(paths()).toEqual([
      `${folder}/exact`,
      `${folder}/deep/a`,
      `${folder}/deep/er/b`,
      `${folder}/authorized_keys`,
    ]);
  });

  test("the directory itself is not below itself", async () => {
    open();
    await stage.activate(tables([{ event: "chmod", kind: "ancestor", value: folder }]));
    act(`chmod 755 . && : > a && chmod 600 a`);
    expect(paths()).toEqual([`${folder}/a`]);
  });

  test("names of every length hash alike here and in the kernel", async () => {
    open();
    const names = [1, 7, 8, 9, 15, 16, 17, 63, 64, 254, 255].map((length) => "n".repeat(length));
    names.push("ünïcödé", "with blank", "…");
    await stage.activate(tables(names.map((name) => ({ event: "open", value: `${folder}/${name}` }))));
    act(`${names.map((name) => `: > '${name}'`).join("; ")}; : > nn`);
    expect(paths()).toEqual(names.map((name) => `${folder}/${name}`));
  });

  test("conditions on flags", async () => {
    open();
    const value = `${folder}/log`;
    await stage.activate(tables([{ event: "open", value, flagsAny: 0o2000 }]));
    act(": > log; : >> log; cat log");
    expect(events().map(({ opFlags }) => opFlags & 0o3003)).toEqual([0o2001]);
  });

  test("both paths of a rename", async () => {
    open();
    await stage.activate(
      tables([
        { event: "rename", value: `${folder}/from` },
        { event: "rename", slot: "destination", value: `${folder}/to` },
      ]),
    );
    act(": > from; mv from x; : > y; mv y to; mv x z; : > to2; mv -T to2 from; mv to w");
    const f = folder;
    expect(paths()).toEqual([`${f}/from → ${f}/x`, `${f}/y → ${f}/to`]);
  });

  test("the tenant mask says whose approver it was", async () => {
    open();
    const seedsOf = (value: string) => ({
      format: "weir-seeds/1" as const,
      interests: [{ event: "open", flagsAny: WRITE, unfiltered: false as const }],
      approvers: [
        { event: "open", kind: "path", slot: "file", value: `${folder}/${value}`, flagsAny: null },
        { event: "open", kind: "basename", slot: "file", value: "both", flagsAny: null },
      ] as Approver[],
    });
    await stage.activate(
      buildTables(1, [
        { tenant: 2, seeds: seedsOf("two") },
        { tenant: 63, seeds: seedsOf("last") },
      ]),
    );
    act(": > two; : > last; : > both");
    expect(events().map(({ tenants }) => tenants)).toEqual([1n << 2n, 1n << 63n, (1n << 2n) | (1n << 63n)]);
  });

  test("an unfiltered interest passes every path", async () => {
    open();
    await stage.activate(tables([], { unfiltered: true }));
    act(": > anything; rm anything");
    expect(paths()).toEqual(expect.arrayContaining([`${folder}/anything`, `${folder}/anything`]));
  });
});

describe("events", () => {
  const everything = (): readonly Wanted[] => [
    ...TYPES.map((event) => ({ event, kind: "ancestor" as const, value: folder })),
    { event: "rename", kind: "ancestor", slot: "destination", value: folder },
  ];

  test("what happened, to what, by whom", async () => {
    open();
    await stage.activate(tables(everything()));
    act(": > a; chmod 4750 a; mv a b; rm b");
    const [created, changed, renamed, removed] = events();
    expect(created).toMatchObject({ type: 1, retval: 0, path: `${folder}/a`, uid: 0, comm: "bash", generation: 1 });
    expect((created as FileEvent).flags & 8).toBe(8);
    expect(changed).toMatchObject({ type: 4, opMode: 0o4750, path: `${folder}/a`, comm: "chmod" });
    expect(renamed).toMatchObject({ type: 3, path: `${folder}/a`, destination: `${folder}/b`, comm: "mv" });
    expect(removed).toMatchObject({ type: 2, path: `${folder}/b`, comm: "rm" });
    // By name, the tracepoints don't know the file; the trampolines do.
    const known = stage.mode === "trampoline";
    expect([changed, renamed, removed].map((e) => ((e as FileEvent).flags & 32) === 0)).toEqual([known, known, known]);
    expect((created as FileEvent).flags & 32).toBe(0);
    expect((changed as FileEvent).ppid).toBe((created as FileEvent).tgid);
  });

  test("failed calls are left out", async () => {
    open();
    await stage.activate(tables(everything()));
    act("(: > none/a; rm missing; mv missing x; chmod 600 missing; :) 2>/dev/null");
    expect(paths()).toEqual([]);
  });

  test("relative to directories, dots and descriptors", async () => {
    open();
    mkdirSync(join(folder, "d/e"), { recursive: true });
    await stage.activate(tables(everything()));
    act(
      "cd d/e && : > ../x && mv ../x ./../e/.././y && chmod 600 ../../d//y && rm .././y && " +
        `perl -e 'opendir(D, ".."); chdir(D); open(F, ">", "p"); chmod(0600, *F); unlink("./e/../p")'`,
    );
    const d = `${folder}/d`;
    expect(paths()).toEqual([`${d}/x`, `${d}/x → ${d}/y`, `${d}/y`, `${d}/y`, `${d}/p`, `${d}/p`, `${d}/p`]);
  });

  test("in a chroot the path is that of the mount tree", async () => {
    open();
    await stage.activate(tables(everything()));
    act(`perl -e 'chroot("."); chdir("/"); open(F, ">", "/c"); unlink("/c")'`);
    expect(paths()).toEqual([`${folder}/c`, `${folder}/c`]);
  });

  test("across a mount", async () => {
    open();
    mkdirSync(join(folder, "m"));
    await stage.activate(tables(everything()));
    act("mount -t tmpfs t m && mkdir m/s && : > m/s/f && rm m/s/f; umount m");
    expect(paths()).toEqual([`${folder}/m/s/f`, `${folder}/m/s/f`]);
  });

  test("attributes of the file: those that stat tells", async () => {
    open();
    await stage.activate(tables(everything()));
    act("mkdir m && mount -t tmpfs t m && : > m/f && chown 7:8 m/f && chmod 640 m/f");
    act("touch -d '2001-02-03 04:05:06.789012345' m/f");
    const stat = statSync(join(folder, "m/f"), { bigint: true });
    events();
    act(": >> m/f; umount m");
    expect(events()).toMatchObject([
      {
        inode: stat.ino,
        dev: Number(stat.dev),
        mode: Number(stat.mode),
        fileUid: 7,
        fileGid: 8,
        mtimeNs: stat.mtimeNs,
        ctimeNs: stat.ctimeNs,
        filesystem: "tmpfs",
      },
    ]);
    expect(stat.mtimeNs % 1_000_000_000n).toBe(789012345n);
  });

  test("which files of an overlay lie in its upper layer", async () => {
    open();
    await stage.activate(tables(everything(), { reads: true }));
    act("mkdir m && mount -t tmpfs t m && cd m && mkdir lower upper work all && : > lower/l && : > upper/u");
    act("cd m && mount -t overlay o -o lowerdir=lower,upperdir=upper,workdir=work all");
    events();
    act("cd m && cat all/l all/u upper/u && : >> all/l && cat all/l && umount all && cd .. && umount m");
    expect(events().map((e) => [relative(`${folder}/m`, e.path), e.filesystem, (e.flags & 64) !== 0])).toEqual([
      ["all/l", "overlay", false],
      ["all/u", "overlay", true],
      ["upper/u", "tmpfs", false],
      ["all/l", "overlay", true],
      ["all/l", "overlay", true],
    ]);
  });

  test("exec and exit carry the tenants whose rules judge them, and the generation", async () => {
    open();
    const interest = (event: string): Seeds => ({
      format: "weir-seeds/1",
      interests: [{ event, flagsAny: null, unfiltered: { flagsAny: null } }],
      approvers: [],
    });
    await stage.activate(
      buildTables(7, [
        { tenant: 1, seeds: interest("exec") },
        { tenant: 3, seeds: interest("exit") },
      ]),
    );
    act("exit 0");
    const masks = records().map(({ kind, tenants, generation }) => [kind, tenants, generation]);
    expect(new Set(masks.map(String))).toEqual(new Set(["fork,0,7", "exec,2,7", "exit,8,7"]));
  });

  test("exec tells the program and its arguments, exit ends it", async () => {
    open();
    await stage.activate(tables([]));
    const long = "x".repeat(3000);
    act(`/bin/true one 'two words'; /bin/true ${long}`);
    const execs = records().filter((record) => record.kind === "exec" && /\/true$/.test(record.path));
    expect(execs[0]).toMatchObject({ args: ["/bin/true", "one", "two words"], argsTruncated: false });
    expect(execs[1]).toMatchObject({ argsTruncated: true });
  });

  test("forks and exits come before and after what the process does", async () => {
    open();
    await stage.activate(tables(everything()));
    act("(: > child)");
    const all = records();
    const event = all.find((record) => record.kind === "file") as FileEvent;
    const kinds = all.filter(({ tgid }) => tgid === event.tgid).map(({ kind }) => kind);
    expect(kinds.at(0)).toBe("fork");
    expect(kinds.at(-1)).toBe("exit");
    expect(kinds).toContain("file");
  });
});

test("a name beside AT_EMPTY_PATH is not overlooked", async () => {
  open();
  await stage.activate(tables([{ event: "chmod", value: `${folder}/secret` }]));
  // fchmodat2(open(decoy), "…/secret", 0600, AT_EMPTY_PATH), then the same with an empty name.
  act(
    ": > decoy; : > secret; perl -e '" +
      `open(D, "<", "decoy"); open(S, "<", "secret"); my $p = "${folder}/secret"; my $e = "";` +
      "syscall(452, fileno(D), $p, 0600, 0x1000) == 0 or die $!; syscall(452, fileno(S), $e, 0640, 0x1000) == 0 or die $!'",
  );
  expect(events().map(({ path, opMode }) => [path, opMode])).toEqual([
    [`${folder}/secret`, 0o600],
    [`${folder}/secret`, 0o640],
  ]);
});

test("in a chroot .. does not lead above its root", async () => {
  open();
  mkdirSync(join(folder, "jail/b"), { recursive: true });
  await stage.activate(tables([{ event: "unlink", kind: "ancestor", value: folder }]));
  act(`: > jail/b/victim; perl -e 'chroot("jail"); unlink("/../../b/victim") or die $!'`);
  expect(paths()).toEqual([`${folder}/jail/b/victim`]);
});

test("a file in a tree that is mounted nowhere passes, marked, and by its name on the host", async () => {
  open();
  mkdirSync(join(folder, "d"));
  await stage.activate(tables([{ event: "open", value: `${folder}/d/secret` }]));
  // open_tree(AT_FDCWD, "d", OPEN_TREE_CLONE), then openat(…, "secret", O_WRONLY).
  act(
    `: > d/secret; perl -e 'my $d = "d"; my $s = "secret"; my $t = syscall(428, -100, $d, 1); $t >= 0 or die $!;` +
      ` syscall(257, $t, $s, 1) >= 0 or die $!'`,
  );
  expect(events().map(({ path, pathTruncated }) => [path.replace(folder, ""), pathTruncated])).toEqual([
    ["/d/secret", false],
    ["/secret", true],
    ["/d/secret", false],
  ]);
});

test("pipes are opened without a path, and that is known", async () => {
  open();
  await stage.activate(tables([{ event: "open", value: "/nothing" }]));
  act("echo x > /dev/stdout | cat > /dev/null; : > /dev/shm/weir-test; rm /dev/shm/weir-test");
  expect(events()).toEqual([]);
});

describe("paths that can't be followed to their end pass, marked", () => {
  const deepest = (component: string, levels: number): string =>
    `perl -e 'for (1..${levels}) { mkdir("${component}"); chdir("${component}"); } open(F, ">", "f") or die $!'`;

  test("too deep", async () => {
    open();
    await stage.activate(tables([{ event: "open", value: "/nothing" }]));
    act(deepest("d", 120));
    expect(events()).toEqual([]);
    act(deepest("e", 130));
    expect(events()).toMatchObject([{ pathTruncated: true }]);
  });

  test("too long", async () => {
    open();
    await stage.activate(tables([{ event: "open", value: "/nothing" }]));
    act(deepest("l".repeat(250), 18));
    expect(events()).toMatchObject([{ pathTruncated: true }]);
    expect(totals(stage.counters()).truncated).toBe(1);
  });
});

describe("generations", () => {
  test("before the first nothing passes", () => {
    open();
    act(": > a");
    expect(events()).toEqual([]);
    expect(stage.generation).toBeUndefined();
  });

  test("an event carries the generation that let it pass", async () => {
    open();
    const value = `${folder}/a`;
    for (const generation of [1, 2, 3]) {
      await stage.activate(tables([{ event: "open", value: generation === 2 ? "/other" : value }], { generation }));
      act(": > a");
    }
    expect(events().map(({ generation }) => generation)).toEqual([1, 3]);
  });
});

describe("counters", () => {
  test("every event seen is dropped, passed or lost", async () => {
    open();
    await stage.activate(tables([{ event: "unlink", kind: "basename", value: "b" }]));
    act("for i in 1 2 3; do : > a; : > b; cat a b; rm a b; done");
    const sum = totals(stage.counters());
    expect(sum.seen).toBe(sum.droppedByInterest + sum.droppedByApprover + sum.passed);
    expect(sum.passed).toBe(3);
    expect(events()).toHaveLength(3);
  });
});
