/** A whole set in the style of people's policies: every key, rules for other systems, and a site's own changes. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compilePolicies } from "../compile.ts";

const files = ["default.policy", "site.policy"].map((name) => ({
  name,
  text: readFileSync(new URL(`../../test/policies/compat/${name}`, import.meta.url), "utf8"),
}));

test("every key is understood, and only what is not supported is warned of", async () => {
  const result = await compilePolicies(files);
  expect(result.diagnostics.map((d) => `${d.severity} ${d.file}:${d.line} ${d.code}: ${d.message}`)).toEqual([
    "warning default.policy:6 unsupported: left out: `hooks`: probes of a policy's own are not supported",
    expect.stringMatching(/^warning default\.policy:\d+ unsupported: left out: `network_filter` acts on packets/),
    expect.stringMatching(/^warning default\.policy:\d+ unsupported: left out: event type `dns` is/),
  ]);
  expect(result.ok).toBe(true);
  const states = result.statuses.map(({ state, id, file, reason }) => `${state} ${id} ${file} ${reason ?? ""}`.trim());
  expect(states).toEqual([
    expect.stringMatching(/^loaded credential_written default\.policy overridden by site\.policy:\d+$/),
    "loaded package_removed default.policy",
    'filtered package_removed default.policy agent_version "< 7.40" is not 7.78.0',
    'filtered registry_written default.policy filters: os == "windows"',
    'filtered from_the_future default.policy agent_version ">= 8" is not 7.78.0',
    expect.stringMatching(/^disabled noisy default\.policy disabled by site\.policy:\d+$/),
    "disabled off default.policy disabled in the policy",
    expect.stringMatching(/^unsupported lookups default\.policy event type `dns` is not supported yet$/),
    "loaded kernel_line default.policy",
    expect.stringMatching(/^loaded credential_written site\.policy overrides default\.policy:\d+$/),
    "disabled noisy site.policy disabled in the policy",
    "loaded site_only site.policy",
  ]);
});

test("what goes into the manifest", async () => {
  const result = await compilePolicies(files.toReversed());
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics));
  expect(result.metadata.map((rule) => rule.id)).toEqual([
    "credential_written",
    "kernel_line",
    "package_removed",
    "site_only",
  ]);
  const [credential, , , site] = result.metadata;
  expect(credential).toEqual({
    id: "credential_written",
    event: "open",
    version: "2.1.0",
    description: "Credentials are opened for writing",
    expression: expect.stringContaining("open.file.path in credentials"),
    tags: { tactic: "TA0006", technique: "T1003,T1552", severity: "critical", team: "core" },
    productTags: ["policy:threat-detection", "policy:compliance"],
    everyNs: 30_000_000_000,
    limiterToken: ["process.file.path", "open.file.path"],
    silent: true,
    priority: 10,
    groupId: "credentials",
    actions: [
      {
        kind: "set",
        name: "touched",
        field: "open.file.path",
        scope: "process",
        append: true,
        size: 100,
        ttlNs: 600_000_000_000,
        private: true,
        inherited: true,
      },
      { kind: "hash", field: "open.file", maxFileSizeBytes: 10_485_760, filter: "process.uid != 0" },
      { kind: "log", level: "info", message: "credentials" },
      { kind: "coredump", process: true, mount: true, dentry: true, noCompression: true },
      {
        kind: "kill",
        signal: "SIGKILL",
        scope: "container",
        disableContainerDisarmer: true,
        disableExecutableDisarmer: false,
        filter: 'process.comm == "evil"',
      },
    ],
  });
  expect(site).toEqual({ id: "site_only", event: "chmod", tags: {}, expression: 'chmod.file.path =~ "/srv/**"' });
  const again = await compilePolicies(files);
  if (!again.ok) throw new Error("does not compile");
  expect(Buffer.from(again.wasm).equals(result.wasm)).toBe(true);
  expect(again.metadata).toEqual(result.metadata);
});

test("strictly, what is not supported is an error", async () => {
  const { compilePolicies: compile } = await import("../compile.ts");
  const result = await compile(files, { unsupported: "error" });
  expect(result.ok).toBe(false);
  expect(result.diagnostics.map((d) => d.code)).toEqual(["unsupported", "unsupported", "unsupported"]);
});

test("another version opens other gates", async () => {
  const result = await compilePolicies(files, { agentVersion: "7.39.2-rc.3" });
  const states = result.statuses.filter(({ id }) => id === "package_removed").map(({ state }) => state);
  expect(states).toEqual(["filtered", "loaded"]);
  await expect(compilePolicies(files, { agentVersion: "new" })).rejects.toThrow('agentVersion: "new" is no version');
});
