/**
 * Changes of a watched file by other names than the one that rules know: each must be detected as one of the watched
 * path, once. Runs on this kernel and inside a guest.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, type AttachMode, bpfObject } from "@weir/agent";
import { compileForPublish } from "@weir/control-plane";
import { assembleBundle, type Bundle } from "@weir/trust";

interface Detour {
  readonly name: string;
  /** Run in the detour's own folder, as the others, before the agent starts. */
  readonly before?: string;
  /** What lies in its directory `watched` is detected, changes of all kinds. */
  readonly act: string;
  readonly after?: string;
  /** Detections in their order: type, watched path, then the path that was used, if it was another one. */
  readonly detected: readonly (readonly [type: string, path: string, used?: string])[];
  /** Only where events are resolved below the system call layer: by name the other path is not known. */
  readonly objects?: true;
}

const F = "watched/f";
const opened = (used?: string): readonly [string, string, string?] => (used ? ["open", F, used] : ["open", F]);

const DETOURS: readonly Detour[] = [
  {
    name: "the watched path itself: once",
    act: ": >> watched/f",
    detected: [opened()],
  },
  {
    name: "a hard link made before the agent started",
    before: ": > watched/f; ln watched/f x",
    act: ": >> x",
    detected: [opened("x")],
  },
  {
    name: "a hard link made after",
    before: ": > watched/f",
    act: "ln watched/f x; : >> x",
    detected: [["link", F], opened("x")],
  },
  {
    name: "a hard link to the watched path made after",
    before: ": > x",
    act: "ln x watched/f; : >> x; : >> watched/f",
    detected: [["link", "x"], opened("x"), opened()],
  },
  {
    name: "two hard links, both watched: the one that was used",
    before: ": > watched/f; ln watched/f watched/g",
    act: ": >> watched/g",
    detected: [["open", "watched/g"]],
  },
  {
    name: "a hard link to a name that the kernel has forgotten",
    before: ": > watched/f; ln watched/f x",
    act: "echo 2 > /proc/sys/vm/drop_caches; : >> x",
    detected: [opened("x")],
  },
  {
    name: "more hard links than are judged, and a name that the kernel has forgotten",
    before: ": > watched/f; for i in $(seq 60); do ln watched/f x$i; done",
    act: "echo 2 > /proc/sys/vm/drop_caches; cat x* > /dev/null; : >> x7",
    detected: [opened("x7")],
  },
  {
    name: "a name that the kernel has forgotten, replaced by rename: it has gone",
    before: ": > watched/f; ln watched/f x",
    act: ": > new; mv new watched/f; echo 2 > /proc/sys/vm/drop_caches; : >> x",
    detected: [["rename", "new"]],
  },
  {
    name: "many hard links",
    before: ": > watched/f; for i in $(seq 20); do ln watched/f x$i; done",
    act: ": >> x7",
    detected: [opened("x7")],
  },
  {
    name: "a hard link, and the watched file replaced by rename: it has gone",
    before: ": > watched/f; ln watched/f x",
    act: ": > new; mv new watched/f; : >> x; : >> watched/f",
    detected: [["rename", "new"], opened()],
  },
  {
    name: "a hard link renamed over the watched path",
    before: ": > watched/f; : > x; ln x y",
    act: "mv y watched/f; : >> x",
    detected: [["rename", "y"], opened("x")],
  },
  {
    name: "a hard link, and the watched name removed: it has gone",
    before: ": > watched/f; ln watched/f x",
    act: "rm watched/f; : >> x",
    detected: [["unlink", F]],
  },
  {
    name: "a hard link, and the watched name renamed away and back",
    before: ": > watched/f; ln watched/f x",
    act: "mv watched/f away; : >> x; mv away watched/f; : >> x",
    detected: [["rename", F], ["rename", "away"], opened("x")],
  },
  {
    name: "unlink and rename of another hard link are not of the watched name",
    before: ": > watched/f; ln watched/f x; ln watched/f y",
    act: "mv x z; rm y",
    detected: [],
  },
  {
    name: "mode, owner, times and attributes by a hard link",
    before: ": > watched/f; ln watched/f x",
    act: `chmod 600 x; chown 1 x; touch x; perl -e 'my ($p, $a, $v) = ("x", "trusted.weir", "v"); syscall(188, $p, $a, $v, 1, 0) == 0 or die;
      syscall(197, $p, $a) == 0 or die'`,
    detected: ["chmod", "chown", "open", "utimes", "setxattr", "removexattr"].map((type) => [type, F, "x"] as const),
    objects: true,
  },
  {
    name: "the same by descriptor",
    before: ": > watched/f; ln watched/f x",
    act: `perl -e 'open(my $f, "+<", "x") or die; chmod(0600, $f); chown(1, 1, $f)'`,
    detected: [opened("x"), ["chmod", F, "x"], ["chown", F, "x"]],
  },
  {
    name: "a bind mount of the directory",
    before: ": > watched/f; mkdir b",
    act: "mount --bind watched b; : >> b/f; : > b/new",
    after: "umount b",
    detected: [["mount", "b"], opened("b/f"), ["open", "watched/new", "b/new"]],
  },
  {
    name: "a bind mount of the file",
    before: ": > watched/f; : > b",
    act: "mount --bind watched/f b; : >> b",
    after: "umount b",
    detected: [["mount", "b"], opened("b")],
  },
  {
    name: "a bind mount of a directory above",
    before: "mkdir -p b; : > watched/f",
    act: "mount --bind . b; : >> b/watched/f",
    after: "umount b",
    detected: [opened("b/watched/f")],
  },
  {
    name: "all other operations below a bind mount",
    before: ": > watched/f; : > watched/g; mkdir b",
    act: `mount --bind watched b; chmod 600 b/f; ln b/f b/h; mv b/g b/i; rm b/i; mkdir b/d; rmdir b/d; cd b; cd ..`,
    after: "umount b",
    detected: [
      ["mount", "b"],
      ["chmod", F, "b/f"],
      ["link", F, "b/f"],
      ["rename", "watched/g", "b/g"],
      ["unlink", "watched/i", "b/i"],
      ["mkdir", "watched/d", "b/d"],
      ["rmdir", "watched/d", "b/d"],
      ["chdir", "watched", "b"],
    ],
    objects: true,
  },
  {
    name: "a bind mount in a mount namespace of its own",
    before: ": > watched/f; mkdir b",
    act: `unshare -m --propagation private /bin/bash -ec 'mount --bind watched b; : >> b/f'`,
    detected: [["mount", "b"], opened("b/f")],
  },
  {
    name: "a mount namespace whose root was changed, over a bind mount",
    before: "mkdir b; : > watched/f",
    act: `unshare -m --propagation private /bin/bash -ec 'mount --bind . b; mkdir b/old; cd b; pivot_root . old; : >> /watched/f; : >> "/old$OLDPWD/watched/f"'`,
    detected: [opened("/watched/f"), opened("/oldFOLDER/watched/f")],
  },
  {
    name: "a chroot below a bind mount",
    before: "mkdir b; : > watched/f",
    act: `mount --bind watched b; perl -e 'chroot("b") or die; open(F, ">>", "/f") or die'`,
    after: "umount b",
    detected: [["mount", "b"], opened("b/f")],
  },
  {
    name: "the root of another process",
    before: ": > watched/f",
    act: `unshare -m --propagation private sleep 100 & p=$!; while [ "$(readlink /proc/$p/ns/mnt)" = "$(readlink /proc/$$/ns/mnt)" ]; do :; done
      : >> /proc/$p/root$PWD/watched/f; kill $p`,
    detected: [opened()],
  },
  {
    name: "a volume in a container's file system",
    before: "mkdir -p t; mount -t tmpfs t t; mkdir t/lower t/upper t/work t/all t/lower/data; : > watched/f",
    act: `unshare -m --propagation private /bin/bash -ec 'mount -t overlay o -o lowerdir=t/lower,upperdir=t/upper,workdir=t/work t/all
      mount --bind watched t/all/data; cd t/all; mkdir old; pivot_root . old; : >> /data/f'`,
    after: "umount t",
    detected: [["mount", "t/all/data"], opened("/data/f")],
  },
  {
    name: "a bind mount of the directory by another name",
    before: "mkdir b c",
    act: "mount --bind watched b; mount --bind b c",
    after: "umount c b",
    detected: [
      ["mount", "b"],
      ["mount", "c", "c"],
    ],
  },
  {
    name: "a mount and an umount in a bind mount of the directory",
    before: "mkdir b watched/m",
    act: "mount --bind watched b; mount -t tmpfs t b/m; umount b/m",
    after: "umount b",
    detected: [
      ["mount", "b"],
      ["mount", "watched/m", "b/m"],
    ],
  },
  {
    name: "a symbolic link to the directory",
    before: ": > watched/f; ln -s watched l",
    act: ": >> l/f",
    detected: [opened()],
  },
  {
    name: "a hard link below a bind mount",
    before: ": > watched/f; mkdir d b; ln watched/f d/x",
    act: "mount --bind d b; : >> b/x",
    after: "umount b",
    detected: [opened("b/x")],
  },
];

