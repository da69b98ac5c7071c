/** The command line: help, bad input of every kind, and what reaches standard output. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "@weir/trust";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { weirHere as weir } from "./in-process.fixture.ts";
import { Child, endAll, type Outcome, run, type Server, serve, weir as weirProcess } from "./weir.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "weir-e2e-cli-"));
let server: Server;

beforeAll(async () => {
  server = await serve(join(folder, "data"));
  // What bad input must leave as it is.
  const { code } = await publish([write("before.yaml", rule("before"))]);
  expect(code).toBe(0);
});

afterAll(async () => {
  const code = await server.child.stop();
  await endAll();
  rmSync(folder, { recursive: true, force: true });
  expect(code).toBe(0);
  expect(server.child.text).toEqual({ stdout: [], stderr: [] });
});

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const rule = (id: string, path = `/etc/${id}`): string =>
  `rules:\n  - id: ${id}\n    expression: open.file.path == "${path}"\n`;

const publish = (paths: readonly string[], ...rest: string[]): Promise<Outcome> =>
  weir(["publish", ...paths, "--server", server.url, "--tenant", "acme", ...rest], { WEIR_TOKEN: server.token });

/** What the server says of the tenant: digest, version and all. */
async function current(tenant = "acme"): Promise<string> {
  return await (await fetch(`${server.url}/v1/tenants/${tenant}`)).text();
}

const STACK_TRACE = /\n\s+at .*\(?(?:file|node):|node:internal/;

const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  agent: [
    "--server",
    "--tenant",
    "--state",
    "--poll",
    "--config",
    "--output",
    "--format",
    "--print-config",
    "--json",
    "--attach",
    "--ring-mb",
  ],
  "agent status": ["--state", "--json"],
  check: ["--rules", "--notes", "--strict", "--json"],
  compile: ["--out", "--strict", "--json"],
  conformance: ["--json"],
  demo: ["--keep", "--json"],
  explain: ["--event", "--rule", "--json"],
  fields: ["--event", "--json", "--markdown"],
  publish: ["--server", "--tenant", "--token", "--json"],
  run: ["--output", "--json", "--watch", "--attach", "--ring-mb"],
  serve: ["--listen", "--store", "--data", "--json"],
  test: ["--tests", "--require-coverage", "--json"],
};

describe("the process", () => {
  test.each([
    ["help", ["--help"]],
    ["a wrong option", ["check", "x.yaml", "--frob"]],
    ["a policy that is right", ["check", write("right.yaml", rule("right")), "--rules", "--notes"]],
    ["one that is wrong", ["check", write("wrong.yaml", "rules: 1\n")]],
    ["JSON", ["check", write("wrong.yaml", "rules: 1\n"), "--json"]],
    ["an error of another command", ["compile", join(folder, "missing.yaml"), "--out", join(folder, "none")]],
  ])("%s: prints and ends as the command inside a test does", async (_, args) => {
    expect(await weirProcess(args)).toEqual(await weir(args));
  });
});

describe("help and usage", () => {
  test("weir --help names every command, and each has help that names its options", async () => {
    const { code, stdout } = await weir(["--help"]);
    expect(code).toBe(0);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) \[options\]/gm)].map((match) => match[1]);
    expect(commands.sort()).toEqual(Object.keys(OPTIONS).filter((name) => !name.includes(" ")));
    for (const [command, options] of Object.entries(OPTIONS)) {
      const help = await weir([...command.split(" "), "--help"]);
      expect(help, command).toMatchObject({ code: 0, stderr: "" });
      const named = [...help.stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map((match) => match[1]);
      expect(named.filter((name) => name !== "--help").sort(), command).toEqual([...options].sort());
    }
  });

  test.each<[string, readonly string[], RegExp]>([
    ["unknown command", ["frobnicate"], /unknown command 'frobnicate'/],
    ["mistyped command", ["publsh"], /Did you mean publish\?/],
    ["unknown option", ["check", "x.yaml", "--frob"], /unknown option '--frob'/],
    ["missing argument", ["check"], /missing required argument 'policy'/],
    ["missing option", ["publish", "x.yaml", "--tenant", "acme"], /required option '--server <url>' not specified/],
    ["agent without a server", ["agent", "--tenant", "acme"], /required option '--server <url>' not specified/],
    ["agent without a tenant", ["agent", "--server", "http://[::1]:1"], /'--tenant <name\[=root\]>' not specified/],
    ["bad tenant", ["agent", "--server", "http://[::1]:1", "--tenant", "ACME"], /'ACME' is invalid\. Expected NAME/],
    ["bad fingerprint", ["agent", "--server", "http://[::1]:1", "--tenant", "a=sha256:12"], /64 lower-case hex/],
    ["bad address", ["agent", "--server", "localhost", "--tenant", "acme"], /Expected an http\(s\) address/],
    ["bad attach mode", ["run", "x.yaml", "--attach", "kprobe"], /Allowed choices are auto, trampoline, tracepoint/],
    ["bad ring size", ["run", "x.yaml", "--ring-mb", "3"], /Expected a power of two/],
    ["bad listen address", ["serve", "--listen", "nonsense"], /expected host:port/],
  ])("%s: says so and ends with 1", async (_, args, pattern) => {
    const { code, stdout, stderr } = await weir(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(pattern);
    expect(stderr).toMatch(/--help|expected host:port/);
    expect(stderr).not.toMatch(STACK_TRACE);
  });
});

