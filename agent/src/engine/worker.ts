/** The thread of the engine: hears requests, tells what happens. `thread.ts` is its other end. */
import { parentPort, workerData } from "node:worker_threads";
import { IdentityMap } from "../kernel/identities.ts";
import { RingReader } from "../kernel/ring.ts";
import { Engine } from "./engine.ts";
import { Progress } from "./progress.ts";
import { type Answer, type Request, told } from "./protocol.ts";

/** What the thread is made with; descriptors stay those of the main thread. */
export interface EngineData {
  readonly ring: { readonly fd: number; readonly bytes: number };
  readonly identities: number;
  readonly progress: SharedArrayBuffer;
}

if (parentPort === null) throw new Error("this is the agent's thread, not a program");
const port = parentPort;
const data = workerData as EngineData;
const tell = (answer: Answer): void => port.postMessage(answer);
const fail = (error: unknown): void => tell({ kind: "failed", error: told(error) });

const progress = new Progress(data.progress);
const ring = new RingReader(data.ring.fd, data.ring.bytes);
// What the thread before this one has handled, and not given back any more.
const handled = Number(progress.handled - ring.consumedPosition());
if (handled > 0) ring.release(handled);

const engine = new Engine({
  ring,
  identities: new IdentityMap(data.identities),
  progress,
  events: {
    onDetections: (detections) => {
      progress.queue(detections.length);
      tell({ kind: "detections", detections });
    },
    onDiscard: (discarder) => tell({ kind: "discard", discarder }),
    onBroken: (bundle) => tell({ kind: "broken", bundle }),
    onRetired: (generation) => tell({ kind: "retired", generation }),
    onFailure: fail,
  },
});

async function answer(request: Request): Promise<void> {
  switch (request.kind) {
    case "begin":
      engine.begin();
      break;
    case "prepare": {
      const refused = await engine.prepare(request.generation, request.bundles);
      const errors = refused.map(({ tenant, error }) => ({ tenant, error: told(error) }));
      tell({ kind: "prepared", id: request.id, refused: errors });
      break;
    }
    case "cancel":
      engine.cancel(request.generation);
      break;
    case "retire":
      engine.retireBefore(request.generation);
      break;
    case "status":
      tell({ kind: "status", id: request.id, status: await engine.status() });
      break;
    case "stop": {
      const status = await engine.stop();
      ring.close();
      tell({ kind: "status", id: request.id, status });
      port.close();
      break;
    }
  }
}

// One after the other: reading begins when what was asked for before it has been prepared.
let turn: Promise<void> = Promise.resolve();
port.on("message", (request: Request) => {
  turn = turn.then(() => answer(request)).catch(fail);
});
