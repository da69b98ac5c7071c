/** The control plane as commands speak to it, over HTTP. */
import { createHash } from "node:crypto";
import type { PublishResult } from "@weir/control-plane";
import type { Diagnostic } from "@weir/rules";
import type { SourceFile } from "@weir/trust";

/** What the server refused or could not be asked; `details` goes into --json. */
export class RemoteError extends Error {
  override readonly name = "RemoteError";
  readonly details: Readonly<Record<string, unknown>>;
  /** What the compiler on the server has to say. */
  readonly diagnostics: readonly Diagnostic[];

  constructor(
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    diagnostics: readonly Diagnostic[] = [],
  ) {
    super(message);
    this.details = details;
    this.diagnostics = diagnostics;
  }
}

export interface TenantAddress {
  readonly server: string;
  readonly tenant: string;
}

/** A compile of the largest bundle takes seconds; a server that takes longer than this is gone. */
const ANSWER_TIMEOUT_MS = 120_000;

/** @throws RemoteError when `server` is no http(s) address */
function resourceUrl({ server, tenant }: TenantAddress, resource: string): URL {
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol))
    throw new RemoteError(`--server ${server}: expected an address like http://127.0.0.1:8420`);
  const base = server.endsWith("/") ? server : `${server}/`;
  return new URL(`v1/tenants/${encodeURIComponent(tenant)}/${resource}`, base);
}

async function ask<T>(url: URL, init: RequestInit, read: (response: Response) => Promise<T>): Promise<[Response, T]> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return [response, await read(response)];
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new RemoteError(`${url.origin}: the answer is not that of a Weir control plane`);
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? cause.message || cause.name : message;
    throw new RemoteError(`${url.origin} can't be reached: ${reason}`);
  }
}

/**
 * Publishes the files as the tenant's rules.
 * @throws RemoteError; nothing was published then
 */
export async function publishFiles(
  files: readonly SourceFile[],
  at: TenantAddress & { readonly token: string },
): Promise<PublishResult> {
  const url = resourceUrl(at, "policies");
  if (!/^[\x21-\x7e]+$/.test(at.token))
    throw new RemoteError(
      "no usable token: give --token or set WEIR_TOKEN to the one that weir serve printed at its first start",
    );
  const [response, answer] = await ask(
    url,
    {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${at.token}` },
      body: JSON.stringify({ files }),
    },
    async (received) => (await received.json()) as unknown,
  );
  const object = typeof answer === "object" && answer !== null ? (answer as Record<string, unknown>) : {};
  if (!response.ok) throw refusal(response.status, object, at);
  if (typeof object["digest"] !== "string" || !Array.isArray(object["rules"]))
    throw new RemoteError(`${url.origin}: the answer is not that of a Weir control plane`);
  return object as unknown as PublishResult;
}

/**
 * SHA-256 of the root that agents of this tenant are enrolled by, lower-case hex.
 * @throws RemoteError
 */
export async function rootFingerprint(at: TenantAddress): Promise<string> {
  const url = resourceUrl(at, "root");
  const [response, body] = await ask(url, {}, (received) => received.arrayBuffer());
  if (!response.ok) throw new RemoteError(`${url.href} answered ${response.status}`);
  return createHash("sha256").update(new Uint8Array(body)).digest("hex");
}

function refusal(status: number, answer: Record<string, unknown>, { server }: TenantAddress): RemoteError {
  const detail = typeof answer["detail"] === "string" ? answer["detail"] : `answered ${status}`;
  const details = { status, requestId: answer["requestId"] };
  if (status === 401) return new RemoteError(`${server} does not accept this token`, details);
  if (status === 422 && Array.isArray(answer["diagnostics"])) {
    const diagnostics = (answer["diagnostics"] as unknown[]).filter(isDiagnostic);
    const count = diagnostics.filter(({ severity }) => severity === "error").length;
    return new RemoteError(`${count} error${count === 1 ? "" : "s"}`, details, diagnostics);
  }
  return new RemoteError(`${server} refused (${status}): ${detail}`, details);
}

function isDiagnostic(value: unknown): value is Diagnostic {
  const { severity, code, message, file, line, column, length } = (value ?? {}) as Record<string, unknown>;
  return (
    (severity === "error" || severity === "warning") &&
    [code, message, file].every((text) => typeof text === "string") &&
    [line, column, length].every(Number.isSafeInteger)
  );
}
