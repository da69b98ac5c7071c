/** The rule compiler as the publisher uses it: its metadata becomes the manifest's rules. */
import { compilePolicies, type RuleMetadata } from "@weir/rules";
import type { ManifestRule } from "@weir/trust";
import manifest from "../package.json" with { type: "json" };
import type { Compile } from "./publish.ts";

/** All workspaces have one version, so this names the compiler's as well. */
const COMPILER = { name: "weir", version: manifest.version };

export const compileForPublish: Compile = async (files) => {
  const compiled = await compilePolicies(files);
  const { diagnostics } = compiled;
  if (!compiled.ok) return { ok: false, diagnostics };
  const { metadata, seeds, wasm } = compiled;
  return { ok: true, diagnostics, rules: metadata.map(manifestRule), seeds, wasm, compiler: COMPILER };
};

/** The same under the manifest's names. Opening the bundle checks it against the model. */
function manifestRule({ tags, actions, ...rest }: RuleMetadata): ManifestRule {
  return {
    ...snakeCased(rest),
    tags: { ...tags },
    ...(actions ? { actions: actions.map(snakeCased) } : {}),
  } as ManifestRule;
}

/** Names of the object's own members only: its values are data. */
function snakeCased(object: object): object {
  const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [snake(name), value]));
}

/** Loads the code generator and compiles once, so that the first publish is not the slow one (about 1 s). */
export async function warmUp(): Promise<void> {
  await compileForPublish([
    { name: "warm-up", text: 'rules:\n  - id: warm_up\n    expression: open.file.path == "/"\n' },
  ]);
}
