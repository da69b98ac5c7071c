/** The host agent. */
export { type Activation, Agent, type AgentOptions, type AgentStatus, type UncapturedType } from "./agent.ts";
export { AlreadyRunningError, ControlSocket, type HostStatus, NotRunningError, readStatus } from "./control.ts";
export {
  ConfigError,
  configText,
  Delivery,
  type DeliveryConfig,
  type DeliveryStatus,
  defaultConfig,
  deliveryOptions,
  FORMATS,
  type FormatName,
  type OutputConfig,
  type OutputStatus,
  parseConfig,
  unspooled,
} from "./delivery/index.ts";
export type { DetectedProcess, Detection } from "./detection.ts";
export type { BrokenBundle } from "./engine/protocol.ts";
export { type Counters, DROP_CAUSES, type TypeCounters, totals } from "./kernel/counters.ts";
export { bpfObject } from "./kernel/object.ts";
export { type AttachMode, type StageOptions, StageUnavailableError } from "./kernel/stage.ts";
export { type LossEvent, lossTally } from "./losses.ts";
export { EnrolmentError, type TenantSource, type UpdateEvent, Updater, type UpdaterOptions } from "./updater.ts";
