/** Random cases: rules about a small world, and a plan of operations in it. */
import { attack, race } from "./attacks.ts";
import { Operations } from "./operations.ts";
import { type Case, type Condition, conditionText, type Lane, type Op, type Plan, placed } from "./plan.ts";
import { Random } from "./random.ts";
import { type Foreign, makeRules } from "./rules.ts";
import { makeWorld, type World } from "./world.ts";

/** How rules look while they are tried out; any folder will do. */
const text = (condition: Condition): string => placed(conditionText(condition), "/run/folder");

export interface CaseOptions {
  readonly foreign?: Foreign | undefined;
  /** A tenth of the work, for machines that take ten times as long. */
  readonly small?: boolean;
}

/** @param seed 0 … 2^32 - 1; equal seeds and options, equal cases */
export function makeCase(seed: number, { foreign, small = false }: CaseOptions = {}): Case {
  const random = new Random(seed);
  const world = makeWorld(random);
  const rules = { random, world, text, foreign, tenantsMax: small ? 2 : 4 };
  const generations = random.list(random.between(1, small ? 2 : 3), () => makeRules(rules));
  const scene: Scene = { random, world, operations: new Operations(random, world), share: small ? 0.1 : 1 };
  const plan = random.chance(0.5) ? orderly(scene) : racing(scene);
  const swaps = generations.length > 1 && random.chance(0.3);
  return { generations, plan, ...(swaps ? { swapEveryMs: random.between(2, 30) } : {}) };
}

interface Scene {
  readonly random: Random;
  readonly world: World;
  readonly operations: Operations;
  /** Of the usual number of operations. */
  readonly share: number;
}

/** Of the usual numbers, both ends included, as many as the scene has room for. */
function between({ random, share }: Scene, from: number, to: number): number {
  return Math.max(1, Math.round(random.between(from, to) * share));
}

/** One lane, where every event is what it is. */
function orderly(scene: Scene): Plan {
  const { random, world } = scene;
  return { setup: world.setup, lanes: [{ thread: random.chance(0.3), ops: script(scene, 0) }] };
}

function script(scene: Scene, first: number): Op[] {
  const { random, operations } = scene;
  return random
    .list(between(scene, 8, 30), (i) => [
      ...attack({ ...scene, number: first + i }),
      ...random.list(random.between(0, 12), () => operations.any()),
    ])
    .flat();
}

function racing(scene: Scene): Plan {
  const { random, world, operations } = scene;
  const { change, act } = race({ ...scene, repeat: between(scene, 100, 600) });
  const threads = random.chance(0.5);
  const lane = (ops: readonly Op[]): Lane => ({ thread: threads, ops });
  const soup = random.list(random.between(5, 30), () => operations.any());
  const lanes = [
    lane(change),
    ...random.list(random.between(1, 2), () => lane([{ repeat: between(scene, 50, 300), ops: act }])),
    ...(random.chance(0.5) ? [lane([{ repeat: between(scene, 5, 50), ops: soup }])] : []),
    ...(random.chance(0.5) ? [lane(script(scene, 100).slice(0, between(scene, 200, 200)))] : []),
  ];
  return { setup: world.setup, lanes };
}
