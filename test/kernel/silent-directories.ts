/**
 * Attacks on discarders: a directory is learned to be silent, then made to be one where a rule matches, in every way
 * that changes what a directory is called. Runs on this kernel and inside a guest.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, type AttachMode, bpfObject, type StageOptions, totals } from "@weir/agent";
import { compileForPublish } from "@weir/control-plane";
import { assembleBundle, type Bundle } from "@weir/trust";

interface Attack {
  readonly name: string;
  /** Run in the attack's own folder, as the others. What lies in its directory `watched` is detected. */
  readonly before: string;
  /** The directory that is learned; files are opened in it until the kernel stage drops that. */
  readonly learned: string;
  readonly act: string;
  readonly after?: string;
  /** The file that must be detected. */
  readonly detected: string;
}

const WATCHED = "watched/f";
const onTmpfs = "mkdir t; mount -t tmpfs t t; mount --make-private t; cd t";

const ATTACKS: readonly Attack[] = [
  {
    name: "renamed over",
    before: "mkdir noise",
    learned: "noise",
    act: "mv noise watched; : > watched/f",
    detected: WATCHED,
  },
  {
    name: "a directory above it renamed",
    before: "mkdir -p deep/inner/watched",
    learned: "deep/inner/watched",
    act: "mv deep/inner ../$(basename $PWD)-moved; : > ../$(basename $PWD)-moved/watched/f",
    detected: "-moved/watched/f",
  },
  {
    name: "removed, and its inode given to another",
    before: "mkdir noise",
    learned: "noise",
    act: `i=$(stat -c %i noise); rm -r noise
      for n in $(seq 100); do mkdir watched; [ $(stat -c %i watched) = $i ] && break; [ $n = 100 ] || rmdir watched; done; : > watched/f`,
    detected: WATCHED,
  },
  {
    name: "removed and made again, on a file system of memory",
    before: `mkdir m; mount -t tmpfs m m; mkdir m/noise; mkdir watched`,
    learned: "m/noise",
    act: "rm -r m/noise; mkdir m/noise; mount --bind m/noise watched; : > watched/f",
    after: "umount watched m",
    detected: WATCHED,
  },
  {
    name: "bound over",
    before: "mkdir noise watched",
    learned: "noise",
    act: "mount --bind noise watched; : > watched/f",
    after: "umount watched",
    detected: WATCHED,
  },
  {
    name: "its mount moved",
    before: `m=../$(basename $PWD)-m; mkdir $m; mount -t tmpfs m $m; mount --make-private $m; mkdir $m/noise $m/watched
      mount -t tmpfs n $m/noise; mount --make-private $m/noise`,
    learned: "../NAME-m/noise",
    act: "cd ../$(basename $PWD)-m; mount --move noise watched; : > watched/f",
    after: "m=../$(basename $PWD)-m; umount $m/watched $m",
    detected: "-m/watched/f",
  },
  {
    name: "copied up",
    before: `${onTmpfs}; mkdir -p lower/noise upper work ../../$(basename $(dirname $PWD))-o; : > lower/noise/f
      mount -t overlay o -o lowerdir=lower,upperdir=upper,workdir=work ../../$(basename $(dirname $PWD))-o`,
    learned: "../NAME-o/noise",
    act: "cd ../$(basename $PWD)-o; : >> noise/f; mv noise watched; : >> watched/f",
    after: "umount ../$(basename $PWD)-o t",
    detected: "-o/watched/f",
  },
  {
    name: "a file of it linked elsewhere",
    before: "mkdir noise watched; : > noise/f",
    learned: "noise",
    act: "ln noise/f watched/f; : >> watched/f",
    detected: WATCHED,
  },
  {
    name: "exchanged",
    before: "mkdir noise watched",
    learned: "noise",
    act: `perl -e 'my ($a, $b) = ("noise", "watched"); syscall(316, -100, $a, -100, $b, 2) == 0 or die $!'; : > watched/f`,
    detected: WATCHED,
  },
];

export interface AttackResult {
  readonly name: string;
  /** Whether the kernel stage dropped events in the directory before the attack; else it proves nothing. */
  readonly learned: boolean;
  readonly detected: boolean;
}

async function bundleOf(base: string): Promise<Bundle> {
  const text = `version: 1.0.0
rules:
  - id: watched
    expression: open.file.path =~ "${base}/*/watched/**"
`;
  const files = [{ name: "attacks.yaml", text }];
  const compiled = await compileForPublish(files);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
  const { rules, seeds, wasm, compiler } = compiled;
  return assembleBundle({ tenant: "attacks", rules, seeds, wasm, compiler, sources: files });
}

function shell(script: string, folder: string): void {
  const { status, stderr } = spawnSync("taskset", ["-c", "0", "/bin/bash", "-ec", script], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${script}\nfailed: ${stderr}`);
}

const dropped = async (agent: Agent): Promise<number> => {
  const { droppedByDiscarder, droppedByDirectory } = totals((await agent.status()).kernel);
  return droppedByDiscarder + droppedByDirectory;
};

/** Opens a file in the directory, in a process of its own, until that is dropped. */
async function learn(agent: Agent, directory: string): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const before = await dropped(agent);
    shell("[ -e f ] || : > f; read -r x < f || :", directory);
    if ((await dropped(agent)) === before) {
      await sleep(20);
      continue;
    }
    shell("read -r x < f || :", directory);
    return true;
  }
  return false;
}

/**
 * @param pathCounters what the directory cache goes by, in place of the kernel's own counters
 * @throws StageUnavailableError where this kernel or this process can't
 */
export async function runAttacks(
  attach: AttachMode | "auto",
  pathCounters?: StageOptions["pathCounters"],
): Promise<AttackResult[]> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "weir-silent-")));
  const detected: string[] = [];
  const agent = Agent.start({
    stage: { object: bpfObject(), attach, ringBytes: 8 << 20, ...(pathCounters && { pathCounters }) },
    onDetection: ({ file }) => detected.push(file.path),
    onFailure: (error) => detected.push(String(error)),
  });
  const done: { attack: Attack; folder: string; learned: boolean }[] = [];
  try {
    await agent.activate([await bundleOf(base)]);
    for (const [index, attack] of ATTACKS.entries()) {
      const name = `attack${index}`;
      const folder = join(base, name);
      mkdirSync(folder);
      shell(attack.before, folder);
      const learned = await learn(agent, join(folder, attack.learned.replace("NAME", name)));
      try {
        shell(attack.act, folder);
      } finally {
        if (attack.after) shell(attack.after, folder);
      }
      done.push({ attack, folder, learned });
    }
  } finally {
    await agent.stop();
    spawnSync("rm", ["-rf", "--one-file-system", base]);
  }
  return done.map(({ attack, folder, learned }) => ({
    name: attack.name,
    learned,
    detected: detected.includes(
      attack.detected.startsWith("-") ? folder + attack.detected : join(folder, attack.detected),
    ),
  }));
}

export const ATTACK_RESULTS: readonly AttackResult[] = ATTACKS.map(({ name }) => ({
  name,
  learned: true,
  detected: true,
}));
