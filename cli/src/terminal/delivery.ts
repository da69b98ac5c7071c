/** What becomes of detections, for reading: a line for the spool, one for each sink. */
import type { DeliveryStatus, OutputStatus } from "@weir/agent";
import { plural } from "./plural.ts";

function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function sinkText(sink: OutputStatus): string {
  const causes = Object.entries(sink.dropped_by_cause).map(([cause, events]) => `${events} ${cause}`);
  return [
    `  sink ${sink.name} (${sink.name === sink.type ? "" : `${sink.type}, `}${sink.format}): ${sink.delivered} delivered`,
    sink.queued > 0 ? `${sink.queued} waiting${sink.bytes > 0 ? `, ${size(sink.bytes)} on disk` : ""}` : "none waiting",
    ...(sink.oldest ? [`the oldest of ${sink.oldest}`] : []),
    ...(sink.dropped > 0 ? [`${sink.dropped} lost (${causes.join(", ")})`] : []),
    ...(sink.ended ? ["ended"] : sink.failures > 0 ? [`${plural(sink.failures, "attempt")} failed`] : []),
    ...(sink.last_error ? [`last error ${sink.last_error.time}: ${sink.last_error.message}`] : []),
  ].join("; ");
}

export function deliveryText({ spool, sinks }: DeliveryStatus): string {
  const lines = [
    `  spool: ${size(spool.bytes)} of ${size(spool.bytes_max)} in ${plural(spool.segments, "segment")}`,
    ...(spool.error
      ? [`  warning: the spool can't be written, ${spool.unwritten} events are in memory alone: ${spool.error}`]
      : []),
    ...sinks.map(sinkText),
  ];
  return `${lines.join("\n")}\n`;
}
