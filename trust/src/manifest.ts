/**
 * The bundle: what one tenant publishes. Four files, bound together by the manifest.
 *
 *   manifest.json   canonical JSON (RFC 8785); its SHA-256 is the bundle's digest
 *   matcher.wasm    the linked matcher module
 *   seeds.json      what the kernel stage needs
 *   sources.json    canonical JSON {format, files: [{name, text}]}: the policies it was compiled from
 *
 * Invariant: a `Bundle` exists only if every file has the length and digest that its manifest names, and
 * manifest, seeds and sources are valid. What the module does is not judged here: the matcher's host
 * loader vets it.
 */
import { ABI_VERSION, eventTypeByName, MODULE_BYTES_MAX, RULES_MAX, type Seeds } from "@weir/matcher-wasm/format";
import { z } from "zod";
import { bytesEqual, canonicalBytes, type Json, sha256 } from "./canonical.ts";
import { BundleError } from "./errors.ts";
import { parseSeeds } from "./seeds.ts";

/** Tenant names: they occur in object keys, URLs and file names. */
export const TENANT_PATTERN = /^[a-z][a-z0-9-]{0,62}$/;

export const BUNDLE_FILES = ["manifest.json", "matcher.wasm", "seeds.json", "sources.json"] as const;
export type BundleFile = (typeof BUNDLE_FILES)[number];
/** The files as they travel, by target name. */
export type BundleFiles = Readonly<Record<BundleFile, Uint8Array>>;

/** Most bytes of each file; the publisher refuses to exceed them and the agent to read on. */
export const FILE_BYTES_MAX: Readonly<Record<BundleFile, number>> = {
  "manifest.json": 32 << 20,
  "matcher.wasm": MODULE_BYTES_MAX,
  "seeds.json": 32 << 20,
  "sources.json": 32 << 20,
};

const text = (charactersMax: number) =>
  z
    .string()
    .max(charactersMax)
    .refine((value) => value.isWellFormed(), "unpaired surrogate");
