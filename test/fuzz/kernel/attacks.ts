/**
 * Ways to get a directory that the kernel stage has learned to be silent, or anything else that it keeps of one,
 * under a path that rules are about. Each is a few operations around "learn", "change", "act"; what rules have to
 * say of it is for the judge to find out.
 */
import { HERE, O_CREAT, O_WRONLY, type Operations, RENAME_EXCHANGE } from "./operations.ts";
import { type Op, SETTLE_AND_SWAP, SETTLE_ONLY } from "./plan.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

const AT_REMOVEDIR = 0x200;
const MNT_DETACH = 2;
const O_DIRECTORY_PATH = 0o10200000;

interface Scene {
  readonly random: Random;
  readonly operations: Operations;
  /** A directory that rules are about, or that lies near one. */
  readonly watched: string;
  /** A new directory beside it, which is to become silent. */
  readonly quiet: string;
  /** Name of a file in it. */
  readonly name: string;
  /** Makes the quiet directory known: files of it are used, often enough, and judged. */
  readonly learn: (directory?: string) => Op[];
  readonly act: (directory: string) => Op[];
}

type Attack = (scene: Scene) => Op[];

const rename = (from: string, to: string, flags = 0): Op => ["rename", HERE, from, HERE, to, flags];
const away = (watched: string): string => `${watched}.away`;
const openIn = (at: number, path: string): Op => ["open", -1, at, path, O_CREAT | O_WRONLY, 0o644];

