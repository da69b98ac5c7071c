import { assembleBundle } from "@weir/trust";
import { expect, test } from "vitest";
import { compileForPublish } from "./compile.ts";

const POLICY = `
rules:
  - id: everything
    version: "3"
    description: as much as a rule can say
    expression: open.file.path == "/etc/passwd"
    tags: {severity: high}
    product_tags: ["camelCase:stays"]
    silent: true
    every: 5s
    limiter_token: [process.file.path]
    group_id: g
    priority: 2
    actions:
      - filter: \${process.seenBefore} == 0
        set: {name: seenBefore, scope: process, value: 1, ttl: 1m, inherited: true}
      - kill: {signal: SIGKILL, scope: process}
      - hash: {max_file_size: 100}
      - log: {level: info, message: seen}
  - id: everywhere
    expression: fim.write.file.path == "/etc/shadow"
`;

test("what policies say of rules gets into the bundle, under the manifest's names", async () => {
  const sources = [{ name: "policy.yaml", text: POLICY }];
  const compiled = await compileForPublish(sources);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
  const { rules, seeds, wasm, compiler } = compiled;
  const { manifest } = assembleBundle({ tenant: "acme", rules, seeds, wasm, compiler, sources });
  expect(manifest.rules.find(({ id }) => id === "everything")).toEqual({
    id: "everything",
    event: "open",
    version: "3",
    description: "as much as a rule can say",
    expression: 'open.file.path == "/etc/passwd"',
    tags: { severity: "high" },
    product_tags: ["camelCase:stays"],
    silent: true,
    every_ns: 5_000_000_000,
    limiter_token: ["process.file.path"],
    group_id: "g",
    priority: 2,
    actions: [
      {
        kind: "set",
        filter: `\${process.seenBefore} == 0`,
        name: "seenBefore",
        scope: "process",
        value: 1,
        ttl_ns: 60_000_000_000,
        append: false,
        private: false,
        inherited: true,
      },
      {
        kind: "kill",
        signal: "SIGKILL",
        scope: "process",
        disable_container_disarmer: false,
        disable_executable_disarmer: false,
      },
      { kind: "hash", max_file_size_bytes: 100 },
      { kind: "log", level: "info", message: "seen" },
    ],
  });
  const events = manifest.rules.flatMap(({ id, event }) => (id === "everywhere" ? [event] : []));
  expect(events.sort()).toEqual(["chmod", "chown", "link", "open", "rename", "unlink", "utimes"]);
});
