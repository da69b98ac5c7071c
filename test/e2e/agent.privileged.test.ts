/**
 * A real control plane and real agents on this machine's kernel: publishing, trouble of every kind, and what
 * goes on being enforced meanwhile. The tests of a block follow each other and share its processes.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type AgentStatus, readStatus } from "@weir/agent";
import { type Compile, type ControlPlane, compileForPublish, startControlPlane } from "@weir/control-plane";
import { DEFAULT_LIFETIMES, sha256 } from "@weir/trust";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { AgentChild, act, loaded, programsOf, ruleOf } from "./agent.fixture.ts";
import { Child, endAll, policy, publish, run, type Server, serve, WEIR, weir } from "./weir.fixture.ts";

const STACK_TRACE = /\n\s+at .*\(?(?:file|node):|node:internal/;

const folder = realpathSync(mkdtempSync(join(tmpdir(), "weir-e2e-")));
const watched = join(folder, "watched");
const data = join(folder, "server");
mkdirSync(join(watched, "hostile"), { recursive: true });

let server: Server;
let main: AgentChild;
/** Digest of what acme has published last. */
let acme = "";

/** Publishes for acme one rule that watches one file of that name, beside those over hostile names. */
async function publishFor(name: string, tenant = "acme"): Promise<string> {
  const text = policy({ [`on_${name}`]: `== "${watched}/${name}"`, hostile: `=~ "${watched}/hostile/**"` });
  return await publish(server, { tenant, text });
}

const touch = (name: string): Promise<void> => act(`: >> '${name}'`, watched);
const status = (agent: AgentChild): Promise<AgentStatus> => readStatus(join(agent.state, "agent.sock"));

async function fingerprint(tenant: string, url = server.url): Promise<string> {
  return sha256(new Uint8Array(await (await fetch(`${url}/v1/tenants/${tenant}/root`)).arrayBuffer()));
}

/** Flips a bit in the middle of a file. */
function tamper(path: string): void {
  const bytes = readFileSync(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] as number) ^ 1;
  writeFileSync(path, bytes);
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

beforeAll(async () => {
  server = await serve(data);
  acme = await publishFor("first");
  await publishFor("globex", "globex");
}, 60_000);

afterAll(async () => {
  await endAll();
  rmSync(folder, { recursive: true, force: true });
});

