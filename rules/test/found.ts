/**
 * Cases that a search found, as JSON files: fields by name, integers beyond 2^53 as text with an `n`.
 * Written by `npm run fuzz -- rules` when something disagrees, replayed by `found.test.ts` for ever after.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Field, findField } from "@weir/matcher-wasm/format";
import { completeEvent } from "../src/event.ts";
import type { JudgedCase } from "./agreement.ts";
import { VARIABLES } from "./field-samples.ts";

const FOLDER = fileURLToPath(new URL("found/", import.meta.url));

/** @returns the name of the file, under the folder of this module */
export function keepCase(name: string, found: JudgedCase): string {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${name}.json`), `${JSON.stringify(found, write, 1)}\n`);
  return `rules/test/found/${name}.json`;
}

export function keptCases(): { readonly name: string; readonly found: JudgedCase }[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((name) => {
      const { type, exprs, events } = JSON.parse(readFileSync(join(FOLDER, name), "utf8"), read) as JudgedCase;
      const complete = events.map(({ fields }) => ({ type, fields: completeEvent(type, fields) }));
      return { name, found: { type, exprs, events: complete } };
    });
}

/** A value of a case as people can read it, too. */
export function write(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  const isField = typeof value === "object" && value !== null && "source" in value && "name" in value;
  return isField ? { $field: value.name } : value;
}

function read(_: string, value: unknown): unknown {
  if (typeof value === "string" && /^-?\d+n$/.test(value)) return BigInt(value.slice(0, -1));
  if (typeof value !== "object" || value === null || !("$field" in value)) return value;
  const field: Field | undefined = findField(String(value.$field)) ?? VARIABLES.find((v) => v.name === value.$field);
  if (field === undefined) throw new Error(`there is no field ${String(value.$field)}`);
  return field;
}
