export { accessPredicates } from "./access.ts";
export { directoryField, directoryProof } from "./directory.ts";
export { type KernelDecision, kernelStageDecision, kernelStagePasses } from "./kernel-model.ts";
export { toSeeds } from "./seeds.ts";
