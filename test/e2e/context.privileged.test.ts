/**
 * What rules ask of processes, and what they set, with real processes on this machine's kernel. The tests share
 * one agent and follow each other; the last one swaps its rules.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Detection } from "@weir/agent";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { act, ruleOf } from "./agent.fixture.ts";
import { Child, endAll } from "./weir.fixture.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "weir-context-")));
const watched = join(folder, "watched");
const policyFile = join(folder, "policy.yaml");
mkdirSync(watched);

const open = (id: string, condition: string, name = id): string =>
  `  - id: ${id}\n    expression: open.file.path == "${watched}/${name}" && ${condition}\n`;
const on = (type: string, id: string, condition: string): string =>
  `  - id: ${id}\n    expression: ${JSON.stringify(`${type}.${condition}`)}\n`;

/** A container as far as its cgroup tells, in whichever hierarchy this machine has. */
const CONTAINER = "c0ffee".padStart(64, "0");
const HIERARCHY = existsSync("/sys/fs/cgroup/cgroup.controllers") ? "/sys/fs/cgroup" : "/sys/fs/cgroup/pids";
const CGROUP = `${HIERARCHY}/docker/${CONTAINER}`;
const inContainer = (commands: string): string => `sh -c 'echo $$ > ${CGROUP}/cgroup.procs; exec sh -c "${commands}"'`;

const SEEN = "process.seen";
const RULES = [
  open("end", "open.retval == 0"),
  open("environment", 'process.envp in ["WEIR_TEST=yes"]'),
  open("inherited_environment", 'process.parent.envs in ["WEIR_TEST"]'),
  open("terminal", 'process.tty_name =~ "pts*"'),
  open("capability", "process.cap_effective & CAP_SYS_ADMIN == 0"),
  open("executable", 'process.file.rights & 0111 == 0111 && process.file.user == "root" && process.file.inode > 0'),
  open("account", 'process.user == "weirdo" && open.file.group == "weirdos"'),
  open("mapped", 'process.user == "root" && process.uid == 1'),
  open(
    "container",
    `process.container.id == "${CONTAINER}" && container.runtime == "docker" && container.created_at < 1m`,
  ),
  on("chown", "owner", `file.path == "${watched}/owned" && chown.file.destination.user == "daemon"`),
  on("exec", "executed", `args_flags in ["weir-flag"] && exec.file.name == "env"`),
  on("exit", "failed", `args_options in ["weir-exit=3"] && exit.code == 3 && exit.cause == EXITED`),
  on("exit", "killed", `args_options in ["weir-exit=9"] && exit.code == 9 && exit.cause == SIGNALED`),
];
const VARIABLES = `
  - id: first
    silent: true
    expression: open.file.path == "${watched}/first"
    actions:
      - set: {name: seen, scope: process, field: open.file.name, append: true, inherited: true}
      - set: {name: own, scope: process, value: true}
      - set: {name: armed, value: true}
      - set: {name: around, scope: container, value: true}
  - id: same_event
    expression: open.file.path == "${watched}/first" && \${${SEEN}} in ["first"]
  - id: later
    expression: open.file.path == "${watched}/second" && \${${SEEN}} in ["first"]
  - id: own_only
    expression: open.file.path == "${watched}/second" && \${process.own} == true
  - id: together
    expression: open.file.path == "${watched}/second" && \${container.around} == true
  - id: armed
    expression: open.file.path == "${watched}/third" && \${armed} == true
`;

let agent: Child;
const text = (more = ""): string => `rules:\n${RULES.join("")}${VARIABLES}${more}`;
const script = (text: string): Promise<void> => act(text, watched);

async function detection(rule: string): Promise<Detection> {
  return (await agent.next(`detection by ${rule}`, (value) => ruleOf(value) === rule)) as unknown as Detection;
}

/** Rules that matched what was done so far and were not asked for; records are judged in order. */
async function others(): Promise<string[]> {
  await script(": > end");
  await detection("end");
  const seen = agent.seen((value) => ruleOf(value) !== "");
  for (const value of seen) await agent.next("what was seen", (other) => other === value);
  return seen.map(ruleOf);
}

beforeAll(async () => {
  writeFileSync(policyFile, text());
  agent = new Child(["run", "--json", "--watch", policyFile]);
  await agent.next("rules active", ({ line }) => /rules? active/.test(String(line)));
}, 60_000);

afterAll(async () => {
  await endAll();
  if (existsSync(CGROUP)) rmdirSync(CGROUP);
  rmSync(folder, { recursive: true, force: true });
});

