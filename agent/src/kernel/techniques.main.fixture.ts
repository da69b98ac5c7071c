/** The techniques as a program, for a guest: `techniques.main.fixture.ts MODE…` prints an outcome on each line, as JSON. */
import { bpfObject } from "./object.ts";
import { type AttachMode, KernelStage } from "./stage.ts";
import { TECHNIQUES } from "./techniques.fixture.ts";
import { unsupported, watch } from "./techniques.run.fixture.ts";

for (const attach of process.argv.slice(2) as AttachMode[]) {
  const stage = KernelStage.open({ object: bpfObject(), attach, ringBytes: 8 << 20 });
  const { attempt, end } = await watch(stage);
  for (const technique of TECHNIQUES) {
    if (unsupported(technique, attach) !== undefined) continue;
    const outcome = attempt(technique);
    process.stdout.write(`${JSON.stringify({ mode: attach, name: technique.name, ...outcome })}\n`);
  }
  process.stdout.write(`${JSON.stringify({ mode: attach, missing: stage.missing, missedRuns: stage.missedRuns() })}\n`);
  end();
  stage.close();
}
