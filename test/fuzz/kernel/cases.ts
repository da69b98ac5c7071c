/** Random cases: rules about a small world, and a plan of operations in it. */
import { attack, race } from "./attacks.ts";
import { Operations } from "./operations.ts";
import { type Case, type Condition, conditionText, type Lane, type Op, type Plan, placed } from "./plan.ts";
import { Random } from "./random.ts";
import { makeRules } from "./rules.ts";
import { makeWorld, type World } from "./world.ts";

/** How rules look while they are tried out; any folder will do. */
const text = (condition: Condition): string => placed(conditionText(condition), "/run/folder");

/** @param seed 0 … 2^32 - 1; equal seeds, equal cases */
export function makeCase(seed: number): Case {
  const random = new Random(seed);
  const world = makeWorld(random);
  const generations = random.list(random.between(1, 3), () => makeRules(random, world, text));
  const plan = random.chance(0.5) ? orderly(random, world) : racing(random, world);
  const swaps = generations.length > 1 && random.chance(0.3);
  return { generations, plan, ...(swaps ? { swapEveryMs: random.between(2, 30) } : {}) };
}

/** One lane, where every event is what it is. */
function orderly(random: Random, world: World): Plan {
  const operations = new Operations(random, world);
  return { setup: world.setup, lanes: [{ thread: random.chance(0.3), ops: script(random, world, operations, 0) }] };
}

function script(random: Random, world: World, operations: Operations, first: number): Op[] {
  return random
    .list(random.between(8, 30), (i) => [
      ...attack({ random, world, operations, number: first + i }),
      ...random.list(random.between(0, 12), () => operations.any()),
    ])
    .flat();
}

function racing(random: Random, world: World): Plan {
  const operations = new Operations(random, world);
  const { change, act } = race({ random, world, operations });
  const threads = random.chance(0.5);
  const lane = (ops: readonly Op[]): Lane => ({ thread: threads, ops });
  const soup = random.list(random.between(5, 30), () => operations.any());
  const lanes = [
    lane(change),
    ...random.list(random.between(1, 2), () => lane([{ repeat: random.between(50, 300), ops: act }])),
    ...(random.chance(0.5) ? [lane([{ repeat: random.between(5, 50), ops: soup }])] : []),
    ...(random.chance(0.5) ? [lane(script(random, world, operations, 100).slice(0, 200))] : []),
  ];
  return { setup: world.setup, lanes };
}
