/** `weir run`: one host without a control plane, from policy files to detections in one command. */
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import type { Agent, Delivery, Detection, LossEvent } from "@weir/agent";
import type { Command } from "commander";
import { addStageOptions, POLICY_ARGUMENT, type StageFlags } from "../terminal/options.ts";

/** What the reader of detections gets at the end. */
const DRAIN_MS = 3_000;

interface RunOptions extends StageFlags {
  readonly output?: string;
  readonly json?: boolean;
  readonly watch?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("run")
    .description("watch this host by policy files, without a control plane")
    .argument("<policy...>", POLICY_ARGUMENT)
    .option("-o, --output <file>", "append detections to this file as JSON lines, instead of showing them")
    .option("--json", "print detections as JSON lines")
    .option("-w, --watch", "when a policy file changes, compile it and swap the rules in place");
  addStageOptions(command)
    .addHelpText(
      "after",
      `
Needs root, or CAP_BPF and CAP_PERFMON. Stops at Ctrl-C, then shows what the kernel stage saw and dropped.

Example:
  weir run rules/packs/linux-fim.yaml`,
    )
    .action(async (files: string[], options: RunOptions) => {
      const { fail } = await import("../terminal/errors.ts");
      await run(files, options).catch((error) => fail("run", error));
    });
}

/** @throws the system's error when the file can't be opened */
async function sinkOf({ output, json }: RunOptions): Promise<Delivery | undefined> {
  const { Delivery, unspooled } = await import("@weir/agent");
  if (output === undefined && !json) return undefined;
  const onLoss = async (event: LossEvent): Promise<void> => {
    const { lossText } = await import("../terminal/counters.ts");
    say(`warning: ${lossText(event)}`);
  };
  if (output === undefined) return await Delivery.open({ ...unspooled({ type: "stdout", format: "native" }), onLoss });
  const path = resolve(output);
  await (await open(path, "a", 0o600)).close();
  return await Delivery.open({ ...unspooled({ type: "file", format: "native", path }), onLoss });
}

/** Says something to the operator; detections own standard output. */
function say(text: string): void {
  process.stderr.write(`weir run: ${text}\n`);
}

async function run(files: readonly string[], options: RunOptions): Promise<void> {
  const { Agent, bpfObject } = await import("@weir/agent");
  const { bundleFromFiles, rulesText } = await import("../policies/bundle.ts");
  const { renderDetection } = await import("../terminal/detection.ts");
  const { lossText, renderSummary, summarize } = await import("../terminal/counters.ts");
  if (options.watch && files.includes("-")) {
    const { CommandError } = await import("../terminal/errors.ts");
    throw new CommandError("standard input can't be watched for changes");
  }
  const bundle = await bundleFromFiles(files);

  const sink = await sinkOf(options);
  let detections = 0;
  const onDetection = (detection: Detection): void => {
    detections++;
    if (sink) sink.write(detection);
    else process.stdout.write(`${renderDetection(detection)}\n`);
  };
  const onLoss = (event: LossEvent): void => {
    sink?.write(event);
    say(`warning: ${lossText(event)}`);
  };
  const stopped = Promise.withResolvers<void>();
  // It may fail before it is waited for.
  stopped.promise.catch(() => undefined);
  if (sink) sink.failed.catch(stopped.reject);
  else process.stdout.on("error", stopped.reject);
  const agent = Agent.start({
    stage: { object: bpfObject(), attach: options.attach, ringBytes: options.ringMb << 20 },
    onDetection,
    onLoss,
    onFailure: stopped.reject,
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopped.resolve());
  let endWatch = async (): Promise<void> => {};
  try {
    const { generation, refused, uncaptured } = await agent.activate([bundle]);
    if (refused[0]) throw refused[0].error;
    for (const { event, reason } of uncaptured) say(`warning: rules over ${event} can't match on this host: ${reason}`);
    const { attach, fallback } = agent;
    if (fallback) say(`attached by ${attach}s; ${fallback.split("\n")[0]}`);
    say(`${rulesText(bundle)} active (generation ${generation}, attached by ${attach}s); Ctrl-C to stop`);
    if (options.watch) endWatch = await watchFiles(files, agent);
    await stopped.promise;
  } finally {
    await endWatch();
    const status = await agent.stop();
    await sink?.close({ drainMs: DRAIN_MS });
    say(`${detections} detections; file events:\n${renderSummary(summarize(status))}`);
  }
}

const LOOK_EVERY_MS = 500;

/**
 * Compiles anew when a policy's content changes, or which files there are; a broken policy leaves the active
 * one in place.
 * @returns ends the watching, after what is under way
 */
async function watchFiles(paths: readonly string[], agent: Agent): Promise<() => Promise<void>> {
  const { readPolicyFiles } = await import("../policies/files.ts");
  const { bundleFromFiles, rulesText } = await import("../policies/bundle.ts");
  const { tell } = await import("../terminal/errors.ts");
  const content = (): string => {
    try {
      return JSON.stringify(readPolicyFiles(paths).map(({ name, text }) => [name, Buffer.from(text).toString("hex")]));
    } catch (error) {
      return String(error);
    }
  };
  const reload = async (): Promise<void> => {
    const bundle = await bundleFromFiles(paths);
    const { generation, switchedAfterMs, refused } = await agent.activate([bundle]);
    if (refused[0]) throw refused[0].error;
    say(`${rulesText(bundle)} active (generation ${generation}, swapped in ${switchedAfterMs.toFixed(1)} ms)`);
  };
  let before = content();
  let work: Promise<void> | undefined;
  const look = (): void => {
    const now = content();
    if (work || now === before) return;
    before = now;
    work = reload()
      .catch(async (error: unknown) => {
        await tell("run", error);
        say("the rules before this change stay active");
      })
      .finally(() => {
        work = undefined;
      });
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return async () => {
    clearInterval(timer);
    await work;
  };
}
