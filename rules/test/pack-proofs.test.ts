/** Of what use the discarder proof is: which directories of an ordinary host the shipped pack leaves silent. */
import { readFileSync } from "node:fs";
import { eventTypeByName } from "@weir/matcher-wasm/format";
import { Matcher } from "@weir/matcher-wasm/host";
import { beforeAll, describe, expect, it } from "vitest";
import { compilePolicies } from "../src/compile.ts";

const PACK = new URL("../packs/linux-fim.yaml", import.meta.url);
const OPEN = eventTypeByName("open")?.id ?? 0;
const RENAME = eventTypeByName("rename")?.id ?? 0;

const numbered = (count: number, path: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => path(i));

/** A thousand directories in which processes of a server with a few users and containers open files. */
const HOST: readonly string[] = [
  ...["/", "/tmp", "/var/tmp", "/dev", "/dev/shm", "/dev/pts", "/run", "/var/log", "/var/log/journal", "/srv/www"],
  ...numbered(200, (i) => `/usr/share/doc/package${i}`),
  ...numbered(100, (i) => `/usr/share/locale/l${i}/LC_MESSAGES`),
  ...numbered(80, (i) => `/usr/lib/python3/dist-packages/module${i}`),
  ...numbered(40, (i) => `/usr/lib/x86_64-linux-gnu/plugins${i}`),
  ...numbered(60, (i) => `/var/lib/service${i}/data`),
  ...numbered(20, (i) => `/var/cache/tool${i}`),
  ...numbered(100, (i) => `/var/lib/docker/overlay2/${i.toString(16).padStart(64, "0")}/merged/usr/lib`),
  ...numbered(100, (i) => `/proc/${i + 1}/task/${i + 1}`),
  ...numbered(40, (i) => `/sys/fs/cgroup/system.slice/service${i}.service`),
  ...numbered(40, (i) => `/run/user/${1000 + i}/bus`),
  ...numbered(60, (i) => `/home/u${i % 6}/.cache/app${i}`),
  ...numbered(60, (i) => `/home/u${i % 6}/src/project${i}/node_modules`),
  ...numbered(30, (i) => `/opt/product${i}/conf`),
  // Where the pack has something to say, or may have.
  ...["/etc", "/etc/cron.d", "/etc/pam.d", "/etc/sudoers.d", "/etc/ssh", "/etc/systemd/system", "/etc/ld.so.conf.d"],
  ...["/root", "/root/.ssh", "/bin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/lib/modules/6.1", "/usr/lib/systemd"],
  ...numbered(10, (i) => `/home/u${i}`),
  ...numbered(10, (i) => `/home/u${i}/.ssh`),
  ...numbered(15, (i) => `/lib/modules/6.1/kernel/drivers/d${i}`),
  ...numbered(10, (i) => `/etc/ssl/certs/c${i}`),
];

describe("linux-fim", { timeout: 60_000 }, () => {
  let matcher: Matcher;

  beforeAll(async () => {
    const result = await compilePolicies([{ name: "linux-fim.yaml", text: readFileSync(PACK, "utf8") }]);
    if (!result.ok) throw new Error(result.diagnostics.map(({ message }) => message).join("\n"));
    matcher = await Matcher.load(result.wasm);
  });

  it.each([
    "/tmp",
    "/var/lib/x",
    "/home/u/.cache",
    "/home/u/src/project",
    "/usr/share/doc",
    "/usr/share/doc/libc6",
    "/proc/1",
    "/var/log",
    "/dev/shm",
  ])("leaves %s silent for opens", (directory) => {
    expect(matcher.prove(OPEN, directory)).toBe(true);
  });

  it.each([
    "/etc",
    "/etc/cron.d",
    "/etc/cron.d/deep/er",
    "/root/.ssh",
    "/home/u/.ssh",
    "/usr/bin",
    "/lib/modules/6.1/kernel",
    "/etc/pam.d",
  ])("does not leave %s silent", (directory) => {
    expect(matcher.prove(OPEN, directory)).toBe(false);
  });

  it("leaves most directories of a host silent for opens, and nothing for renames, which have two", () => {
    expect(new Set(HOST).size).toBe(1000);
    const silent = HOST.filter((directory) => matcher.prove(OPEN, directory));
    expect(silent.length).toBeGreaterThan(900);
    expect(HOST.filter((directory) => matcher.prove(RENAME, directory))).toEqual([]);
  });
});
