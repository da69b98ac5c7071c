/** What linking refuses. */

/** Which limit a set of rules breaks, or why it can't be linked at all. */
export type LinkLimit =
  | "RULES_MAX"
  | "MEMORY_PAGES_MAX"
  | "MODULE_BYTES_MAX"
  | "EXPRESSION_DEPTH_MAX"
  | "CONTEXT_VALUES_MAX"
  | "PROGRAMS_MAX"
  | "event"
  | "field"
  | "template"
  | "runtime";

/** The rules can't become one matcher; `value` is what was received, `maximum` what fits. */
export class LinkError extends Error {
  override readonly name = "LinkError";
  readonly limit: LinkLimit;
  readonly value: number | string;
  readonly maximum: number | undefined;

  constructor(limit: LinkLimit, value: number | string, message: string, maximum?: number) {
    super(message);
    this.limit = limit;
    this.value = value;
    this.maximum = maximum;
  }
}