const ATTACKS: Readonly<Record<string, Attack>> = {
  renamed: ({ watched, quiet, learn, act }) => [
    ...learn(),
    rename(watched, away(watched)),
    rename(quiet, watched),
    ...act(watched),
    rename(watched, quiet),
    ...act(quiet),
    rename(away(watched), watched),
    ...act(watched),
  ],
  parentRenamed: ({ watched, quiet, learn, act }) => [
    ["mkdir", HERE, `${quiet}/deep`, 0o755],
    ["mkdir", HERE, `${quiet}/deep/er`, 0o755],
    ...learn(`${quiet}/deep/er`),
    rename(`${quiet}/deep`, `${watched}/deep`),
    ...act(`${watched}/deep/er`),
    rename(`${watched}/deep`, `${quiet}/deep`),
    ...act(`${quiet}/deep/er`),
  ],
  ancestorReplaced: ({ watched, quiet, learn, act }) => [
    ["mkdir", HERE, `${quiet}/sub`, 0o755],
    ...learn(`${quiet}/sub`),
    rename(watched, away(watched)),
    rename(quiet, watched),
    ...act(`${watched}/sub`),
    rename(watched, quiet),
    rename(away(watched), watched),
  ],
  exchanged: ({ watched, quiet, learn, act }) => [
    ...learn(),
    rename(quiet, watched, RENAME_EXCHANGE),
    ...act(watched),
    ...act(quiet),
    rename(quiet, watched, RENAME_EXCHANGE),
    ...act(watched),
  ],
  bound: ({ watched, quiet, learn, act }) => [
    ...learn(),
    ["bind", quiet, watched, 0],
    ...act(watched),
    ...act(quiet),
    ["umount", watched, 0],
    ...act(watched),
  ],
  boundAncestor: ({ watched, quiet, learn, act }) => [
    ["mkdir", HERE, `${quiet}/sub`, 0o755],
    ...learn(`${quiet}/sub`),
    ["bind", quiet, watched, 1],
    ...act(`${watched}/sub`),
    ["umount", watched, MNT_DETACH],
  ],
  boundTheOtherWay: ({ watched, quiet, learn, act }) => [
    ...learn(),
    ["bind", watched, quiet, 0],
    ...learn(),
    ...act(quiet),
    ...act(watched),
    ["umount", quiet, 0],
    ...act(watched),
  ],
  mountMoved: ({ watched, quiet, learn, act, random }) => [
    ["tmpfs", quiet],
    ["mkdir", HERE, `${quiet}/sub`, 0o755],
    ...learn(),
    ...learn(`${quiet}/sub`),
    [random.one(["move", "movetree"]), quiet, watched],
    ...act(watched),
    ...act(`${watched}/sub`),
    ["umount", watched, MNT_DETACH],
    ...act(watched),
    ["umount", quiet, MNT_DETACH],
  ],
  propagated: ({ watched, quiet, learn, act }) => [
    ["bind", quiet, quiet, 0],
    ["shared", quiet],
    ["mkdir", HERE, `${quiet}/p`, 0o755],
    ["bind", quiet, watched, 0],
    ...learn(`${quiet}/p`),
    ...learn(`${watched}/p`),
    ["tmpfs", `${quiet}/p`],
    ...act(`${watched}/p`),
    ["umount", `${quiet}/p`, 0],
    ...act(`${watched}/p`),
    ["umount", watched, MNT_DETACH],
    ["umount", quiet, MNT_DETACH],
  ],
  inodeReused: ({ watched, quiet, name, learn, act }) => [
    ...learn(),
    ["unlink", HERE, `${quiet}/${name}`, 0],
    ["unlink", HERE, `${quiet}/a`, 0],
    ["unlink", HERE, quiet, AT_REMOVEDIR],
    ["mkdir", HERE, `${watched}/new`, 0o755],
    ...act(`${watched}/new`),
    ["unlink", HERE, `${watched}/new`, AT_REMOVEDIR],
  ],
  madeAnew: ({ watched, quiet, learn, act }) => [
    ["mkdir", HERE, `${quiet}/x`, 0o755],
    ["unlink", HERE, `${quiet}/x`, AT_REMOVEDIR],
    ...learn(),
    {
      repeat: 3,
      ops: [
        ["mkdir", HERE, `${watched}/x`, 0o755],
        ...act(`${watched}/x`),
        ["unlink", HERE, `${watched}/x`, AT_REMOVEDIR],
      ],
    },
  ],
  hardLinked: ({ watched, quiet, name, learn, act }) => [
    ...learn(),
    ["link", HERE, `${quiet}/${name}`, HERE, `${watched}/${name}`, 0],
    ...act(watched),
    openIn(HERE, `${watched}/${name}`),
    openIn(HERE, `${quiet}/${name}`),
    ["unlink", HERE, `${quiet}/${name}`, 0],
    openIn(HERE, `${watched}/${name}`),
  ],
  symlinked: ({ watched, quiet, learn, act }) => [
    ["symlink", watched, `${quiet}/link`],
    ...learn(),
    ...act(`${quiet}/link`),
    ["unlink", HERE, `${quiet}/link`, 0],
    ["symlink", quiet, `${watched}/link`],
    ...act(`${watched}/link`),
    ["unlink", HERE, `${watched}/link`, 0],
  ],
  byDescriptor: ({ watched, quiet, name, learn }) => [
    ...learn(),
    ["open", 9, HERE, quiet, O_DIRECTORY_PATH, 0],
    ["open", 8, HERE, `${quiet}/${name}`, 2, 0],
    rename(quiet, `${watched}/moved`),
    openIn(9, name),
    ["fchmod", 8, 0o4755],
    ["fchown", 8, 1, 1],
    ["unlink", 9, name, 0],
    ["fchmod", 8, 0o644],
    rename(`${watched}/moved`, quiet),
    openIn(9, name),
    ["close", 9],
    ["close", 8],
  ],
  fromWithin: ({ watched, quiet, name, learn, random }) => [
    {
      fork: [
        ["mkdir", HERE, `${quiet}/in`, 0o755],
        ["chdir", `${quiet}/in`],
        ...learn("."),
        rename(quiet, `${watched}/moved`),
        openIn(HERE, name),
        openIn(HERE, `../${name}`),
        ["chmod", HERE, `../in/./${name}`, 0o4755, random.below(3)],
        ["unlink", HERE, name, 0],
        rename(`${watched}/moved`, quiet),
        openIn(HERE, name),
      ],
    },
  ],
  inRoot: ({ watched, quiet, name, learn }) => [
    ...learn(),
    { fork: [["chroot", quiet], ["chdir", "/"], openIn(HERE, `/${name}`), openIn(HERE, `../../${name}`)] },
    {
      fork: [
        ["chroot", watched],
        ["chdir", "/"],
        openIn(HERE, `/${name}`),
        ["chmod", HERE, name, 0o700, 0],
        ["unlink", HERE, `/${name}`, 0],
      ],
    },
  ],
  inNamespace: ({ watched, quiet, learn, act }) => [
    ...learn(),
    {
      fork: [
        ["unshare"],
        ["bind", quiet, watched, 0],
        ...act(watched),
        ["umount", watched, MNT_DETACH],
        ...act(watched),
      ],
    },
    ...act(watched),
    { fork: [["unshare"], ["tmpfs", quiet], ...learn(), ["move", quiet, watched], ...act(watched)] },
    ...act(watched),
  ],
  outOfBindMount: ({ watched, quiet, name, learn, act }) => [
    ["mkdir", HERE, `${quiet}/in`, 0o755],
    ["mkdir", HERE, `${quiet}/in/er`, 0o755],
    {
      fork: [
        ["bind", `${quiet}/in`, "$ROOT/m1", 0],
        ["chdir", "$ROOT/m1/er"],
        ...learn("."),
        rename(`${quiet}/in/er`, `${watched}/er`),
        openIn(HERE, name),
        openIn(HERE, `../${name}`),
      ],
    },
    ...act(`${watched}/er`),
    ["umount", "$ROOT/m1", MNT_DETACH],
    rename(`${watched}/er`, `${quiet}/in/er`),
  ],
  detached: ({ quiet, name, learn }) => [
    ["tmpfs", quiet],
    ...learn(),
    ["open", 9, HERE, quiet, O_DIRECTORY_PATH, 0],
    ["umount", quiet, MNT_DETACH],
    openIn(9, name),
    ["unlink", 9, name, 0],
    ["close", 9],
  ],
  copiedUp: ({ learn, act, random }) => {
    const [from, to] = random.chance(0.5) ? ["a", "b"] : ["b", "etc"];
    return [
      ...learn(`$ROOT/o/${from}`),
      ["open", -1, HERE, `$ROOT/o/${from}/passwd`, 1, 0],
      ["chmod", HERE, `$ROOT/o/${from}/x.conf`, 0o600, 0],
      ...act(`$ROOT/o/${from}`),
      rename(`$ROOT/o/${to}`, `$ROOT/o/${to}.away`),
      rename(`$ROOT/o/${from}`, `$ROOT/o/${to}`),
      ...act(`$ROOT/o/${to}`),
      ["mkdir", HERE, `$ROOT/o/${from}`, 0o755],
      ...act(`$ROOT/o/${from}`),
    ];
  },
  flooded: ({ watched, quiet, learn, act, random }) => [
    ...learn(),
    {
      fork: [
        ["chdir", quiet],
        ["descend", random.one([20, 60]), "f"],
        openIn(HERE, "passwd"),
        ["ascend", 5],
        openIn(HERE, "a"),
      ],
    },
    ...act(watched),
    rename(quiet, `${watched}/moved`),
    ...act(`${watched}/moved`),
    ...act(`${watched}/moved/f/f`),
    rename(`${watched}/moved`, quiet),
  ],
  deep: ({ watched, quiet, name, learn, random }) => [
    {
      fork: [
        ["chdir", quiet],
        ["descend", random.one([3, 8, 30, 110, 121, 126, 140]), random.one(["d", "é", "n".repeat(40)])],
        ...learn("."),
        rename(quiet, `${watched}/moved`),
        openIn(HERE, name),
        ["unlink", HERE, name, 0],
        rename(`${watched}/moved`, quiet),
        openIn(HERE, name),
      ],
    },
  ],
  swapped: ({ watched, quiet, learn, act }) => [
    ...learn(),
    ...act(watched),
    ["settle", SETTLE_AND_SWAP],
    ...act(quiet),
    ...act(watched),
  ],
};

