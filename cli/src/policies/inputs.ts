/** Policies as commands are given them: files, folders and standard input. */
import type { PolicyInput } from "@weir/rules";
import { PolicyFileError, readPolicyFiles } from "./files.ts";

/** What it is called in messages. */
const STDIN_NAME = "(stdin)";
/** Most bytes that are read at all; the compiler has a lower limit and says so. */
const READ_BYTES_MAX = 64 << 20;

/**
 * As `readPolicyFiles`; `-` is standard input.
 * @throws PolicyFileError naming the path
 */
export async function readPolicies(paths: readonly string[]): Promise<PolicyInput[]> {
  const files = readPolicyFiles(paths.filter((path) => path !== "-"));
  return paths.includes("-") ? [...files, await readStdin()] : files;
}

/** @throws PolicyFileError when it is a terminal, or too long */
async function readStdin(): Promise<PolicyInput> {
  if (process.stdin.isTTY) throw new PolicyFileError(STDIN_NAME, "is a terminal: a policy is expected in a pipe");
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > READ_BYTES_MAX)
      throw new PolicyFileError(STDIN_NAME, `more than ${READ_BYTES_MAX} bytes, far too many for a policy`);
    chunks.push(chunk);
  }
  return { name: STDIN_NAME, text: Buffer.concat(chunks) };
}
