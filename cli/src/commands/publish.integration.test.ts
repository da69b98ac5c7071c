/** `weir serve` and `weir publish` as processes. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const weir = fileURLToPath(new URL("../../bin/weir", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "weir-cli-"));
let server: ChildProcess;
let ready: { url: string; token: string };

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], environment: Record<string, string> = {}): Promise<Outcome> {
  const env = { ...process.env, WEIR_TOKEN: ready?.token ?? "", ...environment };
  return new Promise((resolve) => {
    execFile(weir, args, { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

function write(name: string, text: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const publish = (paths: readonly string[], ...rest: string[]): Promise<Outcome> =>
  run(["publish", ...paths, "--server", ready.url, "--tenant", "acme", ...rest]);

const rule = (id: string): string => `rules:\n  - id: ${id}\n    expression: open.file.path == "/etc/${id}"\n`;

beforeAll(async () => {
  server = spawn(weir, ["serve", "--listen", "127.0.0.1:0", "--data", join(folder, "data"), "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: server.stdout! }), "line");
  ready = JSON.parse(line);
}, 30_000);

afterAll(async () => {
  server.kill("SIGTERM");
  const [code] = server.exitCode === null ? await once(server, "exit") : [server.exitCode];
  rmSync(folder, { recursive: true, force: true });
  expect(code).toBe(0);
});

describe("weir publish", { timeout: 20_000 }, () => {
  test("file, unchanged, folder, --json", async () => {
    const path = write("passwd.yaml", rule("passwd"));
    expect(await publish([path])).toMatchObject({
      code: 0,
      stderr: "",
      stdout: expect.stringMatching(/^Published for acme: release 1, 1 rule, .*\nbundle [0-9a-f]{64}\n$/),
    });
    expect((await publish([path])).stdout).toMatch(/^Unchanged: acme has these rules already, release 1/);
    mkdirSync(join(folder, "pack"));
    for (const id of ["a", "b"]) write(`pack/${id}.yml`, rule(id));
    const { stdout } = await publish([join(folder, "pack"), path], "--json");
    const rules = ["a", "b", "passwd"].map((id) => ({ id, event: "open" }));
    expect(JSON.parse(stdout)).toMatchObject({ version: 2, changed: true, rules });
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    [
      "unknown field",
      rule("x").replace("open.file", "open.fil"),
      /bad\.yaml:3:17: error: .*unknown field[\s\S]*\^~+[\s\S]*1 error; nothing published/,
    ],
    ["empty file", "", /bad\.yaml.*error[\s\S]*nothing published/],
    ["binary garbage", Uint8Array.from([0xff, 0xfe, 0, 1]), /bad\.yaml:1:1: error:[\s\S]*nothing published/],
    ["5 MB file", `# ${"x".repeat(5 << 20)}\n`, /bad\.yaml: error: the file has \d+ bytes[\s\S]*nothing published/],
  ])("%s: where, what, exit 1, nothing published", async (_, text, pattern) => {
    const before = await (await fetch(`${ready.url}/v1/tenants/acme`)).text();
    const path = write("bad.yaml", text);
    expect(await publish([path])).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(pattern) });
    expect(await (await fetch(`${ready.url}/v1/tenants/acme`)).text()).toBe(before);
  });

  test("what is wrong is said: file, token, server, tenant", async () => {
    const path = write("good.yaml", rule("good"));
    const target = ["--server", ready.url, "--tenant", "acme"];
    const cases: [Promise<Outcome>, RegExp][] = [
      [publish([join(folder, "missing.yaml")]), /missing\.yaml: no such file; nothing published/],
      [publish([path, path]), /a second policy named good\.yaml/],
      [run(["publish", path, ...target, "--token", "wrong"]), /does not accept this token/],
      [run(["publish", path, ...target], { WEIR_TOKEN: "" }), /no usable token/],
      [run(["publish", path, "--server", "http://127.0.0.1:1", "--tenant", "acme"]), /can't be reached/],
      [run(["publish", path, "--server", "localhost", "--tenant", "acme"]), /expected an address like http/],
      [run(["publish", path, "--server", ready.url, "--tenant", "ACME"]), /tenant "ACME": expected a name like/],
    ];
    for (const [outcome, pattern] of cases)
      expect(await outcome).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(pattern) });
  });
});

test("weir serve: bad address, address in use", { timeout: 20_000 }, async () => {
  const serve = (listen: string) => run(["serve", "--listen", listen, "--data", join(folder, "other")]);
  expect(await serve("nonsense")).toMatchObject({ code: 1, stderr: expect.stringMatching(/expected host:port/) });
  expect(await serve(new URL(ready.url).host)).toMatchObject({ code: 1, stderr: expect.stringMatching(/EADDRINUSE/) });
});
