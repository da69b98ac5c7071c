/** Policy files named on the command line. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { PolicyInput } from "@weir/rules";

/** Most bytes of a file that is read at all; the compiler has a lower limit and says so. */
const READ_BYTES_MAX = 64 << 20;
const POLICY_NAMES = /\.(?:ya?ml|policy)$/;
/** Tests of a policy, which lie beside it. */
const TEST_NAMES = /\.test\.ya?ml$/;

/** A path from the command line that cannot be read as a policy. */
export class PolicyFileError extends Error {
  override readonly name = "PolicyFileError";
  readonly path: string;
  constructor(path: string, reason: string, cause?: unknown) {
    super(`${path}: ${reason}`, { cause });
    this.path = path;
  }
}

/**
 * @param paths files, or folders whose .yaml, .yml and .policy files are meant, tests excepted
 * @returns their contents under the names as given, each once
 * @throws PolicyFileError naming the path
 */
export function readPolicyFiles(paths: readonly string[]): PolicyInput[] {
  const byPath = new Map(paths.flatMap(expand).map((name) => [resolve(name), name]));
  return [...byPath.values()].map((name) => ({ name, text: read(name) }));
}

function expand(path: string): string[] {
  const stat = attempt(path, () => statSync(path));
  if (!stat.isDirectory()) return [path];
  const files = attempt(path, () => readdirSync(path)).filter(
    (file) => POLICY_NAMES.test(file) && !TEST_NAMES.test(file),
  );
  if (files.length === 0) throw new PolicyFileError(path, "the folder holds no .yaml, .yml or .policy file");
  return files.sort().map((file) => join(path, file));
}

function read(path: string): Uint8Array {
  const stat = attempt(path, () => statSync(path));
  // Others, as /dev/zero, may never end. A pipe does: `weir check <(…)`.
  if (!stat.isFile() && !stat.isFIFO()) throw new PolicyFileError(path, "is neither a file nor a folder");
  const { size } = stat;
  if (size > READ_BYTES_MAX) throw new PolicyFileError(path, `the file has ${size} bytes, far too many for a policy`);
  return attempt(path, () => readFileSync(path));
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  EACCES: "permission denied",
  EISDIR: "this is a folder",
};

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new PolicyFileError(path, reasonOf(error), error);
  }
}

/** Why a file could not be read, in a few words. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ""] ?? message;
}
