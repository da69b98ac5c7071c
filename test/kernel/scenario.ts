/**
 * The changes that an agent must detect on every kernel and in both attach modes, done by real programs and
 * judged by compiled rules, with a swap of the rules in between. Runs on this kernel and inside a guest.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, type AttachMode, bpfObject, type Detection, DROP_CAUSES, totals } from "@weir/agent";
import { compileForPublish } from "@weir/control-plane";
import { assembleBundle, type Bundle } from "@weir/trust";

/** A detection without what differs from run to run; paths are relative to the scenario's folder. */
export interface Seen {
  readonly rule: string;
  readonly type: string;
  readonly path: string;
  readonly destination?: string;
  readonly executable: string;
  readonly parent: string;
  readonly generation: number;
}

export interface ScenarioResult {
  readonly attach: AttachMode;
  readonly seen: readonly Seen[];
  readonly lost: number;
  /** Sum of dropped and passed against seen. */
  readonly unaccounted: number;
  readonly unjudged: number;
  /** Executables from the acting process of the first detection up to init. */
  readonly lineage: readonly string[];
  /** Whether file events were resolved from the kernel's objects; those of processes always are. */
  readonly resolutions: readonly string[];
}

const policy = (folder: string, swapped: boolean): string => `version: 1.0.0
macros:
  - id: writes
    expression: open.flags & (O_WRONLY|O_RDWR|O_CREAT|O_TRUNC) > 0
rules:
  - id: exact
    expression: open.file.path == "${folder}/exact" && writes
  - id: below
    expression: open.file.path =~ "${folder}/tree/**" && writes
  - id: keys
    expression: open.file.path =~ "${folder}/homes/*/keys" && writes
  - id: by_perl
    expression: open.file.path =~ "${folder}/tree/**" && writes && process.file.name == "perl"
  - id: child_of_perl
    expression: open.file.path =~ "${folder}/tree/**" && writes && process.ancestors.file.name == "perl"
  - id: removed
    expression: unlink.file.path =~ "${folder}/tree/**"
  - id: moved
    expression: rename.file.path == "${folder}/exact" || rename.file.destination.path == "${folder}/exact"
  - id: made_setuid
    expression: chmod.file.path =~ "${folder}/tree/**" && chmod.file.destination.mode & S_ISUID > 0
  - id: owned
    expression: chown.file.path =~ "${folder}/tree/**" && chown.file.destination.uid == 12
  - id: linked
    expression: link.file.destination.path =~ "${folder}/tree/**"
  - id: made
    expression: mkdir.file.path =~ "${folder}/tree/**"
  - id: unmade
    expression: rmdir.file.path =~ "${folder}/tree/**"
  - id: dated
    expression: utimes.file.path =~ "${folder}/tree/**"
  - id: labelled
    expression: setxattr.file.path =~ "${folder}/tree/**" && setxattr.file.destination.name == "trusted.weir"
  - id: unlabelled
    expression: removexattr.file.path =~ "${folder}/tree/**" && removexattr.file.destination.namespace == "trusted"
  - id: mounted
    expression: mount.mountpoint.path =~ "${folder}/tree/**" && mount.fs_type == "tmpfs"
  - id: bound
    expression: mount.source.path =~ "${folder}/homes/**"
  - id: unmounted
    expression: umount.mountpoint.path =~ "${folder}/tree/**"
  - id: spliced
    expression: splice.file.path =~ "${folder}/tree/**"
  - id: entered
    expression: chdir.file.path =~ "${folder}/tree/**"
  - id: executed
    expression: exec.file.path =~ "${folder}/tree/**"
  - id: ended
    expression: exit.file.path =~ "${folder}/tree/**" && exit.code == 3
${
  swapped
    ? `  - id: after_swap
    expression: open.file.path == "${folder}/later" && writes`
    : ""
}
`;

async function bundleOf(text: string): Promise<Bundle> {
  const files = [{ name: "scenario.yaml", text }];
  const compiled = await compileForPublish(files);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
  const { rules, seeds, wasm, compiler } = compiled;
  return assembleBundle({ tenant: "scenario", rules, seeds, wasm, compiler, sources: files });
}

/** What is done before the swap; each line must leave no trace but the expected detections. */
const BEFORE = `
: > exact; : > exact2; cat exact > /dev/null
: > tree/a; : > tree/d/e/b; : > trees
: > homes/u/keys; : > homes/keys; : > homes/u/v/keys
perl -e 'open(F, ">", "tree/p"); close(F); system("/bin/sh -c \\": > tree/q\\"")'
rm tree/a
mv exact moved; mv moved exact; mv exact2 exact3
chmod 4755 tree/p; chmod 755 tree/p; chmod 4755 exact3
chown 12 tree/p; chown 13 tree/p
ln tree/p tree/d/l; ln tree/p p2; rm p2; : > p2
mkdir tree/m; mkdir m
touch tree/p; touch p2
perl -e 'my ($p, $t, $u, $v) = ("tree/p", "trusted.weir", "trusted.other", "v"); for my $n ($t, $u) { syscall(188, $p, $n, $v, 1, 0) == 0 or die $! }
  for my $n ($t, $u) { syscall(197, $p, $n) == 0 or die $! }'
mount -t tmpfs t tree/m; umount tree/m
mount --bind homes/u m; umount m; mount --bind tree/d m; umount m
perl -e 'open(F, "<", "tree/p"); open(G, "<", "p2"); pipe(R, W); for my $f (*F, *G) { syscall(275, fileno($f), 0, fileno(W), 0, 1, 0) >= 0 or die $! }'
(cd tree/d/e; cd ../../../homes)
rmdir tree/m; rmdir m
cp /bin/bash tree/x; tree/x -c "exit 3" || :; tree/x -c "exit 4" || :
: > later`;
const AFTER = ": > later; : > exact";

