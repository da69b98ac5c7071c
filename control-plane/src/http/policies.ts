/** Publishing: the one route that changes something. */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import type { ReleaseFeed } from "../feed.ts";
import { type Compile, publishTenant } from "../publish.ts";
import type { TenantRepository } from "../releases.ts";
import { type Env, type Log, tenantParam } from "./env.ts";
import { readPublishRequest } from "./models.ts";
import { Problem } from "./problem.ts";

/** Most bytes of a publish request: policies of 10 MB, escaped as JSON. */
export const REQUEST_BYTES_MAX = 24 << 20;

export interface PolicyDependencies {
  readonly repository: (tenant: string) => TenantRepository;
  readonly compile: Compile;
  readonly feed: ReleaseFeed;
  /** Whether a bearer token is the administrator's. */
  readonly verifyToken: (token: string) => boolean;
  readonly log: Log;
}

export function policyRoutes({ repository, compile, feed, verifyToken, log }: PolicyDependencies) {
  const authorise = createMiddleware<Env>(async (context, next) => {
    const token = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(context.req.header("authorization") ?? "")?.[1];
    if (token === undefined || !verifyToken(token))
      throw new Problem(401, "Not authorised", {
        detail: "expected the admin token as bearer token",
        headers: { "www-authenticate": 'Bearer realm="weir"' },
      });
    await next();
  });
  const limit = bodyLimit({
    maxSize: REQUEST_BYTES_MAX,
    onError: () => {
      throw new Problem(413, "Too large", { detail: `expected at most ${REQUEST_BYTES_MAX} bytes` });
    },
  });

  return new Hono<Env>().post("/v1/tenants/:tenant/policies", authorise, limit, async (context) => {
    const tenant = tenantParam(context);
    const files = await readPublishRequest(context.req);
    const outcome = await publishTenant({ files, repository: repository(tenant), compile, feed });
    if (!outcome.ok)
      throw new Problem(422, "The policies have errors", {
        detail: "nothing was published",
        members: { diagnostics: outcome.diagnostics },
      });
    const { changed, digest, version } = outcome.result;
    log({ level: "info", message: "published", id: context.get("requestId"), tenant, digest, version, changed });
    return context.json(outcome.result, changed ? 201 : 200);
  });
}