describe("two tenants on one agent", () => {
  test("enrolled by fingerprint; a change is detected with process and lineage", async () => {
    const tenants = [`acme=sha256:${await fingerprint("acme")}`, `globex=sha256:${await fingerprint("globex")}`];
    main = new AgentChild({ server: server.url, state: join(folder, "agent"), tenants });
    await main.activated(acme);
    await touch("first");
    const { file, process: who, event, rule, bundle, tenant } = await main.detection("on_first");
    expect({ path: file.path, rule: rule.id, bundle, tenant }).toEqual({
      path: join(watched, "first"),
      rule: "on_first",
      bundle: acme,
      tenant: "acme",
    });
    expect(event).toMatchObject({ type: "open", created: true, retval: expect.any(Number) });
    expect(who).toMatchObject({ args: ["/bin/sh", "-c", ": >> 'first'"], ppid: process.pid, uid: 0 });
    expect(basename(who.executable)).toMatch(/sh$/);
    expect(who.ancestors[0]).toMatchObject({ pid: process.pid, executable: process.execPath });
    expect(who.ancestors.at(-1)?.pid).toBe(1);
  });

  test("a new release: the same process judges by it, and no more by the old one", async () => {
    const before = await status(main);
    acme = await publishFor("second");
    await main.activated(acme);
    await touch("first");
    await touch("second");
    expect(await main.detection("on_second")).toMatchObject({ bundle: acme });
    // Records are judged in order, so a detection of the earlier change would be here by now.
    expect(main.seen((value) => ruleOf(value) === "on_first")).toEqual([]);
    const after = await status(main);
    expect(after).toMatchObject({ pid: main.pid, generation: (before.generation ?? 0) + 1, lost: 0 });
    expect(before.pid).toBe(main.pid);
  });

  test("each detection carries its tenant; one tenant's release leaves the other's alone", async () => {
    const globex = (await status(main)).bundles.find(({ tenant }) => tenant === "globex")?.digest;
    acme = await publishFor("globex");
    await main.activated(acme);
    await touch("globex");
    const both = [await main.detection("on_globex"), await main.detection("on_globex", "globex")];
    expect(both.map(({ bundle }) => bundle)).toEqual([acme, globex]);
    expect(both[0]?.id).not.toBe(both[1]?.id);
  });

  test("hostile file names: detected, each line JSON, nothing raw in the terminal's rendering", async () => {
    const rules = join(folder, "hostile.yaml");
    writeFileSync(rules, policy({ shown: `=~ "${watched}/hostile/**"` }));
    const shown = new Child(["run", rules]);
    await shown.next("rules active", ({ line }) => /rules? active/.test(String(line)));
    const names = [
      Buffer.from('new\nline","rule":{"id":"forged"}}'),
      Buffer.from("\u001b[2J\u001b]0;owned\u0007\r\b"),
      Buffer.from("\u202etxt.exe\u2066"),
      Buffer.from([0xff, 0xfe, 0xc3, 0x28]),
      Buffer.from("n".repeat(255)),
    ];
    for (const name of names) writeFileSync(Buffer.concat([Buffer.from(`${watched}/hostile/`), name]), "");
    writeFileSync(join(watched, "hostile", "end"), "");

    const seen: string[] = [];
    while (!seen.includes("end"))
      seen.push((await main.detection("hostile")).file.path.slice(`${watched}/hostile/`.length));
    expect(seen).toEqual([...names.map((name) => name.toString("utf8")), "end"]);
    expect(main.text.stdout).toEqual([]);

    await shown.next("the last one", ({ line }) => String(line).includes("hostile/end"));
    expect(await shown.stop()).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not reach the terminal
    const raw = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;
    expect(shown.text.stdout.filter((line) => raw.test(line))).toEqual([]);
    const text = shown.text.stdout.join("\n");
    expect(text).toContain('hostile/new\\nline","rule":{"id":"forged"}}');
    expect(text).toContain("hostile/\\u001b[2J\\u001b]0;owned\\u0007\\r\\b");
    expect(text).toContain("n".repeat(255));
    expect(shown.text.stdout.filter((line) => /^\S+ shown {2}(created|opened) /.test(line))).toHaveLength(
      names.length + 1,
    );
  });

  test("a second agent on the same state: refused, naming the first", async () => {
    const args = ["agent", "--server", server.url, "--tenant", "acme", "--state", main.state];
    const { code, stdout, stderr } = await weir(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(`weir agent: an agent is already running (pid ${main.pid}, ${main.state}/agent.sock)\n`);
    const asked = await weir(["agent", "status", "--state", main.state, "--json"]);
    expect(asked).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(asked.stdout)).toMatchObject({ pid: main.pid, lost: 0, bundles: [{ digest: acme }, {}] });
  });

  test("a module tampered with in the store: mismatch, the last good rules go on, the next release heals", async () => {
    // Held while the release is made, so that it can't fetch the module before it is changed.
    main.signal("SIGSTOP");
    const targets = join(data, "store/t/acme/targets");
    const before = new Set(readdirSync(targets));
    await publishFor("tampered");
    const fresh = readdirSync(targets).filter((name) => name.endsWith(".matcher.wasm") && !before.has(name));
    expect(fresh).toHaveLength(1);
    tamper(join(targets, fresh[0] as string, "@1"));
    main.signal("SIGCONT");
    const failed = await main.event("update-failed", { tenant: "acme", code: "mismatch", enforcing: acme });
    expect(failed["message"]).toMatch(/matcher\.wasm: has SHA-256 [0-9a-f]{64}, the signed metadata says [0-9a-f]{64}/);
    await touch("tampered");
    await touch("globex");
    expect(await main.detection("on_globex")).toMatchObject({ bundle: acme });
    await main.detection("on_globex", "globex");
    expect(main.seen((value) => ruleOf(value) === "on_tampered")).toEqual([]);
    acme = await publishFor("healed");
    await main.activated(acme);
  });
});

