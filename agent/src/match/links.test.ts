import { linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EVENT_LINK, EVENT_RENAME, EVENT_UNLINK, type FileEvent, type Seeds } from "@weir/matcher-wasm/format";
import { afterEach, beforeEach, expect, test } from "vitest";
import { attributesOf } from "../process/statx.ts";
import { fileEvent } from "./context/event.fixture.ts";
import { type LinkOptions, linkSeeds, WatchedLinks } from "./links.ts";

let root: string;
/** What the kernel stage would have: path by device, inode and number. */
let kernel: Map<string, string>;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "weir-links-"));
  kernel = new Map();
  for (const path of ["w/d", "out"]) mkdirSync(join(root, path), { recursive: true });
  for (const path of ["w/single", "w/f", "w/d/g"]) writeFileSync(join(root, path), "");
  linkSync(join(root, "w/f"), join(root, "out/f"));
  linkSync(join(root, "w/d/g"), join(root, "out/g"));
});
afterEach(() => rmSync(root, { recursive: true }));

const inodeOf = (path: string): bigint => attributesOf(root + path)?.inode ?? 0n;

function keeper(options: Partial<LinkOptions> = {}): WatchedLinks {
  const name = ({ dev, inode, nth }: Parameters<LinkOptions["drop"]>[0]): string => `${dev} ${inode} ${nth}`;
  return new WatchedLinks({
    root,
    keep: (key, path) => kernel.set(name(key), new TextDecoder().decode(path)),
    drop: (key) => {
      if (!kernel.delete(name(key))) throw new Error(`${name(key)} is not kept`);
    },
    ...options,
  });
}

const watching = (kind: "path" | "ancestor", value: string): { tenant: number; seeds: Seeds } => {
  const approver = { event: "open", kind, slot: "file" as const, value, flagsAny: null };
  return { tenant: 0, seeds: { format: "weir-seeds/1", interests: [], approvers: [approver] } };
};

const event = (type: number, parts: Partial<FileEvent>): FileEvent =>
  fileEvent({ type, mode: 0o100644, inode: 1n, ...parts });
const all = (): boolean => true;
const names = (): string[] => [...kernel.values()].sort();

test("files with several links below a watched directory, and at a watched path", async () => {
  const links = keeper();
  await links.watch([watching("ancestor", "/w"), watching("path", "/out/g"), watching("path", "/w/single")], all);
  expect(names()).toEqual(["/out/g", "/w/d/g", "/w/f"]);
  expect(links.counters).toMatchObject({ kept: 3, refused: 0, incomplete: false, looking: false });
});

test("a link that is made, a rename, a removal", async () => {
  const links = keeper();
  await links.watch([watching("ancestor", "/w")], all);
  linkSync(join(root, "w/single"), join(root, "out/x"));
  links.note(event(EVENT_LINK, { path: "/w/single", destination: "/out/x" }));
  expect(names()).toEqual(["/out/x", "/w/d/g", "/w/f", "/w/single"]);
  renameSync(join(root, "w/f"), join(root, "w/h"));
  links.note(event(EVENT_RENAME, { path: "/w/f", destination: "/w/h" }));
  unlinkSync(join(root, "w/d/g"));
  links.note(event(EVENT_UNLINK, { path: "/w/d/g" }));
  expect(names()).toEqual(["/out/x", "/w/h", "/w/single"]);
});

test("what replaces a watched file is another one", async () => {
  const links = keeper();
  await links.watch([watching("ancestor", "/w")], all);
  const before = inodeOf("/w/f");
  const dev = attributesOf(`${root}/w/f`)?.dev ?? 0;
  expect(links.isGone({ path: "/w/f", inode: before, dev })).toBe(false);
  renameSync(join(root, "w/single"), join(root, "w/f"));
  links.note(event(EVENT_RENAME, { path: "/w/single", destination: "/w/f" }));
  expect(names()).toEqual(["/w/d/g"]);
  expect(links.isGone({ path: "/w/f", inode: before, dev })).toBe(true);
});

test("a change that was not noted costs one event that came by the old name", async () => {
  const links = keeper();
  await links.watch([watching("ancestor", "/w")], all);
  const file = { path: "/w/f", inode: inodeOf("/w/f"), dev: attributesOf(`${root}/w/f`)?.dev ?? 0 };
  unlinkSync(join(root, "w/f"));
  expect([links.isGone(file), links.isGone(file)]).toEqual([false, true]);
  expect(names()).toEqual(["/w/d/g"]);
});

test("a directory that is renamed takes the names below it along", async () => {
  const links = keeper();
  await links.watch([watching("ancestor", "/w")], all);
  renameSync(join(root, "w/d"), join(root, "w/e"));
  links.note(event(EVENT_RENAME, { path: "/w/d", destination: "/w/e", mode: 0o040755 }));
  await expect.poll(names).toEqual(["/w/e/g", "/w/f"]);
});

test("names of one file have no gap between them", async () => {
  const links = keeper();
  linkSync(join(root, "w/f"), join(root, "w/a"));
  linkSync(join(root, "w/f"), join(root, "w/b"));
  await links.watch([watching("ancestor", "/w")], all);
  const [first] = [...kernel].find(([key]) => key.endsWith(" 0")) ?? [""];
  for (const path of ["/w/a", "/w/b"]) links.note(event(EVENT_UNLINK, { path }));
  expect([...kernel.keys()].every((key) => key.endsWith(" 0"))).toBe(true);
  expect(first).not.toBe("");
  expect(names()).toEqual(["/w/d/g", "/w/f"]);
});

test("names in directories that rules cannot match in are left out", async () => {
  const asked: string[] = [];
  const links = keeper();
  await links.watch([watching("ancestor", "/w")], (directory) => {
    asked.push(directory);
    return directory === "/w/d";
  });
  expect(names()).toEqual(["/w/d/g"]);
  expect(asked.sort()).toEqual(["/w", "/w/d"]);
});

test("an exchange leaves both names; of a plain rename the old one may have come back since, by an event to come", async () => {
  const links = keeper();
  await links.watch([watching("ancestor", "/w")], all);
  links.note(event(EVENT_RENAME, { path: "/w/f", destination: "/w/d/g" }));
  expect(names()).toEqual(["/w/d/g"]);
  links.note(event(EVENT_RENAME, { path: "/w/f", destination: "/w/d/g", opFlags: 2 }));
  expect(names()).toEqual(["/w/d/g", "/w/f"]);
});

test("names and visits are bounded, and what is left out is counted", async () => {
  const few = keeper({ namesMax: 1 });
  await few.watch([watching("ancestor", "/w")], all);
  expect(few.counters).toMatchObject({ kept: 1, refused: 1 });
  const short = keeper({ visitsMax: 2 });
  await short.watch([watching("ancestor", "/w")], all);
  expect(short.counters).toMatchObject({ visited: 2, incomplete: true });
});

test("the kernel is asked for what happens to names of watched paths", () => {
  const { seeds } = linkSeeds([watching("ancestor", "/w")]);
  expect(seeds.interests.map(({ event: type }) => type)).toEqual(["link", "rename", "unlink"]);
  expect(seeds.approvers.map(({ event: type, slot }) => `${type} ${slot}`).sort()).toEqual([
    "link destination",
    "link file",
    "rename destination",
    "rename file",
    "unlink file",
  ]);
  expect(linkSeeds([]).seeds).toMatchObject({ interests: [], approvers: [] });
});
