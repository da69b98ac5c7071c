/** `weir run`: one host without a control plane, from policy files to detections in one command. */
import { readFile } from "node:fs/promises";
import type { Agent, Detection } from "@weir/agent";
import type { Command } from "commander";
import { addStageOptions, type StageFlags } from "../terminal/options.ts";

interface RunOptions extends StageFlags {
  readonly output?: string;
  readonly json?: boolean;
  readonly watch?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("run")
    .description("watch this host by policy files, without a control plane")
    .argument("<policy...>", "policy files, or folders of them")
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

/** Says something to the operator; detections own standard output. */
function say(text: string): void {
  process.stderr.write(`weir run: ${text}\n`);
}

async function run(files: readonly string[], options: RunOptions): Promise<void> {
  const { Agent, bpfObject, JsonLinesSink } = await import("@weir/agent");
  const { bundleFromFiles } = await import("../policies/bundle.ts");
  const { renderDetection } = await import("../terminal/detection.ts");
  const { renderSummary, summarize } = await import("../terminal/counters.ts");
  const bundle = await bundleFromFiles(files);

  const sink = options.output
    ? await JsonLinesSink.toFile(options.output)
    : options.json
      ? JsonLinesSink.toStdout()
      : undefined;
  let detections = 0;
  const onDetection = (detection: Detection): void => {
    detections++;
    if (sink) sink.write(detection);
    else process.stdout.write(`${renderDetection(detection)}\n`);
  };
  const stopped = Promise.withResolvers<void>();
  const agent = Agent.start({
    stage: { object: bpfObject(), attach: options.attach, ringBytes: options.ringMb << 20 },
    onDetection,
    onFailure: stopped.reject,
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopped.resolve());
  try {
    const { generation, refused } = await agent.activate([bundle]);
    if (refused[0]) throw refused[0].error;
    const { attach, fallback } = agent.status();
    if (fallback) say(`attached by ${attach}s; ${fallback.split("\n")[0]}`);
    say(
      `${bundle.manifest.rules.length} rules active (generation ${generation}, attached by ${attach}s); Ctrl-C to stop`,
    );
    if (options.watch) await watchFiles(files, agent, stopped.promise);
    await stopped.promise;
  } finally {
    const status = agent.status();
    await agent.stop();
    await sink?.close();
    say(`${detections} detections; file events:\n${renderSummary(summarize(status))}`);
  }
}

/** Compiles anew when a file's content changes; a broken policy leaves the active one in place. */
async function watchFiles(files: readonly string[], agent: Agent, stopped: Promise<void>): Promise<void> {
  const { unwatchFile, watchFile } = await import("node:fs");
  const { bundleFromFiles } = await import("../policies/bundle.ts");
  let content = await Promise.all(files.map((file) => readFile(file, "utf8")));
  const reload = async (): Promise<void> => {
    const now = await Promise.all(files.map((file) => readFile(file, "utf8")));
    if (now.every((text, i) => text === content[i])) return;
    content = now;
    const bundle = await bundleFromFiles(files);
    const { generation, switchedAfterMs, refused } = await agent.activate([bundle]);
    if (refused[0]) throw refused[0].error;
    say(
      `${bundle.manifest.rules.length} rules active (generation ${generation}, swapped in ${switchedAfterMs.toFixed(1)} ms)`,
    );
  };
  const changed = (): void => {
    reload().catch((error: Error) => say(`${error.message}\nthe rules before this change stay active`));
  };
  for (const file of files) watchFile(file, { interval: 500 }, changed);
  const end = (): void => {
    for (const file of files) unwatchFile(file, changed);
  };
  stopped.then(end, end);
}
