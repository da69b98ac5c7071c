/**
 * The administrator's token: 256 random bits, shown once, kept as SHA-256 only. A slow hash would protect
 * passwords, which can be guessed; this can't.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";

const fileModel = z.strictObject({
  format: z.literal("weir-admin-token/1"),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export interface AdminToken {
  /** Only when it was made just now. */
  readonly fresh: string | undefined;
  verify(token: string): boolean;
}

/**
 * Loads the hash, or makes a token where there is none yet.
 * @param path of the file; of several processes that create it at once one does
 */
export async function openAdminToken(path: string): Promise<AdminToken> {
  const token = `weir_${randomBytes(32).toString("base64url")}`;
  const content = JSON.stringify({ format: "weir-admin-token/1", sha256: hash(token).toString("hex") });
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  let fresh: string | undefined;
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(`${content}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    fresh = token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const expected = Buffer.from(readHash(path, await readFile(path, "utf8")), "hex");
  return { fresh, verify: (candidate) => timingSafeEqual(hash(candidate), expected) };
}

function readHash(path: string, text: string): string {
  try {
    return fileModel.parse(JSON.parse(text)).sha256;
  } catch (error) {
    throw new Error(`${path}: not an admin token file; remove it to get a new token at the next start`, {
      cause: error,
    });
  }
}

function hash(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
