/**
 * A model of what the kernel stage does with seeds, on events as flat maps. The soundness tests compare it
 * with the evaluator: an event that a rule matches must pass.
 */
import { type Approver, eventTypeByName, type Seeds } from "@weir/matcher-wasm/format";
import type { EventFields } from "../evaluate.ts";
import { admitsFlags } from "./flags.ts";

/**
 * @param type name of the event's type
 * @param event its path must be absolute and normalised, as the kernel's are
 */
export function kernelStagePasses(seeds: Seeds, type: string, event: EventFields): boolean {
  const interest = seeds.interests.find((i) => i.event === type);
  if (interest === undefined) return false;
  const flags = Number(event["open.flags"] ?? 0);
  if (!admitsFlags(interest.flagsAny, flags)) return false;
  if (interest.unfiltered !== false && admitsFlags(interest.unfiltered.flagsAny, flags)) return true;
  const file = event[`${type}.file.path`];
  const destination = eventTypeByName(type)?.destination ? event[`${type}.file.destination.path`] : undefined;
  return seeds.approvers.some(
    (approver) =>
      approver.event === type &&
      admitsFlags(approver.flagsAny, flags) &&
      isPresent(approver, approver.slot === "file" ? file : destination),
  );
}

function isPresent({ kind, value }: Approver, path: unknown): boolean {
  if (typeof path !== "string" || path === "") return false;
  if (kind === "path") return path === value;
  if (kind === "basename") return path !== "/" && path.slice(path.lastIndexOf("/") + 1) === value;
  return path !== value && path.startsWith(value === "/" ? value : `${value}/`);
}
