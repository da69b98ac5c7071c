/**
 * Proves at start that the store does what every release relies on: create only once, replace only what is
 * expected. Servers that take conditional writes and ignore the condition exist; on one of them two
 * publishers would overwrite each other silently. Such a store is refused by name.
 */
import { randomUUID } from "node:crypto";
import { AlreadyExists, Conflict, type EtagStyle, type ObjectStore, StoreRefused } from "./store.ts";

/** The one object that every start replaces. */
const KEY = "probe/compare-and-swap";
/** Other replicas may be starting as well. */
const ROUNDS = 10;

/** @throws StoreRefused saying what the store did; StoreUnavailable where it can't be reached */
export async function probeStore(store: ObjectStore): Promise<void> {
  const refuse = (what: string): never => {
    throw new StoreRefused(
      `store ${store.name} ${what}: it has no compare-and-swap, and releases published at the same time would ` +
        "overwrite each other",
    );
  };
  const body = (): Uint8Array => new TextEncoder().encode(`${randomUUID()}\n`);

  await succeeds(store.create(KEY, body()), AlreadyExists);
  if (await succeeds(store.create(KEY, body()), AlreadyExists))
    refuse("created an object that existed (ignores If-None-Match)");

  const stale = await swapOnce(store, body);
  if (await succeeds(store.swap(KEY, body(), stale), Conflict))
    refuse("replaced an object against a stale version (ignores If-Match)");
  if (await succeeds(store.swap(`probe/missing-${randomUUID()}`, body(), stale), Conflict))
    refuse("replaced an object that does not exist (ignores If-Match)");
}

/**
 * Replaces the object once. On S3 this also finds the ETag style with which that succeeds: AWS takes quotes,
 * Ceph's gateway only goes without.
 * @returns the version that was replaced
 */
async function swapOnce(store: ObjectStore, body: () => Uint8Array): Promise<string> {
  const styles: readonly EtagStyle[] = ["quoted", "bare"];
  for (let round = 0; round < ROUNDS; round++)
    for (const style of store.etagStyle === undefined ? styles.slice(0, 1) : styles) {
      if (store.etagStyle !== undefined) store.etagStyle = style;
      const current = await store.get(KEY);
      if (current === undefined) throw new StoreRefused(`store ${store.name} does not return what it has stored`);
      if (await succeeds(store.swap(KEY, body(), current.version), Conflict)) return current.version;
    }
  throw new StoreRefused(`store ${store.name} refuses to replace an object even against its current version`);
}

/** @returns false for the one expected error */
async function succeeds(operation: Promise<unknown>, expected: new (...args: never[]) => Error): Promise<boolean> {
  try {
    await operation;
    return true;
  } catch (error) {
    if (error instanceof expected) return false;
    throw error;
  }
}
