/** What the demo does to files: acts that rules speak of, and noise that none does. All of it in its own folder. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CommandError } from "../terminal/errors.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Runs a shell script in a process of its own and waits for its end. */
export function act(script: string, folder: string): void {
  const { status, stderr, error } = spawnSync("/bin/sh", ["-c", script], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new CommandError(`the demo's own command failed: ${script}`, error?.message ?? stderr);
}

export interface Workload {
  readonly name: string;
  readonly script: string;
}

/** Noisy work, as far as this machine has the tools for it. */
export function workloads(): Workload[] {
  const tree = join(ROOT, "node_modules");
  const source = join(ROOT, "bpf/weir.bpf.c");
  const has = (tool: string): boolean => spawnSync("/bin/sh", ["-c", `command -v ${tool}`]).status === 0;
  const packages = ["@aws-sdk", "@smithy", "hono", "typescript", "vitest", "zod"].map(
    (name) => `'${join(tree, name)}'`,
  );
  const all: Workload[] = [
    {
      name: "copying a source tree, then removing it",
      script: `mkdir tree && cp -r ${packages.join(" ")} tree && rm -r tree`,
    },
    {
      name: "searching and packing a source tree",
      script: `find '${tree}' -name '*.ts' | head -5000 | tar -cf /dev/null -T -`,
    },
  ];
  if (has("clang") && existsSync(source))
    all.push({
      name: "a build: the kernel stage",
      script: `make -s -C '${join(ROOT, "bpf")}' OUT="$PWD/build"`,
    });
  return all;
}

/**
 * @param signal ends the workload with everything it started; the promise rejects after that
 * @returns milliseconds it took
 */
export async function runWorkload({ script }: Workload, folder: string, signal: AbortSignal): Promise<number> {
  const started = performance.now();
  // A process group of its own, so that an end reaches all of it.
  const child = spawn("/bin/sh", ["-c", script], { cwd: folder, stdio: ["ignore", "ignore", "pipe"], detached: true });
  const kill = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  };
  signal.addEventListener("abort", kill, { once: true });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const status = await new Promise<number | null>((resolve, reject) =>
    child.once("close", resolve).once("error", reject),
  ).finally(() => signal.removeEventListener("abort", kill));
  if (status !== 0) throw new CommandError(`the demo's workload failed: ${script}`, errors);
  return performance.now() - started;
}
