/** What a piece of work took. */
export interface Cost {
  readonly elapsedMs: number;
  /** Time on processors, of all its processes; on a busy machine nearer to the truth. */
  readonly processorMs: number;
}