/** What the rules say of it, in this order. */
export const EXPECTED: readonly Omit<Seen, "executable" | "parent">[] = [
  { rule: "exact", type: "open", path: "exact", generation: 1 },
  { rule: "below", type: "open", path: "tree/a", generation: 1 },
  { rule: "below", type: "open", path: "tree/d/e/b", generation: 1 },
  { rule: "keys", type: "open", path: "homes/u/keys", generation: 1 },
  { rule: "below", type: "open", path: "tree/p", generation: 1 },
  { rule: "by_perl", type: "open", path: "tree/p", generation: 1 },
  { rule: "below", type: "open", path: "tree/q", generation: 1 },
  { rule: "child_of_perl", type: "open", path: "tree/q", generation: 1 },
  { rule: "removed", type: "unlink", path: "tree/a", generation: 1 },
  { rule: "moved", type: "rename", path: "exact", destination: "moved", generation: 1 },
  { rule: "moved", type: "rename", path: "moved", destination: "exact", generation: 1 },
  { rule: "made_setuid", type: "chmod", path: "tree/p", generation: 1 },
  { rule: "owned", type: "chown", path: "tree/p", generation: 1 },
  { rule: "linked", type: "link", path: "tree/p", destination: "tree/d/l", generation: 1 },
  { rule: "made", type: "mkdir", path: "tree/m", generation: 1 },
  { rule: "below", type: "open", path: "tree/p", generation: 1 },
  { rule: "dated", type: "utimes", path: "tree/p", generation: 1 },
  { rule: "labelled", type: "setxattr", path: "tree/p", generation: 1 },
  { rule: "unlabelled", type: "removexattr", path: "tree/p", generation: 1 },
  { rule: "unlabelled", type: "removexattr", path: "tree/p", generation: 1 },
  { rule: "mounted", type: "mount", path: "tree/m", generation: 1 },
  { rule: "unmounted", type: "umount", path: "tree/m", generation: 1 },
  { rule: "bound", type: "mount", path: "m", generation: 1 },
  { rule: "spliced", type: "splice", path: "tree/p", generation: 1 },
  { rule: "entered", type: "chdir", path: "tree/d/e", generation: 1 },
  { rule: "unmade", type: "rmdir", path: "tree/m", generation: 1 },
  { rule: "below", type: "open", path: "tree/x", generation: 1 },
  { rule: "executed", type: "exec", path: "tree/x", generation: 1 },
  { rule: "ended", type: "exit", path: "tree/x", generation: 1 },
  { rule: "executed", type: "exec", path: "tree/x", generation: 1 },
  { rule: "after_swap", type: "open", path: "later", generation: 2 },
  { rule: "exact", type: "open", path: "exact", generation: 2 },
];

function act(script: string, folder: string): void {
  const { status, stderr } = spawnSync("/bin/bash", ["-ec", script], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`the scenario's own commands failed: ${stderr}`);
}

const program = (path: string): string => path.split("/").pop() ?? "";

function simplify({ rule, event, file, process: p, generation }: Detection, folder: string): Seen {
  const relative = (path: string): string => path.replace(`${folder}/`, "");
  return {
    rule: rule.id,
    type: event.type,
    path: relative(file.path),
    ...(file.destination === undefined ? {} : { destination: relative(file.destination) }),
    executable: program(p.executable),
    parent: program(p.ancestors[0]?.executable ?? ""),
    generation,
  };
}

/** @throws StageUnavailableError where this kernel or this process can't */
export async function runScenario(attach: AttachMode | "auto"): Promise<ScenarioResult> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "weir-scenario-")));
  for (const directory of ["tree/d/e", "homes/u/v"]) mkdirSync(join(folder, directory), { recursive: true });
  const detections: Detection[] = [];
  const failure = Promise.withResolvers<never>();
  const agent = Agent.start({
    stage: { object: bpfObject(), attach, ringBytes: 8 << 20 },
    onDetection: (detection) => detections.push(detection),
    onFailure: failure.reject,
  });
  let stopped = false;
  const finish = async (): Promise<void> => {
    if (!stopped) await agent.stop();
    stopped = true;
  };
  try {
    await agent.activate([await bundleOf(policy(folder, false))]);
    act(BEFORE, folder);
    await Promise.race([agent.activate([await bundleOf(policy(folder, true))]), failure.promise]);
    act(AFTER, folder);
    const { attach: mode, kernel, lost, pipeline } = await agent.status();
    await finish();
    const sum = totals(kernel);
    return {
      attach: mode,
      seen: detections.map((detection) => simplify(detection, folder)),
      lost,
      unaccounted: sum.seen - DROP_CAUSES.reduce((dropped, cause) => dropped + sum[cause], 0) - sum.passed,
      unjudged: pipeline.unjudged,
      lineage: detections
        .slice(0, 1)
        .flatMap(({ process: p }) => [p, ...p.ancestors].map((a) => program(a.executable))),
      resolutions: [
        ...new Set(
          detections.map(({ event }) => event).flatMap((e) => (/exec|exit/.test(e.type) ? [] : [e.resolution])),
        ),
      ],
    };
  } finally {
    await finish();
    rmSync(folder, { recursive: true });
  }
}
