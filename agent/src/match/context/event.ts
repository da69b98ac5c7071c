/** Context values of the event itself: of its file, what it changed, its time, how a process ended. */
import { type FileEvent, FLAG_ATTRIBUTES_UNKNOWN, ID_UNCHANGED } from "@weir/matcher-wasm/format";
import type { AccountKind } from "../../process/accounts.ts";
import type { Resolve } from "./facts.ts";

/** Name of an id among the attributes of the file. */
const ofFile =
  (kind: AccountKind, id: (event: FileEvent) => number): Resolve =>
  (event) => {
    const { record } = event;
    if (record.kind !== "file") return undefined;
    return (record.flags & FLAG_ATTRIBUTES_UNKNOWN) !== 0 ? null : (event.nameOf(kind, id(record)) ?? null);
  };

/** Name of an id that the operation sets; empty when it leaves that id alone. */
const ofChange =
  (kind: AccountKind, id: (event: FileEvent) => number): Resolve =>
  (event) => {
    const { record } = event;
    if (record.kind !== "file" || id(record) === ID_UNCHANGED) return undefined;
    return event.nameOf(kind, id(record)) ?? null;
  };

/** How a process ended. */
export interface ExitStatus {
  /** Exit code, or the number of the signal that ended it. */
  readonly code: number;
  readonly cause: "exited" | "core dumped" | "signaled";
}

/** @param status as wait(2) gives it: the code above 8 bits of signal and core dump */
export function exitStatus(status: number): ExitStatus {
  const signal = status & 0x7f;
  if (signal === 0) return { code: (status >> 8) & 0xff, cause: "exited" };
  return { code: signal, cause: (status & 0x80) !== 0 ? "core dumped" : "signaled" };
}

const CAUSES = { exited: 0n, "core dumped": 1n, signaled: 2n } as const;

const ofExit =
  (read: (status: ExitStatus) => bigint): Resolve =>
  ({ record }) =>
    record.kind === "exit" ? read(exitStatus(record.retval)) : undefined;

/** Names come from files. */
export const COSTLY_EVENT_KEYS: readonly string[] = ["file.user", "file.group", "chown.user", "chown.group"];

export const EVENT_RESOLVERS: ReadonlyMap<string, Resolve> = new Map<string, Resolve>([
  ["file.user", ofFile("user", ({ fileUid }) => fileUid)],
  ["file.group", ofFile("group", ({ fileGid }) => fileGid)],
  ["chown.user", ofChange("user", ({ opUid }) => opUid)],
  ["chown.group", ofChange("group", ({ opGid }) => opGid)],
  ["exit.code", ofExit(({ code }) => BigInt(code))],
  ["exit.cause", ofExit(({ cause }) => CAUSES[cause])],
  ["event.timestamp", ({ record, sources }) => sources.clock.epochNs(record.timeNs)],
  ["event.hostname", ({ sources }) => sources.host.hostname],
  ["event.os", () => "linux"],
  ["event.origin", () => "ebpf"],
  ["event.source", () => "runtime"],
]);
