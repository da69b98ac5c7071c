/**
 * fanotify(7) as an oracle: what it reports of directories while something is done, and which detections are the
 * counterparts of that. It shares nothing with Weir.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readlinkSync } from "node:fs";
import type { Detection } from "@weir/agent";
import { builtProgram } from "../native/program.ts";

/** Types of events that make a change of that kind. */
export const COUNTERPARTS: Readonly<Record<string, readonly string[]>> = {
  create: ["open", "mkdir", "link"],
  delete: ["unlink", "rmdir"],
  from: ["rename"],
  to: ["rename"],
  attributes: ["chmod", "chown", "utimes", "setxattr", "removexattr"],
  content: ["open"],
};

export interface Change {
  readonly kind: string;
  readonly pid: number;
  readonly path: string;
}

/** @returns what was reported of entries of the directories while this was done */
export async function changesWhile(directories: readonly string[], act: () => void | Promise<void>): Promise<Change[]> {
  const watcher = spawn(builtProgram("watcher"), directories, { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  watcher.stdout.setEncoding("utf8");
  const ready = new Promise<void>((resolve, reject) => {
    watcher.stdout.on("data", (text: string) => {
      output += text;
      if (output.startsWith("ready\n")) resolve();
    });
    watcher.on("close", (code) => reject(new Error(`the watcher ended with status ${code}`)));
  });
  await ready;
  await act();
  watcher.stdin.end();
  await once(watcher, "close");
  return output
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => /^(\S+) (\d+) (.*)$/.exec(line))
    .map((found) => ({ kind: found?.[1] ?? "", pid: Number(found?.[2]), path: found?.[3] ?? "" }));
}

/** Paths that a detection says something changed at. */
function pathsOf({ event, file }: Detection, kind: string): (string | undefined)[] {
  if (event.type === "rename" && event.flags?.includes("RENAME_EXCHANGE")) return [file.path, file.destination];
  if (event.type === "rename") return [kind === "from" ? file.path : file.destination];
  return event.type === "link" && kind === "create" ? [file.destination] : [file.path];
}

/** Whether processes have the same numbers here as in the kernel's own eyes; elsewhere they are not compared. */
const initial = readlinkSync("/proc/self/ns/pid") === "pid:[4026531836]";
const keyOf = (kind: string, pid: number, path: string): string => `${kind} ${initial ? pid : "?"} ${path}`;

/** @returns the changes that no detection is the counterpart of: same file, same process, a type that does that */
export function undetected(changes: readonly Change[], detections: readonly Detection[]): Change[] {
  const seen = new Set(
    detections.flatMap((detection) =>
      Object.entries(COUNTERPARTS)
        .filter(([, types]) => types.includes(detection.event.type))
        .flatMap(([kind]) => pathsOf(detection, kind).map((path) => keyOf(kind, detection.process.pid, path ?? ""))),
    ),
  );
  return changes.filter(({ kind, pid, path }) => !seen.has(keyOf(kind, pid, path)));
}
