/** The programs of the corpus, built once where their source is new, by the compiler of the kernel stage. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { builtProgram } from "../native/program.ts";
import { PROGRAMS, programNames } from "./techniques.ts";

const BUILD = join(PROGRAMS, "build");
/** At once; a compiler takes a processor. */
const COMPILERS = 2;

const headers = readdirSync(PROGRAMS)
  .filter((file) => file.endsWith(".h"))
  .sort();

/** Of the source and of all headers, so that a program is never older than what it was made of. */
function digest(name: string): string {
  const hash = createHash("sha256");
  for (const file of [...headers, `${name}.c`]) hash.update(file).update(readFileSync(join(PROGRAMS, file)));
  return hash.digest("hex").slice(0, 16);
}

const paths = new Map<string, string>();

/** Where the program of a technique is once it is built; the folder tells its version. */
export function programPath(name: string): string {
  const known = paths.get(name) ?? join(BUILD, digest(name), name);
  paths.set(name, known);
  return known;
}

async function build(name: string): Promise<void> {
  const path = programPath(name);
  if (existsSync(path)) return;
  mkdirSync(join(path, ".."), { recursive: true });
  const partial = `${path}.${process.pid}`;
  const source = join(PROGRAMS, `${name}.c`);
  const flags = ["-O1", "-Wall", "-Wextra", "-Werror", "-pthread"];
  await promisify(execFile)("clang", [...flags, "-o", partial, source]);
  renameSync(partial, path);
}

/** @throws Error with the compiler's output */
export async function buildPrograms(): Promise<void> {
  builtProgram("launcher");
  const waiting = programNames();
  const work = async (): Promise<void> => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) await build(name);
  };
  await Promise.all(Array.from({ length: COMPILERS }, work));
}
