/**
 * `npm run bench -- NAME [--json] [--quick] [--record]`: runs one benchmark of members/. Progress goes to stderr, the
 * result with the facts of the machine to stdout.
 */
import { readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { formatResult, toJson } from "./format.ts";
import { machineFacts } from "./machine.ts";
import type { BenchMember } from "./member.ts";

const FOLDER = new URL("members/", import.meta.url);
const RESULTS = new URL("../results/", import.meta.url);

/** Wrong use of the command, as against a benchmark that failed. */
class UsageError extends Error {
  override readonly name = "UsageError";
}

function memberNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => file.slice(0, -".ts".length))
    .sort();
}

async function load(name: string): Promise<BenchMember> {
  const member = (await import(new URL(`${name}.ts`, FOLDER).href)) as Partial<BenchMember>;
  if (typeof member.description !== "string" || typeof member.run !== "function")
    throw new TypeError(`bench/src/members/${name}.ts exports no description and run (see bench/src/member.ts)`);
  return member as BenchMember;
}

async function help(): Promise<string> {
  const names = memberNames();
  const width = Math.max(0, ...names.map((name) => name.length));
  const lines = await Promise.all(
    names.map(async (name) => `  ${name.padEnd(width)}  ${(await load(name)).description}`),
  );
  return `Usage: npm run bench -- NAME [--json] [--quick] [--record]

Measures one part on this machine. Progress goes to stderr, the result to stdout.

  --json   the result as JSON (with npm's --silent, nothing else is on stdout)
  --quick  under 30 s, less precise
  --record keep the result as bench/results/NAME.json; not with --quick
  --help   this text

Benchmarks:
${lines.join("\n") || "  (none)"}`;
}

function parse(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        quick: { type: "boolean", default: false },
        record: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    return { ...values, names: positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function main(args: string[]): Promise<void> {
  const { json, quick, record, help: helpWanted, names } = parse(args);
  if (helpWanted) return console.log(await help());
  const [name, ...others] = names;
  const known = memberNames();
  if (name === undefined || others.length > 0)
    throw new UsageError(`expected one benchmark, got ${names.length}; known are: ${known.join(", ")}`);
  if (!known.includes(name)) throw new UsageError(`unknown benchmark '${name}'; known are: ${known.join(", ")}`);

  if (record && quick) throw new UsageError("--record keeps a full result: not with --quick");

  const member = await load(name);
  const started = new Date();
  const result = await member.run({ quick, progress: (line) => console.error(`${name}: ${line}`) });
  const report = {
    benchmark: name,
    quick,
    startedAt: started.toISOString(),
    elapsedMs: Date.now() - started.getTime(),
    machine: machineFacts(),
    result,
  };
  if (record) {
    const file = fileURLToPath(new URL(`${name}.json`, RESULTS));
    writeFileSync(file, `${toJson(report, 2)}\n`);
    console.error(`${name}: recorded in ${file}`);
  }
  console.log(json ? toJson(report, 2) : formatResult(report).join("\n"));
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const usage = error instanceof UsageError;
  const text = usage ? `${error.message} (--help says more)` : error instanceof Error ? error.stack : String(error);
  console.error(`bench: error: ${text}`);
  process.exitCode = usage ? 2 : 1;
}
