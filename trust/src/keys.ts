/**
 * Ed25519 keys as TUF describes them, their ids, and the asynchronous signer behind which a file, a
 * PKCS#11 token or a KMS may stand.
 */
import { createHash, createPublicKey, type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import { canonicalize } from "@tufjs/canonical-json";
import { Key } from "@tufjs/models";
import { MalformedError } from "./errors.ts";

/** Signs with one key. Implementations may talk to other machines. */
export interface Signer {
  /** Public half, with its TUF key id. */
  readonly key: Key;
  /** @returns 64 bytes of Ed25519 signature over exactly these bytes */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

const signAsync = promisify<null, Uint8Array, KeyObject, Buffer>(sign);
/** DER of a SubjectPublicKeyInfo up to the 32 bytes of an Ed25519 key (RFC 8410). */
const SPKI_PREFIX_BYTES = 12;

/** TUF key id: SHA-256 over the canonical form of the key (TUF specification, section 4.2). */
export function keyIdOf(key: Pick<Key, "toJSON">): string {
  return createHash("sha256").update(canonicalize(key.toJSON())).digest("hex");
}

/**
 * @param publicKey Ed25519
 * @throws TypeError for another kind of key
 */
export function tufKey(publicKey: KeyObject): Key {
  if (publicKey.asymmetricKeyType !== "ed25519")
    throw new TypeError(`got a key of type ${publicKey.asymmetricKeyType}, expected ed25519`);
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(SPKI_PREFIX_BYTES);
  const fields = { keyType: "ed25519", scheme: "ed25519", keyVal: { public: raw.toString("hex") } };
  return new Key({ ...fields, keyID: keyIdOf(new Key({ ...fields, keyID: "" })) });
}

/** @param privateKey Ed25519, held in this process */
export function localSigner(privateKey: KeyObject): Signer {
  return { key: tufKey(createPublicKey(privateKey)), sign: (bytes) => signAsync(null, bytes, privateKey) };
}

/**
 * Refuses a root whose keys don't have the ids that follow from their content. tuf-js counts key ids towards
 * a threshold, so one key listed under two made-up ids would meet a threshold of two.
 * @param keys member `keys` of a root's signed part
 * @throws MalformedError
 */
export function checkKeyIds(keys: Readonly<Record<string, Key>>): void {
  for (const [id, key] of Object.entries(keys)) {
    const expected = keyIdOf(key);
    if (id !== expected) throw new MalformedError(`root: key id ${id.slice(0, 64)} names the key ${expected}`);
    // The same key spelled twice (upper-case hex, PEM) would still be two ids.
    const value = key.keyVal["public"] ?? "";
    if (key.keyType !== "ed25519" || key.scheme !== "ed25519" || !/^[0-9a-f]{64}$/.test(value))
      throw new MalformedError(`root: key ${id} is not an Ed25519 key in lower-case hex`);
  }
}