const NAMES = Object.keys(ATTACKS);

/** @param number tells the quiet directory from those of other attacks */
export function attack(options: { random: Random; world: World; operations: Operations; number: number }): Op[] {
  const { random, world, operations, number } = options;
  const watched = random.one(random.chance(0.8) ? world.watched : world.directories);
  const beside = random.one(random.chance(0.5) ? [watched, ...world.watched] : world.directories);
  const quiet = `${random.chance(0.5) ? beside : beside.slice(0, beside.lastIndexOf("/"))}/q${number}`;
  const name = random.one(["passwd", "x.conf", "ab"]);
  const learn = (directory = quiet): Op[] => {
    const files = random.list(random.between(1, 3), () => operations.act(directory)).flat();
    const known = [openIn(HERE, `${directory}/${name}`), openIn(HERE, `${directory}/a`), ...files];
    // What was learned is used once more: that may be kept, too.
    const settle: Op[] = random.chance(0.7) ? [["settle", SETTLE_ONLY], openIn(HERE, `${directory}/${name}`)] : [];
    return [{ repeat: random.between(1, 3), ops: known }, ...settle];
  };
  const act = (directory: string): Op[] => [openIn(HERE, `${directory}/${name}`), ...operations.act(directory)];
  const scene: Scene = { random, operations, watched, quiet, name, learn, act };
  const make = ATTACKS[random.one(NAMES)] as Attack;
  return [["mkdir", HERE, quiet, 0o755], ...operations.fill(watched).slice(0, 2), ...make(scene)];
}

/** Changes under which others act at the same time, without an end in sight. */
export function race(options: { random: Random; world: World; operations: Operations; repeat: number }): {
  change: Op[];
  act: Op[];
} {
  const { random, world, operations, repeat } = options;
  const watched = random.one(world.watched);
  const quiet = `${watched.slice(0, watched.lastIndexOf("/"))}/race`;
  const change = random.weighted<Op[]>([
    [4, [rename(quiet, watched, RENAME_EXCHANGE)]],
    [
      2,
      [rename(watched, away(watched)), rename(quiet, watched), rename(watched, quiet), rename(away(watched), watched)],
    ],
    [
      2,
      [
        ["bind", quiet, watched, 0],
        ["umount", watched, MNT_DETACH],
      ],
    ],
    [
      1,
      [
        ["mkdir", HERE, `${watched}/new`, 0o755],
        ["unlink", HERE, `${watched}/new`, AT_REMOVEDIR],
        ["mkdir", HERE, `${quiet}/new`, 0o755],
        ["unlink", HERE, `${quiet}/new`, AT_REMOVEDIR],
      ],
    ],
    [1, [rename(`${quiet}/sub`, `${watched}/sub`), rename(`${watched}/sub`, `${quiet}/sub`)]],
  ]);
  const places = [watched, quiet, `${watched}/new`, `${watched}/sub`, `${quiet}/sub`];
  const act = random.list(random.between(2, 6), () => operations.act(random.one(places))).flat();
  return {
    change: [["mkdir", HERE, quiet, 0o755], ["mkdir", HERE, `${quiet}/sub`, 0o755], { repeat, ops: change }],
    act,
  };
}