/** What is wrong, the file's bytes, what must be said, and the line and column of the first diagnostic. */
const BAD: readonly [string, string | Uint8Array, RegExp, readonly [number, number]][] = [
  ["syntax error", "rules:\n  - id: a\n    expression: open.file.path == \n", /expected a field, a value/, [3, 34]],
  ["YAML error", "rules: [\n", /expected|unexpected|must/i, [2, 1]],
  ["unknown field", rule("x").replace("open.file", "open.fil"), /unknown field .*\n[\s\S]*did you mean/, [3, 17]],
  ["wrong type", rule("x").replace(/".*"/, "3"), /cannot compare the string field .* with an integer/, [3, 32]],
  ["duplicate id", `${rule("a")}${rule("a").slice("rules:\n".length)}`, /rule id `a` is used twice/, [4, 9]],
  ["empty file", "", /the policy is empty/, [1, 1]],
  ["10 MB file", `# ${"x".repeat(10 << 20)}\n`, /has \d+ bytes: at most \d+ are allowed/, [0, 0]],
  ["binary garbage", Uint8Array.from([0xff, 0xfd, 0, 1, 0x1b, 0x5b, 0x32, 0x4a]), /not UTF-8 text/, [1, 1]],
  ["UTF-16", Buffer.from(`\ufeff${rule("x")}`, "utf16le"), /is UTF-16 text: a policy is UTF-8/, [0, 0]],
  ["text with control characters", "rules:\n\u001b[2J\u0007", /control character U\+001B/, [2, 1]],
];

describe.each(BAD)("%s", (name, content, pattern, [line, column]) => {
  const file = `${name.replaceAll(" ", "-")}.yaml`;
  const where = line === 0 ? `${file}: error: ` : `${file}:${line}:${column}: error: `;

  test("check, compile, run, publish: where, what, exit 1, nothing done", async () => {
    const path = write(file, content);
    const out = join(folder, "out");
    const before = await current();
    const outcomes = await Promise.all([
      weir(["check", path]),
      weir(["compile", path, "--out", out]),
      weir(["run", path]),
      publish([path]),
    ]);
    for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
      expect(code).toBe(1);
      expect(stderr).toContain(join(folder, where));
      expect(stderr).toMatch(pattern);
      expect(stderr).not.toMatch(STACK_TRACE);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: hostile input must not reach the terminal
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      if (i > 0) expect(stdout).toBe("");
    }
    expect(() => readFileSync(out)).toThrow(/ENOENT/);
    expect(outcomes[3]?.stderr).toMatch(/; nothing published\n$/);
    expect(await current()).toBe(before);
  });

  test("--json: one object with the diagnostics, nothing else", async () => {
    const path = write(file, content);
    const outcomes = await Promise.all([
      weir(["check", path, "--json"]),
      weir(["compile", path, "--out", join(folder, "out"), "--json"]),
      publish([path], "--json"),
    ]);
    for (const { code, stdout, stderr } of outcomes) {
      expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
      const { diagnostics } = JSON.parse(stdout);
      // They stand in the order of their places, whatever their severity.
      const error = diagnostics.find(({ severity }: { severity: string }) => severity === "error");
      expect(error).toMatchObject({ severity: "error", file: path, line, column });
    }
  });
});

