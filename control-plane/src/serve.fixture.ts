/** A running control plane as its users meet it: over HTTP, with the token it printed. */
import { join } from "node:path";
import { BundleClient } from "@weir/trust";
import { compileForPublish } from "./compile.ts";
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "./serve.ts";

export function start(folder: string, options: Partial<ControlPlaneOptions> = {}): Promise<ControlPlane> {
  return startControlPlane({
    store: join(folder, "store"),
    stateDir: join(folder, "data"),
    listen: { host: "127.0.0.1", port: 0 },
    // Given, it is not warmed up.
    compile: compileForPublish,
    ...options,
  });
}

export function policy(id: string): string {
  return `rules:\n  - id: ${id}\n    expression: open.file.path == "/etc/${id}"\n`;
}

export async function publish(
  url: string,
  { token, tenant, text }: { token: string; tenant: string; text: string },
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${url}/v1/tenants/${tenant}/policies`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ files: [{ name: "policy.yaml", text }] }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

export async function enrol(url: string, tenant: string, stateDir: string): Promise<BundleClient> {
  const root = await fetch(`${url}/v1/tenants/${tenant}/root`);
  return new BundleClient({
    metadataUrl: `${url}/v1/tenants/${tenant}/metadata`,
    targetsUrl: `${url}/v1/tenants/${tenant}/targets`,
    stateDir,
    trustedRoot: new Uint8Array(await root.arrayBuffer()),
  });
}
