/**
 * What an operator says of outputs and spool, in YAML, and nothing that is not checked: every key is known, every
 * value of its type and within its bounds, every path absolute, or the whole is refused with the place of each fault.
 */
import { isAbsolute } from "node:path";
import { isMap, LineCounter, parseDocument, stringify } from "yaml";
import { z } from "zod";
import { FORMATS } from "./formats/index.ts";
import { SASL_MECHANISMS } from "./sinks/kafka.ts";
import { FACILITIES, type Facility } from "./sinks/syslog-message.ts";

const absolute = z.string().refine(isAbsolute, { error: "an absolute path" });
const mebibytes = (max: number) => z.number().positive().max(max);
const format = z.enum(FORMATS).default("ocsf");
/** What the spool remembers the sink by; the type of the sink if it is not said. */
const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, { error: "lower-case letters, digits, - and _" });
const common = { name: name.optional(), format };

const Stdout = z.strictObject({ type: z.literal("stdout"), ...common });
const File = z.strictObject({
  type: z.literal("file"),
  ...common,
  path: absolute,
  rotate: z
    .strictObject({ size_mb: mebibytes(1 << 20).default(100), files: z.int().min(1).max(1000).default(5) })
    .optional(),
});

const webAddress = z.url({ protocol: /^https?$/, error: "an http(s) address" });
const milliseconds = (max: number) => z.int().min(0).max(max);
const Tls = z
  .strictObject({ ca_file: absolute.optional(), cert_file: absolute.optional(), key_file: absolute.optional() })
  .refine(({ cert_file, key_file }) => (cert_file === undefined) === (key_file === undefined), {
    error: "cert_file and key_file together",
  });
const Batch = z.strictObject({
  records: z.int().min(1).max(10_000).default(500),
  size_kb: z.int().min(1).max(16_384).default(1024),
  wait_ms: milliseconds(60_000).default(1000),
});
const Http = z.strictObject({
  type: z.literal("http"),
  ...common,
  url: webAddress,
  token_file: absolute.optional(),
  headers: z
    .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/), z.string().regex(/^[\t\x20-\x7e]*$/))
    .default({}),
  gzip: z.boolean().default(true),
  batch: Batch.prefault({}),
  timeout_ms: z.int().min(100).max(600_000).default(30_000),
  tls: Tls.prefault({}),
});

/** As `http`, to the path that the protocol gives logs. */
const Otlp = Http.extend({ type: z.literal("otlp") });

const address = z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):\d{1,5}$/, { error: "HOST:PORT" });
const syslogCommon = {
  type: z.literal("syslog"),
  ...common,
  facility: z.enum(Object.keys(FACILITIES) as [Facility, ...Facility[]]).default("audit"),
  app_name: z
    .string()
    .regex(/^[\x21-\x7e]{1,48}$/, { error: "at most 48 printable characters" })
    .default("weir"),
  timeout_ms: z.int().min(100).max(600_000).default(30_000),
};
const streamed = { ...syslogCommon, address, framing: z.enum(["octet-counting", "newline"]).default("octet-counting") };
const Syslog = z.discriminatedUnion("transport", [
  z.strictObject({ ...syslogCommon, transport: z.literal("udp"), address }),
  z.strictObject({ ...streamed, transport: z.literal("tcp") }),
  z.strictObject({ ...streamed, transport: z.literal("tls"), tls: Tls.prefault({}) }),
  z.strictObject({ ...syslogCommon, transport: z.literal("unix"), path: absolute.default("/dev/log") }),
]);

const Kafka = z.strictObject({
  type: z.literal("kafka"),
  ...common,
  brokers: z.array(address).min(1).max(100),
  topic: z.string().regex(/^[a-zA-Z0-9._-]{1,249}$/, { error: "a topic's name" }),
  compression: z.enum(["none", "gzip", "zstd"]).default("gzip"),
  /** Given, even empty: TLS. */
  tls: Tls.optional(),
  sasl: z
    .strictObject({ mechanism: z.enum(SASL_MECHANISMS), username: z.string().min(1), password_file: absolute })
    .optional(),
  batch: Batch.prefault({}),
  timeout_ms: z.int().min(100).max(600_000).default(30_000),
});

const OutputConfig = z.discriminatedUnion("type", [Stdout, File, Http, Otlp, Syslog, Kafka]);
/** As in messages. */
const TYPES = ["stdout", "file", "http", "otlp", "syslog", "kafka"];
const TRANSPORTS = ["udp", "tcp", "tls", "unix"];
export type HttpConfig = z.infer<typeof Http> | z.infer<typeof Otlp>;
export type SyslogConfig = z.infer<typeof Syslog>;
export type KafkaConfig = z.infer<typeof Kafka>;
export type OutputConfig = z.infer<typeof OutputConfig>;

