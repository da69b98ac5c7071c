/**
 * The files that agents read. They are served as they are stored: signed, and verified by whoever fetches
 * them, so they need no secret. All but timestamp.json carry a version or digest in their names and never
 * change; that one has an ETag.
 */
import { sha256, writtenRules } from "@weir/trust";
import { Hono } from "hono";
import { metadataKey, targetKey } from "../layout.ts";
import type { TenantRepository } from "../releases.ts";
import type { ObjectStore } from "../store/store.ts";
import { type Env, notFound, tenantParam } from "./env.ts";

const METADATA_FILE = /^(timestamp|[1-9][0-9]{0,8}\.(root|targets|snapshot))\.json$/;
const TARGET_FILE = /^[0-9a-f]{64}\.(manifest\.json|matcher\.wasm|seeds\.json|sources\.json)$/;
const IMMUTABLE = "public, max-age=31536000, immutable";
const REVALIDATE = "no-cache";

export function fileRoutes({ store, repository }: FileDependencies) {
  const read = async (key: string, what: string): Promise<Uint8Array> => {
    const found = await store.get(key);
    if (found === undefined) throw notFound(what);
    return found.body;
  };

  return new Hono<Env>()
    .get("/v1/tenants/:tenant", async (context) => {
      const tenant = tenantParam(context);
      const releases = repository(tenant);
      const current = await releases.current();
      if (current === undefined) throw notFound(`tenant ${tenant} has no release`);
      const { rules, compiler } = await releases.manifest(current);
      const { digest, version, published } = current;
      const { expires } = current.release.documents.timestamp;
      context.header("cache-control", REVALIDATE);
      return context.json({ tenant, digest, version, published, expires, compiler, rules: writtenRules(rules) });
    })
    .get("/v1/tenants/:tenant/root", async (context) => {
      const tenant = tenantParam(context);
      const body = await read(metadataKey(tenant, "1.root.json"), `tenant ${tenant} has no release`);
      return file(body, { "content-type": "application/json", "cache-control": REVALIDATE });
    })
    .get("/v1/tenants/:tenant/metadata/:file", async (context) => {
      const tenant = tenantParam(context);
      const name = context.req.param("file");
      if (!METADATA_FILE.test(name)) throw notFound("no such metadata file");
      const body = await read(metadataKey(tenant, name), `tenant ${tenant} has no ${name}`);
      const headers = { "content-type": "application/json", "cache-control": IMMUTABLE };
      if (name !== "timestamp.json") return file(body, headers);
      const etag = `"${sha256(body).slice(0, 32)}"`;
      const mutable = { ...headers, "cache-control": REVALIDATE, etag };
      if (matchesEtag(context.req.header("if-none-match"), etag))
        return new Response(null, { status: 304, headers: mutable });
      return file(body, mutable);
    })
    .get("/v1/tenants/:tenant/targets/:file", async (context) => {
      const tenant = tenantParam(context);
      const name = context.req.param("file");
      if (!TARGET_FILE.test(name)) throw notFound("no such target");
      const body = await read(targetKey(tenant, name), `tenant ${tenant} has no ${name}`);
      const type = name.endsWith(".wasm") ? "application/wasm" : "application/json";
      return file(body, { "content-type": type, "cache-control": IMMUTABLE });
    });
}

export interface FileDependencies {
  readonly store: ObjectStore;
  readonly repository: (tenant: string) => TenantRepository;
}

/** If-None-Match compares weakly (RFC 9110, 13.1.2). */
function matchesEtag(header: string | undefined, etag: string): boolean {
  return header?.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag) === true;
}

function file(body: Uint8Array, headers: Record<string, string>): Response {
  const bytes = new Uint8Array(body);
  return new Response(bytes, { headers: { ...headers, "content-length": String(bytes.length) } });
}
