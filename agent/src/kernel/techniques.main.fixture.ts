/** All techniques under one stage, for tests of other workspaces. */
import type { KernelStage } from "./stage.ts";
import { TECHNIQUES } from "./techniques.fixture.ts";
import { type Outcome, unsupported, watch } from "./techniques.run.fixture.ts";

/** @returns what was expected and seen of each technique that this kernel can do */
export async function runTechniques(stage: KernelStage): Promise<(Outcome & { readonly name: string })[]> {
  const { attempt, end } = await watch(stage);
  try {
    return TECHNIQUES.filter((technique) => unsupported(technique, stage.mode) === undefined).map((technique) => ({
      name: technique.name,
      ...attempt(technique),
    }));
  } finally {
    end();
  }
}
