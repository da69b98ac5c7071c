/** From the configuration to sinks. */
import { join } from "node:path";
import {
  type DeliveryConfig,
  type HttpConfig,
  type KafkaConfig,
  nameOf,
  type OutputConfig,
  type SyslogConfig,
} from "./config.ts";
import { DELIVERY_DEFAULTS, type DeliveryOptions, type Output } from "./delivery.ts";
import { formatOf } from "./formats/index.ts";
import type { Sink } from "./sink.ts";
import { FileSink } from "./sinks/file.ts";
import { HttpSink } from "./sinks/http.ts";
import { type KafkaOptions, KafkaSink } from "./sinks/kafka.ts";
import { OtlpSink } from "./sinks/otlp.ts";
import type { PosterOptions } from "./sinks/poster.ts";
import { StdoutSink } from "./sinks/stdout.ts";
import { type SyslogOptions, SyslogSink, type SyslogTarget } from "./sinks/syslog.ts";
import type { TlsFiles } from "./sinks/tls.ts";

const MIB = 1 << 20;

function sinkOf(config: OutputConfig): Sink {
  const format = formatOf(config.format);
  switch (config.type) {
    case "stdout":
      return new StdoutSink(format);
    case "file": {
      const rotate = config.rotate && { bytesMax: config.rotate.size_mb * MIB, files: config.rotate.files };
      return new FileSink({ path: config.path, rotate }, format);
    }
    case "http":
      return new HttpSink(posterOptions(config), format);
    case "otlp":
      return new OtlpSink(posterOptions(config), format);
    case "syslog":
      return new SyslogSink(syslogOptions(config), format);
    case "kafka":
      return new KafkaSink(kafkaOptions(config), format);
  }
}

function tlsFiles({ ca_file: caFile, cert_file: certFile, key_file: keyFile }: HttpConfig["tls"]): TlsFiles {
  return { caFile, certFile, keyFile };
}

function syslogOptions(config: SyslogConfig): SyslogOptions {
  const { facility, app_name: appName, timeout_ms: timeoutMs } = config;
  return { facility, appName, timeoutMs, target: targetOf(config), tls: tlsFiles("tls" in config ? config.tls : {}) };
}

function kafkaOptions({ brokers, topic, compression, tls, sasl, timeout_ms }: KafkaConfig): KafkaOptions {
  const { mechanism, username, password_file: passwordFile } = sasl ?? {};
  const login = mechanism && username && passwordFile ? { mechanism, username, passwordFile } : undefined;
  return { brokers, topic, compression, tls: tls && tlsFiles(tls), sasl: login, timeoutMs: timeout_ms };
}

function targetOf(config: SyslogConfig): SyslogTarget {
  if (config.transport === "unix") return { transport: "unix", path: config.path };
  const at = config.address.lastIndexOf(":");
  const host = config.address.slice(0, at).replace(/^\[|\]$/g, "");
  const port = Number(config.address.slice(at + 1));
  if (config.transport === "udp") return { transport: "udp", host, port };
  return { transport: config.transport, host, port, framing: config.framing };
}

function posterOptions({
  url,
  token_file,
  headers,
  gzip,
  timeout_ms,
  tls,
}: HttpConfig): Omit<PosterOptions, "contentType"> {
  return { url, headers, tokenFile: token_file, gzip, timeoutMs: timeout_ms, tls: tlsFiles(tls) };
}

export function outputOf(config: OutputConfig): Output {
  const { type, format } = config;
  const handing =
    "batch" in config
      ? {
          limit: { recordsMax: config.batch.records, bytesMax: config.batch.size_kb << 10 },
          lingerMs: config.batch.wait_ms,
        }
      : DELIVERY_DEFAULTS;
  return { name: nameOf(config), type, format, sink: sinkOf(config), ...handing };
}

/** @param stateDir where the spool is if the configuration does not say otherwise */
export function deliveryOptions(
  { spool, outputs = [] }: DeliveryConfig,
  stateDir: string,
): Pick<DeliveryOptions, "spool" | "outputs"> {
  return {
    spool: {
      directory: spool.directory ?? join(stateDir, "spool"),
      bytesMax: spool.size_mb * MIB,
      memoryBytesMax: spool.memory_mb * MIB,
      syncMs: spool.sync_ms,
    },
    outputs: outputs.map(outputOf),
  };
}

/** One sink and no disk: for a command whose operator sits beside it. */
export function unspooled(config: OutputConfig): Pick<DeliveryOptions, "spool" | "outputs"> {
  const spool = { directory: undefined, bytesMax: 0, memoryBytesMax: 64 * MIB, syncMs: 0 };
  return { spool, outputs: [outputOf(config)] };
}
