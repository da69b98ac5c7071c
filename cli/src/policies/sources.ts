/**
 * Policy files as a bundle keeps them: texts under their names without folders, so that the bundle does not
 * depend on where the files lay. Diagnostics are brought back to the paths as given.
 */
import { basename } from "node:path";
import { analysePolicies, type Diagnostic, POLICY_BYTES_MAX, type PolicyInput } from "@weir/rules";
import type { SourceFile } from "@weir/trust";
import { PolicyError } from "../terminal/errors.ts";
import { PolicyFileError } from "./files.ts";
import { readPolicies } from "./inputs.ts";

export class PolicySources {
  /** Sorted by name. */
  readonly files: readonly SourceFile[];
  readonly #paths: ReadonlyMap<string, string>;

  private constructor(files: readonly SourceFile[], paths: ReadonlyMap<string, string>) {
    this.files = files;
    this.#paths = paths;
  }

  /**
   * @param paths files, or folders of them
   * @throws PolicyFileError for what can't be read and for two files of the same name; PolicyError for what is
   * too large or not UTF-8 text
   */
  static async read(paths: readonly string[]): Promise<PolicySources> {
    return PolicySources.of(await readPolicies(paths));
  }

  /** As `read`, for files that were read already. */
  static of(inputs: readonly PolicyInput[]): PolicySources {
    const byName = new Map<string, string>();
    const files = inputs.map((input) => {
      const name = basename(input.name);
      const other = byName.get(name);
      if (other !== undefined)
        throw new PolicyFileError(input.name, `a second policy named ${name} in one bundle, the first is ${other}`);
      byName.set(name, input.name);
      return { name, text: decode(input) };
    });
    files.sort((a, b) => (a.name < b.name ? -1 : 1));
    return new PolicySources(files, byName);
  }

  /** @returns the diagnostics with the files' paths as they were given */
  located(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
    return diagnostics.map((row) => ({ ...row, file: this.#paths.get(row.file) ?? row.file }));
  }
}

function decode({ name, text }: PolicyInput): string {
  if (typeof text === "string") return text;
  // The compiler says what is wrong, and where it stops being text.
  const refuse = (problem: string): never => {
    throw new PolicyError(`${name} ${problem}`, analysePolicies([{ name, text }]).diagnostics);
  };
  if (text.length > POLICY_BYTES_MAX) refuse("is too large");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(text);
  } catch {
    return refuse("is not UTF-8 text");
  }
}
