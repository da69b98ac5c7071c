/**
 * The files of the repository, for the tidy tests: what git tracks, and what is new and not ignored, so that
 * a fault shows before it is committed.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Paths relative to ROOT. */
export const files: readonly string[] = execFileSync(
  "git",
  ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
  { cwd: ROOT, encoding: "utf8" },
)
  .split("\0")
  .filter((path) => path !== "" && existsSync(join(ROOT, path)));

export function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** TypeScript and AssemblyScript, tests included. */
export const scripts: readonly string[] = files.filter((path) => /\.m?ts$/.test(path) && !path.endsWith(".d.ts"));

/** The same without tests and what serves only them. */
export const sources: readonly string[] = scripts.filter((path) => !/\.(test|fixture)\.ts$/.test(path));

/** C of the kernel stage, generated type declarations left out. */
export const cSources: readonly string[] = files.filter(
  (path) => path.startsWith("bpf/") && /\.[ch]$/.test(path) && !/\/vmlinux[^/]*$/.test(path),
);

export interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** @param folder "" for the root */
export function packageJson(folder: string): PackageJson {
  return JSON.parse(read(join(folder, "package.json"))) as PackageJson;
}

export const workspaces: readonly string[] = packageJson("").workspaces ?? [];

/** @returns the workspace that the file lies in, undefined for files of the root */
export function workspaceOf(path: string): string | undefined {
  return workspaces.find((workspace) => path.startsWith(`${workspace}/`));
}
