/** The tracepoints of io_uring, which differ by kernel: what the programs of `bpf/tracepoint/uring.h` hang on. */
import { type KernelFunction, kernelFunctions } from "./btf.ts";

/** Among what a stage does not capture: operations by io_uring, whatever their event types. */
export const IO_URING = "io_uring";

/** A kernel calls the programs of a tracepoint from a function of this name, behind a parameter of its own. */
const PREFIX = "__traceiter_";
const SUBMIT = ["io_uring_submit_req", "io_uring_submit_sqe"] as const;
const COMPLETE = "io_uring_complete";
const OVERFLOW = "io_uring_cqe_overflow";

const PROGRAMS: Readonly<Record<(typeof SUBMIT)[number], string>> = {
  io_uring_submit_req: "uring_submit_req",
  io_uring_submit_sqe: "uring_submit_sqe",
};

export interface UringPlan {
  readonly programs: ReadonlySet<string>;
  /** Why there are none. */
  readonly missing: Readonly<Record<string, string>>;
}

const tracepoints = (): ReadonlyMap<string, KernelFunction> =>
  kernelFunctions([...SUBMIT, COMPLETE, OVERFLOW].map((name) => PREFIX + name));

/** @param found what the kernel says of the functions that call the programs */
export function planUring(found: ReadonlyMap<string, KernelFunction> = tracepoints()): UringPlan {
  // Before 6.0 the tracepoint does not tell the request, and completions do not tell it before 5.18.
  const submit = SUBMIT.find((name) => found.get(PREFIX + name)?.parameters[1] === "io_kiocb");
  const absent = [COMPLETE, OVERFLOW].find((name) => !found.has(PREFIX + name));
  if (submit !== undefined && absent === undefined)
    return { programs: new Set([PROGRAMS[submit], "uring_complete", "uring_overflow"]), missing: {} };
  const why =
    submit === undefined
      ? "this kernel has no tracepoint io_uring_submit_req or io_uring_submit_sqe that tells the request"
      : `this kernel has no tracepoint ${absent}`;
  return { programs: new Set(), missing: { [IO_URING]: why } };
}

/** Whether completions are told by their entry in the ring, and not by its members; since Linux 6.14. */
export function completesByCqe(found: ReadonlyMap<string, KernelFunction> = tracepoints()): boolean {
  return found.get(PREFIX + COMPLETE)?.parameters[3] === "io_uring_cqe";
}