describe("what a process is", () => {
  test("its environment, and that of its parent", async () => {
    // It lives on, so that its environment can be read when its event is judged.
    await script("WEIR_TEST=yes sh -c ': > environment; sleep 0.5'");
    expect((await detection("environment")).process.args.at(-1)).toContain("environment");
    await script("sh -c ': > environment; sleep 0.5'");
    await script("WEIR_TEST=yes sh -c 'env -u WEIR_TEST sh -c \": > inherited_environment; sleep 0.5\"; sleep 0.1'");
    await detection("inherited_environment");
    expect(await others()).toEqual([]);
  });

  test("its terminal", async () => {
    await script("script -qec ': > terminal; sleep 0.5' /dev/null > /dev/null");
    await detection("terminal");
    await script("setsid -w sh -c ': > terminal; sleep 0.5'");
    expect(await others()).toEqual([]);
  });

  test("its capabilities", async () => {
    await script("setpriv --bounding-set=-sys_admin --inh-caps=-all sh -c ': > capability; sleep 0.5'");
    await detection("capability");
    await script("sh -c ': > capability; sleep 0.5'");
    expect(await others()).toEqual([]);
  });

  test("its executable", async () => {
    await script("sh -c ': > executable; sleep 0.5'");
    expect((await detection("executable")).process).toMatchObject({ user: "root", euser: "root" });
  });

  test("the names that its own files give", async () => {
    writeFileSync(join(folder, "passwd"), "weirdo:x:0:0::/:/bin/sh\n");
    writeFileSync(join(folder, "group"), "weirdos:x:0:\n");
    const mounts = ["passwd", "group"].map((file) => `mount --bind ${folder}/${file} /etc/${file}`).join(" && ");
    await script(`unshare -m --propagation private sh -c '${mounts} && exec sh -c ": > account; sleep 0.5"'`);
    expect((await detection("account")).process.user).toBe("weirdo");
    await script("sh -c ': > account; sleep 0.5'");
    expect(await others()).toEqual([]);
  });

  test("the name that its user has in its own user namespace", async () => {
    chmodSync(folder, 0o755);
    chmodSync(watched, 0o777);
    const asOne = "setpriv --reuid 1 --regid 1 --clear-groups unshare -Urm sh -c ': > mapped; sleep 0.5'";
    await script(asOne);
    expect((await detection("mapped")).process).toMatchObject({ uid: 1, user: "root" });
    await script(`${asOne.replace("unshare -Urm ", "").replace(": >", ": >>")}`);
    expect(await others()).toEqual([]);
  });

  test("its container", async () => {
    mkdirSync(CGROUP, { recursive: true });
    await script(inContainer(": > container; sleep 0.2"));
    expect((await detection("container")).process.container_id).toBe(CONTAINER);
    await script("sh -c ': > container; sleep 0.2'");
    expect(await others()).toEqual([]);
  });

  test("the name of a new owner", async () => {
    await script(": > owned; chown daemon owned; chown 0 owned");
    expect((await detection("owner")).event).toMatchObject({ type: "chown", new_user: "daemon" });
    expect(await others()).toEqual([]);
  });
});

describe("the life of processes", () => {
  test("an exec is judged as the process that it makes", async () => {
    await script("/usr/bin/env --weir-flag 2> /dev/null; /usr/bin/env > /dev/null");
    const { file, process } = await detection("executed");
    expect(process).toMatchObject({ args: ["/usr/bin/env", "--weir-flag"], executable: file.path });
    expect(process.ancestors.map(({ pid }) => pid)).toContain(globalThis.process.pid);
    expect(await others()).toEqual([]);
  });

  test("an exit with its code, and the signal that caused it", async () => {
    await script("sh -c 'exit 3' sh --weir-exit=3; sh -c 'exit 4' sh --weir-exit=3; true");
    expect((await detection("failed")).event.exit).toEqual({ code: 3, cause: "exited" });
    await script("sh -c 'kill -9 $$' sh --weir-exit=9 2> /dev/null; true");
    expect((await detection("killed")).event.exit).toEqual({ code: 9, cause: "signaled" });
    expect(await others()).toEqual([]);
  });
});

describe("variables", () => {
  test("set by one event, read by the same and the next of the process; a silent rule reports nothing", async () => {
    await script("sh -c ': > first; : > second'");
    expect((await detection("same_event")).variables).toMatchObject({ [SEEN]: ["first"], armed: true });
    await detection("later");
    await detection("own_only");
    expect(await others()).toEqual([]);
  });

  test("another process does not have them", async () => {
    await script("sh -c ': > second'");
    expect(await others()).toEqual([]);
  });

  test("a child has those that are inherited, also when its parent has ended", async () => {
    await script("sh -c ': > first; sh -c \": > second\"; (sleep 0.4; : > second) > /dev/null 2>&1 &'; sleep 0.6");
    await detection("same_event");
    await detection("later");
    await detection("later");
    expect(await others()).toEqual([]);
  });

  test("all processes of a container share one, until the last of them has ended", async () => {
    const other = inContainer("sleep 0.3; : > second");
    await script(`${other} & ${inContainer(": > first; sleep 0.2")}; wait`);
    await detection("same_event");
    await detection("together");
    await script(inContainer(": > second"));
    expect(await others()).toEqual([]);
  });

  test("they outlive a swap of rules", async () => {
    writeFileSync(policyFile, text(open("after", "${armed} == true")));
    await agent.next("the new rules", ({ line }) => /generation 2/.test(String(line)));
    await script(": > after; : > third");
    await detection("after");
    await detection("armed");
  });
});
