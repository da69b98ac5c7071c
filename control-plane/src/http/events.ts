/** Server-sent events: the hint that a tenant has a new release. */
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import type { ReleaseFeed, ReleaseHint } from "../feed.ts";

/** Proxies close what is silent for longer. */
const HEARTBEAT_MS = 15_000;

export function eventStream(context: Context, feed: ReleaseFeed, tenant: string): Response {
  context.header("x-accel-buffering", "no");
  return streamSSE(context, async (stream) => {
    // Only the newest hint counts; a slow reader gets that one, not a backlog.
    let pending: ReleaseHint | undefined;
    let wake = (): void => undefined;
    let open = true;
    const stop = feed.watch(tenant, (hint) => {
      pending = hint;
      wake();
    });
    const end = (): void => {
      open = false;
      stop();
      wake();
    };
    stream.onAbort(end);
    feed.closed.addEventListener("abort", end, { once: true });
    await stream.write(": connected\n\n");
    while (open) {
      const hint = pending;
      pending = undefined;
      if (hint !== undefined) {
        const data = JSON.stringify({ digest: hint.digest, version: hint.version });
        await stream.writeSSE({ event: "release", id: String(hint.version), data });
        continue;
      }
      const timedOut = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), HEARTBEAT_MS);
        wake = () => {
          clearTimeout(timer);
          resolve(false);
        };
      });
      if (timedOut && open) await stream.write(": still here\n\n");
    }
    feed.closed.removeEventListener("abort", end);
    stop();
  });
}
