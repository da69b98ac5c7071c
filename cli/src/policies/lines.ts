/** Lines of a file or of standard input, one at a time, however large it is. */
import { createReadStream } from "node:fs";
import { PolicyFileError, reasonOf } from "./files.ts";

/** Longest line that is read, in characters. */
export const LINE_LENGTH_MAX = 4 << 20;

/**
 * @param path a file, or `-` for standard input
 * @yields the lines without their ends
 * @throws PolicyFileError naming the path
 */
export async function* linesOf(path: string): AsyncGenerator<string> {
  const input = path === "-" ? process.stdin.setEncoding("utf8") : createReadStream(path, { encoding: "utf8" });
  let rest = "";
  try {
    for await (const chunk of input as AsyncIterable<string>) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() as string;
      if (rest.length > LINE_LENGTH_MAX)
        throw new PolicyFileError(path, `a line has more than ${LINE_LENGTH_MAX} characters`);
      for (const line of lines) yield line.replace(/\r$/, "");
    }
  } catch (error) {
    if (error instanceof PolicyFileError) throw error;
    throw new PolicyFileError(path, reasonOf(error), error);
  }
  if (rest !== "") yield rest;
}

/** @throws PolicyFileError naming the path */
export async function textOf(path: string): Promise<string> {
  const lines: string[] = [];
  for await (const line of linesOf(path)) lines.push(line);
  return lines.join("\n");
}
