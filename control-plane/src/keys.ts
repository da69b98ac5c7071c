/**
 * Signing keys of the tenants in a local folder: `<folder>/<tenant>/<role>.pem`, PKCS#8, readable by their
 * owner only. They are generated when a tenant is first published to, all four roles at once or none.
 *
 * Each tenant has keys of its own, and each role has: a stolen online key (snapshot, timestamp) publishes
 * nothing. Keeping the root key offline means taking its file away after the first release.
 */
import { createPrivateKey, generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { localSigner, ROLES, type RoleName, type Signer, TENANT_PATTERN } from "@weir/trust";

/** Signer of each role; absent where this server does not hold the key. */
export type TenantSigners = Readonly<Partial<Record<RoleName, Signer>>>;

/** Source of signers, behind which a folder, a token or a KMS may stand. */
export interface KeyRing {
  /** @param create whether a tenant without keys gets some */
  signers(tenant: string, create: boolean): Promise<TenantSigners>;
}

export class KeyError extends Error {
  readonly path: string;

  constructor(path: string, message: string, cause?: unknown) {
    super(`${path}: ${message}`, { cause });
    this.name = "KeyError";
    this.path = path;
  }
}

export class KeyFolder implements KeyRing {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async signers(tenant: string, create: boolean): Promise<TenantSigners> {
    if (!TENANT_PATTERN.test(tenant))
      throw new KeyError(tenant, `expected a tenant name like ${TENANT_PATTERN.source}`);
    const folder = join(this.#path, tenant);
    const found = await this.#load(folder);
    if (Object.keys(found).length > 0 || !create) return found;
    await this.#generate(folder);
    return this.#load(folder);
  }

  async #load(folder: string): Promise<TenantSigners> {
    const signers: Partial<Record<RoleName, Signer>> = {};
    for (const role of ROLES) {
      const path = join(folder, `${role}.pem`);
      try {
        signers[role] = localSigner(createPrivateKey(await readFile(path, "utf8")));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
        throw new KeyError(path, `no usable Ed25519 key: ${(error as Error).message}`, error);
      }
    }
    return signers;
  }

  /** Of two processes that generate at once, one folder stays; both then load it. */
  async #generate(folder: string): Promise<void> {
    const temporary = join(this.#path, `.${randomUUID()}`);
    try {
      await mkdir(temporary, { recursive: true, mode: 0o700 });
      for (const role of ROLES) {
        const { privateKey } = generateKeyPairSync("ed25519");
        const file = await open(join(temporary, `${role}.pem`), "wx", 0o600);
        try {
          await file.writeFile(privateKey.export({ format: "pem", type: "pkcs8" }));
          await file.sync();
        } finally {
          await file.close();
        }
      }
      await syncFolder(temporary);
      await rename(temporary, folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
      });
      await syncFolder(dirname(folder));
    } catch (error) {
      throw new KeyError(folder, `keys can't be written: ${(error as Error).message}`, error);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }
}

async function syncFolder(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