describe("the agent ends and starts again", () => {
  test("SIGKILL leaves nothing in the kernel; a blob changed on disk is not loaded, and repaired", async () => {
    const programs = programsOf(main.pid);
    expect(loaded(programs)).toEqual([...programs].sort((a, b) => a - b));
    expect(programs.length).toBeGreaterThan(0);
    main.signal("SIGKILL");
    await main.exited;
    await vi.waitFor(() => expect(loaded(programs)).toEqual([]), { timeout: 5000 });

    const blobs = join(main.state, "tenants/acme/repository/blobs");
    const module = readdirSync(blobs).find(
      (name) => readFileSync(join(blobs, name)).subarray(0, 4).toString() === "\0asm",
    );
    tamper(join(blobs, module as string));
    // The socket of the killed agent is still there, and the fingerprint is not needed any more.
    main = new AgentChild({ server: server.url, state: main.state, tenants: ["acme", "globex"] });
    const failed = await main.event("update-failed", { tenant: "acme", code: "mismatch", enforcing: null });
    expect(failed["message"]).toMatch(/matcher\.wasm: the local copy is missing or damaged; enforcing nothing for it/);
    await main.event("restored", { tenant: "globex", expired: false });
    await main.activated(acme);
    expect(main.seen((value) => value["event"] === "restored")).toEqual([]);
    expect(sha256(readFileSync(join(blobs, module as string)))).toBe(module);
    await touch("healed");
    await main.detection("on_healed");
  });

  test("SIGTERM: exit 0, nothing left in the kernel", async () => {
    const programs = programsOf(main.pid);
    expect(programs.length).toBeGreaterThan(0);
    const pid = main.pid;
    expect(await main.stop()).toBe(0);
    expect(isGone(pid)).toBe(true);
    expect(main.text).toEqual({ stdout: [], stderr: [] });
    await vi.waitFor(() => expect(loaded(programs)).toEqual([]), { timeout: 5000 });
  });

  test("SIGTERM while the control plane does not answer: exit 0 all the same", async () => {
    const asked = Promise.withResolvers<void>();
    const silent = createServer(() => asked.resolve());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const tenants = [`acme=sha256:${"0".repeat(64)}`];
    const agent = new AgentChild({ server: `http://127.0.0.1:${port}`, state: join(folder, "silent"), tenants });
    await asked.promise;
    // The request itself is given up after 10 s only; the agent must not wait for that.
    const { promise: late, resolve } = Promise.withResolvers<string>();
    const timer = setTimeout(resolve, 8000, "still there after 8 s");
    expect(await Promise.race([agent.stop(), late])).toBe(0);
    clearTimeout(timer);
    silent.closeAllConnections();
    silent.close();
  });
});

describe("enrolment", () => {
  const enrol = (tenant: string, state: string) =>
    weir(["agent", "--server", server.url, "--tenant", tenant, "--state", join(folder, state)]);

  test("wrong fingerprint: refused, with both digests; nothing is pinned", async () => {
    const wrong = "ab".repeat(32);
    const { code, stdout, stderr } = await enrol(`acme=sha256:${wrong}`, "wrong");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`has SHA-256 ${await fingerprint("acme")}, expected the given fingerprint ${wrong}`);
    expect(stderr).not.toMatch(STACK_TRACE);
    expect(readdirSync(join(folder, "wrong"))).toEqual(["spool"]);
  });

  test("never enrolled and no fingerprint: says how", async () => {
    const { code, stderr } = await enrol("acme", "never");
    expect(code).toBe(1);
    expect(stderr).toMatch(/tenant acme is not enrolled on this host; give its root once, as --tenant acme=sha256:/);
    expect(stderr).not.toMatch(STACK_TRACE);
  });

  test("enrolled by another root before: refused, with both digests and how to start anew", async () => {
    const wrong = "cd".repeat(32);
    const { code, stderr } = await enrol(`acme=sha256:${wrong}`, "agent");
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`root with SHA-256 ${await fingerprint("acme")}, the given one has ${wrong}`));
    expect(stderr).toContain(`to enrol anew, remove ${join(folder, "agent/tenants/acme")}`);
  });
});

