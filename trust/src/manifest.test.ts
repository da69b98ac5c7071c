import { describe, expect, test } from "vitest";
import { canonicalBytes, sha256 } from "./canonical.ts";
import { type BundleFiles, openBundle, writtenRules } from "./manifest.ts";
import { tinyBundle, tinyModule } from "./repository.fixture.ts";

const { files } = tinyBundle("acme");
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** The bundle with one file replaced, the manifest adjusted to it. */
function withFile(name: keyof BundleFiles, bytes: Uint8Array): BundleFiles {
  const manifest = JSON.parse(text(files["manifest.json"]));
  manifest.files[{ "matcher.wasm": "matcher", "seeds.json": "seeds", "sources.json": "sources" }[name as string]!] = {
    length: bytes.length,
    sha256: sha256(bytes),
  };
  return { ...files, [name]: bytes, "manifest.json": canonicalBytes(manifest) };
}

function withManifest(change: (manifest: any) => void): BundleFiles {
  const manifest = JSON.parse(text(files["manifest.json"]));
  change(manifest);
  return { ...files, "manifest.json": canonicalBytes(manifest) };
}

function withSeeds(change: (seeds: any) => void): BundleFiles {
  const seeds = JSON.parse(text(files["seeds.json"]));
  change(seeds);
  return withFile("seeds.json", canonicalBytes(seeds));
}

/** One of each kind. */
const ACTIONS = [
  {
    kind: "set",
    filter: "${x} > 1",
    name: "x",
    scope: "process",
    field: "open.file.path",
    append: true,
    default_value: ["a"],
    size: 5,
    ttl_ns: 1,
    private: false,
    inherited: true,
  },
  {
    kind: "kill",
    signal: "SIGKILL",
    scope: "process",
    disable_container_disarmer: false,
    disable_executable_disarmer: true,
  },
  { kind: "hash", max_file_size_bytes: 1 },
  { kind: "coredump", process: true, mount: false, dentry: false, no_compression: false },
  { kind: "log", level: "info", message: "seen" },
];
const SET = { kind: "set", name: "x", append: false, private: false, inherited: false };

function withRule(parts: object): BundleFiles {
  return withManifest((m) => Object.assign(m.rules[0], parts));
}

/** For what canonical JSON would not write. */
function withManifestText(before: string, after: string): BundleFiles {
  return { ...files, "manifest.json": new TextEncoder().encode(text(files["manifest.json"]).replace(before, after)) };
}

test("everything that a policy says of a rule has its place", () => {
  const metadata = {
    silent: true,
    every_ns: 5_000_000_000,
    limiter_token: ["process.pid", "process.file.path"],
    group_id: "g",
    priority: -3,
    product_tags: ["a:b"],
    actions: ACTIONS,
  };
  const opened = openBundle(withRule(metadata));
  expect(opened.manifest.rules[0]).toMatchObject(metadata);
});

test("a rule over several event types has a row for each", () => {
  const opened = openBundle(withManifest((m) => m.rules.push({ ...m.rules[0], event: "exec" })));
  const rows = opened.manifest.rules.map(({ id, event }) => ({ id, event }));
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length - 1);
});

test("a rule between whose definitions hosts choose has a row for each", () => {
  const opened = openBundle(
    withManifest((m) => {
      const [rule] = m.rules;
      m.rules.push({ ...rule, variant: 1 }, { ...rule, variant: 2, event: "exec" });
    }),
  );
  const rows = writtenRules(opened.manifest.rules.slice(-2));
  expect(rows).toMatchObject([{ variant: 1, event: `${rows[0]?.event.split(",")[0]}, exec` }]);
  expect(() =>
    openBundle(withManifest((m) => m.rules.push(...[1, 1].map((variant) => ({ ...m.rules[0], variant }))))),
  ).toThrow(/two rules with the same id and event/);
});

test("rules as they are written: each once, with all its event types", () => {
  const rows = [
    { id: "a", event: "open", extra: 1 },
    { id: "b", event: "open", extra: 2 },
    { id: "a", event: "chmod", extra: 1 },
    { id: "a", event: "open", extra: 3 },
  ];
  expect(writtenRules(rows)).toEqual([
    { id: "a", event: "open, chmod", extra: 1 },
    { id: "b", event: "open", extra: 2 },
  ]);
});

test("equal inputs give equal bytes; the module is valid", () => {
  expect((globalThis as any).WebAssembly.validate(tinyModule("x"))).toBe(true);
  expect(tinyBundle("acme").digest).toBe(tinyBundle("acme").digest);
  expect(openBundle(files)).toMatchObject({ manifest: { format: "weir-bundle/1", abi: 3 } });
});

test("every bit of every file counts", () => {
  let tried = 0;
  for (const name of Object.keys(files) as (keyof BundleFiles)[])
    for (let byte = 0; byte < files[name].length; byte++) {
      const changed = Uint8Array.from(files[name]);
      changed[byte]! ^= 1 << (byte % 8);
      tried++;
      // A changed manifest may stay valid in itself; then it is another bundle.
      try {
        expect(openBundle({ ...files, [name]: changed }).digest).not.toBe(tinyBundle("acme").digest);
        expect(name).toBe("manifest.json");
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^bundle$/) });
      }
    }
  expect(tried).toBeGreaterThan(500);
});

