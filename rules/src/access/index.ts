export { accessPredicates } from "./access.ts";
export { kernelStagePasses } from "./kernel-model.ts";
export { toSeeds } from "./seeds.ts";
