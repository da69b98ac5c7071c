/** The rules of the demo: the shipped pack, and rules over the demo's own folder. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface PolicyText {
  readonly name: string;
  readonly text: string;
}

const PACK = fileURLToPath(new URL("../../../rules/packs/linux-fim.yaml", import.meta.url));

const WRITE = "open.flags & (O_WRONLY|O_RDWR|O_CREAT|O_TRUNC) > 0";

/** @param folder absolute path of the watched folder */
function demoPolicy(folder: string, newRule: boolean): PolicyText {
  const rules = [
    `  - id: demo_secret_changed
    description: The demo's secret was opened for writing
    expression: open.file.path == "${folder}/secret.conf" && ${WRITE}
    tags: { severity: high }`,
  ];
  if (newRule)
    rules.push(`  - id: demo_drop_by_shell
    description: A child of a shell left a file in the drop folder
    expression: >-
      open.file.path =~ "${folder}/drop/**" && open.flags & O_CREAT > 0 && open.created
      && process.ancestors.file.name in ["dash", "bash", "sh"]
    tags: { severity: medium }`);
  return { name: "demo.yaml", text: `version: 1.0.0\nrules:\n${rules.join("\n")}\n` };
}

/** What is published at first. */
export function firstRelease(folder: string): PolicyText[] {
  return [{ name: "linux-fim.yaml", text: readFileSync(PACK, "utf8") }, demoPolicy(folder, false)];
}

/** The same and one rule more. */
export function secondRelease(folder: string): PolicyText[] {
  return [{ name: "linux-fim.yaml", text: readFileSync(PACK, "utf8") }, demoPolicy(folder, true)];
}