const TYPES = [
  "open",
  "unlink",
  "rename",
  "chmod",
  "chown",
  "link",
  "mkdir",
  "rmdir",
  "utimes",
  "setxattr",
  "removexattr",
  "chdir",
];

async function bundleOf(base: string): Promise<Bundle> {
  const watched = `"${base}/*/watched/**"`;
  const onPath = (type: string): string => {
    const paths = type === "rename" || type === "link" ? ["file", "file.destination"] : ["file"];
    const condition = paths.map((file) => `${type}.${file}.path =~ ${watched}`).join(" || ");
    const itself = type === "chdir" ? ` || chdir.file.path =~ "${base}/*/watched"` : "";
    return type === "open" ? `(${condition}) && open.flags & (O_WRONLY|O_RDWR|O_CREAT) > 0` : condition + itself;
  };
  const rules = [
    ...TYPES.map((type) => ({ id: type, expression: onPath(type) })),
    {
      id: "mount",
      expression: `mount.source.path =~ "${base}/*/watched" || mount.source.path =~ ${watched} || mount.mountpoint.path =~ ${watched}`,
    },
  ];
  const text = `version: 1.0.0
rules:
${rules.map(({ id, expression }) => `  - id: ${id}\n    expression: ${expression}`).join("\n")}
`;
  const files = [{ name: "names.yaml", text }];
  const compiled = await compileForPublish(files);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
  const { rules: checked, seeds, wasm, compiler } = compiled;
  return assembleBundle({ tenant: "names", rules: checked, seeds, wasm, compiler, sources: files });
}

