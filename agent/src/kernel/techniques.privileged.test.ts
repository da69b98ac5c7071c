/** Every technique on this machine's kernel, in each mode that it allows. */
import { afterAll, describe, expect, test } from "vitest";
import { bpfObject } from "./object.ts";
import { type AttachMode, KernelStage, StageUnavailableError } from "./stage.ts";
import { TECHNIQUES } from "./techniques.fixture.ts";
import { tryTechnique, unsupported } from "./techniques.run.fixture.ts";

const stages = new Map<AttachMode, KernelStage | string>();
afterAll(() => {
  for (const stage of stages.values()) if (stage instanceof KernelStage) stage.close();
});

/** @returns why there is none in this mode */
function stageOf(mode: AttachMode): KernelStage | string {
  const known = stages.get(mode);
  if (known !== undefined) return known;
  const stage = open(mode);
  stages.set(mode, stage);
  return stage;
}

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
  test.for(TECHNIQUES.map((technique) => ({ ...technique })))("$name", async (technique, context) => {
    const stage = stageOf(mode);
    if (typeof stage === "string") return context.skip(stage);
    const why = unsupported(technique);
    if (why !== undefined) return context.skip(why);
    const { expected, seen } = await tryTechnique(stage, technique);
    expect(seen).toEqual(expected);
  });
});
