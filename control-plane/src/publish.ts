/**
 * From policy files to a release: compile, bind together, sign, make visible. Nothing is written unless the
 * policies compile and the bundle passes the checks that agents make.
 */
import type { Diagnostic } from "@weir/rules";
import { type AssembleInput, assembleBundle, type ManifestRule, type SourceFile, writtenRules } from "@weir/trust";
import type { ReleaseFeed } from "./feed.ts";
import type { TenantRepository } from "./releases.ts";

export type Compiled =
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }
  | {
      readonly ok: true;
      readonly diagnostics: readonly Diagnostic[];
      /** In the order of rule indices. */
      readonly rules: readonly ManifestRule[];
      readonly seeds: AssembleInput["seeds"];
      readonly wasm: Uint8Array;
      readonly compiler: { readonly name: string; readonly version: string };
    };

export type Compile = (files: readonly SourceFile[]) => Promise<Compiled>;

export interface PublishResult {
  readonly tenant: string;
  readonly digest: string;
  readonly version: number;
  readonly published: string;
  /** False where the same bundle was current already. */
  readonly changed: boolean;
  /** As written; the event types of a rule that judges several are joined by `, `. */
  readonly rules: readonly { readonly id: string; readonly event: string }[];
  /** Bytes of the module. */
  readonly moduleBytes: number;
  readonly diagnostics: readonly Diagnostic[];
}

export type PublishOutcome =
  | { readonly ok: true; readonly result: PublishResult }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * @throws ReleaseConflict where another publisher was first; RepositoryError, StoreError, BundleError
 */
export async function publishTenant(input: {
  readonly files: readonly SourceFile[];
  readonly repository: TenantRepository;
  readonly compile: Compile;
  readonly feed?: ReleaseFeed;
}): Promise<PublishOutcome> {
  const { files, repository, compile, feed } = input;
  const compiled = await compile(files);
  if (!compiled.ok) return { ok: false, diagnostics: compiled.diagnostics };
  const { rules, seeds, wasm, compiler, diagnostics } = compiled;
  const { tenant } = repository;
  const bundle = assembleBundle({ tenant, wasm, seeds, rules, sources: files, compiler });
  const { digest, version, published, changed } = await repository.publish(bundle);
  feed?.announce({ tenant, digest, version });
  const listed = writtenRules(rules).map(({ id, event }) => ({ id, event }));
  const result = { tenant, digest, version, published, changed, rules: listed, moduleBytes: wasm.length, diagnostics };
  return { ok: true, result };
}
