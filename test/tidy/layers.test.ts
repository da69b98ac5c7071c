import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { packageJson, ROOT, read, scripts, workspaceOf, workspaces } from "./files.ts";

interface Import {
  readonly file: string;
  readonly specifier: string;
}

/** Imports, re-exports, dynamic imports and import types; comments and strings do not count. */
const imports: readonly Import[] = scripts.flatMap((file) =>
  ts.preProcessFile(read(file), true, true).importedFiles.map(({ fileName: specifier }) => ({ file, specifier })),
);

test("workspaces import each other by package name, never by path", () => {
  const crossing = imports.filter(({ file, specifier }) => {
    if (!specifier.startsWith(".")) return false;
    return workspaceOf(normalize(join(dirname(file), specifier))) !== workspaceOf(file);
  });
  expect(crossing).toEqual([]);
});

test("a workspace that is imported is a declared dependency", () => {
  const undeclared = imports.filter(({ file, specifier }) => {
    const name = /^@weir\/[^/]+/.exec(specifier)?.[0];
    const workspace = workspaceOf(file);
    if (name === undefined || workspace === undefined) return false;
    return packageJson(workspace).dependencies?.[name] === undefined;
  });
  expect(undeclared).toEqual([]);
});

/** What each layer may import of the others; everything else has to be refused by biome.json. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "matcher-wasm": [],
  rules: ["matcher-wasm/format", "matcher-wasm/host"],
  trust: ["matcher-wasm/format"],
  "control-plane": ["rules", "trust", "matcher-wasm/format"],
  agent: ["matcher-wasm/format", "matcher-wasm/host", "trust"],
  cli: ["matcher-wasm/format", "matcher-wasm/host", "rules", "trust", "control-plane", "agent", "cli"],
};

const IMPORTABLE = [
  ...workspaces.filter((workspace) => workspace !== "matcher-wasm"),
  "matcher-wasm/format",
  "matcher-wasm/host",
];

test("biome refuses every import that crosses the layers, and no other", async () => {
  const folder = mkdtempSync(join(tmpdir(), "weir-layers-"));
  try {
    copyFileSync(join(ROOT, "biome.json"), join(folder, "biome.json"));
    for (const layer of Object.keys(ALLOWED)) {
      mkdirSync(join(folder, layer));
      writeFileSync(join(folder, layer, "probe.ts"), IMPORTABLE.map((name) => `import "@weir/${name}";\n`).join(""));
    }
    const expected = Object.entries(ALLOWED).flatMap(([layer, allowed]) =>
      IMPORTABLE.filter((name) => !allowed.includes(name)).map((name) => `${layer} -> ${name}`),
    );
    expect((await refusedImports(folder)).sort()).toEqual(expected.sort());
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Lints the probes in the folder. @returns "LAYER -> IMPORT" for each import that is refused */
async function refusedImports(folder: string): Promise<string[]> {
  const biome = join(ROOT, "node_modules/.bin/biome");
  const args = ["lint", "--only=style/noRestrictedImports", "--max-diagnostics=none", "--reporter=json", "."];
  const output = await new Promise<string>((resolve) => {
    execFile(biome, args, { cwd: folder }, (_error, stdout) => resolve(stdout));
  });
  const { diagnostics } = JSON.parse(output) as {
    diagnostics: { category: string; location: { path: string; start: { line: number } } }[];
  };
  return diagnostics
    .filter(({ category }) => category === "lint/style/noRestrictedImports")
    .map(({ location }) => `${dirname(location.path)} -> ${IMPORTABLE[location.start.line - 1]}`);
}
