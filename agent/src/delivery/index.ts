/** Delivery: from events to whoever wants them. */
export {
  ConfigError,
  configText,
  type DeliveryConfig,
  defaultConfig,
  type OutputConfig,
  parseConfig,
} from "./config.ts";
export { Delivery, type DeliveryStatus, type OutputStatus } from "./delivery.ts";
export { FORMATS, type FormatName } from "./formats/index.ts";
export { deliveryOptions, unspooled } from "./outputs.ts";
