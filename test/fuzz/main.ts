/**
 * `npm run fuzz -- NAME [--seconds N] [--seed S] [--json]`: tries random cases against one property of members/. Prints
 * the seed before anything else; a failure ends with the command that repeats it, and exit status 1.
 */
import { randomInt } from "node:crypto";
import { readdirSync } from "node:fs";
import { parseArgs } from "node:util";
import type { FuzzMember } from "./member.ts";

const FOLDER = new URL("members/", import.meta.url);
const SECONDS_DEFAULT = 10;
const SEED_LIMIT = 2 ** 32;
const PROGRESS_INTERVAL_MS = 2_000;

/** Wrong use of the command, as against a property that does not hold. */
class UsageError extends Error {
  override readonly name = "UsageError";
}

function memberNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => file.slice(0, -".ts".length))
    .sort();
}

async function load(name: string): Promise<FuzzMember> {
  const member = (await import(new URL(`${name}.ts`, FOLDER).href)) as Partial<FuzzMember>;
  if (typeof member.description !== "string" || typeof member.run !== "function")
    throw new TypeError(`test/fuzz/members/${name}.ts exports no description and run (see test/fuzz/member.ts)`);
  return member as FuzzMember;
}

async function help(): Promise<string> {
  const names = memberNames();
  const width = Math.max(0, ...names.map((name) => name.length));
  const lines = await Promise.all(
    names.map(async (name) => `  ${name.padEnd(width)}  ${(await load(name)).description}`),
  );
  return `Usage: npm run fuzz -- NAME [--seconds N] [--seed S] [--json]

Tries random cases against one property until the time is up or a case breaks it.

  --seconds N  how long; ${SECONDS_DEFAULT} by default
  --seed S     0 to ${SEED_LIMIT - 1}; random by default, printed first
  --json       what was tried as one line of JSON on standard output
  --help       this text

Targets:
${lines.join("\n") || "  (none)"}`;
}

/** @throws UsageError unless the text is a decimal or 0x number in [min, limit) */
function number(option: string, text: string, { min, limit }: { min: number; limit: number }): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= min && value < limit))
    throw new UsageError(`--${option} '${text}': expected a number from ${min} to below ${limit}`);
  return value;
}

function parse(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        seconds: { type: "string", default: String(SECONDS_DEFAULT) },
        seed: { type: "string", default: String(randomInt(SEED_LIMIT)) },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    return { ...values, names: positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** @returns a function that prints the rate of cases, at most once in PROGRESS_INTERVAL_MS */
function rateMeter(name: string, startedMs: number): (cases: number) => void {
  let printedMs = startedMs;
  return (cases) => {
    const nowMs = Date.now();
    if (nowMs - printedMs < PROGRESS_INTERVAL_MS) return;
    printedMs = nowMs;
    console.error(`${name}: ${cases} cases, ${perSecond(cases, nowMs - startedMs)}/s`);
  };
}

function perSecond(cases: number, elapsedMs: number): number {
  return Math.round((cases * 1000) / Math.max(elapsedMs, 1));
}

async function main(args: string[]): Promise<void> {
  const options = parse(args);
  if (options.help) return console.log(await help());
  const [name, ...others] = options.names;
  const known = memberNames();
  if (name === undefined || others.length > 0)
    throw new UsageError(`expected one target, got ${options.names.length}; known are: ${known.join(", ")}`);
  if (!known.includes(name)) throw new UsageError(`unknown target '${name}'; known are: ${known.join(", ")}`);
  const seconds = number("seconds", options.seconds, { min: 0.1, limit: 1_000_000 });
  const seed = number("seed", options.seed, { min: 0, limit: SEED_LIMIT });
  if (!Number.isInteger(seed)) throw new UsageError(`--seed '${options.seed}': expected an integer`);

  const member = await load(name);
  const say = options.json ? console.error : console.log;
  say(`${name}: seed ${seed}`);
  const startedMs = Date.now();
  try {
    const { cases, summary = {} } = await member.run({
      seed,
      deadlineMs: startedMs + seconds * 1000,
      log: (line) => console.error(`${name}: ${line}`),
      progress: rateMeter(name, startedMs),
    });
    if (!(cases > 0)) throw new Error(`no case was tried in ${seconds} s`);
    const elapsedMs = Date.now() - startedMs;
    for (const [what, value] of Object.entries(summary)) say(`${name}: ${what} ${JSON.stringify(value)}`);
    say(`${name}: ${cases} cases in ${(elapsedMs / 1000).toFixed(1)} s, ${perSecond(cases, elapsedMs)}/s`);
    if (options.json) console.log(JSON.stringify({ target: name, seed, cases, elapsedMs, ...summary }));
  } catch (error) {
    console.error(error instanceof Error ? error.stack : String(error));
    console.error(`${name}: FAILED. To repeat: npm run fuzz -- ${name} --seed ${seed} --seconds ${seconds}`);
    process.exitCode = 1;
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const usage = error instanceof UsageError;
  const text = usage ? `${error.message} (--help says more)` : error instanceof Error ? error.stack : String(error);
  console.error(`fuzz: error: ${text}`);
  process.exitCode = usage ? 2 : 1;
}