describe("control plane down when agents start", () => {
  test("with last good rules: enforces them; without: says it enforces nothing; both follow once it is up", async () => {
    const address = new URL(server.url).host;
    const tenant = `acme=sha256:${await fingerprint("acme")}`;
    expect(await server.child.stop()).toBe(0);

    const known = new AgentChild({ server: server.url, state: main.state, tenants: ["acme", "globex"] });
    const fresh = new AgentChild({ server: server.url, state: join(folder, "fresh"), tenants: [tenant] });
    await known.event("restored", { tenant: "acme", digest: acme, expired: false });
    await known.activated(acme);
    const failed = await known.event("update-failed", { tenant: "acme", code: "unreachable", enforcing: acme });
    expect(failed["message"]).toMatch(/ECONNREFUSED.*; rules [0-9a-f]{12} go on$/);
    const nothing = await fresh.event("update-failed", { tenant: "acme", enforcing: null });
    expect(nothing["message"]).toMatch(/root cannot be fetched: .*ECONNREFUSED.*; enforcing nothing for it$/);
    await fresh.event("idle");
    await touch("healed");
    expect(await known.detection("on_healed")).toMatchObject({ bundle: acme });

    server = await serve(data, { listen: address, token: server.token });
    await fresh.activated(acme);
    acme = await publishFor("recovered");
    await Promise.all([known.activated(acme), fresh.activated(acme)]);
    await touch("recovered");
    await Promise.all([known.detection("on_recovered"), fresh.detection("on_recovered")]);
    expect(await Promise.all([known.stop(), fresh.stop()])).toEqual([0, 0]);
  });
});

