/** Programs in C that tests need beside them, built where their source is new, by the compiler of the kernel stage. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const BUILD = join(FOLDER, "build");

/** Of all of them: they include one another. */
function digestOfSources(): string {
  const hash = createHash("sha256");
  const sources = readdirSync(FOLDER).filter((file) => /\.[ch]$/.test(file));
  for (const file of sources.sort()) hash.update(file).update(readFileSync(join(FOLDER, file)));
  return hash.digest("hex").slice(0, 16);
}

const built = new Map<string, string>();

/**
 * @param name of a C source beside this file, without its ending
 * @returns path of the program
 * @throws Error with the compiler's output
 */
export function builtProgram(name: string): string {
  const known = built.get(name) ?? build(name);
  built.set(name, known);
  return known;
}

function build(name: string): string {
  const source = join(FOLDER, `${name}.c`);
  const program = join(BUILD, `${name}-${digestOfSources()}`);
  if (existsSync(program)) return program;
  mkdirSync(BUILD, { recursive: true });
  const partial = `${program}.${process.pid}`;
  execFileSync("clang", ["-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", partial, source], { stdio: "pipe" });
  renameSync(partial, program);
  return program;
}
