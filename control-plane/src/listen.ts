/** A socket for an app: started, and stopped without cutting off requests that are being answered. */
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";

const REQUEST_TIMEOUT_MS = 60_000;
/** What requests and event streams get to end by themselves. */
const CLOSE_TIMEOUT_MS = 2000;

export interface Listener {
  readonly url: string;
  close(): Promise<void>;
}

/** @throws Error where the address can't be listened on */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  at: { readonly host: string; readonly port: number },
): Promise<Listener> {
  const server = createAdaptorServer({ fetch });
  if ("requestTimeout" in server) server.requestTimeout = REQUEST_TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(at.port, at.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      if ("closeIdleConnections" in server) server.closeIdleConnections();
      const force = setTimeout(() => {
        if ("closeAllConnections" in server) server.closeAllConnections();
      }, CLOSE_TIMEOUT_MS);
      await closed;
      clearTimeout(force);
    },
  };
}
