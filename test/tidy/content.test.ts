import { spawnSync } from "node:child_process";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { cSources, files, packageJson, ROOT, read, workspaces } from "./files.ts";

const texts = files.filter((path) =>
  /\.(ts|mjs|json|md|sh|c|h|ya?ml|service)$|(^|\/)([A-Z]\w*|\.[\w-]+|run|weir)$/.test(path),
);

function linesWith(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    read(path)
      .split("\n")
      .flatMap((text, index) => (pattern.test(text) ? [`${path}:${index + 1}: ${text.trim().slice(0, 120)}`] : [])),
  );
}

test("no file names the folder of this checkout", () => {
  const parent = dirname(ROOT);
  // A checkout directly in a folder that every machine has says nothing by its parent.
  const common = ["/", "/tmp", "/var/tmp", "/home", "/root", "/opt", "/srv", "/usr/src", "/mnt"].includes(parent);
  const pattern = new RegExp(`(?<![\\w.-])${common ? ROOT : parent}(?![\\w-])`);
  expect(linesWith(texts, pattern)).toEqual([]);
});

test("no file names a package registry, the lockfile included", () => {
  expect(linesWith(texts, /\bregistry\.[a-z0-9-]+\.[a-z]+|"resolved": "(https?|git)/i)).toEqual([]);
});

test("C sources name their licence", () => {
  expect(cSources.filter((path) => !read(path).includes("SPDX-License-Identifier:"))).toEqual([]);
});

test("shell scripts parse", () => {
  const broken = files
    .filter((path) => /^#!\/bin\/(ba)?sh\n/.test(texts.includes(path) ? read(path) : ""))
    .flatMap((path) => {
      const shell = read(path).startsWith("#!/bin/bash") ? "bash" : "sh";
      const { status, stderr } = spawnSync(shell, ["-n", path], { cwd: ROOT, encoding: "utf8" });
      return status === 0 ? [] : [`${path}: ${stderr}`];
    });
  expect(broken).toEqual([]);
});

test("dependencies are pinned exactly", () => {
  const loose = ["", ...workspaces].flatMap((folder) => {
    const { dependencies, devDependencies, optionalDependencies } = packageJson(folder);
    return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
      .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${folder || "root"}: ${name}@${version}`);
  });
  expect(loose).toEqual([]);
});

interface LockedPackage {
  readonly integrity?: string;
  readonly link?: boolean;
  readonly os?: readonly string[];
  readonly libc?: readonly string[];
  readonly cpu?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const locked = Object.entries(
  (JSON.parse(read("package-lock.json")) as { packages: Record<string, LockedPackage> }).packages,
);

test("the lockfile fits every package.json", () => {
  for (const folder of ["", ...workspaces]) {
    const { name, dependencies, devDependencies, optionalDependencies } = packageJson(folder);
    const entry = Object.fromEntries(locked)[folder] as Record<string, unknown> | undefined;
    const kinds = { dependencies, devDependencies, optionalDependencies };
    for (const [kind, wanted] of Object.entries(kinds))
      expect(entry?.[kind] ?? {}, `${name} ${kind}`).toEqual(wanted ?? {});
  }
});

test("the lockfile holds the binaries of every platform; without them npm ci refuses it", () => {
  const paths = new Set(locked.map(([path]) => path));
  const absent = locked.flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !paths.has(`node_modules/${name}`) && !paths.has(`${path}/node_modules/${name}`),
    ),
  );
  expect(absent).toEqual([]);
});

/** The platforms that Weir runs on: Linux with glibc on two processors. */
function isOurs({ os = ["linux"], libc = ["glibc"], cpu = ["x64"] }: LockedPackage): boolean {
  return os.includes("linux") && libc.includes("glibc") && (cpu.includes("x64") || cpu.includes("arm64"));
}

test("the lockfile has a hash of everything that can be installed", () => {
  const unhashed = locked.filter(
    ([path, entry]) => path.includes("node_modules/") && !entry.link && !entry.integrity && isOurs(entry),
  );
  expect(unhashed.map(([path]) => path)).toEqual([]);
});

test("every workspace has a README, or a place in that of the root or in ARCHITECTURE.md", () => {
  const overview = ["README.md", "ARCHITECTURE.md"]
    .filter((path) => files.includes(path))
    .map(read)
    .join("\n");
  const silent = workspaces.filter(
    (workspace) => !files.includes(`${workspace}/README.md`) && !overview.includes(`${workspace}/`),
  );
  expect(silent).toEqual([]);
});

test("links between documents lead somewhere", () => {
  const dead = files
    .filter((path) => path.endsWith(".md"))
    .flatMap((path) =>
      [...read(path).matchAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)[^)]*\)/g)]
        .map(([, target]) => normalize(join(dirname(path), target as string)))
        .filter((target) => !files.some((file) => file === target || file.startsWith(`${target.replace(/\/$/, "")}/`)))
        .map((target) => `${path} -> ${target}`),
    );
  expect(dead).toEqual([]);
});

test("the change log is grouped: versions, then Safety, Performance, Features, Internals, then points", () => {
  const [title, ...lines] = read("CHANGELOG.md").trimEnd().split("\n");
  expect(title).toBe("# Changelog");
  const foreign = lines.filter(
    (line) =>
      !/^(|## (Unreleased|\d+\.\d+\.\d+, \d{4}-\d{2}-\d{2})|### (Safety|Performance|Features|Internals)|- \S.*| {2}\S.*)$/.test(
        line,
      ),
  );
  expect(foreign).toEqual([]);
  expect(lines.find((line) => line.startsWith("## "))).toBeDefined();
});
