export { ACCESS_PREDICATES_MAX, accessPredicates } from "./access.ts";
export { kernelStagePasses } from "./kernel-model.ts";
export { type RuleAccess, toSeeds } from "./seeds.ts";
