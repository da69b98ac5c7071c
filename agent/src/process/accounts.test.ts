import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { childOf, INIT } from "../match/context/event.fixture.ts";
import { Accounts, isComplete, mapId, parseAccounts, parseIdMap } from "./accounts.ts";
import { idsOfProcess, namespaceOf } from "./live.ts";
import { readStat } from "./proc.ts";
import type { Process } from "./process.ts";

test("accounts: the first name of an id, lines that are none left out", () => {
  const text = "root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n\n+::::::\nbad\nweb:x:33:33::/:\nx:x:-1:0\n";
  expect([...parseAccounts(text)]).toEqual([
    [0, "root"],
    [33, "web"],
  ]);
});

test.each([
  ["", true],
  ["passwd: files", true],
  ["passwd:\tcompat systemd # local", true],
  ["group: ldap\npasswd: files", true],
  ["passwd: files [NOTFOUND=return] sss", false],
  ["passwd: files ldap", false],
])("nsswitch %j", (text, expected) => expect(isComplete(text, "user")).toBe(expected));

describe("ids of another user namespace", () => {
  const map = parseIdMap("         0     100000      65536\n     70000       1000          1\n");

  test.each([
    [100000, 0],
    [165535, 65535],
    [1000, 70000],
    [0, undefined],
    [165536, undefined],
  ])("%i", (outside, inside) => expect(mapId(map, outside)).toBe(inside));
});

const own = (parts: Partial<Process> = {}): Process => {
  const stat = readStat(process.pid);
  const self = childOf(INIT, { tgid: process.pid, startNs: stat?.startNs ?? 0n, ...parts });
  idsOfProcess(self);
  return self;
};

test("of a process of the host", () => {
  const accounts = new Accounts();
  expect(accounts.nameOf("user", 0, own())).toBe("root");
  expect(accounts.nameOf("group", 0, own())).toBe("root");
  const listed = parseAccounts(readFileSync("/etc/passwd", "utf8"));
  for (const [id, name] of listed) expect(accounts.nameOf("user", id, own())).toBe(name);
});

test("of a process that is gone: the host's names for one of the host, none for another", () => {
  const accounts = new Accounts();
  const ids = own().ids as NonNullable<Process["ids"]>;
  expect(accounts.nameOf("user", 0, own({ ended: true, ids }))).toBe("root");
  expect(accounts.nameOf("user", 0, own({ ended: true, ids: { ...ids, mountNs: 1 } }))).toBeUndefined();
  expect(accounts.nameOf("user", 0, childOf(INIT, { tgid: 1 << 23 }))).toBeUndefined();
});

test("a mount namespace is known by its number", () => {
  expect(namespaceOf("self", "mnt")).toBe(own().ids?.mountNs);
});
