/** From what an operator writes to a store that has proven itself. */
import { FolderStore } from "./folder.ts";
import { probeStore } from "./probe.ts";
import { type S3Options, S3Store } from "./s3.ts";
import { type ObjectStore, StoreError } from "./store.ts";

const PARAMETERS = ["endpoint", "region", "path-style"];

/**
 * @param address a folder, or `s3://bucket/prefix?endpoint=http://…&region=…&path-style=true|false`.
 *   Credentials come from the SDK's own chain (environment, profile, container, instance), never from here.
 * @throws StoreError for an address that is none; StoreRefused, StoreUnavailable
 */
export async function openStore(address: string): Promise<ObjectStore> {
  const store = address.startsWith("s3://") ? new S3Store(parseS3(address)) : await openFolder(address);
  await probeStore(store);
  return store;
}

function openFolder(path: string): Promise<FolderStore> {
  if (path === "" || /^[a-z][a-z0-9+.-]+:\/\//i.test(path))
    throw new StoreError(`store ${JSON.stringify(path)}: expected a folder or s3://bucket/prefix`);
  return FolderStore.open(path);
}

/** @throws StoreError */
export function parseS3(address: string): S3Options {
  const fail = (what: string): never => {
    throw new StoreError(`store ${address}: ${what}; expected s3://bucket/prefix?endpoint=…&region=…&path-style=…`);
  };
  if (!URL.canParse(address)) fail("not a valid address");
  const url = new URL(address);
  if (url.username !== "" || url.password !== "") fail("credentials do not belong in the address");
  if (url.hostname === "") fail("no bucket");
  for (const name of url.searchParams.keys()) if (!PARAMETERS.includes(name)) fail(`unknown parameter ${name}`);
  const endpoint = url.searchParams.get("endpoint");
  if (endpoint !== null && !/^https?:$/.test(URL.canParse(endpoint) ? new URL(endpoint).protocol : ""))
    fail(`endpoint ${endpoint} is no http(s) address`);
  const region = url.searchParams.get("region");
  const pathStyle = url.searchParams.get("path-style");
  if (pathStyle !== null && pathStyle !== "true" && pathStyle !== "false") fail(`path-style ${pathStyle}`);
  return {
    bucket: url.hostname,
    prefix: url.pathname.replace(/^\/+|\/+$/g, ""),
    ...(endpoint === null ? {} : { endpoint }),
    ...(region === null ? {} : { region }),
    ...(pathStyle === null ? {} : { pathStyle: pathStyle === "true" }),
  };
}
