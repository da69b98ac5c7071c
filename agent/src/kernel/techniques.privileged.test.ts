/** Every technique on this machine's kernel, in each mode that it allows. */
import { afterAll, describe, expect, test } from "vitest";
import { bpfObject } from "./object.ts";
import { type AttachMode, KernelStage, StageUnavailableError } from "./stage.ts";
import { TECHNIQUES } from "./techniques.fixture.ts";
import { unsupported, type Watch, watch } from "./techniques.run.fixture.ts";

function open(mode: AttachMode): KernelStage | string {
  try {
    return KernelStage.open({ object: bpfObject(), attach: mode, ringBytes: 8 << 20 });
  } catch (error) {
    // The tracepoints are what every kernel takes.
    if (mode === "tracepoint" || !(error instanceof StageUnavailableError)) throw error;
    return error.message.split("\n")[0] as string;
  }
}

describe.for(["tracepoint", "trampoline"] as const)("%s", (mode) => {
  let stage: KernelStage | string | undefined;
  let watching: Watch | undefined;
  afterAll(() => {
    watching?.end();
    if (stage instanceof KernelStage) stage.close();
  });

  test.for(TECHNIQUES.map((technique) => ({ ...technique })))("$name", async (technique, context) => {
    stage ??= open(mode);
    if (typeof stage === "string") return context.skip(stage);
    const why = unsupported(technique, mode);
    if (why !== undefined) return context.skip(why);
    watching ??= await watch(stage);
    const { expected, seen } = watching.attempt(technique);
    expect(seen).toEqual(expected);
  });
});
