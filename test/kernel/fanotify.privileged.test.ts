/**
 * An oracle that shares nothing with Weir: fanotify(7) watches a tree while programs work in it, and each change that
 * it reports must have its counterpart among the agent's detections: same file, same process, a type that does that.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, bpfObject, type Detection } from "@weir/agent";
import { compileForPublish } from "@weir/control-plane";
import { assembleBundle } from "@weir/trust";
import { expect, test } from "vitest";
import { type Change, COUNTERPARTS, changesWhile, undetected } from "./fanotify.ts";

/** Directories that are watched; changes in others are none of this test's. */
const DIRECTORIES = ["", "in", "in/ner", "out"];

const TYPES = "open unlink chmod chown mkdir rmdir utimes setxattr removexattr".split(" ");

const policy = (folder: string): string => `version: 1.0.0
rules:
${TYPES.map((type) => `  - id: ${type}\n    expression: ${type}.file.path =~ "${folder}/**"`).join("\n")}
  - id: rename
    expression: rename.file.path =~ "${folder}/**" || rename.file.destination.path =~ "${folder}/**"
  - id: link
    expression: link.file.path =~ "${folder}/**" || link.file.destination.path =~ "${folder}/**"
`;

/** What people and packages do. Not symlink, mknod and truncate, of which the kernel stage does not tell yet. */
const WORK = `
set -e
for i in 1 2 3 4 5 6 7 8; do echo line $i > file$i; cat file$i >> in/all; done
cp -p file1 in/copy; cp -r in out/in.copy; install -m 4755 file2 in/ner/tool
sed -i s/line/text/ file3; perl -pi -e 's/line/word/' file4 in/all
mv file5 in/moved; mv -f file6 file7; mv in/moved in/ner/; mv in/ner/moved out/
ln file1 in/hard; ln -f file2 in/hard
chmod 600 file1; chmod -R g+w in; chown 12:34 file2; touch -d 2001-01-01 file3
gzip -k file4; tar cf out/all.tar in file1; mkdir out/x; tar xf out/all.tar -C out/x; tar xf out/all.tar
for i in 1 2 3; do mkdir d$i; rmdir d$i; done
perl -e 'my ($p, $a, $v) = ("file1", "user.weir", "v"); syscall(188, $p, $a, $v, 1, 0) == 0 or die $!; syscall(197, $p, $a) == 0 or die $!'
(cd in/ner; echo deep > ../../out/relative; cp tool ../tool; mv ../tool ./other; rm ../hard)
( for i in $(seq 50); do echo $i > in/race; mv in/race out/race; rm out/race; done ) &
for i in $(seq 50); do echo $i > out/trace; chmod 640 out/trace; ln -f out/trace in/trace; rm out/trace in/trace; done
wait
rm -r in/all file1 out/x out/in.copy
`;

async function detectionsOf(folder: string, act: () => Promise<void>): Promise<Detection[]> {
  const sources = [{ name: "tree.yaml", text: policy(folder) }];
  const compiled = await compileForPublish(sources);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
  const detections: Detection[] = [];
  const failure = Promise.withResolvers<never>();
  const agent = Agent.start({
    stage: { object: bpfObject(), attach: "auto", ringBytes: 32 << 20 },
    onDetection: (detection) => detections.push(detection),
    onFailure: failure.reject,
  });
  try {
    await agent.activate([assembleBundle({ ...compiled, tenant: "tree", sources })]);
    await Promise.race([act(), failure.promise]);
    expect((await agent.status()).lost).toBe(0);
  } finally {
    await agent.stop();
  }
  return detections;
}

test("each change that fanotify reports has been detected, of the same process", async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "weir-fanotify-")));
  const directories = DIRECTORIES.map((name) => join(folder, name));
  for (const directory of directories) mkdirSync(directory, { recursive: true });
  try {
    let changes: Change[] = [];
    const detections = await detectionsOf(folder, async () => {
      changes = await changesWhile(directories, () => {
        const { status, stderr } = spawnSync("/bin/bash", ["-c", WORK], { cwd: folder, encoding: "utf8" });
        expect(stderr).toBe("");
        expect(status).toBe(0);
      });
    });
    expect(changes.length).toBeGreaterThan(400);
    for (const kind of Object.keys(COUNTERPARTS)) expect(changes.map((change) => change.kind)).toContain(kind);
    expect(undetected(changes, detections)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
