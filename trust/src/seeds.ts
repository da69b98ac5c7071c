/**
 * Validation of received seeds (`@weir/matcher-wasm/format`, seeds.ts): every value is bounded and in the
 * one form that the kernel stage hashes, so that filling the maps from a valid `Seeds` can't fail on form.
 */
import {
  APPROVERS_MAX,
  type Approver,
  eventTypeByName,
  PATH_BYTES_MAX,
  PATH_DEPTH_MAX,
  type Seeds,
} from "@weir/matcher-wasm/format";
import { z } from "zod";

/** NAME_MAX of Linux. */
const NAME_BYTES_MAX = 255;

const utf8Bytes = (text: string): number => Buffer.byteLength(text, "utf8");
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what is looked for
const hasNul = (text: string): boolean => /\u0000/.test(text);

function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !name.includes("/") && utf8Bytes(name) <= NAME_BYTES_MAX;
}

/** @returns what is wrong with an approver's value, or undefined */
function valueFault(kind: Approver["kind"], value: string): string | undefined {
  if (hasNul(value) || !value.isWellFormed()) return "holds a NUL or an unpaired surrogate";
  if (kind === "basename") return isName(value) ? undefined : "expected one path component of 1 to 255 bytes";
  if (value === "/") return undefined;
  const names = value.split("/");
  if (names.shift() !== "" || !names.every(isName)) return "expected an absolute, normalised path";
  if (names.length > PATH_DEPTH_MAX) return `has ${names.length} components, expected at most ${PATH_DEPTH_MAX}`;
  const bytes = utf8Bytes(value);
  return bytes > PATH_BYTES_MAX ? `has ${bytes} bytes, expected at most ${PATH_BYTES_MAX}` : undefined;
}

const event = z.string().refine((name) => eventTypeByName(name) !== undefined, {
  error: (issue) => `unknown event type ${JSON.stringify(issue.input)}`,
});
const flagsAny = z.int().min(1).max(0xffffffff).nullable();

const approver = z
  .strictObject({
    event,
    kind: z.enum(["path", "ancestor", "basename"]),
    slot: z.enum(["file", "destination"]),
    value: z.string(),
    flagsAny,
  })
  .superRefine((row, context) => {
    const fault = valueFault(row.kind, row.value);
    if (fault !== undefined)
      context.addIssue({ code: "custom", message: `${row.kind} ${JSON.stringify(row.value.slice(0, 200))} ${fault}` });
    if (row.slot === "destination" && eventTypeByName(row.event)?.destination !== true)
      context.addIssue({ code: "custom", message: `event ${row.event} has no destination path` });
  });

const interest = z.strictObject({
  event,
  flagsAny,
  unfiltered: z.union([z.literal(false), z.strictObject({ flagsAny })]),
});

const unique = <T>(rows: readonly T[], key: (row: T) => string): boolean => new Set(rows.map(key)).size === rows.length;

export const seedsModel = z.strictObject({
  format: z.literal("weir-seeds/1"),
  interests: z
    .array(interest)
    .max(64)
    .refine((rows) => unique(rows, (row) => row.event), "two interests for one event"),
  approvers: z
    .array(approver)
    .max(APPROVERS_MAX)
    .refine(
      (rows) => unique(rows, (row) => JSON.stringify([row.event, row.slot, row.kind, row.value, row.flagsAny])),
      "the same approver twice",
    ),
});

/**
 * @param value parsed JSON
 * @throws z.ZodError
 */
export function parseSeeds(value: unknown): Seeds {
  return seedsModel.parse(value);
}
