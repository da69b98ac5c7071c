/** Bundles for tests of what comes after the compiler. */
import { assembleBundle, type Bundle } from "@weir/trust";

/** A valid module that differs by its tag: one memory with a maximum, one custom section. */
function tinyModule(tag: string): Uint8Array {
  const name = new TextEncoder().encode(tag);
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[5, 4, 1, 1, 1, 2],
    ...[0, name.length + 1, name.length, ...name],
  ]);
}

export function tinyBundle(tenant: string, tag: string): Bundle {
  return assembleBundle({
    tenant,
    wasm: tinyModule(tag),
    seeds: { format: "weir-seeds/1", interests: [], approvers: [] },
    rules: [{ id: tag, event: "open", tags: {}, expression: "false" }],
    sources: [{ name: "policy.yaml", text: tag }],
    compiler: { name: "weir", version: "0.1.0" },
  });
}
