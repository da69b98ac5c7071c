/** What the matcher asks of a process: the values of the context block, by the rows of the field table. */
import { basename } from "node:path";
import { CONTEXT_FIELDS, FIELDS } from "@weir/matcher-wasm/format";
import type { ContextValue } from "@weir/matcher-wasm/host";
import { ancestorsOf, type Process } from "../process/process.ts";

type Resolve = (process: Process, ancestors: readonly Process[]) => ContextValue;

const path = (process: Process | undefined): string => process?.image.path ?? "";
const name = (process: Process | undefined): string => basename(path(process));

const RESOLVERS: Record<string, Resolve> = {
  "process.file.path": path,
  "process.file.name": name,
  "process.args": (p) => p.image.args.slice(1).join(" "),
  "process.argv": (p) => p.image.args.slice(1),
  "process.argv0": (p) => p.image.args[0] ?? "",
  "process.parent.pid": (p) => BigInt(p.parent?.tgid ?? 0),
  "process.parent.comm": (p) => p.parent?.comm ?? "",
  "process.parent.file.path": (p) => path(p.parent),
  "process.parent.file.name": (p) => name(p.parent),
  "process.ancestors.pid": (_, ancestors) => ancestors.map((a) => BigInt(a.tgid)),
  "process.ancestors.comm": (_, ancestors) => ancestors.map((a) => a.comm),
  "process.ancestors.file.path": (_, ancestors) => ancestors.map(path),
  "process.ancestors.file.name": (_, ancestors) => ancestors.map(name),
  "process.container.id": (p) => p.containerId,
  "container.id": (p) => p.containerId,
};

const byId: readonly Resolve[] = Array.from({ length: CONTEXT_FIELDS }, (_, id) => {
  const field = FIELDS.find(({ source }) => source.from === "context" && source.id === id);
  const resolve = RESOLVERS[field?.name ?? ""];
  if (!resolve) throw new Error(`context field ${id} (${field?.name}) has no resolver`);
  return resolve;
});

/** @returns one value for each id of the context block */
export function contextOf(process: Process): ContextValue[] {
  const ancestors = ancestorsOf(process);
  return byId.map((resolve) => resolve(process, ancestors));
}
