/** Weir's own shape: what is in the spool, as it is (`detection.ts`, `losses.ts`). */
import type { Format } from "../sink.ts";

export const nativeFormat: Format = (payload) => payload.toString("utf8");
