/** The shapes that a receiver can get events in. */
import type { Format } from "../sink.ts";
import { datadogFormat } from "./datadog.ts";
import { ecsFormat } from "./ecs.ts";
import { nativeFormat } from "./native.ts";
import { ocsfFormat } from "./ocsf.ts";

const BY_NAME = { ocsf: ocsfFormat, ecs: ecsFormat, datadog: datadogFormat, native: nativeFormat } as const;

export type FormatName = keyof typeof BY_NAME;

export const FORMATS = Object.keys(BY_NAME) as [FormatName, ...FormatName[]];

export const formatOf = (name: FormatName): Format => BY_NAME[name];
