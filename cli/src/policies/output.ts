/** A folder of results that appears as a whole or not at all. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** The folder cannot be written; what was there is unchanged. */
export class OutputError extends Error {
  override readonly name = "OutputError";
}

/**
 * Writes the files into a new folder beside the target, then renames it into place. A folder that is
 * there already is replaced when it holds nothing but files of these names.
 * @throws OutputError when the target is something else; errors of the file system as they are
 */
export function writeFolder(target: string, files: ReadonlyMap<string, Uint8Array>): void {
  const path = resolve(target);
  const replace = existsSync(path);
  if (replace) checkReplaceable(path, files);
  mkdirSync(dirname(path), { recursive: true });
  const suffix = `${process.pid}-${randomBytes(4).toString("hex")}`;
  const fresh = `${path}.new-${suffix}`;
  const old = `${path}.old-${suffix}`;
  mkdirSync(fresh);
  try {
    for (const [name, bytes] of files) writeFileSync(join(fresh, name), bytes, { flush: true });
    if (replace) renameSync(path, old);
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (existsSync(old) && !existsSync(path)) renameSync(old, path);
    throw error;
  }
  rmSync(old, { recursive: true, force: true });
}

function checkReplaceable(path: string, files: ReadonlyMap<string, Uint8Array>): void {
  if (!statSync(path).isDirectory()) throw new OutputError(`${path}: exists and is no folder`);
  const foreign = readdirSync(path).find((name) => !files.has(name));
  if (foreign !== undefined)
    throw new OutputError(`${path}: holds \`${foreign}\`, which is not a result of compiling; choose another folder`);
}
