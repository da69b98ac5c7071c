/**
 * The directories and names that operations and rules share: few, so that they meet often. Names are those of the
 * rule language's own random rules where possible.
 */
import type { Op } from "./plan.ts";
import type { Random } from "./random.ts";

/** Directories in one another. */
function chain(depth: number): string[] {
  return Array.from({ length: depth }, (_, i) => `d${"/e".repeat(i)}`);
}

/** Directories of the folder's own file system, below $ROOT. */
const PLAIN = [
  "a",
  "a/b",
  "a/b/etc",
  "b",
  "b/cron.d",
  "b/cron.d/é",
  "etc",
  "etc/a",
  "m1",
  "m2",
  "x.conf.d",
  ...chain(9),
];
/** Of a tmpfs at $ROOT/t. */
const TMPFS = ["t", "t/a", "t/a/b", "t/b", "t/b/cron.d"];
/** Of an overlay at $ROOT/o, whose lower layer has them. */
const OVERLAY = ["o", "o/a", "o/a/b", "o/b", "o/etc"];
const LOWER = OVERLAY.map((path) => `l/low${path.slice(1)}`);

export const NAMES = ["passwd", "x.conf", "ab", "-", "é", "a", "b", "shadow", "n".repeat(255)];

export interface World {
  /** Every directory that is there at the start, as $ROOT/…. */
  readonly directories: readonly string[];
  /** Directories that rules are about. */
  readonly watched: readonly string[];
  readonly setup: readonly Op[];
}

const rooted = (path: string): string => `$ROOT/${path}`;

export function makeWorld(random: Random): World {
  const ownNamespace = random.chance(0.8);
  const tmpfs = random.chance(0.6);
  const overlay = random.chance(0.4);
  const setup: Op[] = ownNamespace ? [["unshare"]] : [];
  const make = (paths: readonly string[]): void => {
    for (const path of paths) setup.push(["mkdir", -1, rooted(path), 0o755]);
  };
  make(PLAIN);
  if (tmpfs) {
    make(["t"]);
    setup.push(["tmpfs", "$ROOT/t"]);
    make(TMPFS.slice(1));
  }
  if (overlay) {
    make(["l", "o"]);
    // On a file system of its own: overlays refuse an upper layer that is one.
    setup.push(["tmpfs", "$ROOT/l"]);
    make(["l/up", "l/work", ...LOWER]);
    for (const directory of LOWER)
      for (const name of ["passwd", "x.conf"])
        setup.push(["open", -1, -1, `${rooted(directory)}/${name}`, 0o101, 0o644]);
    const redirect = random.chance(0.5) ? ",redirect_dir=on" : "";
    const layers = "lowerdir=$ROOT/l/low,upperdir=$ROOT/l/up,workdir=$ROOT/l/work";
    setup.push(["overlay", "$ROOT/o", `${layers}${redirect}`]);
  }
  const directories = [...PLAIN, ...(tmpfs ? TMPFS : []), ...(overlay ? OVERLAY : [])].map(rooted);
  return { directories, watched: random.some(directories, 4), setup };
}
