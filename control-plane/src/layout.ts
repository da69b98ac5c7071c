/** Names of everything in the object store; `README.md` draws the whole. */
import type { ObjectStore } from "./store/store.ts";

export function metadataKey(tenant: string, name: string): string {
  return `t/${tenant}/metadata/${name}`;
}

export function targetKey(tenant: string, name: string): string {
  return `t/${tenant}/targets/${name}`;
}

export function tenantKey(tenant: string): string {
  return `tenants/${tenant}.json`;
}

/** @returns names of all tenants, those without a release yet included */
export async function listTenants(store: ObjectStore): Promise<string[]> {
  return (await store.list("tenants/")).map((key) => key.slice("tenants/".length, -".json".length));
}
