/**
 * What whole processes do while they are watched: open and close of one file, and ordinary work on many. All of it in a
 * folder that no rule of the shipped pack is about, from files prepared beforehand, without the network.
 */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { median } from "../interleave.ts";
import type { Cost } from "./cost.ts";
import type { Load } from "./load.ts";

const CHECKOUT = join(import.meta.dirname, "../../..");
const MODULES = join(CHECKOUT, "node_modules");

export interface Workload {
  readonly what: string;
  /** @param load a process that was started after whatever watches */
  readonly run: (load: Load) => Promise<Cost>;
}

export interface Workloads {
  /** So short that each watcher's can have one without it right before and after. */
  readonly opens: readonly Workload[];
  readonly processes: readonly Workload[];
}

/** How much each does. */
interface Size {
  /** In a row, to be timed as one; and how many of such. */
  readonly opens: number;
  readonly openRounds: number;
  /** Folders of node_modules. */
  readonly packages: readonly string[];
  readonly sources: number;
  /** What find and tar read. */
  readonly tree: string;
}

const FULL: Size = {
  opens: 10_000,
  openRounds: 9,
  packages: ["hono", "zod", "yaml", "commander", "re2js"],
  sources: 16,
  tree: MODULES,
};
const QUICK: Size = {
  opens: 1000,
  openRounds: 3,
  packages: ["commander", "yaml"],
  sources: 2,
  tree: join(MODULES, "zod"),
};

function checked(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${error?.message ?? stderr}`);
  return stdout;
}

const has = (command: string): boolean => spawnSync(command, ["--version"]).error === undefined;

/** A script that begins in an empty folder. */
function scripted(folder: string, what: string, script: string): Workload {
  const work = join(folder, "work");
  const run = async (): Promise<Cost> => {
    mkdirSync(work);
    const start = performance.now();
    const child = spawn("/bin/bash", ["-ec", `${script}\ntimes`], { cwd: work, stdio: ["ignore", "pipe", "pipe"] });
    const [output, errors] = [[] as Buffer[], [] as Buffer[]];
    child.stdout.on("data", (data: Buffer) => output.push(data));
    child.stderr.on("data", (data: Buffer) => errors.push(data));
    const status = await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
    const elapsedMs = performance.now() - start;
    rmSync(work, { recursive: true });
    if (status !== 0) throw new Error(`${what} failed: ${Buffer.concat(errors)}`);
    return { elapsedMs, processorMs: processorMs(Buffer.concat(output).toString()) };
  };
  return { what, run };
}

/** @returns the sum of what bash's `times` printed last: user and system time of the shell and of what it waited for */
function processorMs(output: string): number {
  const times = output.trim().split("\n").slice(-2).join(" ").split(" ");
  return times.reduce((sum, time) => {
    const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/.exec(time) ?? [];
    if (minutes === undefined) throw new Error(`bash's times: got ${JSON.stringify(time)}, expected such as 0m1.234s`);
    return sum + Number(minutes) * 60_000 + Number(seconds) * 1000;
  }, 0);
}

function gitCheckout(folder: string, { packages }: Size): Workload {
  const origin = join(folder, "origin");
  for (const name of packages) cpSync(join(MODULES, name), join(origin, name), { recursive: true });
  const identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false"];
  checked("git", ["init", "-q"], origin);
  checked("git", ["add", "-A", "-f"], origin);
  checked("git", [...identity, "commit", "-q", "-m", "files"], origin);
  return scripted(folder, "git clone and checkout", `git clone -q --no-checkout "${origin}" c; git -C c checkout -q`);
}

/** From tarballs of installed packages, and a cache that the first `npm ci` fills. */
function npmCi(folder: string, { packages }: Size): Workload {
  const [project, cache] = [join(folder, "project"), join(folder, "npm-cache")];
  mkdirSync(project);
  const npm = (...args: string[]) => checked("npm", [...args, `--cache=${cache}`, "--offline"], project);
  const folders = packages.map((name) => join(MODULES, name));
  npm("pack", "--silent", "--ignore-scripts", ...folders);
  const tarballs = readdirSync(project);
  const dependencies = Object.fromEntries(
    packages.map((name) => [name, `file:${tarballs.find((file) => file.startsWith(`${name}-`))}`]),
  );
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "project", version: "1.0.0", dependencies }));
  npm("install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error");
  const flags = `--offline --cache="${cache}" --ignore-scripts --no-audit --no-fund --loglevel=error`;
  return scripted(folder, "npm ci, offline", `cp "${project}"/* . && npm ci ${flags}`);
}

const HEADERS = ["stdio", "stdlib", "string", "math", "pthread", "time", "signal", "sys/socket", "sys/stat", "netdb"];

function build(folder: string, { sources }: Size): Workload {
  const [compiler, project] = [has("gcc") ? "gcc" : "clang", join(folder, "sources")];
  mkdirSync(project);
  for (let i = 0; i < sources; i++) {
    const functions = Array.from(
      { length: 40 },
      (_, f) =>
        `int f${i}_${f}(int x) { char t[64]; snprintf(t, sizeof(t), "%d", x * ${f + 1}); return (int)strlen(t); }`,
    );
    const main = i === 0 ? "int main(void) { return f0_0(1); }" : "";
    const text = [...HEADERS.map((name) => `#include <${name}.h>`), ...functions, main, ""].join("\n");
    writeFileSync(join(project, `source${i}.c`), text);
  }
  const script = `for s in "${project}"/*.c; do ${compiler} -O1 -c "$s" -o "$(basename "$s" .c).o"; done; ${compiler} *.o -o program`;
  return scripted(folder, `${compiler} build`, script);
}

/** The one file that does not lie in the folder of the benchmark, which is too deep for it. */
export const SHALLOW_FILE = "/tmp/.weir-bench-kernel";

function opening(what: string, { opens, openRounds }: Size, file: string, flags: number): Workload {
  const run = async (load: Load): Promise<Cost> => {
    const costs: Cost[] = [];
    for (let i = 0; i < openRounds; i++) costs.push(await load.run({ count: opens, file, flags }));
    const middle = (of: keyof Cost): number => median(costs.map((cost) => cost[of]));
    return { elapsedMs: middle("elapsedMs"), processorMs: middle("processorMs") };
  };
  return { what, run };
}

/** @param folder empty; the caller removes it */
export function prepareWorkloads(folder: string, quick: boolean): Workloads {
  const size = quick ? QUICK : FULL;
  const missing = [...size.packages.map((name) => join(MODULES, name)), size.tree].find((path) => !existsSync(path));
  if (missing) throw new Error(`${missing} is missing: run scripts/setup.sh`);
  const file = join(folder, "unrelated.txt");
  writeFileSync(file, readFileSync(import.meta.filename));
  return {
    opens: [
      opening(`${size.opens} times open and close of an unrelated file, to read`, size, file, 0),
      opening(`${size.opens} times open and close of an unrelated file, to write`, size, file, 1),
    ],
    processes: [
      gitCheckout(folder, size),
      npmCi(folder, size),
      build(folder, size),
      scripted(
        folder,
        "find and tar of a tree",
        `find "${size.tree}" -type f -newer / | wc -l; tar cf - -C "${size.tree}" . | cat > /dev/null`,
      ),
    ],
  };
}