const file = z.strictObject({
  length: z
    .int()
    .min(0)
    .max(32 << 20),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
const name = text(256).min(1);
const nanoseconds = z.int().min(1);

/** A constant that a variable is set to. */
const constant = z.union([
  text(65536),
  z.int(),
  z.boolean(),
  z.array(text(65536)).max(4096),
  z.array(z.int()).max(4096),
]);

/** Condition under which an action is taken, as written. */
const filter = text(65536).optional();
const scope = z.enum(["process", "container", "cgroup"]);

/** As the policy has them: for people to read, and for what agents do besides setting variables. */
const action = z.discriminatedUnion("kind", [
  z
    .strictObject({
      kind: z.literal("set"),
      filter,
      name,
      /** Without one: a value for all. */
      scope: scope.optional(),
      scope_field: name.optional(),
      value: constant.optional(),
      field: name.optional(),
      expression: text(65536).optional(),
      default_value: constant.optional(),
      append: z.boolean(),
      size: z.int().min(1).optional(),
      ttl_ns: nanoseconds.optional(),
      private: z.boolean(),
      inherited: z.boolean(),
    })
    .refine(
      ({ value, field, expression }) => [value, field, expression].filter((from) => from !== undefined).length === 1,
      "expected one of value, field and expression",
    ),
  z.strictObject({
    kind: z.literal("kill"),
    filter,
    signal: z.string().regex(/^SIG[A-Z0-9]{1,16}$/, "expected the name of a signal, as in SIGKILL"),
    scope,
    disable_container_disarmer: z.boolean(),
    disable_executable_disarmer: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal("hash"),
    filter,
    /** A file, such as `open.file`; without one the file of the event. */
    field: name.optional(),
    max_file_size_bytes: z.int().min(1).optional(),
  }),
  z.strictObject({
    kind: z.literal("coredump"),
    filter,
    process: z.boolean(),
    mount: z.boolean(),
    dentry: z.boolean(),
    no_compression: z.boolean(),
  }),
  z.strictObject({ kind: z.literal("log"), filter, level: text(64).min(1), message: text(4096).optional() }),
]);

const rule = z.strictObject({
  id: name,
  event: text(64).refine((type) => eventTypeByName(type) !== undefined, "unknown event type"),
  /** From 1, where hosts choose by their filters between several definitions of one rule. */
  variant: z.int().min(1).max(256).optional(),
  description: text(4096).optional(),
  tags: z.record(text(128), text(1024)),
  product_tags: z.array(text(1024)).max(256).optional(),
  expression: text(65536),
  version: text(64).optional(),
  /** Its actions are taken, it makes no detections. */
  silent: z.literal(true).optional(),
  /** Shortest time between two detections, for each value of the token. */
  every_ns: nanoseconds.optional(),
  limiter_token: z.array(name).min(1).max(64).optional(),
  group_id: name.optional(),
  priority: z.int().optional(),
  /** In the order in which they are taken. */
  actions: z.array(action).min(1).max(256).optional(),
});

/** Order of `rules` is the order of rule indices in the matcher's verdicts. */
export const manifestModel = z.strictObject({
  format: z.literal("weir-bundle/1"),
  tenant: z.string().regex(TENANT_PATTERN),
  abi: z.int(),
  compiler: z.strictObject({ name: text(64).min(1), version: text(64).min(1) }),
  rules: z
    .array(rule)
    .max(RULES_MAX)
    // A rule over several event types has a row for each of them, and for each of its variants.
    .refine(
      (rules) =>
        new Set(rules.map(({ id, event, variant }) => JSON.stringify([id, event, variant ?? null]))).size ===
        rules.length,
      "two rules with the same id and event",
    ),
  files: z.strictObject({ matcher: file, seeds: file, sources: file }),
});

const sourcesModel = z.strictObject({
  format: z.literal("weir-sources/1"),
  files: z.array(z.strictObject({ name: text(1024).min(1), text: z.string() })).max(4096),
});

export type Manifest = z.infer<typeof manifestModel>;
export type ManifestRule = Manifest["rules"][number];

/**
 * @param rows a manifest's rules: one row for each event type that a rule judges, and for each of its variants
 * @returns the rules as they were written, each once, its event types joined by `, `; in the order of the rows
 */
export function writtenRules<T extends Pick<ManifestRule, "id" | "event">>(rows: readonly T[]): T[] {
  const byId = Map.groupBy(rows, ({ id }) => id);
  return [...byId.values()].map((own) => ({
    ...(own[0] as T),
    event: [...new Set(own.map(({ event }) => event))].join(", "),
  }));
}

export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

export interface Bundle {
  /** Lower-case hex SHA-256 of the manifest's bytes: the identity of the bundle. */
  readonly digest: string;
  readonly manifest: Manifest;
  readonly wasm: Uint8Array;
  readonly seeds: Seeds;
  readonly sources: readonly SourceFile[];
  readonly files: BundleFiles;
}

export interface AssembleInput {
  readonly tenant: string;
  readonly wasm: Uint8Array;
  /** The value, or its canonical bytes as the compiler wrote them. */
  readonly seeds: Seeds | Uint8Array;
  /** In the order of rule indices. */
  readonly rules: readonly ManifestRule[];
  readonly sources: readonly SourceFile[];
  readonly compiler: { readonly name: string; readonly version: string };
}

/**
 * Puts a bundle together; equal inputs give equal bytes. What it returns has passed `openBundle`.
 * @throws BundleError
 */
export function assembleBundle(input: AssembleInput): Bundle {
  const seeds = input.seeds instanceof Uint8Array ? input.seeds : encode("seeds.json", input.seeds as unknown as Json);
  const files = input.sources.map(({ name, text: content }) => ({ name, text: content }));
  files.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const sources = encode("sources.json", { format: "weir-sources/1", files });
  const describe = (bytes: Uint8Array) => ({ length: bytes.length, sha256: sha256(bytes) });
  const manifest = encode("manifest.json", {
    format: "weir-bundle/1",
    tenant: input.tenant,
    abi: ABI_VERSION,
    compiler: { name: input.compiler.name, version: input.compiler.version },
    rules: input.rules as unknown as Json,
    files: { matcher: describe(input.wasm), seeds: describe(seeds), sources: describe(sources) },
  });
  return openBundle({
    "manifest.json": manifest,
    "matcher.wasm": input.wasm,
    "seeds.json": seeds,
    "sources.json": sources,
  });
}

function encode(name: BundleFile, value: Json): Uint8Array {
  try {
    return canonicalBytes(value);
  } catch (error) {
    throw new BundleError(name, (error as Error).message, error);
  }
}

/**
 * Checks the files against each other, the format and the limits.
 * @throws BundleError naming the file at fault
 */
export function openBundle(files: BundleFiles): Bundle {
  for (const name of BUNDLE_FILES) {
    const bytes = files[name];
    if (bytes === undefined) throw new BundleError(name, "missing");
    if (bytes.length > FILE_BYTES_MAX[name])
      throw new BundleError(name, `has ${bytes.length} bytes, expected at most ${FILE_BYTES_MAX[name]}`);
  }

  const manifest = openManifest(files["manifest.json"]);

  // Mix-and-match: each file must be the one that was compiled together with the others.
  checkFile("matcher.wasm", files["matcher.wasm"], manifest.files.matcher);
  checkFile("seeds.json", files["seeds.json"], manifest.files.seeds);
  checkFile("sources.json", files["sources.json"], manifest.files.sources);

  const wasm = files["matcher.wasm"];
  if (!bytesEqual(wasm.subarray(0, 8), Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)))
    throw new BundleError("matcher.wasm", "is not a WebAssembly module of version 1");
  const seeds = parse("seeds.json", files["seeds.json"], parseSeeds);
  const sources = parse("sources.json", files["sources.json"], (value) => sourcesModel.parse(value));
  return { digest: sha256(files["manifest.json"]), manifest, wasm, seeds, sources: sources.files, files };
}

/**
 * @returns the manifest that the bytes hold
 * @throws BundleError
 */
export function openManifest(bytes: Uint8Array): Manifest {
  const manifest = parse("manifest.json", bytes, (value) => {
    // Before the strict model, so that a newer bundle is called that, not malformed.
    const abi = (value as { abi?: unknown } | null)?.abi;
    if (typeof abi === "number" && abi !== ABI_VERSION)
      throw new BundleError("manifest.json", `speaks matcher ABI ${abi}, expected ${ABI_VERSION}`);
    return manifestModel.parse(value);
  });
  // One value, one digest: no second spelling of the same manifest.
  if (!bytesEqual(canonicalBytes(manifest as unknown as Json), bytes))
    throw new BundleError("manifest.json", "is not canonical JSON");
  return manifest;
}

function checkFile(name: BundleFile, bytes: Uint8Array, expected: { length: number; sha256: string }): void {
  if (bytes.length !== expected.length)
    throw new BundleError(name, `has ${bytes.length} bytes, the manifest says ${expected.length}`);
  const received = sha256(bytes);
  if (received !== expected.sha256)
    throw new BundleError(name, `has SHA-256 ${received}, the manifest says ${expected.sha256}`);
}

function parse<T>(name: BundleFile, bytes: Uint8Array, model: (value: unknown) => T): T {
  try {
    return model(JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)));
  } catch (error) {
    if (error instanceof BundleError) throw error;
    if (error instanceof z.ZodError) {
      const issue = error.issues[0];
      throw new BundleError(name, `${issue?.path.join(".") || "top level"}: ${issue?.message}`, error);
    }
    throw new BundleError(name, (error as Error).message, error);
  }
}
