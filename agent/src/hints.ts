/** Server-sent events of the control plane that say "there may be news". Losing them costs time only. */

const RECONNECT_MS = 2_000;

export interface HintOptions {
  readonly url: string;
  readonly signal: AbortSignal;
  readonly onHint: () => void;
}

/** Follows the stream, reconnecting as needed, until the signal aborts. */
export async function followHints({ url, signal, onHint }: HintOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      const response = await fetch(url, { headers: { accept: "text/event-stream" }, signal });
      if (response.ok && response.body) {
        // What was published while no stream was open is found now.
        onHint();
        await readEvents(response.body, onHint);
      } else {
        await response.body?.cancel();
      }
    } catch {
      // A broken stream is as good as none: polling goes on.
    }
    if (!signal.aborted) await pause(RECONNECT_MS, signal);
  }
}

async function readEvents(body: ReadableStream<Uint8Array>, onHint: () => void): Promise<void> {
  let line = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    for (const character of chunk) {
      if (character !== "\n") {
        // Only the start matters, and a hostile stream must not fill memory.
        if (line.length < 16) line += character;
        continue;
      }
      if (line.startsWith("data:")) onHint();
      line = "";
    }
  }
}

function pause(timeMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, timeMs);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
