import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { childOf, header, INIT } from "../match/context/event.fixture.ts";
import { Accounts } from "./accounts.ts";
import { capabilitiesOf, ENVIRONMENT_BYTES_MAX, environmentOf, executableOf, terminalOf } from "./live.ts";
import { readProcess } from "./proc.ts";
import { type Process, UNKNOWN_IMAGE } from "./process.ts";

const SLEEP = ["/bin/sleep", "60"] as const;
let child: ChildProcess | undefined;

afterEach(() => {
  child?.kill("SIGKILL");
});

/** A child and what the table would know of it. */
async function start([command, ...args]: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Process> {
  child = spawn(command as string, args, { env, stdio: ["ignore", "pipe", "ignore"] });
  await once(child, "spawn");
  const entry = readProcess(child.pid as number);
  if (!entry) throw new Error("it ended at once");
  const { tgid, startNs, image } = entry;
  return childOf(INIT, { tgid, startNs, image });
}

async function end(): Promise<void> {
  child?.kill("SIGKILL");
  if (child) await once(child, "close");
}

describe("while the process lives", () => {
  test("its executable", async () => {
    const process = await start(SLEEP);
    const { ino, mode } = statSync("/bin/sleep", { bigint: true });
    expect(executableOf(process)).toMatchObject({ inode: ino, mode: Number(mode), uid: 0, gid: 0 });
  });

  test("its environment", async () => {
    const process = await start(SLEEP, { A: "1", EMPTY: "", MANY: "x=y=z" });
    expect(environmentOf(process)).toEqual({ variables: ["A=1", "EMPTY=", "MANY=x=y=z"], truncated: false });
  });

  test("no environment at all", async () => {
    expect(environmentOf(await start(SLEEP))).toEqual({ variables: [], truncated: false });
  });

  test("an environment that is too long: its beginning, and that there is more", async () => {
    const long = "x".repeat(ENVIRONMENT_BYTES_MAX);
    expect(environmentOf(await start(SLEEP, { A: "1", B: long }))).toEqual({ variables: ["A=1"], truncated: true });
  });

  test("no terminal, which is known", async () => {
    expect(terminalOf(await start(["/usr/bin/setsid", ...SLEEP]))).toBe("");
  });

  test("its capabilities", async () => {
    const all = readFileSync("/proc/self/status", "utf8");
    expect(capabilitiesOf(await start(SLEEP))?.effective).toBe(BigInt(`0x${/^CapEff:\s*(\w+)$/m.exec(all)?.[1]}`));
  });
});

describe("when it is gone", () => {
  test("what was asked for before is still known, what was not is not", async () => {
    const process = await start(SLEEP, { A: "1" });
    expect(executableOf(process)).toBeDefined();
    expect(capabilitiesOf(process)).toBeDefined();
    await end();
    expect(executableOf(process)).toBeDefined();
    expect(capabilitiesOf(process)).toBeDefined();
    expect(environmentOf(process)).toBeUndefined();
    expect(terminalOf(process)).toBeUndefined();
  });

  test("but not yet waited for: what /proc still shows of it is not taken", async () => {
    // The shell's child ends at once; nobody waits for it while sleep runs in the shell's place.
    const parent = await start(["/bin/sh", "-c", "true & exec sleep 60"], { A: "1" });
    const children = (): string[] =>
      readFileSync(`/proc/${parent.tgid}/task/${parent.tgid}/children`, "utf8").split(" ");
    const stateOf = (pid: string): string => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0] ?? "";
    await expect.poll(() => children().filter((pid) => pid && stateOf(pid) === "Z")).toHaveLength(1);
    const entry = readProcess(Number(children()[0]));
    expect(entry?.image).toMatchObject({ pathTruncated: true, argsTruncated: true });
    const zombie = childOf(parent, {
      tgid: entry?.tgid ?? 0,
      startNs: entry?.startNs ?? 0n,
      image: { ...parent.image },
    });
    expect(environmentOf(zombie)).toBeUndefined();
    expect(terminalOf(zombie)).toBeUndefined();
    expect(capabilitiesOf(zombie)).toBeUndefined();
    expect(new Accounts().nameOf("user", 0, { ...zombie, ids: { ...header(), mountNs: 1 } })).toBeUndefined();
  });

  test("a child that goes on with its image can still tell", async () => {
    const process = await start(SLEEP, { A: "1" });
    const gone = { ...process, tgid: 1 << 23 };
    expect(environmentOf(gone)).toBeUndefined();
    expect(environmentOf(process)?.variables).toEqual(["A=1"]);
    expect(environmentOf(gone)?.variables).toEqual(["A=1"]);
  });
});

describe("what belongs to another is not given", () => {
  test("another process with the pid", async () => {
    const process = await start(SLEEP, { A: "1" });
    process.startNs += 1_000_000_000n;
    expect(executableOf(process)).toBeUndefined();
    expect(environmentOf(process)).toBeUndefined();
    expect(capabilitiesOf(process)).toBeUndefined();
    expect(terminalOf(process)).toBeUndefined();
  });

  test("another image: the process has executed something else meanwhile", async () => {
    const process = await start(SLEEP, { A: "1" });
    process.image = { ...process.image, path: "/bin/true" };
    expect(executableOf(process)).toBeUndefined();
    expect(environmentOf(process)).toBeUndefined();
  });

  test("an image of which nothing is known", async () => {
    const process = await start(SLEEP, { A: "1" });
    process.image = UNKNOWN_IMAGE;
    expect(executableOf(process)).toBeUndefined();
    expect(UNKNOWN_IMAGE).not.toHaveProperty("attributes");
  });

  test("capabilities of another effective user than that of the event", async () => {
    const process = await start(SLEEP);
    process.ids = { tid: 0, uid: 0, gid: 0, euid: 12, egid: 0, fsuid: 0, fsgid: 0, auid: 0, mountNs: 0, pidNs: 0 };
    expect(capabilitiesOf(process)).toBeUndefined();
  });
});
