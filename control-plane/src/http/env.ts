/** What the routes share. */
import { TENANT_PATTERN } from "@weir/trust";
import type { Context } from "hono";
import { Problem } from "./problem.ts";

export type Env = { Variables: { requestId: string } };

/** One line of the service's log. */
export interface LogEntry {
  readonly level: "info" | "error";
  readonly message: string;
  readonly [field: string]: unknown;
}

export type Log = (entry: LogEntry) => void;

/**
 * @returns the tenant named in the path
 * @throws Problem 400
 */
export function tenantParam(context: Context): string {
  const tenant = context.req.param("tenant") ?? "";
  if (!TENANT_PATTERN.test(tenant))
    throw new Problem(400, "Bad tenant name", {
      detail: `tenant ${JSON.stringify(tenant.slice(0, 100))}: expected a name like ${TENANT_PATTERN.source}`,
    });
  return tenant;
}

export function notFound(detail: string): Problem {
  return new Problem(404, "Not found", { detail });
}
