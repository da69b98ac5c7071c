/**
 * What the matcher asks of a process: the values of the context block, by the rows of the field table.
 *
 * Invariant: what is not known, or known in part only, is null, so that the rules that read it match.
 */
import { basename } from "node:path";
import { CONTEXT_FIELDS, FIELDS } from "@weir/matcher-wasm/format";
import type { ContextValue } from "@weir/matcher-wasm/host";
import { ANCESTORS_MAX, ancestorsOf, type Image, isOldest, type Process, UNKNOWN_IMAGE } from "../process/process.ts";

type Resolve = (process: Process, ancestors: readonly Process[]) => ContextValue;

const path = ({ image }: Process): string | null =>
  image === UNKNOWN_IMAGE || image.pathTruncated ? null : image.path;

function name(process: Process): string | null {
  const known = path(process);
  return known === null ? null : basename(known);
}

/** Whether what `read` gives of the arguments is all there is. */
function args(read: (image: Image) => ContextValue): Resolve {
  return ({ image }) => (image === UNKNOWN_IMAGE || image.argsTruncated ? null : read(image));
}

/** A value of the parent; `none` where there is no parent. */
function ofParent(read: (parent: Process) => string | bigint | null, none: string | bigint): Resolve {
  return (process) => {
    if (process.parent) return read(process.parent);
    return isOldest(process) ? none : null;
  };
}

/** A value of each ancestor, if all of them are known. */
function ofAncestors<T extends string | bigint>(read: (ancestor: Process) => T | null): Resolve {
  return (process, ancestors) => {
    if (ancestors.length === ANCESTORS_MAX || !isOldest(ancestors.at(-1) ?? process)) return null;
    const values = ancestors.map(read);
    return values.includes(null) ? null : (values as string[] | bigint[]);
  };
}

const pid = ({ tgid }: Process): bigint => BigInt(tgid);
const comm = (process: Process): string => process.comm;

const argv0 = args((image) => image.args[0] ?? "");

const RESOLVERS: Record<string, Resolve> = {
  "process.file.path": path,
  "process.file.name": name,
  "process.args": args((image) => image.args.slice(1).join(" ")),
  "process.argv": args((image) => image.args.slice(1)),
  // With another one behind it, it was not cut.
  "process.argv0": (process, ancestors) =>
    process.image.args.length > 1 ? process.image.args[0] : argv0(process, ancestors),
  "process.parent.pid": ofParent(pid, 0n),
  "process.parent.comm": ofParent(comm, ""),
  "process.parent.file.path": ofParent(path, ""),
  "process.parent.file.name": ofParent(name, ""),
  "process.ancestors.pid": ofAncestors(pid),
  "process.ancestors.comm": ofAncestors(comm),
  "process.ancestors.file.path": ofAncestors(path),
  "process.ancestors.file.name": ofAncestors(name),
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
