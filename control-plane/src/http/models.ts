/** Models of what clients send. */
import type { SourceFile } from "@weir/trust";
import type { HonoRequest } from "hono";
import { z } from "zod";
import { Problem } from "./problem.ts";

/** Most policy files of one tenant. */
const FILES_MAX = 1024;

const publishModel = z.strictObject({
  files: z
    .array(
      z.strictObject({
        name: z
          .string()
          .min(1)
          .max(255)
          // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
          .regex(/^[^\u0000-\u001f\u007f]+$/, "control characters in the name"),
        text: z.string().refine((text) => text.isWellFormed(), "unpaired surrogate"),
      }),
    )
    .min(1)
    .max(FILES_MAX)
    .refine((files) => new Set(files.map((file) => file.name)).size === files.length, "two files of the same name"),
});

/**
 * @returns the policy files of a publish request
 * @throws Problem 400, 415
 */
export async function readPublishRequest(request: HonoRequest): Promise<SourceFile[]> {
  if (!/^application\/json(;|$)/i.test(request.header("content-type") ?? ""))
    throw new Problem(415, "Unsupported media type", { detail: "expected application/json" });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await request.arrayBuffer()));
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(400, "Bad request", {
      detail: `the body is not JSON: ${(error as Error).message.slice(0, 200)}`,
    });
  }
  const parsed = publishModel.safeParse(json);
  if (parsed.success) return parsed.data.files;
  const issues = parsed.error.issues.slice(0, 20).map(({ path, message }) => ({ path: path.join("."), message }));
  const first = issues[0];
  throw new Problem(400, "Bad request", {
    detail: `${first?.path || "body"}: ${first?.message}`,
    members: { issues },
  });
}