function shell(script: string, folder: string): void {
  const { status, stderr } = spawnSync("/bin/bash", ["-ec", script], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`${script}\nfailed: ${stderr}`);
}

type Shown = readonly (string | undefined)[];

export interface DetourResult {
  readonly name: string;
  readonly expected: readonly Shown[];
  readonly seen: readonly Shown[];
}

/** @throws StageUnavailableError where this kernel or this process can't */
export async function runDetours(attach: AttachMode | "auto"): Promise<DetourResult[]> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "weir-names-")));
  const folders = DETOURS.map((_, index) => join(base, `n${index}`));
  const seen = new Map<string, Shown[]>();
  const failures: unknown[] = [];
  const done: { detour: Detour; folder: string }[] = [];
  const all = DETOURS.map((detour, index) => ({ detour, folder: folders[index] as string }));
  for (const { detour, folder } of all) {
    mkdirSync(join(folder, "watched"), { recursive: true });
    if (detour.before) shell(detour.before, folder);
  }
  const agent = Agent.start({
    stage: { object: bpfObject(), attach, ringBytes: 8 << 20 },
    onDetection: ({ event, file }) => {
      const folder = /^.*\/n\d+(?=\/)/.exec(file.path)?.[0] ?? "";
      const relative = (path: string): string => path.replace(folder, "FOLDER").replace(/^FOLDER\//, "");
      const shown = [event.type, relative(file.path), file.used_path && relative(file.used_path)];
      seen.set(folder, [...(seen.get(folder) ?? []), shown.filter((part) => part !== undefined)]);
    },
    onFailure: (error) => failures.push(error),
  });
  const objects = agent.attach === "trampoline";
  try {
    await agent.activate([await bundleOf(base)]);
    while ((await agent.status()).links.looking) await sleep(20);
    for (const { detour, folder } of all) {
      if (detour.objects && !objects) continue;
      try {
        shell(detour.act, folder);
      } finally {
        if (detour.after) shell(detour.after, folder);
      }
      done.push({ detour, folder });
    }
  } finally {
    await agent.stop();
    spawnSync("rm", ["-rf", "--one-file-system", base]);
  }
  if (failures.length > 0) throw failures[0];
  return done.map(({ detour: { name, detected }, folder }) => ({
    name,
    expected: detected,
    seen: seen.get(folder) ?? [],
  }));
}

if (process.argv[1] === import.meta.filename)
  process.stdout.write(`${JSON.stringify(await runDetours((process.argv[2] ?? "auto") as AttachMode))}\n`);