describe("files", () => {
  test.each([
    ["missing.yaml", "no such file or folder"],
    ["empty", "the folder holds no .yaml, .yml or .policy file"],
  ])("check, compile, run, publish of %s: %s", async (name, reason) => {
    const path = join(folder, name);
    mkdirSync(join(folder, "empty"), { recursive: true });
    const outcomes = await Promise.all([
      weir(["check", path]),
      weir(["compile", path, "--out", join(folder, "out")]),
      weir(["run", path]),
      publish([path]),
    ]);
    for (const [i, command] of ["check", "compile", "run", "publish"].entries()) {
      expect(outcomes[i]).toMatchObject({ code: 1, stdout: "" });
      expect(outcomes[i]?.stderr).toContain(`weir ${command}: ${path}: ${reason}`);
      expect(outcomes[i]?.stderr).not.toMatch(STACK_TRACE);
    }
  });

  test("two files of one name in a bundle", async () => {
    for (const name of ["one", "two"]) {
      mkdirSync(join(folder, name));
      write(`${name}/same.yaml`, rule(name));
    }
    const { code, stderr } = await publish([join(folder, "one"), join(folder, "two")]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/two\/same\.yaml: a second policy named same\.yaml in one bundle, the first is .*one\/same/);
  });

  test("a reader that leaves early is no crash", async () => {
    const path = write(
      "long.yaml",
      `rules:\n${Array.from({ length: 2000 }, (_, i) => rule(`r${i}`).slice(7)).join("")}`,
    );
    const { stderr } = await run("/bin/sh", ["-c", `cli/bin/weir check "$1" | head -n 1 >/dev/null`, "sh", path]);
    expect(stderr).not.toMatch(STACK_TRACE);
    expect(stderr).not.toContain("EPIPE");
  });
});

