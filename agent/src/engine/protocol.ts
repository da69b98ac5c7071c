/** What the agent and its engine tell each other, within one thread or between two. */
import type { Detection } from "../detection.ts";
import type { Discarder } from "../kernel/stage.ts";
import type { DiscarderCounters } from "../match/discarders.ts";
import type { PlacedBundle } from "../match/generation.ts";
import type { LinkCounters } from "../match/links.ts";
import type { PipelineCounters } from "../match/pipeline.ts";

/**
 * A bundle of a generation. Of one whose module did not return, what it would have judged is counted (`absent`), or, when
 * that was found out before the generation began, its tenant keeps the bundle before it (`refused`).
 */
export interface GivenBundle extends PlacedBundle {
  readonly broken?: "absent" | "refused";
}

/** A bundle that was not admitted. */
export interface Refusal {
  readonly tenant: string;
  readonly error: Error;
}

/** A bundle whose module trapped, answered nonsense, or did not return; it judges no more. */
export interface BrokenBundle {
  readonly tenant: string;
  readonly digest: string;
  readonly reason: string;
}

export interface EngineStatus {
  readonly pipeline: PipelineCounters;
  readonly discarders: DiscarderCounters;
  readonly links: LinkCounters;
  readonly processes: number;
  /** Of all tenants: values that rules have set, those dropped to bound memory, and sets without effect. */
  readonly variables: { readonly values: number; readonly evicted: number; readonly dropped: number };
  /** How often the engine was replaced, as it did not return. */
  readonly restarts: number;
}

export interface EngineEvents {
  readonly onDetections: (detections: readonly Detection[]) => void;
  readonly onDiscard: (discarder: Discarder) => void;
  readonly onBroken: (bundle: BrokenBundle) => void;
  /** No event of this generation comes any more. */
  readonly onRetired: (generation: number) => void;
  /** The engine has ended, for good. */
  readonly onFailure: (error: unknown) => void;
}

export interface EngineHandle {
  /**
   * Loads what a generation judges by; call it before the kernel stage stamps events with its number. A tenant whose
   * bundle is refused keeps the one of the generation before.
   */
  prepare(generation: number, bundles: readonly GivenBundle[]): Promise<readonly Refusal[]>;
  /** Takes back a generation that never became current. */
  cancel(generation: number): void;
  /** No program stamps events with an older number any more. */
  retireBefore(generation: number): void;
  status(): Promise<EngineStatus>;
  /** Judges what is in the ring, and ends. */
  stop(): Promise<EngineStatus>;
}

export type Request =
  | {
      readonly kind: "prepare";
      readonly id: number;
      readonly generation: number;
      readonly bundles: readonly GivenBundle[];
    }
  | { readonly kind: "begin" }
  | { readonly kind: "cancel" | "retire"; readonly generation: number }
  | { readonly kind: "status" | "stop"; readonly id: number };

/** Errors lose their class between threads. */
export interface ToldError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

export type Answer =
  | {
      readonly kind: "prepared";
      readonly id: number;
      readonly refused: readonly { tenant: string; error: ToldError }[];
    }
  | { readonly kind: "status"; readonly id: number; readonly status: EngineStatus }
  | { readonly kind: "detections"; readonly detections: readonly Detection[] }
  | { readonly kind: "discard"; readonly discarder: Discarder }
  | { readonly kind: "broken"; readonly bundle: BrokenBundle }
  | { readonly kind: "retired"; readonly generation: number }
  | { readonly kind: "failed"; readonly error: ToldError };

export function told(error: unknown): ToldError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const code = "code" in error ? { code: String(error.code) } : {};
  return { name: error.name, message: error.message, ...code };
}

export function errorOf({ message, ...fields }: ToldError): Error {
  return Object.assign(new Error(message), fields);
}
