/** Programs in C that tests need beside them, built where their source is new, by the compiler of the kernel stage. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BUILD = fileURLToPath(new URL("build/", import.meta.url));

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
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
  const digest = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 16);
  const program = join(BUILD, `${name}-${digest}`);
  if (existsSync(program)) return program;
  mkdirSync(BUILD, { recursive: true });
  const partial = `${program}.${process.pid}`;
  execFileSync("clang", ["-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", partial, source], { stdio: "pipe" });
  renameSync(partial, program);
  return program;
}