describe("weir publish", () => {
  const fingerprint = async (tenant: string): Promise<string> =>
    sha256(new Uint8Array(await (await fetch(`${server.url}/v1/tenants/${tenant}/root`)).arrayBuffer()));

  test("a tenant's first release shows how hosts come to it, the next ones do not", async () => {
    const args = (name: string) => ["publish", write(`${name}.yaml`, rule(name)), "--server", server.url];
    const on = (name: string, ...rest: string[]) =>
      weir([...args(name), "--tenant", "first", ...rest], { WEIR_TOKEN: server.token });
    const first = await on("first");
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(/^Published for first: release 1, 1 rule, .*\nbundle [0-9a-f]{64}\n/);
    expect(first.stdout).toContain(
      `\n  weir agent --server ${server.url} --tenant first=sha256:${await fingerprint("first")}\n`,
    );
    const again = await on("first");
    expect(again.stdout).toMatch(/^Unchanged: first has these rules already, release 1/);
    expect(again.stdout).not.toContain("weir agent");
    const json = JSON.parse((await on("second", "--json")).stdout);
    expect(json).toMatchObject({ version: 2, changed: true, rootFingerprint: await fingerprint("first") });
  });

  test("folder and files: one set, sorted, whatever the order", async () => {
    mkdirSync(join(folder, "pack"));
    for (const id of ["b", "a"]) write(`pack/${id}.yml`, rule(id));
    const single = write("c.yaml", rule("c"));
    const one = JSON.parse((await publish([join(folder, "pack"), single], "--json")).stdout);
    expect(one.rules).toEqual(["a", "b", "c"].map((id) => ({ id, event: "open" })));
    const two = JSON.parse((await publish([single, join(folder, "pack")], "--json")).stdout);
    expect(two).toMatchObject({ changed: false, digest: one.digest });
  });

  test("wrong token, address and tenant: said, exit 1, nothing published", async () => {
    const path = write("good.yaml", rule("good"));
    const before = await current();
    const foreign = createServer((_, response) => response.end("<html>hello</html>"));
    await new Promise<void>((resolve) => foreign.listen(0, "127.0.0.1", resolve));
    const urlOf = (listener: HttpServer) => `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    const foreignUrl = urlOf(foreign);
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    const goneUrl = urlOf(gone);
    await new Promise((resolve) => gone.close(resolve));
    const to = (server: string, tenant = "acme") => ["publish", path, "--server", server, "--tenant", tenant];
    const token = { WEIR_TOKEN: server.token };
    const cases: [Promise<Outcome>, RegExp][] = [
      [weir([...to(server.url), "--token", "wrong"]), /does not accept this token/],
      [weir(to(server.url), { WEIR_TOKEN: "" }), /no usable token: give --token or set WEIR_TOKEN/],
      [weir(to(goneUrl), token), /http:\/\/127\.0\.0\.1:\d+ can't be reached: .*ECONNREFUSED/],
      [weir(to("localhost"), token), /--server localhost: expected an address like http/],
      [weir(to(foreignUrl), token), /the answer is not that of a Weir control plane/],
      [weir(to(server.url, "ACME"), token), /tenant "ACME": expected a name like/],
    ];
    for (const [outcome, pattern] of cases) {
      const { code, stdout, stderr } = await outcome;
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(pattern);
      expect(stderr).toMatch(/; nothing published\n$/);
      expect(stderr).not.toMatch(STACK_TRACE);
    }
    foreign.close();
    const json = await weir([...to(server.url), "--token", "wrong", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ published: false, status: 401 });
    expect(await current()).toBe(before);
  });
});

describe("--json", () => {
  test("check and compile of good policies", async () => {
    const path = write("fine.yaml", rule("fine"));
    const check = await weir(["check", path, "--json"]);
    expect(check).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(check.stdout)).toMatchObject({ ok: true, rules: [{ id: "fine", state: "loaded" }] });
    const out = join(folder, "compiled");
    const compile = await weir(["compile", path, "--out", out, "--json"]);
    expect(compile).toMatchObject({ code: 0, stderr: "" });
    const { files } = JSON.parse(compile.stdout);
    for (const { name, sha256: digest } of files) expect(sha256(readFileSync(join(out, name)))).toBe(digest);
  });

  test("agent --print-config: flags and file together, as YAML that is a configuration; header values stay hidden", async () => {
    const config = write(
      "outputs.yaml",
      "outputs:\n  - { type: http, url: 'https://siem.example.com/in', headers: { x-key: secret-1 } }\n",
    );
    const { code, stdout, stderr } = await weir(["agent", "--print-config", "--config", config, "-o", "/tmp/x.json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^ {2}- type: http\n {4}name: http\n {4}format: ocsf\n/m);
    expect(stdout).toMatch(/^ {2}- type: file\n {4}name: output\n {4}format: ocsf\n {4}path: \/tmp\/x.json\n/m);
    expect(stdout).not.toContain("secret-1");
    expect((await weir(["agent", "--print-config", "--config", write("again.yaml", stdout)])).stdout).toBe(stdout);
  });

  test("agent --config: a fault is told with its place", async () => {
    const config = write("faulty.yaml", "outputs:\n  - { type: http, url: 5 }\n");
    const { code, stdout, stderr } = await weir(["agent", "--print-config", "--config", config]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/faulty\.yaml is refused:\n {2}line 2: outputs\.0\.url: received 5, expected a string/);
    const absent = await weir(["agent", "--print-config", "--config", join(folder, "absent.yaml")]);
    expect(absent).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/the configuration cannot be read: ENOENT/),
    });
  });

  test("agent status without an agent", async () => {
    const { code, stdout, stderr } = await weir(["agent", "status", "--state", folder, "--json"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/weir agent status: no agent answers on .*agent\.sock/);
    expect(stderr).not.toMatch(STACK_TRACE);
  });
});

describe("weir serve", () => {
  test("an address in use", async () => {
    const { code, stderr } = await weir([
      "serve",
      "--listen",
      new URL(server.url).host,
      "--data",
      join(folder, "other"),
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^weir serve: .*EADDRINUSE/);
    expect(stderr).not.toMatch(STACK_TRACE);
  });

  test("the quick start of its banner is what works", async () => {
    const child = new Child(["serve", "--listen", "127.0.0.1:0", "--data", join(folder, "banner")]);
    const lines: string[] = [];
    const until = async (start: string): Promise<string> => {
      const { line } = await child.next(start, (value) => String(value["line"]).trim().startsWith(start));
      lines.push(String(line).trim());
      return lines.at(-1) as string;
    };
    const token = (await until("export WEIR_TOKEN=")).split("=")[1] ?? "";
    const command = (await until("weir publish policy.yaml")).replace("policy.yaml", write("banner.yaml", rule("x")));
    const { code, stdout } = await weir(command.split(" ").slice(1), { WEIR_TOKEN: token });
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n {2}weir agent --server http:\S+ --tenant acme=sha256:[0-9a-f]{64}\n/);
    expect(await child.stop()).toBe(0);
  });
});
