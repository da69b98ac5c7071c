/** `weir demo`: everything at once on this machine, to see that it works. */
import type { Command } from "commander";
import type { Demo, DemoListener, DemoReport } from "../demo/demo.ts";

interface DemoOptions {
  readonly json?: boolean;
  readonly keep?: boolean;
}

export function register(program: Command): void {
  program
    .command("demo")
    .description("show it all on this machine: publish, detect, swap rules in a running agent, filter in the kernel")
    .option("--keep", "leave control plane and agent running, and say how to use them")
    .option("--json", "print the report as JSON")
    .addHelpText(
      "after",
      `
Needs root. Works in a temporary folder of its own, which it removes; it changes no file of the system.
Exit status 0 only if every step was seen to work.`,
    )
    .action(async (options: DemoOptions) => {
      const { fail } = await import("../terminal/errors.ts");
      await runDemo(options).catch((error) => fail("demo", error));
    });
}

async function runDemo(options: DemoOptions): Promise<void> {
  const { Demo: DemoClass } = await import("../demo/demo.ts");
  const demo = new DemoClass(await listener(options));
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => reject(new Error(`interrupted by ${signal}`)));
  });
  let keep = false;
  try {
    await Promise.race([demo.run(), interrupted]);
    keep = options.keep === true;
  } finally {
    if (keep) demo.release();
    else await demo.cleanUp();
  }
  if (options.json) process.stdout.write(`${JSON.stringify(demo.report)}\n`);
  else if (!keep) process.stdout.write("\nAll steps worked. Everything the demo made is removed.\n");
  if (keep) (options.json ? process.stderr : process.stdout).write(howToUse(demo));
}

/** Progress goes to standard error, results to standard output. */
async function listener({ json }: DemoOptions): Promise<DemoListener> {
  const { default: ansis } = await import("ansis");
  const { renderStep } = await import("../demo/render.ts");
  const started = performance.now();
  const clock = (): string => `${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s`;
  return {
    step: (title) => void process.stderr.write(`${ansis.dim(clock())}  ${title}\n`),
    done: (step: keyof DemoReport, report: DemoReport) => {
      if (!json) process.stdout.write(`${renderStep(step, report)}\n`);
    },
  };
}

function howToUse(demo: Demo): string {
  const { url, token, folder, agentState, serverPid, report } = demo;
  return `
Still running, in ${folder}:
  control plane  ${url}  (pid ${serverPid})
  agent          pid ${report.agentPid}, detections in ${folder}/agent.out

Try:
  echo changed >> ${folder}/watched/secret.conf; sleep 1; tail -n 1 ${folder}/agent.out
  npx weir agent status --state ${agentState}
  WEIR_TOKEN=${token} npx weir publish POLICY.yaml --server ${url} --tenant demo

Stop and remove:
  kill ${report.agentPid} ${serverPid}; sleep 1; rm -r ${folder}
`;
}
