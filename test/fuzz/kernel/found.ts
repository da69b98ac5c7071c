/** Cases that a search found, as files: replayed by found.privileged.test.ts for ever after. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Case } from "./plan.ts";

const FOLDER = fileURLToPath(new URL("found/", import.meta.url));

/** @returns the name of the file in the repository */
export function keepCase(name: string, found: Case): string {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${name}.json`), `${JSON.stringify(found, undefined, 1)}\n`);
  return `test/fuzz/kernel/found/${name}.json`;
}

export function keptCases(): { readonly name: string; readonly found: Case }[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((name) => ({ name, found: JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Case }));
}
