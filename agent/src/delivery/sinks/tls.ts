/** Whom a sink trusts and how it shows itself, from files. */
import { readFile } from "node:fs/promises";

export interface TlsFiles {
  /** Authorities in PEM; the system's when undefined. */
  readonly caFile: string | undefined;
  /** A certificate of the host's own with its key, where the receiver wants one. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
}

export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** @throws the system's error when one can't be read */
export async function readTls({ caFile, certFile, keyFile }: TlsFiles): Promise<TlsMaterial> {
  return {
    ...(caFile ? { ca: await readFile(caFile) } : {}),
    ...(certFile ? { cert: await readFile(certFile) } : {}),
    ...(keyFile ? { key: await readFile(keyFile) } : {}),
  };
}
