/** The rule compiler as the publisher uses it: its metadata becomes the manifest's rules. */
import { compilePolicies } from "@weir/rules";
import manifest from "../package.json" with { type: "json" };
import type { Compile } from "./publish.ts";

/** All workspaces have one version, so this names the compiler's as well. */
const COMPILER = { name: "weir", version: manifest.version };

export const compileForPublish: Compile = async (files) => {
  const compiled = await compilePolicies(files);
  const { diagnostics } = compiled;
  if (!compiled.ok) return { ok: false, diagnostics };
  const { metadata, seeds, wasm } = compiled;
  const rules = metadata.map((rule) => ({ ...rule, tags: { ...rule.tags } }));
  return { ok: true, diagnostics, rules, seeds, wasm, compiler: COMPILER };
};

/** Loads the code generator and compiles once, so that the first publish is not the slow one (about 1 s). */
export async function warmUp(): Promise<void> {
  await compileForPublish([
    { name: "warm-up", text: 'rules:\n  - id: warm_up\n    expression: open.file.path == "/"\n' },
  ]);
}
