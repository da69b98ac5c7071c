/** What a file in members/ exports to be a benchmark. The file's name, without `.ts`, is the benchmark's. */
export interface BenchMember {
  /** One line for `--help`: what is measured. */
  readonly description: string;
  /**
   * Measures. Names of figures end in their unit (`perEventNs`, `eventsPerSecond`).
   * @throws Error where the measurement is not possible here, saying what is missing
   */
  run(options: BenchOptions): Promise<Record<string, unknown>>;
}

export interface BenchOptions {
  /** Under 30 s in all, at the price of precision. */
  readonly quick: boolean;
  /** A line for people on how far it is; goes to stderr. */
  progress(line: string): void;
}
