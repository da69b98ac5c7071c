/** What rules and macros have in common: an id, and whether they take part. */
import type { Node, YAMLMap } from "yaml";
import type { Place } from "../source.ts";
import type { Entry, PolicyReader } from "./document.ts";
import { readGate } from "./gate.ts";
import type { Gate } from "./model.ts";
import type { Version } from "./version.ts";

/** Longest id of a rule or macro, in characters. */
export const ID_LENGTH_MAX = 200;

export const RULE_ID = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const MACRO_ID = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*$/;

export interface Head {
  readonly id: string;
  readonly idPlace: Place;
  readonly gate: Gate;
  /** `agent_version` or `filters` cannot be read. */
  readonly isGateBroken: boolean;
}

export interface HeadOptions {
  readonly what: "rule" | "macro";
  readonly agentVersion: Version;
}

/** @returns id and gate; null after reporting that there is no usable id */
export function readHead(
  reader: PolicyReader,
  map: YAMLMap,
  entries: ReadonlyMap<string, Entry>,
  { what, agentVersion }: HeadOptions,
): Head | null {
  const gate = readGate(reader, entries, agentVersion);
  const entry = entries.get("id");
  if (entry === undefined) {
    reader.error("missing-key", firstPlace(reader, map), `the ${what} has no \`id\``);
    return null;
  }
  const id = reader.text(entry, "`id`");
  if (id === undefined) return null;
  const idPlace = reader.place(entry.value);
  if (!checkId(reader, idPlace, id, what)) return null;
  return { id, idPlace, gate: gate ?? { state: "open" }, isGateBroken: gate === undefined };
}

/** @returns whether the id is well formed; reports when it is not */
export function checkId(reader: PolicyReader, place: Place, id: string, what: "rule" | "macro" | "group"): boolean {
  if (id.length > ID_LENGTH_MAX) {
    reader.error("id", place, `an id of ${id.length} characters: at most ${ID_LENGTH_MAX} are allowed`);
    return false;
  }
  if ((what === "macro" ? MACRO_ID : RULE_ID).test(id)) return true;
  const expected = what === "macro" ? " and `.`, no digit first" : ", `-` and `.`";
  reader.error("id", place, `${JSON.stringify(id)} is no ${what} id: expected letters, digits, \`_\`${expected}`);
  return false;
}

export const firstPlace = (reader: PolicyReader, map: YAMLMap): Place =>
  reader.place((map.items[0]?.key as Node | undefined) ?? map);
