/** The shapes that a receiver can get events in. */
import type { Format } from "../sink.ts";
import { nativeFormat } from "./native.ts";

export const FORMATS = ["native"] as const;
export type FormatName = (typeof FORMATS)[number];

const BY_NAME: Readonly<Record<FormatName, Format>> = { native: nativeFormat };

export const formatOf = (name: FormatName): Format => BY_NAME[name];
