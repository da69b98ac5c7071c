/** What a lint has to say, before it is a diagnostic. */
import type { Written } from "../check/index.ts";
import type { Severity } from "../diagnostics.ts";
import type { Place } from "../source.ts";

export interface Finding {
  readonly severity: Severity;
  readonly code: string;
  readonly at: Written | Place;
  readonly message: string;
  readonly hint?: string | undefined;
  /** Because of it the rule as a whole matches nothing or everything. */
  readonly decides?: boolean;
  /** Another place that belongs to it. */
  readonly related?: { readonly at: Written | Place; readonly message: string } | undefined;
}

export type Report = (finding: Finding) => void;
