/** S3 addresses as operators write them. */
import { StoreError } from "./store.ts";

export interface S3Options {
  readonly bucket: string;
  /** In front of every key, without slashes at its ends; may be empty. */
  readonly prefix: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly pathStyle?: boolean;
}

const PARAMETERS = ["endpoint", "region", "path-style"];

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
