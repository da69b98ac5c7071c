/**
 * Log records over OTLP/HTTP with JSON, https://opentelemetry.io/docs/specs/otlp 1.9.0. The body of a record is the event
 * in the sink's format, as structured value; `log.record.uid` tells what came twice.
 *
 * As the specification asks, 429, 502, 503 and 504 are tried again, other refusals are not, but divided until they concern
 * one record. Wrong credentials and paths are tried again nevertheless: they are no fault of the records.
 */
import { hostname } from "node:os";
import { epochMs, eventOf, isLoss, severityOf, VERSION } from "../formats/event.ts";
import type { SpoolRecord } from "../record.ts";
import { type Format, type Receipt, RefusedError, type Sink, TAKEN, UnreachableError } from "../sink.ts";
import { problemOf } from "./http.ts";
import { Poster, type PosterOptions } from "./poster.ts";

const RETRIED = [429, 502, 503, 504];
const MISPLACED = [401, 403, 404, 405, 407, 408];

/** opentelemetry/proto/common/v1: one of these, or none for null. */
export type AnyValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly AnyValue[] } }
  | { readonly kvlistValue: { readonly values: readonly KeyValue[] } }
  | Record<string, never>;
interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

/** Severity numbers of the log data model by the rule's severity, unknown ones first. */
const SEVERITIES = [
  [0, ""],
  [9, "INFO"],
  [10, "INFO2"],
  [13, "WARN"],
  [17, "ERROR"],
  [21, "FATAL"],
] as const;
const LOSS_SEVERITY = SEVERITIES[3];

/** 64-bit integers are strings in the JSON of Protocol Buffers. */
export function anyValue(value: unknown): AnyValue {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number")
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  if (typeof value === "object" && value !== null) return { kvlistValue: { values: keyValues(value) } };
  return {};
}

const keyValues = (object: object): KeyValue[] =>
  Object.entries(object).map(([key, value]) => ({ key, value: anyValue(value) }));

const nanos = (ms: number): string => `${Math.trunc(ms)}000000`;

function logRecord(payload: Buffer, format: Format, nowMs: number) {
  const event = eventOf(payload);
  const [severityNumber, severityText] = isLoss(event)
    ? LOSS_SEVERITY
    : (SEVERITIES[severityOf(event)] ?? SEVERITIES[0]);
  const rule = isLoss(event) ? {} : { "weir.rule": event.rule.id, "weir.tenant": event.tenant };
  return {
    timeUnixNano: nanos(epochMs(event.time)),
    observedTimeUnixNano: nanos(nowMs),
    severityNumber,
    severityText,
    eventName: isLoss(event) ? "weir.loss" : "weir.detection",
    body: anyValue(JSON.parse(format(payload))),
    attributes: keyValues({ "log.record.uid": event.id, ...rule }),
  };
}

/** The request of opentelemetry.proto.collector.logs.v1. */
export function exportRequest(records: readonly SpoolRecord[], format: Format, nowMs: number) {
  const resource = { "service.name": "weir-agent", "service.version": VERSION, "host.name": hostname() };
  const logRecords = records.map(({ payload }) => logRecord(payload, format, nowMs));
  const scope = { name: "weir", version: VERSION };
  return { resourceLogs: [{ resource: { attributes: keyValues(resource) }, scopeLogs: [{ scope, logRecords }] }] };
}

export class OtlpSink implements Sink {
  readonly #poster: Poster;
  readonly #format: Format;

  constructor(options: Omit<PosterOptions, "contentType">, format: Format) {
    this.#poster = new Poster({ ...options, contentType: "application/json" });
    this.#format = format;
  }

  async deliver(records: readonly SpoolRecord[], signal: AbortSignal): Promise<Receipt> {
    const request = exportRequest(records, this.#format, Date.now());
    const answer = await this.#poster.post(JSON.stringify(request), signal);
    if (answer.status === 200) return receiptOf(answer.body, records.length);
    if (answer.status > 200 && answer.status < 300) return TAKEN;
    if (answer.status >= 400 && ![...RETRIED, ...MISPLACED].includes(answer.status))
      throw new RefusedError(problemOf(answer));
    throw new UnreachableError(problemOf(answer), { retryAfterMs: answer.retryAfterMs });
  }

  close(): Promise<void> {
    this.#poster.close();
    return Promise.resolve();
  }
}

/** A partial success says how many records the receiver threw away; it does not want them again. */
function receiptOf(body: string, sent: number): Receipt {
  try {
    const { partialSuccess } = JSON.parse(body) as {
      partialSuccess?: { rejectedLogRecords?: string | number; errorMessage?: string };
    };
    const rejected = Number(partialSuccess?.rejectedLogRecords ?? 0);
    if (!(rejected > 0)) return TAKEN;
    return { rejected: Math.min(sent, rejected), reason: partialSuccess?.errorMessage ?? "partial success" };
  } catch {
    return TAKEN;
  }
}
