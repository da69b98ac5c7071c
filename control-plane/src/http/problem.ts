/** Errors as problem documents (RFC 9457), with the request's id, and never with more than the client may know. */
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** An answer other than success; thrown by handlers, written by `problemOf`. */
export class Problem extends Error {
  readonly status: ContentfulStatusCode;
  readonly title: string;
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ContentfulStatusCode,
    title: string,
    details: {
      readonly detail?: string;
      readonly members?: Readonly<Record<string, unknown>>;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(details.detail ?? title);
    this.name = "Problem";
    this.status = status;
    this.title = title;
    this.members = details.members ?? {};
    this.headers = details.headers ?? {};
  }
}

/** @returns the response for anything thrown; what is not meant for clients becomes 500 without details */
export function problemResponse(context: Context, error: unknown): Response {
  const problem =
    error instanceof Problem
      ? error
      : error instanceof HTTPException
        ? new Problem(error.status as ContentfulStatusCode, error.message || "Request refused")
        : new Problem(500, "Internal error", { detail: "the server failed; its log has the request id" });
  const body = {
    type: "about:blank",
    title: problem.title,
    status: problem.status,
    detail: problem.message,
    requestId: context.get("requestId") ?? "",
    ...problem.members,
  };
  return context.body(JSON.stringify(body), problem.status, {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    ...problem.headers,
  });
}
