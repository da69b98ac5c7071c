/** From what an operator writes to a store that has proven itself. */
import { parseS3 } from "./address.ts";
import { FolderStore } from "./folder.ts";
import { probeStore } from "./probe.ts";
import { type ObjectStore, StoreError } from "./store.ts";

/**
 * @param address a folder, or `s3://bucket/prefix?endpoint=http://…&region=…&path-style=true|false`.
 *   Credentials come from the SDK's own chain (environment, profile, container, instance), never from here.
 * @throws StoreError for an address that is none; StoreRefused, StoreUnavailable
 */
export async function openStore(address: string): Promise<ObjectStore> {
  const store = await (address.startsWith("s3://") ? openS3(address) : openFolder(address));
  await probeStore(store);
  return store;
}

/** The SDK is loaded only by those who need it: it takes longer than all the rest. */
async function openS3(address: string): Promise<ObjectStore> {
  const options = parseS3(address);
  const { S3Store } = await import("./s3.ts");
  return new S3Store(options);
}

async function openFolder(path: string): Promise<FolderStore> {
  if (path === "" || /^[a-z][a-z0-9+.-]+:\/\//i.test(path))
    throw new StoreError(`store ${JSON.stringify(path)}: expected a folder or s3://bucket/prefix`);
  return FolderStore.open(path);
}
