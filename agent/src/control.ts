/**
 * The agent's control socket: HTTP over a Unix socket that only its owner may open. It also keeps a second
 * agent from running on the same state.
 */
import { rm } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import type { AgentStatus } from "./agent.ts";
import type { DeliveryStatus } from "./delivery/index.ts";

/** What the agent says of itself, and of what becomes of its detections. */
export interface HostStatus extends AgentStatus {
  readonly delivery: DeliveryStatus;
}

/** Another agent already answers on this socket. */
export class AlreadyRunningError extends Error {
  override readonly name = "AlreadyRunningError";
  readonly pid: number;

  constructor(pid: number, socket: string) {
    super(`an agent is already running (pid ${pid}, ${socket})`);
    this.pid = pid;
  }
}

/** Nobody answers on the socket. */
export class NotRunningError extends Error {
  override readonly name = "NotRunningError";

  constructor(socket: string, cause: unknown) {
    super(`no agent answers on ${socket}: ${(cause as Error).message}`, { cause });
  }
}

const TIMEOUT_MS = 5_000;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** @throws NotRunningError */
function ask(socket: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => reject(new NotRunningError(socket, cause));
    const call = request({ socketPath: socket, path: "/status", timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => {
        try {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString("utf8")) });
        } catch (error) {
          fail(error);
        }
      });
    });
    call.on("timeout", () => call.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    call.on("error", fail);
    call.end();
  });
}

/** @throws NotRunningError, also while the agent is still starting */
export async function readStatus(socket: string): Promise<HostStatus> {
  const { status, body } = await ask(socket);
  if (status === 500) throw new NotRunningError(socket, new Error((body as { error: string }).error));
  if (status !== 200) throw new NotRunningError(socket, new Error("the agent is still starting"));
  return body as HostStatus;
}

export class ControlSocket {
  readonly #server: Server;
  /** What the agent is doing; undefined while it is starting. */
  status: (() => Promise<HostStatus>) | undefined;

  private constructor() {
    this.#server = createServer(async (incoming, response) => {
      const [code, body] = await this.#answer(incoming.url);
      response.writeHead(code, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    });
  }

  async #answer(url: string | undefined): Promise<[code: number, body: unknown]> {
    if (url !== "/status") return [404, { error: "unknown request; expected GET /status" }];
    if (this.status === undefined) return [503, { pid: process.pid }];
    try {
      return [200, await this.status()];
    } catch (error) {
      return [500, { pid: process.pid, error: (error as Error).message }];
    }
  }

  /** @throws AlreadyRunningError, or the system's error when the socket can't be made */
  static async open(socket: string): Promise<ControlSocket> {
    const other = await ask(socket).catch(() => undefined);
    if (other) throw new AlreadyRunningError((other.body as { pid: number }).pid, socket);
    // What is left of an agent that was killed.
    await rm(socket, { force: true });
    const control = new ControlSocket();
    const mask = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        control.#server.once("error", reject).listen(socket, resolve);
      });
    } finally {
      process.umask(mask);
    }
    return control;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
