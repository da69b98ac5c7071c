/** The corpus as a program, for this machine and for guests: `run.ts --help`. */
import { parseArgs } from "node:util";
import type { AttachMode } from "@weir/agent";
import { runCorpus } from "./corpus.ts";
import { type Result, unexpected } from "./result.ts";
import { TECHNIQUES, type Technique } from "./techniques.ts";

const HELP = `usage: node test/tamper/run.ts [tracepoint|trampoline|auto]... [--json] [--only NAME]... [--list]

Runs the tamper corpus against an agent on this machine's kernel, as root: one program for each technique, whose
change must be detected with the watched path and the acting process.

  MODE         how the agent attaches; several run one after the other   auto
  --only NAME  this technique alone; may be given more than once
  --json       a line of JSON for each technique, and {"summary": {…}} as the last line
  --list       names of the techniques, and what they do

Exit status: 0 all as expected (test/tamper/techniques.ts), 1 something is not, 2 wrong usage.
Results of several kernels become the table of bpf/COVERAGE.md by test/tamper/table.ts.
`;

const MODES = ["tracepoint", "trampoline", "auto"];

function usageError(message: string): never {
  process.stderr.write(`${message}\n\n${HELP}`);
  process.exit(2);
}

function readArguments(): { modes: (AttachMode | "auto")[]; json: boolean; techniques: readonly Technique[] } {
  const options = {
    json: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] as string[] },
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    usageError((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help || values.list) {
    const lines = TECHNIQUES.map(({ name, what }) => `${name.padEnd(26)} ${what}\n`).join("");
    process.stdout.write(values.help ? HELP : lines);
    process.exit(0);
  }
  const only = values.only ?? [];
  const strange = only.find((name) => !TECHNIQUES.some((technique) => technique.name === name));
  if (strange !== undefined) usageError(`no technique is called ${JSON.stringify(strange)}; --list names them`);
  const mode = positionals.find((word) => !MODES.includes(word));
  if (mode !== undefined) usageError(`unknown mode ${JSON.stringify(mode)}, expected ${MODES.join(", ")}`);
  const modes = (positionals.length > 0 ? positionals : ["auto"]) as (AttachMode | "auto")[];
  const techniques = only.length > 0 ? TECHNIQUES.filter(({ name }) => only.includes(name)) : TECHNIQUES;
  return { modes, json: values.json ?? false, techniques };
}

function sentence({ name, unsupported, failed, detected, resolution, expected, instead }: Result): string {
  if (failed !== undefined) return `${name.padEnd(26)} FAILED: ${failed}\n`;
  const found = detected ? `detected (${resolution})` : "missed";
  const outcome = unsupported === undefined ? found : `not supported: ${unsupported}`;
  const wrong =
    unsupported === undefined && detected !== (expected === "detected") ? `  UNEXPECTED, not ${expected}` : "";
  const reported = wrong && !detected ? `; reported: ${instead?.join(", ") ?? "nothing"}` : "";
  return `${name.padEnd(26)} ${outcome}${wrong}${reported}\n`;
}

const { modes, json, techniques } = readArguments();
const all: Result[] = [];
for (const mode of modes) {
  const { results } = await runCorpus(mode, techniques);
  all.push(...results);
  if (!json) process.stdout.write(`${results[0]?.mode} on Linux ${results[0]?.kernel}\n\n`);
  for (const result of results) process.stdout.write(json ? `${JSON.stringify(result)}\n` : sentence(result));
}
const count = (fits: (result: Result) => boolean): number => all.filter(fits).length;
const summary = {
  techniques: all.length,
  detected: count(({ detected }) => detected),
  missed: count(({ detected, unsupported }) => !detected && unsupported === undefined),
  unsupported: count(({ unsupported }) => unsupported !== undefined),
  unexpected: unexpected(all).length,
};
const words = Object.entries(summary).map(([name, n]) => `${n} ${name}`);
process.stdout.write(json ? `${JSON.stringify({ summary })}\n` : `\n${words.join(", ")}\n`);
process.exitCode = summary.unexpected > 0 ? 1 : 0;
