/** `weir agent`: the agent of a host that a control plane looks after. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type {
  Agent,
  AgentStatus,
  Delivery,
  HostStatus,
  LossEvent,
  TenantSource,
  UncapturedType,
  UpdateEvent,
  Updater,
} from "@weir/agent";
import { type Command, InvalidArgumentError, Option } from "commander";
import { addStageOptions, FORMAT_NAMES, type StageFlags, seconds } from "../terminal/options.ts";
import type { OutputFlags } from "../terminal/outputs.ts";
import { plural } from "../terminal/plural.ts";

interface AgentFlags extends StageFlags, OutputFlags {
  readonly server: string;
  readonly tenant: readonly TenantSource[];
  readonly state: string;
  readonly poll: number;
  readonly printConfig?: boolean;
  readonly json?: boolean;
}

/** What sinks get before the agent ends; the rest waits in the spool. */
const DRAIN_MS = 3_000;

const STATE_DIR = "/var/lib/weir/agent";
const socketIn = (state: string): string => join(state, "agent.sock");

/** NAME, NAME=sha256:FINGERPRINT or NAME=FILE. */
function tenantSource(value: string, before: readonly TenantSource[]): readonly TenantSource[] {
  const [, name = "", root] = /^([a-z][a-z0-9-]{0,62})(?:=(.+))?$/s.exec(value) ?? [];
  if (name === "")
    throw new InvalidArgumentError("Expected NAME, NAME=sha256:FINGERPRINT or NAME=FILE, with a lower-case name.");
  if (before.some((tenant) => tenant.name === name)) throw new InvalidArgumentError(`Tenant ${name} is given twice.`);
  const fingerprint = /^sha256:([0-9a-f]{64})$/.exec(root ?? "")?.[1];
  if (root?.startsWith("sha256:") && !fingerprint)
    throw new InvalidArgumentError("A fingerprint is sha256: and 64 lower-case hexadecimal digits.");
  return [...before, { name, root: fingerprint ?? (root === undefined ? undefined : rootFile(root)) }];
}

function rootFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new InvalidArgumentError(`The root file cannot be read: ${(error as Error).message}.`);
  }
}

function serverUrl(value: string): string {
  const url = URL.parse(value);
  if (!url || !["http:", "https:"].includes(url.protocol))
    throw new InvalidArgumentError("Expected an http(s) address.");
  return value.replace(/\/+$/, "");
}

export function register(program: Command): void {
  const agent = program
    .command("agent")
    .description(
      "watch this host by the rules of a control plane; detections go to standard output, or where --config says",
    )
    .option("--server <url>", "address of the control plane (required)", serverUrl)
    .option(
      "--tenant <name[=root]>",
      "tenant to follow, at first with the SHA-256 of its root (NAME=sha256:…) or its root file; required, repeatable",
      tenantSource,
      [],
    )
    .option("--state <folder>", "where the agent keeps what it trusts", STATE_DIR)
    .option("--poll <seconds>", "how often to look for new rules when nobody hints at them", seconds, 30_000)
    .option("-c, --config <file>", "outputs and spool, in YAML (agent/README.md)")
    .option("-o, --output <file>", "append detections to this file, besides the outputs of --config")
    .addOption(
      new Option("--format <name>", "of what goes to standard output or --output")
        .choices(FORMAT_NAMES)
        .default("ocsf"),
    )
    .option("--print-config", "print the outputs and the spool that are in force, as YAML, and end")
    .option("--json", "operational messages on standard error as JSON lines");
  addStageOptions(agent)
    .addHelpText(
      "after",
      `
Example:
  weir agent --server https://weir.example.com --tenant acme=sha256:1f3a…`,
    )
    .action(async (options: AgentFlags) => {
      const { fail } = await import("../terminal/errors.ts");
      if (options.printConfig) return await printConfig(options).catch((error) => fail("agent", error));
      // Not required options of the library, which would ask for them in subcommands, too.
      if (options.server === undefined) agent.error("error: required option '--server <url>' not specified");
      if (options.tenant.length === 0) agent.error("error: required option '--tenant <name[=root]>' not specified");
      await runAgent(options).catch((error) => fail("agent", error));
    });

  agent
    .command("status")
    .description("what the running agent does: its rules, what the kernel stage saw, dropped and lost")
    .option("--state <folder>", "state folder of the agent", STATE_DIR)
    .option("--json", "print JSON")
    .action(async (_: unknown, command: Command) => {
      const { fail } = await import("../terminal/errors.ts");
      await showStatus(command.optsWithGlobals()).catch((error) => fail("agent status", error));
    });
}

