/** What a run of the corpus says of a technique. */
import type { AttachMode } from "@weir/agent";

/** What became of one technique. */
export interface Result {
  readonly mode: AttachMode;
  /** `6.1` of the kernel's release. */
  readonly kernel: string;
  readonly name: string;
  /** Why the kernel or the machine can't do it; then nothing else counts. */
  readonly unsupported?: string;
  /** How the program itself failed, which is never expected. */
  readonly failed?: string;
  readonly detected: boolean;
  /** Of the detection, if there is one: path relative to the technique's folder, process, way of resolution. */
  readonly path?: string;
  readonly pid?: number;
  readonly executable?: string;
  readonly resolution?: "object" | "syscall";
  readonly retval?: number;
  readonly expected: "detected" | "missed";
  /** Of a technique that is expected to be missed. */
  readonly reason?: string;
  /** What the program was reported for where the expected detection is missing. */
  readonly instead?: readonly string[];
}

/** Results that are not as the expectations say. */
export const unexpected = (results: readonly Result[]): Result[] =>
  results.filter(({ unsupported, failed, detected, expected }) => {
    if (unsupported !== undefined) return false;
    return failed !== undefined || detected !== (expected === "detected");
  });
