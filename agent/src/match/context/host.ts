/**
 * Context values of the host, read once at start: what rules ask in their `filters`.
 *
 * Invariant: what can't be read is null; `os.is_*` then, too.
 */
import { existsSync, readFileSync } from "node:fs";
import { hostname, release } from "node:os";
import { CONTEXT_KEYS } from "@weir/matcher-wasm/format";
import type { ContextValue } from "@weir/matcher-wasm/host";
import type { Resolve } from "./facts.ts";

export interface HostFacts {
  readonly hostname: string;
  /** By key, without the prefix `host.`. */
  readonly values: ReadonlyMap<string, ContextValue>;
}

/** What a release name such as 5.15.0-91-generic says; parts that it lacks are 0 or empty. */
export interface KernelVersion {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  readonly abi: bigint;
  readonly flavor: string;
}

/** @returns null for a text that is no release name */
export function parseKernelVersion(text: string): KernelVersion | null {
  const parts = /^(\d+)\.(\d+)(?:\.(\d+))?(?:-(\d+))?(.*)$/.exec(text.trim());
  if (!parts) return null;
  const [, major = "0", minor = "0", patch = "0", abi = "0", rest = ""] = parts;
  const flavor = rest.slice(rest.lastIndexOf("-") + 1);
  return { major: BigInt(major), minor: BigInt(minor), patch: BigInt(patch), abi: BigInt(abi), flavor };
}

/** @param text of os-release(5): assignments as a shell has them */
export function parseOsRelease(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name, value] = /^\s*([A-Z][A-Z0-9_]*)=(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const quoted = /^"(.*)"$|^'(.*)'$/.exec(value);
    values.set(name, (quoted?.[1]?.replaceAll(/\\(["$`\\])/g, "$1") ?? quoted?.[2] ?? value) as string);
  }
  return values;
}

const IDS: Readonly<Record<string, readonly string[]>> = {
  is_amazon_linux: ["amzn"],
  is_cos: ["cos"],
  is_debian: ["debian"],
  is_oracle: ["ol"],
  is_rhel: ["rhel", "centos"],
  is_rhel7: ["rhel 7", "centos 7"],
  is_rhel8: ["rhel 8", "centos 8"],
  is_sles: ["sles"],
  is_sles12: ["sles 12"],
  is_sles15: ["sles 15"],
  is_ubuntu: ["ubuntu"],
};

/** @param os of os-release; undefined when it could not be read */
export function osFacts(os: ReadonlyMap<string, string> | undefined): [string, ContextValue][] {
  const id = os?.get("ID") ?? "linux";
  const version = os?.get("VERSION_ID") ?? "";
  const known = [id, `${id} ${version.split(".")[0]}`];
  return [
    ["os.id", os ? id : null],
    ["os.platform_id", os ? (os.get("PLATFORM_ID") ?? "") : null],
    ["os.version_id", os ? version : null],
    ...Object.entries(IDS).map(([name, ids]): [string, ContextValue] => [
      `os.${name}`,
      os ? ids.some((one) => known.includes(one)) : null,
    ]),
    ["os.is_linux", true],
    ["os.is_windows", false],
  ];
}

function readOsRelease(): Map<string, string> | undefined {
  // Of the host's own root where the agent runs in a container.
  for (const path of ["/proc/1/root/etc/os-release", "/etc/os-release", "/usr/lib/os-release"]) {
    try {
      return parseOsRelease(readFileSync(path, "utf8"));
    } catch {
      // The next place.
    }
  }
  return undefined;
}

/** @returns the facts of this host, as they are now */
export function readHostFacts(environment: Readonly<Record<string, string | undefined>> = process.env): HostFacts {
  const name = hostname();
  const version = parseKernelVersion(release());
  const variables = Object.entries(environment).map(([key, value]) => `${key}=${value ?? ""}`);
  return {
    hostname: name,
    values: new Map<string, ContextValue>([
      ...(["major", "minor", "patch", "abi", "flavor"] as const).map((part): [string, ContextValue] => [
        `kernel.version.${part}`,
        version === null ? null : version[part],
      ]),
      ["kernel.core.enabled", existsSync("/sys/kernel/btf/vmlinux")],
      ["os", "linux"],
      ...osFacts(readOsRelease()),
      ["envs", variables],
      ["origin", "ebpf"],
      ["hostname", name],
    ]),
  };
}

export const HOST_RESOLVERS: ReadonlyMap<string, Resolve> = new Map(
  [...CONTEXT_KEYS.keys()].flatMap((key): [string, Resolve][] => {
    if (!key.startsWith("host.")) return [];
    const name = key.slice("host.".length);
    return [[key, ({ sources }) => sources.host.values.get(name) ?? null]];
  }),
);
