/** The control plane: publishes rules as signed bundles. */

export { compileForPublish } from "./compile.ts";
export { ReleaseFeed, type ReleaseHint } from "./feed.ts";
export { type AppDependencies, type AppType, createApp } from "./http/app.ts";
export type { LogEntry } from "./http/env.ts";
export { KeyError, KeyFolder, type KeyRing, type TenantSigners } from "./keys.ts";
export { type Compile, type Compiled, type PublishResult, publishTenant } from "./publish.ts";
export { type CurrentRelease, ReleaseConflict, RepositoryError, TenantRepository } from "./releases.ts";
export { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "./serve.ts";
export { openStore } from "./store/open.ts";
export {
  AlreadyExists,
  Conflict,
  type ObjectStore,
  StoreError,
  StoreRefused,
  StoreUnavailable,
} from "./store/store.ts";
