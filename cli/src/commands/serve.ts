/** `weir serve`: the control plane on this machine. */
import type { Command } from "commander";

interface ServeOptions {
  readonly listen: string;
  readonly store?: string;
  readonly data: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command("serve")
    .description("run the control plane: compile, sign, store and serve rules")
    .option("--listen <address>", "host:port to listen on; port 0 takes a free one", "127.0.0.1:8420")
    .option("--store <store>", "folder, or s3://bucket/prefix?endpoint=URL&region=NAME (default: DATA/store)")
    .option("--data <folder>", "folder for signing keys and the admin token's hash", ".weir/server")
    .option("--json", "one JSON object per line on standard output, the first when ready")
    .addHelpText(
      "after",
      `
At the first start an admin token is printed, once. Credentials for S3 come from the environment, a profile
or the machine's role, as with any AWS tool.

Examples:
  weir serve
  weir serve --listen 0.0.0.0:8420 --data /var/lib/weir --store s3://weir-rules/prod?region=eu-central-1`,
    )
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const { join } = await import("node:path");
  const { startControlPlane } = await import("@weir/control-plane");
  const { json = false, data } = options;
  const print = (value: unknown): boolean => process.stdout.write(`${JSON.stringify(value)}\n`);
  try {
    const service = await startControlPlane({
      store: options.store ?? join(data, "store"),
      stateDir: data,
      listen: parseListen(options.listen),
      log: (entry) => {
        if (json) print({ event: "log", time: new Date().toISOString(), ...entry });
        else if (entry.level === "error" || entry.message !== "request") process.stderr.write(`${logLine(entry)}\n`);
      },
    });
    const { url, storeName: store, freshToken: token } = service;
    if (json) print({ event: "ready", url, store, data, ...(token === undefined ? {} : { token }) });
    else process.stdout.write(banner({ url, store, data, token }));
    // Ends the process once nothing is left to do; a second signal ends it at once.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void service.close());
  } catch (error) {
    process.stderr.write(`weir serve: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

function parseListen(address: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]+)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65535)
    throw new Error(`--listen ${address}: expected host:port, such as 127.0.0.1:8420 or [::1]:8420`);
  return { host: match[1] ?? match[2] ?? "", port };
}

function logLine({ level, message, ...fields }: { level: string; message: string; [field: string]: unknown }): string {
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return [level, message, ...rest].join("  ");
}

function banner(at: { url: string; store: string; data: string; token: string | undefined }): string {
  const { url, store, data, token } = at;
  const first =
    token === undefined
      ? ""
      : `
Admin token, shown only now:

  export WEIR_TOKEN=${token}

Quick start, in another terminal:

  weir publish policy.yaml --server ${url} --tenant acme

It then shows the command that starts an agent, with the fingerprint of the tenant's root.
`;
  return `Weir control plane on ${url}\nstore ${store}, keys in ${data}\n${first}`;
}