async function printConfig(options: AgentFlags): Promise<void> {
  const { configText } = await import("@weir/agent");
  const { deliveryConfig } = await import("../terminal/outputs.ts");
  process.stdout.write(configText(await deliveryConfig(options)));
}

async function runAgent(options: AgentFlags): Promise<void> {
  const { Agent, bpfObject, ControlSocket, Delivery, deliveryOptions, Updater } = await import("@weir/agent");
  const { mkdir } = await import("node:fs/promises");
  const { lossText } = await import("../terminal/counters.ts");
  const { deliveryConfig } = await import("../terminal/outputs.ts");
  const say = teller(options.json === true);
  const sayLoss = (event: LossEvent): void => say(lossText(event), { event: "events-lost", ...event.loss });

  const config = await deliveryConfig(options);
  await mkdir(options.state, { recursive: true, mode: 0o700 });
  const stopped = Promise.withResolvers<void>();
  // It may fail before it is waited for.
  stopped.promise.catch(() => undefined);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopped.resolve());

  const control = await ControlSocket.open(socketIn(options.state));
  let delivery: Delivery | undefined;
  let agent: Agent | undefined;
  let updater: Updater | undefined;
  try {
    const sinks = await Delivery.open({ ...deliveryOptions(config, options.state), onLoss: sayLoss });
    delivery = sinks;
    sinks.failed.catch(stopped.reject);
    const started = Agent.start({
      stage: { object: bpfObject(), attach: options.attach, ringBytes: options.ringMb << 20 },
      onDetection: (detection) => sinks.write(detection),
      onLoss: (event) => {
        sinks.write(event);
        sayLoss(event);
      },
      onBroken: ({ tenant, digest, reason }) =>
        say(`tenant ${tenant}: bundle ${digest.slice(0, 12)} is broken: ${reason}; the last good rules take over`, {
          event: "bundle-broken",
          tenant,
          digest,
          reason,
        }),
      onFailure: stopped.reject,
    });
    agent = started;
    control.status = async () => ({ ...(await started.status()), delivery: sinks.status });
    const { attach, fallback } = agent;
    say(`attached by ${attach}s${fallback ? `; ${fallback.split("\n")[0]}` : ""}`, { event: "attached", attach });
    updater = new Updater({
      agent,
      server: options.server,
      tenants: options.tenant,
      stateDir: options.state,
      pollMs: options.poll,
      report: (event) => say(...describe(event)),
    });
    await Promise.race([updater.start(), stopped.promise]);
    if (agent.bundles.length === 0) say("enforcing nothing: there are no rules yet", { event: "idle" });
    await stopped.promise;
  } finally {
    await control.close();
    await updater?.stop();
    await agent?.stop();
    await delivery?.close({ drainMs: DRAIN_MS });
    for (const { name, queued } of delivery?.status.sinks ?? [])
      if (queued > 0)
        say(`${plural(queued, "event")} for ${name} wait for the next start`, {
          event: "waiting",
          sink: name,
          events: queued,
        });
  }
}

type Tell = (text: string, fields: Readonly<Record<string, unknown>>) => void;

function teller(json: boolean): Tell {
  return (text, fields) => {
    const line = json
      ? JSON.stringify({ time: new Date().toISOString(), message: text, ...fields })
      : `weir agent: ${text}`;
    process.stderr.write(`${line}\n`);
  };
}

