/** Puts results of the corpus into the table of `bpf/COVERAGE.md`, or compares them: `table.ts --help`. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { differences, merge, parseDocument, render } from "./coverage.ts";
import type { Result } from "./result.ts";

const DOCUMENT = fileURLToPath(new URL("../../bpf/COVERAGE.md", import.meta.url));
const HELP = `usage: node test/tamper/table.ts [--check] [RESULTS]...

RESULTS are what test/tamper/run.ts --json has written, of any kernels and modes; their columns of bpf/COVERAGE.md
are replaced. With --check nothing is written: exit status 1 when the document is not what would be.
`;

function readResults(file: string): Result[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.flatMap((line) => {
    const value = line.startsWith('{"mode"') ? (JSON.parse(line) as Result) : undefined;
    return value ? [value] : [];
  });
}

const { values, positionals } = parseArgs({
  options: { check: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
  allowPositionals: true,
});
if (values.help) {
  process.stdout.write(HELP);
} else {
  const text = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, "utf8") : "";
  const results = positionals.flatMap(readResults);
  if (!values.check) {
    writeFileSync(DOCUMENT, merge(text, results));
  } else {
    const stale = render(parseDocument(text)) === text ? [] : ["bpf/COVERAGE.md: not as table.ts writes it"];
    const all = [...stale, ...differences(text, results)];
    process.stdout.write(all.map((line) => `${line}\n`).join(""));
    process.exitCode = all.length > 0 ? 1 : 0;
  }
}
