/**
 * A model of what the kernel stage does with seeds, on events as flat maps. The soundness tests compare it
 * with the evaluator: an event that a rule matches must pass.
 */
import { type Approver, eventTypeByName, FIELDS, type Seeds } from "@weir/matcher-wasm/format";
import type { EventFields } from "../evaluate.ts";
import { admitsFlags } from "./flags.ts";

/** What becomes of an event in the kernel stage, and why. */
export type KernelDecision =
  /** No rule wants this type, or none wants these flags. */
  | { readonly passes: false; readonly because: "type" | "flags" }
  /** No approver is present in its paths with flags that it admits. */
  | { readonly passes: false; readonly because: "approvers" }
  /** The life of processes is not filtered: the agent itself needs it. */
  | { readonly passes: true; readonly because: "process" }
  /** A rule has no approver: every event with these flags passes for its sake. */
  | { readonly passes: true; readonly because: "unfiltered" }
  | { readonly passes: true; readonly because: "approver"; readonly approver: Approver };

/**
 * @param type name of the event's type
 * @param event its paths must be as the kernel's are: absolute and normalised, or empty where they are optional
 */
export function kernelStageDecision(seeds: Seeds, type: string, event: EventFields): KernelDecision {
  if (eventTypeByName(type)?.file === false) return { passes: true, because: "process" };
  const interest = seeds.interests.find((i) => i.event === type);
  if (interest === undefined) return { passes: false, because: "type" };
  const flags = Number(event["open.flags"] ?? 0);
  if (!admitsFlags(interest.flagsAny, flags)) return { passes: false, because: "flags" };
  if (interest.unfiltered !== false && admitsFlags(interest.unfiltered.flagsAny, flags))
    return { passes: true, because: "unfiltered" };
  const approver = seeds.approvers.find(
    (candidate) =>
      candidate.event === type &&
      admitsFlags(candidate.flagsAny, flags) &&
      isPresent(candidate, pathOf(type, candidate.slot, event)),
  );
  return approver === undefined
    ? { passes: false, because: "approvers" }
    : { passes: true, because: "approver", approver };
}

/** @returns whether the event gets to the matcher; see `kernelStageDecision` */
export function kernelStagePasses(seeds: Seeds, type: string, event: EventFields): boolean {
  return kernelStageDecision(seeds, type, event).passes;
}

const PATH_NAMES = new Map(
  FIELDS.flatMap(({ event, name, source }) => (source.from === "path" ? [[`${event} ${source.slot}`, name]] : [])),
);

function pathOf(type: string, slot: Approver["slot"], event: EventFields): unknown {
  const name = PATH_NAMES.get(`${type} ${slot}`);
  return name === undefined ? undefined : event[name];
}

function isPresent({ kind, value }: Approver, path: unknown): boolean {
  if (typeof path !== "string" || path === "") return false;
  if (kind === "path") return path === value;
  if (kind === "basename") return path !== "/" && path.slice(path.lastIndexOf("/") + 1) === value;
  return path !== value && path.startsWith(value === "/" ? value : `${value}/`);
}