const SpoolConfig = z.strictObject({
  directory: absolute.optional(),
  size_mb: z
    .number()
    .min(1)
    .max(1 << 20)
    .default(512),
  memory_mb: z.number().min(1).max(1024).default(16),
  /** How much of the newest the end of the machine may cost; that of the agent costs less. */
  sync_ms: z.int().min(0).max(60_000).default(200),
});

const Config = z.strictObject({
  spool: SpoolConfig.prefault({}),
  outputs: z.array(OutputConfig).min(1).max(16).optional(),
});
export type DeliveryConfig = z.infer<typeof Config>;

/** The configuration is not what it should be; the message has a line for each fault. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly faults: readonly string[];

  constructor(source: string, faults: readonly string[]) {
    super([`${source} is refused:`, ...faults.map((fault) => `  ${fault}`)].join("\n"));
    this.faults = faults;
  }
}

/** @throws ConfigError */
export function parseConfig(text: string, source: string): DeliveryConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, version: "1.2", uniqueKeys: true });
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0)
    throw new ConfigError(
      source,
      syntax.map(({ message, pos }) => `line ${lines.linePos(pos[0]).line}: ${message.split("\n")[0]}`),
    );
  const data: unknown = document.toJS({ maxAliasCount: 0 }) ?? {};
  const result = Config.safeParse(data);
  const place = (path: readonly PropertyKey[]): string => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined;
      if (node?.range) return `line ${lines.linePos(node.range[0]).line}: `;
    }
    return isMap(document.contents) ? "line 1: " : "";
  };
  if (!result.success)
    throw new ConfigError(
      source,
      result.error.issues.map((issue) => place(issue.path) + faultText(issue, data)),
    );
  return withNames(result.data, source);
}

/** Names that are not given are those of the type; two of one name would share a place in the spool. */
function withNames(config: DeliveryConfig, source: string): DeliveryConfig {
  const outputs = config.outputs?.map(withName);
  const names = outputs?.map(({ name }) => name) ?? [];
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0)
    throw new ConfigError(
      source,
      [...new Set(twice)].map(
        (name) =>
          `outputs: received ${names.filter((n) => n === name).length} outputs named ${name}, expected a name of its own for each`,
      ),
    );
  return outputs ? { ...config, outputs } : config;
}

function withName(output: OutputConfig): OutputConfig {
  const { type, ...rest } = output;
  return { type, name: nameOf(output), ...rest } as OutputConfig;
}

export const nameOf = ({ name, type }: OutputConfig): string => name ?? type;

const shown = (value: unknown): string => {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
};

const valueAt = (data: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], data);

/** `path: received VALUE, expected WHAT` */
function faultText(issue: z.core.$ZodIssue, data: unknown): string {
  const path = issue.path.map(String).join(".") || "the whole";
  if (issue.code === "unrecognized_keys")
    return `${path}: received the unknown ${issue.keys.length > 1 ? "keys" : "key"} ${issue.keys.join(", ")}`;
  return `${path}: received ${shown(valueAt(data, issue.path))}, expected ${expectation(issue)}`;
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.expected === "int"
        ? "a whole number"
        : `${/^[aeio]/.test(issue.expected) ? "an" : "a"} ${issue.expected}`;
    case "invalid_value":
      return issue.values
        .map(String)
        .join(", ")
        .replace(/, ([^,]*)$/, " or $1");
    case "invalid_union":
      return `one of ${(issue.path.at(-1) === "transport" ? TRANSPORTS : TYPES).join(", ")}`;
    case "too_small":
      return `at least ${issue.minimum}${issue.origin === "array" ? " of them" : ""}`;
    case "too_big":
      return `at most ${issue.maximum}${issue.origin === "array" ? " of them" : ""}`;
    default:
      return issue.message;
  }
}

/** The effective configuration, as it could be written in a file, but for values that may be secret. */
export function configText({ outputs, ...config }: DeliveryConfig): string {
  const hidden = (headers: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.keys(headers).map((key) => [key, "(hidden)"]));
  const shown = outputs?.map((output) =>
    "headers" in output ? { ...output, headers: hidden(output.headers) } : output,
  );
  return stringify({ ...config, ...(shown ? { outputs: shown } : {}) }, { lineWidth: 120 });
}

/** What is in force where no file says otherwise. */
export const defaultConfig = (): DeliveryConfig => Config.parse({});
