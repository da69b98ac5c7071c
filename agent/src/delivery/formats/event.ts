/** What the formats ask of an event, whatever they call it. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { DetectedProcess, Detection } from "../../detection.ts";
import type { LossEvent } from "../../losses.ts";

const PACKAGE = new URL("../../../package.json", import.meta.url);
export const VERSION = (JSON.parse(readFileSync(PACKAGE, "utf8")) as { version: string }).version;

export type DeliveredEvent = Detection | LossEvent;

/** The spool holds what `Delivery.write` was given, and nothing else. */
export const eventOf = (payload: Buffer): DeliveredEvent => JSON.parse(payload.toString("utf8")) as DeliveredEvent;

export const isLoss = (event: DeliveredEvent): event is LossEvent => event.event.type === "loss";

export const isProcessEvent = ({ event: { type } }: Detection): boolean => type === "exec" || type === "exit";

export const epochMs = (time: string): number => Date.parse(time);

/** The name of the program, or of the thread when nobody knows the program. */
export const programOf = ({ executable, comm }: DetectedProcess): string => basename(executable) || comm;

/** Arguments as one would type them; those with spaces are quoted for the eye, not for a shell. */
export const commandLine = ({ args }: DetectedProcess): string =>
  args.map((arg) => (/[\s"]/.test(arg) ? JSON.stringify(arg) : arg)).join(" ");

/** Distinguishes processes that had the same pid one after the other. */
export const identityOf = ({ pid, start }: DetectedProcess): string => `${pid}-${start}`;

const ERRNO: Readonly<Record<number, string>> = { 1: "EPERM", 13: "EACCES" };

/** Of an operation that failed: the name of its error. */
export const errorOf = ({ event: { retval } }: Detection): string | undefined =>
  retval < 0 ? (ERRNO[-retval] ?? `errno ${-retval}`) : undefined;

const WRITES = ["O_WRONLY", "O_RDWR", "O_TRUNC"];

/** Whether a file was opened in a way that can change it. */
export const isWrite = ({ event: { flags } }: Detection): boolean =>
  flags?.some((flag) => WRITES.includes(flag)) ?? false;

/** Extended attributes that decide who may do what. */
export const isSecurityAttribute = (name = ""): boolean => /^(security\.|system\.posix_acl)/.test(name);

const SEVERITY_NAMES: Readonly<Record<string, number>> = {
  info: 1,
  informational: 1,
  low: 2,
  medium: 3,
  moderate: 3,
  high: 4,
  critical: 5,
};

/** By the rule's tag `severity`: 1 informational to 5 critical, 0 when there is none that is known. */
export const severityOf = ({ rule: { tags } }: Detection): number =>
  SEVERITY_NAMES[(tags["severity"] ?? "").toLowerCase()] ?? 0;

const VERBS: Readonly<Record<string, string>> = {
  unlink: "removed",
  rename: "renamed",
  chmod: "changed the mode of",
  chown: "changed the owner of",
  link: "linked",
  mkdir: "made the directory",
  rmdir: "removed the directory",
  utimes: "set the times of",
  setxattr: "set an attribute of",
  removexattr: "removed an attribute of",
  mount: "mounted on",
  umount: "unmounted",
  splice: "spliced",
  chdir: "changed to",
  exec: "executed",
  exit: "ended",
};

/** One line for people. */
export function titleOf(event: DeliveredEvent): string {
  if (isLoss(event)) {
    const { sink, events, uncounted } = event.loss;
    if (uncounted) return "events may be lost: an agent ended without stopping";
    return `${events} events lost${sink === undefined ? "" : ` for ${sink}`}`;
  }
  const { type, created } = event.event;
  const verb = type === "open" ? (created ? "created" : "opened") : (VERBS[type] ?? type);
  const error = errorOf(event);
  const tried = error ? `was refused (${error}): ${verb}` : verb;
  const destination = event.file.destination ? ` to ${event.file.destination}` : "";
  return `${event.rule.id}: ${programOf(event.process)} ${tried} ${event.file.path}${destination}`;
}

/** An object without its keys that have no value. */
export function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
