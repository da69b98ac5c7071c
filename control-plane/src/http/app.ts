/**
 * The control plane's HTTP interface. `createApp` is pure: what it serves comes from its dependencies, and no
 * request relies on memory of an earlier one, so any number of replicas can serve one store.
 */
import { BundleError } from "@weir/trust";
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { ReleaseConflict } from "../releases.ts";
import { StoreUnavailable } from "../store/store.ts";
import { type Env, type Log, notFound, tenantParam } from "./env.ts";
import { eventStream } from "./events.ts";
import { type FileDependencies, fileRoutes } from "./files.ts";
import { type PolicyDependencies, policyRoutes } from "./policies.ts";
import { Problem, problemResponse } from "./problem.ts";

export interface AppDependencies extends FileDependencies, PolicyDependencies {}

export function createApp(dependencies: AppDependencies) {
  const { feed, log } = dependencies;
  return new Hono<Env>()
    .use(requestId({ limitLength: 64 }))
    .use(secureHeaders())
    .use(requestLog(log))
    .get("/healthz", (context) => context.json({ status: "ok" }))
    .route("/", fileRoutes(dependencies))
    .route("/", policyRoutes(dependencies))
    .get("/v1/events/:tenant", (context) => eventStream(context, feed, tenantParam(context)))
    .notFound((context) => problemResponse(context, notFound("no such resource")))
    .onError((error, context) => {
      const problem = toProblem(error);
      if (!(problem instanceof Problem) || problem.status >= 500)
        log({
          level: "error",
          message: "request failed",
          id: context.get("requestId"),
          error: error.stack ?? error.message,
        });
      return problemResponse(context, problem);
    });
}

export type AppType = ReturnType<typeof createApp>;

function requestLog(log: Log) {
  return createMiddleware<Env>(async (context, next) => {
    const started = performance.now();
    await next();
    const { method, path } = context.req;
    const ms = Math.round(performance.now() - started);
    const { status } = context.res;
    log({ level: "info", message: "request", id: context.get("requestId"), method, path, status, ms });
  });
}

/** Errors of the layers below that a client may know of. */
function toProblem(error: Error): Error {
  if (error instanceof ReleaseConflict)
    return new Problem(409, "Another release came first", { detail: error.message, members: { winner: error.winner } });
  if (error instanceof BundleError)
    return new Problem(422, "The policies exceed a limit", { detail: `nothing was published: ${error.message}` });
  if (error instanceof StoreUnavailable)
    return new Problem(503, "Store unavailable", { detail: "the object store does not answer; try again" });
  return error;
}
