/** `weir publish`: policy files to a control plane, which compiles, signs and releases them. */
import type { PublishResult } from "@weir/control-plane";
import type { Command } from "commander";

interface PublishOptions {
  readonly server: string;
  readonly tenant: string;
  readonly token?: string;
  readonly json?: boolean;
}

interface PolicyFile {
  readonly name: string;
  readonly text: string;
}

/** Why nothing was published; `details` goes into --json. */
class PublishError extends Error {
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.details = details;
  }
}

/** A compile of the largest bundle takes seconds; a server that takes longer than this is gone. */
const ANSWER_TIMEOUT_MS = 120_000;
const FILE_BYTES_MAX = 16 << 20;

export function register(program: Command): void {
  program
    .command("publish")
    .description("publish policies as a tenant's rules; agents follow within seconds")
    .argument("<policy...>", "policy files, or folders of .yaml files; together they replace what the tenant had")
    .requiredOption("--server <url>", "address of the control plane")
    .requiredOption("--tenant <name>", "tenant to publish for; created with its first release")
    .option("--token <token>", "admin token (default: the environment's WEIR_TOKEN)")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Exit status 0: published, or the same rules were current already. 1: nothing was published.

Example:
  weir publish rules/packs/linux-fim.yaml --server http://127.0.0.1:8420 --tenant acme`,
    )
    .action(publish);
}

async function publish(policies: string[], options: PublishOptions): Promise<void> {
  try {
    const files = await readPolicies(policies);
    const result = await send(files, options);
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else process.stdout.write(await summary(result));
  } catch (error) {
    const { message } = error as Error;
    const details = error instanceof PublishError ? error.details : {};
    if (options.json) process.stdout.write(`${JSON.stringify({ published: false, error: message, ...details })}\n`);
    else
      process.stderr.write(
        `${await renderDiagnostics(details["diagnostics"])}weir publish: ${message}; nothing published\n`,
      );
    process.exitCode = 1;
  }
}

/** Names are without folders, so that the bundle does not depend on where the files lay. */
async function readPolicies(paths: readonly string[]): Promise<PolicyFile[]> {
  const { readdir, readFile, stat } = await import("node:fs/promises");
  const { basename, join } = await import("node:path");
  const files = new Map<string, PolicyFile>();
  const add = async (path: string): Promise<void> => {
    const found = await stat(path);
    if (found.isDirectory()) {
      const names = (await readdir(path)).filter((name) => /\.ya?ml$/.test(name)).sort();
      if (names.length === 0) throw new PublishError(`${path}: no .yaml files in this folder`);
      for (const name of names) await add(join(path, name));
      return;
    }
    if (found.size > FILE_BYTES_MAX)
      throw new PublishError(`${path}: has ${found.size} bytes, expected at most ${FILE_BYTES_MAX}`);
    const name = basename(path);
    if (files.has(name)) throw new PublishError(`${path}: a second policy named ${name}`);
    files.set(name, { name, text: await decode(name, await readFile(path)) });
  };
  for (const path of paths) {
    try {
      await add(path);
    } catch (error) {
      if (error instanceof PublishError) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      throw new PublishError(code === "ENOENT" ? `${path}: no such file` : `${path}: ${message}`);
    }
  }
  return [...files.values()];
}

/** What is not UTF-8 can't be sent; the compiler says where it stops being text. */
async function decode(name: string, bytes: Uint8Array): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const { analysePolicies } = await import("@weir/rules");
    const { diagnostics } = analysePolicies([{ name, text: bytes }]);
    throw new PublishError(`${name} is not UTF-8 text`, { diagnostics });
  }
}

async function send(files: readonly PolicyFile[], options: PublishOptions): Promise<PublishResult> {
  const { server, tenant } = options;
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol))
    throw new PublishError(`--server ${server}: expected an address like http://127.0.0.1:8420`);
  const token = options.token ?? process.env["WEIR_TOKEN"] ?? "";
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new PublishError(
      "no usable token: give --token or set WEIR_TOKEN to the one that weir serve printed at its first start",
    );
  const url = new URL(
    `v1/tenants/${encodeURIComponent(tenant)}/policies`,
    server.endsWith("/") ? server : `${server}/`,
  );
  let response: Response;
  let answer: Record<string, unknown>;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ files }),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    answer = (await response.json()) as Record<string, unknown>;
  } catch (error) {
    const { message, cause } = error as Error;
    if (error instanceof SyntaxError) throw new PublishError(`${server}: the answer is not that of a control plane`);
    throw new PublishError(
      `${server} can't be reached: ${cause instanceof Error ? cause.message || cause.name : message}`,
    );
  }
  if (response.ok) return answer as unknown as PublishResult;
  throw refusal(response.status, answer, { server, tenant });
}

function refusal(
  status: number,
  answer: Record<string, unknown>,
  at: { server: string; tenant: string },
): PublishError {
  const detail = typeof answer["detail"] === "string" ? answer["detail"] : `answered ${status}`;
  const details = { status, requestId: answer["requestId"], diagnostics: answer["diagnostics"] };
  if (status === 401) return new PublishError(`${at.server} does not accept this token`, details);
  if (status === 422 && Array.isArray(answer["diagnostics"])) {
    const count = (answer["diagnostics"] as { severity?: unknown }[]).filter((row) => row.severity === "error").length;
    return new PublishError(`${count} error${count === 1 ? "" : "s"}`, details);
  }
  return new PublishError(`${at.server} refused (${status}): ${detail}`, details);
}

async function renderDiagnostics(diagnostics: unknown): Promise<string> {
  if (!Array.isArray(diagnostics) || diagnostics.length === 0) return "";
  const { renderDiagnostic } = await import("@weir/rules");
  const color = process.stderr.isTTY === true && process.env["NO_COLOR"] === undefined;
  return diagnostics.map((row) => `${renderDiagnostic(row, { color })}\n`).join("");
}

async function summary(result: PublishResult): Promise<string> {
  const { tenant, version, digest, rules, changed, moduleBytes } = result;
  process.stderr.write(await renderDiagnostics(result.diagnostics));
  const what = `${rules.length} rule${rules.length === 1 ? "" : "s"}, ${Math.ceil(moduleBytes / 1024)} KiB matcher`;
  return changed
    ? `Published for ${tenant}: release ${version}, ${what}\nbundle ${digest}\n`
    : `Unchanged: ${tenant} has these rules already, release ${version}, ${what}\nbundle ${digest}\n`;
}
