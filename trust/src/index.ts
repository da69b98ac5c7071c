/** Formats and trust decisions that control plane and agent share. */
export { bytesEqual, canonicalBytes, type Json, sha256 } from "./canonical.ts";
export {
  BundleClient,
  type BundleClientOptions,
  type ExpiredDocument,
  METADATA_LIMITS,
  type RefreshResult,
  type RestoredBundle,
} from "./client.ts";
export * from "./errors.ts";
export { checkKeyIds, keyIdOf, localSigner, type Signer, tufKey } from "./keys.ts";
export {
  type AssembleInput,
  assembleBundle,
  BUNDLE_FILES,
  type Bundle,
  type BundleFile,
  type BundleFiles,
  FILE_BYTES_MAX,
  type Manifest,
  type ManifestRule,
  openBundle,
  openManifest,
  type SourceFile,
  TENANT_PATTERN,
  writtenRules,
} from "./manifest.ts";
export * from "./repository.ts";
export { parseSeeds } from "./seeds.ts";
export type { Fetch } from "./transport.ts";
