/** Runs techniques under a kernel stage and says what it reported of them, ready to be compared. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DecodedRecord,
  decodeRecord,
  EVENT_TYPES,
  eventTypeById,
  type FileEvent,
  FLAG_ATTRIBUTES_UNKNOWN,
  FLAG_CREATED,
  FLAG_OTHER_NAME,
  FLAG_RESOLVED_AT_SYSCALL,
  ringRecords,
} from "@weir/matcher-wasm/format";
import type { AttachMode, KernelStage } from "./stage.ts";
import { buildTables } from "./tables.ts";
import { ELSEWHERE, type Expected, type Technique } from "./techniques.kit.fixture.ts";

let built: string | undefined;

/** The program for what no script can do, which scripts have as `$CALLS`. */
function callsProgram(): string {
  if (built !== undefined) return built;
  const folder = mkdtempSync(join(tmpdir(), "weir-calls-"));
  chmodSync(folder, 0o755); // other users are to run it
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  built = join(folder, "calls");
  const source = join(import.meta.dirname, "techniques.calls.c");
  execFileSync("clang", ["-O1", "-Wall", "-Wextra", "-Werror", "-o", built, source]);
  return built;
}

/** Runs a shell script in a folder, in a process of its own. */
export function shell(script: string, folder: string): string {
  const { status, stdout, stderr } = spawnSync("/bin/bash", ["-ec", script], {
    cwd: folder,
    encoding: "utf8",
    // A socket there makes bash read the user's .bashrc.
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, CALLS: callsProgram() },
  });
  if (status !== 0 || stderr !== "") throw new Error(`${script}\nfailed with status ${status}: ${stderr}`);
  return stdout.trim();
}

/** Everything that is in the ring by now. */
export function readRecords({ ring }: KernelStage): DecodedRecord[] {
  const span = new Uint8Array(1 << 20);
  const all: DecodedRecord[] = [];
  for (let length = ring.read(span); length > 0; length = ring.read(span)) {
    for (const { offset } of ringRecords(span.subarray(0, length))) all.push(decodeRecord(span, offset));
    ring.release(length);
  }
  return all;
}

export function unsupported({ since, needs, modes }: Technique, mode: AttachMode): string | undefined {
  if (needs && spawnSync("/bin/sh", ["-c", needs]).status !== 0) return `not so: ${needs}`;
  if (modes && !modes.includes(mode)) return `not by ${mode}s`;
  const [major = 0, minor = 0] = release().split(".").map(Number);
  if (!since || major > since[0] || (major === since[0] && minor >= since[1])) return undefined;
  return `since Linux ${since.join(".")}`;
}

/** What an event shows of what is expected of it; an event that is not expected shows its type and path. */
function shown(event: FileEvent, expected: Expected | undefined, folder: string): Partial<Expected> {
  const relative = (path: string): string => (path === folder ? "" : path.replace(`${folder}/`, ""));
  const all: Required<Expected> = {
    type: eventTypeById(event.type)?.name ?? String(event.type),
    // A file of O_TMPFILE is called by its inode number.
    path: relative(event.path).replace(/#\d+$/, "#INODE"),
    destination: relative(event.destination),
    text: event.text,
    textKnown: !event.textTruncated,
    known: (event.flags & FLAG_ATTRIBUTES_UNKNOWN) === 0,
    opFlags: event.opFlags,
    opMode: event.opMode,
    opUid: event.opUid,
    opGid: event.opGid,
    mode: event.mode,
    fileUid: event.fileUid,
    filesystem: event.filesystem,
    retval: event.retval,
    resolution: event.flags & FLAG_RESOLVED_AT_SYSCALL ? "syscall" : "object",
    created: (event.flags & FLAG_CREATED) !== 0,
  };
  const keys = expected === undefined ? ["type", "path", "destination", "text", "retval"] : Object.keys(expected);
  return Object.fromEntries(keys.map((key) => [key, all[key as keyof Expected]]));
}

export interface Outcome {
  readonly expected: readonly Partial<Expected>[];
  readonly seen: readonly Partial<Expected>[];
}

export interface Watch {
  /** Uses a technique in a folder of its own. */
  readonly attempt: (technique: Technique) => Outcome;
  readonly end: () => void;
}

/** Lets a stage report every file event below a new folder, and of names elsewhere. */
export async function watch(stage: KernelStage): Promise<Watch> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "weir-technique-")));
  const facts = {
    filesystem: shell("findmnt -n -o FSTYPE --target .", base).slice(0, 15),
    mountPoint: shell("stat -c %m .", base),
  };
  const types = EVENT_TYPES.filter(({ file }) => file).map(({ name }) => name);
  const interests = types.map((event) => ({ event, flagsAny: null, unfiltered: false as const }));
  const approver = (
    event: string,
    kind: "ancestor" | "basename",
    value: string,
    slot: "file" | "destination" = "file",
  ) => ({ event, kind, slot, value, flagsAny: null }) as const;
  const approvers = [
    ...types.flatMap((event) => [
      approver(event, "ancestor", base),
      ...ELSEWHERE.map((name) => approver(event, "basename", name)),
    ]),
    ...["rename", "link"].map((event) => approver(event, "ancestor", base, "destination")),
  ];
  await stage.activate(buildTables(1, [{ tenant: 0, seeds: { format: "weir-seeds/1", interests, approvers } }]));
  return {
    attempt: (technique) => attempt(stage, technique, { base, ...facts }),
    end: () => void spawnSync("rm", ["-rf", "--one-file-system", base]),
  };
}

interface Surroundings {
  readonly base: string;
  readonly filesystem: string;
  readonly mountPoint: string;
}

function attempt(stage: KernelStage, technique: Technique, { base, filesystem, mountPoint }: Surroundings): Outcome {
  const folder = mkdtempSync(join(base, "t-"));
  const expected = technique.expected(stage.mode).map((e) => ({
    ...e,
    ...(e.filesystem === "FOLDER" && { filesystem }),
    ...(e.text?.startsWith("ROOT") && { text: folder.slice(mountPoint.length - 1) + e.text.slice(4) }),
  }));
  const types = technique.types ?? expected.map(({ type }) => type);
  try {
    if (technique.before) shell(technique.before, folder);
    readRecords(stage);
    shell(technique.act, folder);
    // What other programs do elsewhere passes, too: by names that are watched, and where a path can't be followed.
    const named = new Set(expected.map(({ path }) => path));
    const events = readRecords(stage).filter(
      (record) =>
        record.kind === "file" &&
        (record.flags & FLAG_OTHER_NAME) === 0 &&
        (record.path.startsWith(base) || named.has(record.path)) &&
        types.includes(eventTypeById(record.type)?.name ?? ""),
    ) as FileEvent[];
    return { expected, seen: events.map((event, i) => shown(event, expected[i], folder)) };
  } finally {
    if (technique.after) shell(technique.after, folder);
  }
}
