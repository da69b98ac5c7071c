/**
 * Reads what a module says of itself from its custom section. The text comes from outside: what does not fit
 * the model of `format/description.ts` is refused as a whole.
 */
import { z } from "zod";
import {
  CONTEXT_KEYS,
  CONTEXT_VALUES_MAX,
  DESCRIPTION_SECTION,
  type MatcherDescription,
  PROGRAMS_MAX,
  RULES_MAX,
  UUID_KEY,
  VARIABLE_VALUES_MAX,
  variableKey,
} from "../format/index.ts";
import { MatcherRejectedError } from "./errors.ts";

/** Most bytes of the section. */
const DESCRIPTION_BYTES_MAX = 4 << 20;
const VARIABLES_MAX = 4096;

const name = z.string().min(1).max(256);
const type = z.enum(["string", "int", "bool", "ip"]);
const value = z.union([
  z.string().max(65536),
  z.int(),
  z.boolean(),
  z.array(z.string().max(65536)).max(VARIABLE_VALUES_MAX),
  z.array(z.int()).max(VARIABLE_VALUES_MAX),
]);
const index = z
  .int()
  .min(0)
  .max(RULES_MAX + PROGRAMS_MAX);
const nanoseconds = z.int().min(0);

const variable = z.strictObject({
  name,
  scope: z.enum(["global", "process", "container", "cgroup"]),
  type,
  array: z.boolean(),
  default: value.optional(),
  ttlNs: nanoseconds.optional(),
  size: z.int().min(1).max(VARIABLE_VALUES_MAX).optional(),
  inherited: z.boolean(),
  private: z.boolean(),
});

const program = z.strictObject({
  rule: z
    .int()
    .min(0)
    .max(RULES_MAX - 1),
  action: z.int().min(0).max(255),
  filter: index.optional(),
  set: z
    .strictObject({ variable: name, append: z.boolean(), value: value.optional(), program: index.optional() })
    .refine((set) => (set.value === undefined) !== (set.program === undefined), "expected a value or a program")
    .optional(),
});

const model = z
  .strictObject({
    format: z.literal("weir-matcher/1"),
    context: z
      .array(z.strictObject({ key: z.string().min(1).max(260), type, array: z.boolean() }))
      .max(CONTEXT_VALUES_MAX),
    variables: z.array(variable).max(VARIABLES_MAX),
    programs: z.array(program).max(PROGRAMS_MAX),
  })
  .superRefine(({ context, variables, programs }, check) => {
    const declared = new Map(variables.map((v) => [variableKey(v.name), v]));
    for (const { key, type: t, array } of context) {
      const known = declared.get(key) ?? (key === UUID_KEY.key ? UUID_KEY : CONTEXT_KEYS.get(key));
      if (known !== undefined && (known.type !== t || known.array !== array))
        check.addIssue({ code: "custom", message: `context value ${key} is ${array ? "an array of " : ""}${t}` });
    }
    for (const { set } of programs)
      if (set !== undefined && !declared.has(variableKey(set.variable)))
        check.addIssue({ code: "custom", message: `variable ${set.variable} is not declared` });
  });

/** @throws MatcherRejectedError */
export function readDescription(module: WebAssembly.Module): MatcherDescription {
  const [section, ...more] = WebAssembly.Module.customSections(module, DESCRIPTION_SECTION);
  if (section === undefined || more.length > 0)
    throw new MatcherRejectedError(
      "description",
      `${more.length + (section ? 1 : 0)} sections ${DESCRIPTION_SECTION}, expected one`,
    );
  if (section.byteLength > DESCRIPTION_BYTES_MAX)
    throw new MatcherRejectedError("description", `${section.byteLength} bytes, at most ${DESCRIPTION_BYTES_MAX}`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(section));
  } catch (cause) {
    throw new MatcherRejectedError("description", (cause as Error).message, { cause });
  }
  const parsed = model.safeParse(json);
  if (parsed.success) return parsed.data as MatcherDescription;
  const issue = parsed.error.issues[0];
  throw new MatcherRejectedError("description", `${issue?.path.join(".") || "top level"}: ${issue?.message}`);
}
