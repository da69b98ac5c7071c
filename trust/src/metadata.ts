/**
 * Reading of TUF documents: JSON → model, signatures, references. Errors of the library become ours here.
 */
import {
  Metadata,
  MetadataKind,
  type MetaFile,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from "@tufjs/models";
import { MalformedError, MismatchError, SignatureError } from "./errors.ts";
import { checkKeyIds } from "./keys.ts";

export type Body = Root | Timestamp | Snapshot | Targets;
interface Bodies {
  root: Root;
  timestamp: Timestamp;
  snapshot: Snapshot;
  targets: Targets;
}

/**
 * @throws MalformedError
 */
export function parseMetadata<R extends keyof Bodies>(role: R, bytes: Uint8Array): Metadata<Bodies[R]> {
  try {
    const json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    if (typeof json !== "object" || json === null) throw new TypeError("expected an object");
    const kinds = {
      root: MetadataKind.Root,
      timestamp: MetadataKind.Timestamp,
      snapshot: MetadataKind.Snapshot,
      targets: MetadataKind.Targets,
    } as const;
    // The overloads of fromJSON take literal kinds only; the kind decides the type of the body.
    const fromJson = Metadata.fromJSON as unknown as (kind: MetadataKind, data: unknown) => Metadata<Bodies[R]>;
    const metadata = fromJson(kinds[role], json);
    const { version } = metadata.signed;
    if (!Number.isSafeInteger(version) || version < 1) throw new TypeError(`version ${version}`);
    if (metadata.signed.type === MetadataKind.Root) checkKeyIds((metadata as Metadata<Root>).signed.keys);
    return metadata;
  } catch (error) {
    if (error instanceof MalformedError) throw error;
    throw new MalformedError(`${role}: ${(error as Error).message}`, error);
  }
}

/**
 * @throws SignatureError unless enough of the root's keys for the document's role signed it
 */
export function checkSignatures(root: Metadata<Root>, metadata: Metadata<Body>): void {
  try {
    root.verifyDelegate(metadata.signed.type, metadata);
  } catch (error) {
    throw new SignatureError((error as Error).message, error);
  }
}

/**
 * @throws MismatchError unless the bytes have the length and digests that the reference names
 */
export function matchMeta(name: string, meta: MetaFile, bytes: Uint8Array): void {
  try {
    meta.verify(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    throw new MismatchError(`${name}: ${(error as Error).message}`, error);
  }
}