function describe(event: UpdateEvent): Parameters<Tell> {
  switch (event.kind) {
    case "activated": {
      const { generation, switchedAfterMs, refused, uncaptured } = event.activation;
      const active = event.bundles
        .filter(({ manifest }) => !refused.some(({ tenant }) => tenant === manifest.tenant))
        .map(
          ({ manifest, digest }) =>
            `${manifest.tenant} ${digest.slice(0, 12)} (${plural(new Set(manifest.rules.map(({ id }) => id)).size, "rule")})`,
        );
      const complaints = refused.map(
        ({ tenant, error }) => `${tenant} refused: ${error.message}; its last good rules go on`,
      );
      const bundles = event.bundles.map(({ digest }) => digest);
      const warning = uncaptured.map((type) => `; ${uncapturedText(type)}`).join("");
      return [
        `generation ${generation} active after ${switchedAfterMs.toFixed(1)} ms: ${[...active, ...complaints].join(", ")}${warning}`,
        { event: "activated", generation, switchedAfterMs, bundles, ...(warning === "" ? {} : { uncaptured }) },
      ];
    }
    case "restored":
      return [
        `tenant ${event.tenant}: starting from the last good rules ${event.bundle.digest.slice(0, 12)}` +
          (event.expired ? ", whose signatures have expired meanwhile" : ""),
        { event: "restored", tenant: event.tenant, digest: event.bundle.digest, expired: event.expired },
      ];
    case "failed": {
      const going = event.enforcing ? `rules ${event.enforcing.slice(0, 12)} go on` : "enforcing nothing for it";
      const code = "code" in event.error ? event.error.code : event.error.name;
      return [
        `tenant ${event.tenant}: ${event.error.message}; ${going}`,
        { event: "update-failed", tenant: event.tenant, code, enforcing: event.enforcing ?? null },
      ];
    }
  }
}

export function uncapturedText({ event, reason, tenants }: UncapturedType): string {
  return `rules over ${event} (${tenants.join(", ")}) can't match on this host: ${reason}`;
}

async function showStatus(options: { state: string; json?: boolean }): Promise<void> {
  const { readStatus } = await import("@weir/agent");
  const status = await readStatus(socketIn(options.state));
  if (options.json) process.stdout.write(`${JSON.stringify(status)}\n`);
  else process.stdout.write(await statusText(status));
}

/** Empty while rules have set nothing. */
function variablesText({ values, evicted, dropped }: AgentStatus["variables"]): string {
  if (values + evicted + dropped === 0) return "";
  const losses = [
    ...(evicted > 0 ? [`${evicted} dropped to bound memory`] : []),
    ...(dropped > 0 ? [`${dropped} not set as it was not known whose they are`] : []),
  ];
  return `  ${[`${values} variables set by rules`, ...losses].join(", ")}\n`;
}

async function statusText(status: HostStatus): Promise<string> {
  const { lossText, lostText, renderSummary, summarize } = await import("../terminal/counters.ts");
  const { deliveryText } = await import("../terminal/delivery.ts");
  const bundles = status.bundles.map(
    (b) => `  ${b.tenant}: ${plural(b.rules, "rule")}, bundle ${b.digest.slice(0, 12)}\n`,
  );
  return [
    `pid ${status.pid}, attached by ${status.attach}s, generation ${status.generation ?? "none"}\n`,
    bundles.length > 0 ? bundles.join("") : "  no rules: enforcing nothing\n",
    ...status.broken.map((b) => `  warning: ${b.tenant}: bundle ${b.digest.slice(0, 12)} is broken: ${b.reason}\n`),
    status.restarts > 0 ? `  warning: the judging thread was replaced ${plural(status.restarts, "time")}\n` : "",
    ...status.uncaptured.map((type) => `  warning: ${uncapturedText(type)}\n`),
    status.withoutIoUring ? `  warning: what is done by io_uring is not seen: ${status.withoutIoUring}\n` : "",
    `${renderSummary(summarize(status))}\n`,
    status.lost > 0 ? `  lost since the start: ${lostText(status)}\n` : "",
    status.lastLoss ? `  last: ${lossText(status.lastLoss)}\n` : "",
    `  ${status.pipeline.events} events judged, ${status.pipeline.matches} matches, ${status.processes} processes known\n`,
    `  programs attached: ${status.attached.join(", ")}\n`,
    `  ${plural(status.discarders.learned, "discarder")} learned${status.cachesDirectories ? "" : "; no directory cache: the kernel hides its counters of renames and mounts"}\n`,
    variablesText(status.variables),
    deliveryText(status.delivery),
  ].join("");
}