describe("refused, naming the file", () => {
  test.each<[string, BundleFiles, RegExp]>([
    ["another ABI", withManifest((m) => (m.abi = 99)), /manifest\.json: speaks matcher ABI 99, expected 3/],
    ["bad tenant name", withManifest((m) => (m.tenant = "../x")), /manifest\.json: tenant/],
    ["unknown member", withManifest((m) => (m.extra = 1)), /manifest\.json: .*[Uu]nrecognized/],
    ["unknown event", withManifest((m) => (m.rules[0].event = "mmap")), /manifest\.json: rules\.0\.event/],
    ["one rule twice", withManifest((m) => m.rules.push(m.rules[0])), /two rules with the same id and event/],
    ["not silent, at length", withRule({ silent: false }), /rules\.0\.silent/],
    ["no time between detections", withRule({ every_ns: 0 }), /rules\.0\.every_ns/],
    ["part of a nanosecond", withManifestText('"id":', '"every_ns":0.5,"id":'), /rules\.0\.every_ns/],
    ["an empty token", withRule({ limiter_token: [""] }), /rules\.0\.limiter_token\.0/],
    ["an action of no kind", withRule({ actions: [{ filter: "true" }] }), /rules\.0\.actions\.0\.kind/],
    ["an unknown action", withRule({ actions: [{ kind: "network_filter" }] }), /actions\.0\.kind/],
    [
      "an action of two kinds",
      withRule({ actions: [{ ...ACTIONS[1], ...ACTIONS[2] }] }),
      /actions\.0: .*[Uu]nrecognized/,
    ],
    [
      "a set from two sources",
      withRule({ actions: [{ ...SET, value: 1, field: "process.pid" }] }),
      /actions\.0: expected one of value, field and expression/,
    ],
    ["a set from none", withRule({ actions: [SET] }), /actions\.0: expected one of value, field and expression/],
    [
      "a set of a fraction",
      withManifestText('"id":', `"actions":[${JSON.stringify({ ...SET, value: 0.5 })}],"id":`),
      /actions\.0\.value/,
    ],
    [
      "a signal by number",
      withRule({ actions: [{ ...ACTIONS[1], signal: "9" }] }),
      /actions\.0\.signal: expected the name of a signal/,
    ],
    [
      "more actions than a rule may have",
      withRule({ actions: Array.from({ length: 257 }, () => ACTIONS[4]) }),
      /rules\.0\.actions/,
    ],
    [
      "not canonical",
      { ...files, "manifest.json": new TextEncoder().encode(` ${text(files["manifest.json"])}`) },
      /not canonical/,
    ],
    ["wrong length", { ...files, "seeds.json": files["seeds.json"].subarray(1) }, /seeds\.json: has \d+ bytes/],
    ["not a module", withFile("matcher.wasm", new Uint8Array(9)), /matcher\.wasm: is not a WebAssembly module/],
    [
      "oversized module",
      { ...files, "matcher.wasm": new Uint8Array((16 << 20) + 1) },
      /matcher\.wasm: has 16777217 bytes/,
    ],
    ["seeds not JSON", withFile("seeds.json", Uint8Array.of(0xff)), /seeds\.json/],
    [
      "unknown event in seeds",
      withSeeds((s) => (s.interests[0].event = "mmap")),
      /interests\.0\.event: unknown event type "mmap"/,
    ],
    ["relative path", withSeeds((s) => (s.approvers[0].value = "etc")), /absolute, normalised/],
    ["path with ..", withSeeds((s) => (s.approvers[0].value = "/etc/../x")), /absolute, normalised/],
    ["trailing slash", withSeeds((s) => (s.approvers[0].value = "/etc/")), /absolute, normalised/],
    ["too deep", withSeeds((s) => (s.approvers[0].value = "/a".repeat(129))), /129 components, expected at most 128/],
    [
      "too long",
      withSeeds((s) => (s.approvers[0].value = `/${"a".repeat(250)}`.repeat(17))),
      /bytes, expected at most 4095/,
    ],
    [
      "basename with slash",
      withSeeds((s) => Object.assign(s.approvers[0], { kind: "basename", value: "a/b" })),
      /one path component/,
    ],
    ["NUL", withSeeds((s) => (s.approvers[0].value = "/a\0")), /NUL/],
    ["flags out of range", withSeeds((s) => (s.approvers[0].flagsAny = 2 ** 32)), /approvers\.0\.flagsAny/],
    ["no destination", withSeeds((s) => (s.approvers[0].slot = "destination")), /no destination path/],
    ["duplicate approver", withSeeds((s) => s.approvers.push(s.approvers[0])), /same approver twice/],
    [
      "sources of another format",
      withFile("sources.json", canonicalBytes({ format: "x", files: [] })),
      /sources\.json: format/,
    ],
  ])("%s", (_, bad, pattern) => {
    expect(() => openBundle(bad)).toThrow(pattern);
  });
});

test("canonical JSON: sorted, plain, no fractions", () => {
  expect(text(canonicalBytes({ b: [1, null, true], a: "é\n", c: undefined }))).toBe('{"a":"é\\n","b":[1,null,true]}');
  expect(() => canonicalBytes(0.5)).toThrow(/integer/);
  expect(() => canonicalBytes("\ud800")).toThrow(/surrogate/);
});
