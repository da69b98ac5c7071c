/**
 * Events as messages of RFC 5424, and how they are told apart in a stream. The message is the event in the sink's
 * format, without a byte order mark, which receivers take for a part of the JSON.
 */
import { eventOf, isLoss, severityOf, VERSION } from "../formats/event.ts";
import type { Format } from "../sink.ts";

/** RFC 5424 section 6.2.1, by the names that syslog.conf gives them. */
export const FACILITIES = {
  user: 1,
  daemon: 3,
  auth: 4,
  authpriv: 10,
  audit: 13,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const;
export type Facility = keyof typeof FACILITIES;

export interface MessageOptions {
  readonly facility: Facility;
  readonly appName: string;
}

/** Syslog severities by those of rules: unknown, informational, low, medium, high, critical. */
const SEVERITIES = [5, 6, 5, 4, 3, 2];
const WARNING = 4;

/** Of a header: printable ASCII without spaces, at most so long; nil when nothing is left. */
const word = (text: string, lengthMax: number): string => text.replace(/[^\x21-\x7e]/g, "").slice(0, lengthMax) || "-";

export function syslogMessage(payload: Buffer, format: Format, { facility, appName }: MessageOptions): string {
  const event = eventOf(payload);
  const severity = isLoss(event) ? WARNING : (SEVERITIES[severityOf(event)] ?? 5);
  const priority = FACILITIES[facility] * 8 + severity;
  const name = isLoss(event) ? "loss" : event.rule.id;
  const header = [word(event.host, 255), word(appName, 48), String(process.pid), word(name, 32)].join(" ");
  return `<${priority}>1 ${event.time} ${header} [origin software="weir" swVersion="${VERSION}"] ${format(payload)}`;
}

/** How messages are told apart in a stream, RFC 6587: by a count of octets, or by a line feed after each. */
export type Framing = "octet-counting" | "newline";

export function frame(message: string, framing: Framing): Buffer {
  const bytes = Buffer.from(message);
  // JSON has no line feed of its own.
  return framing === "newline"
    ? Buffer.concat([bytes, Buffer.from("\n")])
    : Buffer.concat([Buffer.from(`${bytes.length} `), bytes]);
}
