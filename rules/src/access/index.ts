export { accessPredicates } from "./access.ts";
export { kernelStagePasses } from "./kernel-model.ts";
export { APPROVERS_MAX, toSeeds } from "./seeds.ts";
