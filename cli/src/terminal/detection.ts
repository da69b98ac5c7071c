/** A detection for reading: one line for what happened, one for who did it. */
import type { Detection } from "@weir/agent";
import ansis from "ansis";

const SEVERITY_COLOURS: Record<string, (text: string) => string> = {
  critical: ansis.red.bold,
  high: ansis.red,
  medium: ansis.yellow,
  low: ansis.cyan,
};

/** Control characters of a hostile file name must not reach the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) =>
    JSON.stringify(`${character}`)
      .slice(1, -1)
      .replace(/^[^\\]$/, () => `\\u${hex(character)}`),
  );
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(4, "0");
}

function change({ event, file }: Detection): string {
  const path = ansis.bold(printable(file.path));
  switch (event.type) {
    case "open":
      return `${event.created ? "created" : "opened"} ${path} ${ansis.dim(event.flags?.join("|") ?? "")}`;
    case "rename":
      return `renamed ${path} to ${ansis.bold(printable(file.destination ?? ""))}`;
    case "chmod":
      return `changed the mode of ${path} to ${event.new_mode}`;
    case "unlink":
    case "rmdir":
      return `removed ${path}`;
    case "mkdir":
      return `made the directory ${path}`;
    case "link":
      return `linked ${path} as ${ansis.bold(printable(file.destination ?? ""))}`;
    case "chown":
      return `changed the owner of ${path} to ${owner(event)}`;
    case "setxattr":
      return `set attribute ${printable(event.attribute ?? "")} of ${path}`;
    case "removexattr":
      return `removed attribute ${printable(event.attribute ?? "")} of ${path}`;
    case "mount":
      return `mounted ${printable(event.mount?.source ?? event.mount?.filesystem ?? "")} on ${path}`;
    case "exec":
      return `executed ${path}`;
    case "exit":
      return `ended ${path} ${ansis.dim(`${event.exit?.cause} ${event.exit?.code}`)}`;
    default:
      return `${event.type} ${path}`;
  }
}

function owner({ new_uid, new_gid, new_user, new_group }: Detection["event"]): string {
  return [new_user ?? new_uid ?? "", new_group ?? new_gid ?? ""].map((part) => printable(String(part))).join(":");
}

export function lineage({ process: p }: Detection): string {
  const name = ({ executable, comm, pid }: { executable: string; comm: string; pid: number }): string =>
    `${printable(executable.split("/").pop() || comm)}(${pid})`;
  return [p, ...p.ancestors].map(name).join(" ← ");
}

export function renderDetection(detection: Detection): string {
  const { rule, process: p, time } = detection;
  const severity = rule.tags["severity"] ?? "";
  const colour = SEVERITY_COLOURS[severity] ?? ((text: string) => text);
  const command = printable(p.args.join(" "));
  return [
    `${ansis.dim(time.slice(11, 23))} ${colour(rule.id)}${severity && ` ${ansis.dim(severity)}`}  ${change(detection)}`,
    `             ${ansis.dim("by")} ${command.length > 100 ? `${command.slice(0, 99)}…` : command || p.comm} ` +
      `${ansis.dim(`uid ${p.uid}`)}${p.container_id && ansis.dim(` container ${p.container_id.slice(0, 12)}`)}`,
    `             ${ansis.dim(lineage(detection))}`,
  ].join("\n");
}