describe("what a control plane may get wrong", () => {
  let plane: ControlPlane;
  const start = async (name: string, options: { compile?: Compile; timestamp?: number }): Promise<void> => {
    const home = join(folder, name);
    plane = await startControlPlane({
      store: join(home, "store"),
      stateDir: home,
      listen: { host: "127.0.0.1", port: 0 },
      compile: options.compile ?? compileForPublish,
      lifetimes: { ...DEFAULT_LIFETIMES, ...(options.timestamp ? { timestamp: options.timestamp } : {}) },
      renewEveryMs: 3_600_000,
    });
  };
  const release = (name: string): Promise<string> =>
    publish(
      { url: plane.url, token: plane.freshToken as string },
      { tenant: "acme", text: policy({ [`on_${name}`]: `== "${watched}/${name}"` }) },
    );
  const agentOn = async (name: string, pinned = false): Promise<AgentChild> => {
    const tenant = pinned ? "acme" : `acme=sha256:${await fingerprint("acme", plane.url)}`;
    return new AgentChild({ server: plane.url, state: join(folder, `${name}-agent`), tenants: [tenant] });
  };

  test("a correctly signed module that imports something: refused, and never the last good one", async () => {
    const hostile = Uint8Array.of(
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...[1, 4, 1, 0x60, 0, 0],
      ...[2, 11, 1, 3, 0x65, 0x6e, 0x76, 3, 0x6c, 0x6f, 0x67, 0, 0],
      ...[5, 4, 1, 1, 1, 2],
    );
    await start("hostile", {
      compile: async (files) => {
        const compiled = await compileForPublish(files);
        return compiled.ok && compiled.rules[0]?.id === "on_evil" ? { ...compiled, wasm: hostile } : compiled;
      },
    });
    const good = await release("good");
    const agent = await agentOn("hostile");
    await agent.activated(good);
    const evil = await release("evil");
    const failed = await agent.event("update-failed", { code: "inadmissible", enforcing: good });
    expect(failed["message"]).toContain(`bundle ${evil.slice(0, 12)}: matcher refused (imports): imports env.log`);
    await touch("good");
    await agent.detection("on_good");
    expect(await agent.stop()).toBe(0);
    await plane.close();

    const again = await agentOn("hostile", true);
    await again.event("restored", { digest: good });
    await again.activated(good);
    await touch("good");
    await again.detection("on_good");
    expect(await again.stop()).toBe(0);
  });

  test("metadata that expires: said, the last good rules go on, also after a restart", async () => {
    await start("expiring", { timestamp: 8000 });
    const digest = await release("frozen");
    const agent = await agentOn("expiring");
    await agent.activated(digest);
    const failed = await agent.event("update-failed", { code: "expired", enforcing: digest });
    expect(failed["message"]).toMatch(/^tenant acme: timestamp: expired on \d{4}-.*; rules [0-9a-f]{12} go on$/);
    await touch("frozen");
    await agent.detection("on_frozen");
    expect(await agent.stop()).toBe(0);

    const again = await agentOn("expiring", true);
    const restored = await again.event("restored", { digest, expired: true });
    expect(restored["message"]).toMatch(/whose signatures have expired meanwhile$/);
    await again.event("update-failed", { code: "expired", enforcing: digest });
    await touch("frozen");
    await again.detection("on_frozen");
    expect(await again.stop()).toBe(0);
    await plane.close();
  });
});

describe("hosts that can't run the kernel stage", () => {
  const file = join(folder, "plain.yaml");
  writeFileSync(file, policy({ plain: `== "${watched}/plain"` }));
  const agent = ["agent", "--server", "http://127.0.0.1:1", "--tenant", "acme", "--state", join(folder, "plain")];

  test.each([
    ["run", ["run", file]],
    ["agent", agent],
  ])("without privileges: weir %s says so and what helps", async (command, args) => {
    const bare = await run("setpriv", ["--bounding-set=-all", "--inh-caps=-all", WEIR, ...args]);
    expect({ code: bare.code, stdout: bare.stdout }).toEqual({ code: 1, stdout: "" });
    expect(bare.stderr).toBe(
      `weir ${command}: not allowed to load BPF programs (EPERM)\n` +
        "  run as root, or with CAP_BPF, CAP_PERFMON and CAP_SYS_RESOURCE\n",
    );
  });

  test("without BTF: weir run says so and what helps", async () => {
    const script = 'mount -t tmpfs none /sys/kernel/btf && exec "$0" "$@"';
    const { code, stdout, stderr } = await run("unshare", ["-m", "sh", "-c", script, WEIR, "run", file]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /^weir run: this kernel has no type information \(\/sys\/kernel\/btf\/vmlinux is missing\)\n/,
    );
    expect(stderr).toMatch(/\n {2}use a kernel built with CONFIG_DEBUG_INFO_BTF=y.*\n$/);
  });

  test.each([[["--json"]], [[]]])("a reader that leaves ends weir run %j with a message", async (flags) => {
    const child = new Child(["run", file, ...flags]);
    await child.next("rules active", ({ line }) => /rules? active/.test(String(line)));
    await touch("plain");
    await child.next("a detection", (value) => ruleOf(value) === "plain" || String(value["line"]).includes(" plain "));
    child.closeStdout();
    await touch("plain");
    expect(await child.exited).toBe(1);
    const text = child.text.stderr.join("\n");
    expect(text).toMatch(/^weir run: .*EPIPE/m);
    expect(text).not.toMatch(STACK_TRACE);
  });
});
