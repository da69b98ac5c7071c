/**
 * Says whether node_modules holds what package-lock.json asks for: exit 0 if so, otherwise exit 1 and the
 * first reason on stdout.
 *
 * Compares with the record that npm itself keeps of what it installed, so `npm install` and `npm ci` both
 * leave a checkout current, and an interrupted one does not. Plain JavaScript: it runs before the pinned
 * Node is there.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** @returns {Record<string, Record<string, unknown>> | undefined} packages by path, undefined without the file */
function packagesOf(lockfile) {
  if (!existsSync(lockfile)) return undefined;
  return JSON.parse(readFileSync(lockfile, "utf8")).packages;
}

/** @returns {string | undefined} why the installed packages do not fit, undefined if they do */
function staleness() {
  const wanted = packagesOf("package-lock.json");
  if (wanted === undefined) return "package-lock.json is missing";
  const installed = packagesOf("node_modules/.package-lock.json");
  if (installed === undefined) return "not installed yet";
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "") continue;
    const found = installed[path];
    // Binaries for other processors and systems are optional, and npm leaves them out.
    if (found === undefined && entry.optional === true) continue;
    if (found === undefined) return `${path} is missing`;
    if (found.version !== entry.version) return `${path} is ${found.version} in place of ${entry.version}`;
    // npm does not record the hash of every package that it found in its cache.
    if (found.integrity && entry.integrity && found.integrity !== entry.integrity) return `${path} has changed`;
    if (!existsSync(join(path, entry.link === true ? "." : "package.json"))) return `${path} is gone`;
  }
  for (const path of Object.keys(installed)) if (!(path in wanted)) return `${path} is no longer wanted`;
  return existsSync("node_modules/.bin/node") ? undefined : "the pinned Node is missing";
}

const reason = staleness();
if (reason !== undefined) {
  console.log(reason);
  process.exitCode = 1;
}
