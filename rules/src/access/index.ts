export { ACCESS_PREDICATES_MAX, accessPredicates } from "./access.ts";
export { kernelStagePasses } from "./kernel-model.ts";
export { APPROVERS_MAX, type RuleAccess, toSeeds } from "./seeds.ts";
