/** Runs a plan in a folder of its own, and answers where its lanes settle. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { builtProgram } from "../../native/program.ts";
import { type Plan, planText } from "./plan.ts";

/** Deep enough that a few `..` too many stay inside. */
const DEPTH = ["r", "o", "o", "t"];
const TIMEOUT_MS = 60_000;

export interface Folder {
  readonly root: string;
  remove(): void;
}

export function makeFolder(): Folder {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "weir-fuzz-")));
  const root = join(base, ...DEPTH);
  mkdirSync(root, { recursive: true });
  return { root, remove: () => remove(base) };
}

/** Mounts first, those of this namespace; the others have gone with theirs. */
function remove(base: string): void {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => unescaped(line.split(" ")[4] ?? ""))
    .filter((path) => path.startsWith(`${base}/`));
  for (const path of mounts.reverse()) spawnSync("umount", ["-l", path]);
  // Not rmSync: some paths are longer than a call takes.
  spawnSync("rm", ["-rf", "--one-file-system", base]);
}

/** Blanks and the like are octal there. */
const unescaped = (text: string): string =>
  Buffer.from(
    text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    "utf8",
  ).toString();

export interface WorkloadOptions {
  readonly plan: Plan;
  readonly root: string;
  /** Name of its tasks. */
  readonly comm: string;
  /** A lane waits until this resolves. @param what SETTLE_* */
  readonly onSettle: (what: number) => Promise<void>;
}

export interface WorkloadResult {
  /** System calls that succeeded, and that failed. */
  readonly done: number;
  readonly failed: number;
}

/** @throws Error when the program does not come to its end */
export async function runWorkload({ plan, root, comm, onSettle }: WorkloadOptions): Promise<WorkloadResult> {
  const child = spawn(builtProgram("workload"), [comm, root], { stdio: "pipe" });
  const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
  try {
    return await finished(child, planText(plan, root), onSettle);
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
  }
}

function finished(
  child: ChildProcessWithoutNullStreams,
  input: string,
  onSettle: WorkloadOptions["onSettle"],
): Promise<WorkloadResult> {
  const { promise, resolve, reject } = Promise.withResolvers<WorkloadResult>();
  let result: WorkloadResult | undefined;
  let errors = "";
  let turn: Promise<void> = Promise.resolve();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const [word, first, second] = line.split(" ");
    if (word === "d") result = { done: Number(first), failed: Number(second) };
    if (word !== "w") return;
    turn = turn.then(() => onSettle(Number(second))).then(() => void child.stdin.write(`${first}\n`));
    turn.catch(reject);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  child.stdin.on("error", () => {}); // it has ended; its status says why
  child.on("error", reject);
  child.on("close", (code, signal) => {
    if (result) resolve(result);
    else reject(new Error(`the workload ended with ${signal ?? `status ${code}`}: ${errors}`));
  });
  child.stdin.write(input);
  return promise;
}
