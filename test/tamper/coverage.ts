/**
 * The table of `bpf/COVERAGE.md`: what was detected of each technique, by mode and kernel. The document is its own
 * store: a run replaces the columns that it has results for, the others stay.
 */
import type { Result } from "./result.ts";
import { MISSED, missedBy, TECHNIQUES } from "./techniques.ts";

const MODES = ["trampoline", "tracepoint"] as const;
type Cell = "yes" | "no" | "n/a";

/** Heading of a column (`6.1 trampoline`) to what was seen, by technique. */
export type Columns = ReadonlyMap<string, ReadonlyMap<string, Cell>>;

const INTRODUCTION = `# What is detected

Each row is a program of the tamper corpus (\`test/tamper/programs\`). It does one thing to a watched file or directory,
on a file system of memory, while an agent with compiled rules runs on that kernel. **yes**: there was a detection of
that type, which names the watched path and the process that acted. **no**: there was none, for the reason below. **n/a**: this
kernel can't do that. Generated: \`node test/tamper/run.ts trampoline tracepoint --json > results\` on a kernel, then
\`node test/tamper/table.ts results\`; the tests compare.
`;

const cellOf = ({ unsupported, detected }: Result): Cell =>
  unsupported !== undefined ? "n/a" : detected ? "yes" : "no";

export function columnsOf(results: readonly Result[]): Columns {
  const columns = Map.groupBy(results, ({ kernel, mode }) => `${kernel} ${mode}`);
  return new Map([...columns].map(([head, rows]) => [head, new Map(rows.map((row) => [row.name, cellOf(row)]))]));
}

/** @throws Error for a table that this program has not written */
export function parseDocument(text: string): Columns {
  const columns = new Map<string, Map<string, Cell>>();
  let heads: string[] = [];
  for (const line of text.split("\n").filter((l) => l.startsWith("| "))) {
    const cells = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (cells[0] === "technique") {
      heads = cells.slice(2);
      continue;
    }
    const name = /^\[([^\]]+)\]/.exec(cells[0] ?? "")?.[1];
    if (name === undefined) continue;
    for (const [index, head] of heads.entries()) {
      const cell = /^(yes|no|n\/a)/.exec(cells[index + 2] ?? "")?.[1];
      if (cell === undefined) continue;
      const column = columns.get(head) ?? new Map<string, Cell>();
      columns.set(head, column.set(name, cell as Cell));
    }
  }
  return columns;
}

function order(a: string, b: string): number {
  const key = (head: string): number[] => {
    const [kernel = "", mode = ""] = head.split(" ");
    return [...kernel.split(".").map(Number), MODES.indexOf(mode as (typeof MODES)[number])];
  };
  const [x, y] = [key(a), key(b)];
  return x.map((n, i) => n - (y[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** Number of the reason that a technique is missed for. */
function reasonOf(name: string, head: string): string {
  const [kernel = "", mode = ""] = head.split(" ");
  const missed = missedBy(name, { mode: mode as (typeof MODES)[number], kernel });
  return missed ? ` (${MISSED.indexOf(missed) + 1})` : " (?)";
}

export function render(columns: Columns): string {
  const heads = [...columns.keys()].sort(order);
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  const sections = [...Map.groupBy(TECHNIQUES, ({ group }) => group)].map(([group, techniques]) => {
    const rows = techniques.map(({ name, what, type, error }) => {
      const cells = heads.map((head) => {
        const cell = columns.get(head)?.get(name) ?? "";
        return cell === "no" ? `no${reasonOf(name, head)}` : cell;
      });
      const link = `[${name}](../test/tamper/programs/${name}.c)`;
      return row([`${link}: ${what}`, error ? `${type}, ${error}` : type, ...cells]);
    });
    const head = row(["technique", "event", ...heads]) + row(["---", "---", ...heads.map(() => "---")]);
    return `\n## ${group}\n\n${head}${rows.join("")}`;
  });
  const reasons = MISSED.map(({ reason }, index) => `${index + 1}. ${reason}\n`).join("");
  return `${INTRODUCTION}${sections.join("")}${reasons && `\n## What is missed, and why\n\n${reasons}`}`;
}

/** @returns the document with the columns of these results in place of what it said of them */
export function merge(text: string, results: readonly Result[]): string {
  return render(new Map([...parseDocument(text), ...columnsOf(results)]));
}

/** @returns what the document says otherwise than the results, of the columns that it has; one line each */
export function differences(text: string, results: readonly Result[]): string[] {
  const documented = parseDocument(text);
  return [...columnsOf(results)].flatMap(([head, column]) => {
    const known = documented.get(head);
    if (!known) return [];
    return [...column].flatMap(([name, cell]) => {
      const said = known.get(name) ?? "nothing";
      return said === cell ? [] : [`${name}, ${head}: ${cell}, the document says ${said}`];
    });
  });
}
