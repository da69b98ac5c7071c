/** An engine in the thread of the caller, for tests that listen to what it reads. */
import { IdentityMap } from "../kernel/identities.ts";
import type { KernelStage } from "../kernel/stage.ts";
import { Engine } from "./engine.ts";
import { Progress } from "./progress.ts";
import type { EngineEvents } from "./protocol.ts";

/** @param parts the stage's own reader of the ring is used */
export function engineHere({ stage, events }: { readonly stage: KernelStage; readonly events: EngineEvents }): Engine {
  const engine = new Engine({
    ring: stage.ring,
    identities: new IdentityMap(stage.identities),
    progress: new Progress(),
    events,
  });
  engine.begin();
  return engine;
}
