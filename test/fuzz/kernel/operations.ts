/** Random operations, each on its own: what programs do with files, in every way in which a path can be given. */
import type { Call, Op } from "./plan.ts";
import type { Random } from "./random.ts";
import { NAMES, type World } from "./world.ts";

const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_SYMLINK_FOLLOW = 0x400;
const MNT_DETACH = 2;
export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;
const RENAME_WHITEOUT = 4;
export const O_WRONLY = 1;
export const O_CREAT = 0o100;
const O_TMPFILE = 0o20200000;
const O_DIRECTORY = 0o200000;
const O_PATH = 0o10000000;
const RESOLVE_BENEATH = 8;

/** The working directory. */
export const HERE = -1;
const SLOTS = 16;

const OPEN_FLAGS = [0, 1, 2, 0o100, 0o101, 0o102, 0o1101, 0o2001, 0o300 | 1, O_DIRECTORY, O_PATH, 0o400000];
const MODES = [0o644, 0o600, 0o4755, 0, 0o7777];
const IDS = [0, 1, 1000, -1];

export class Operations {
  readonly #random: Random;
  readonly #world: World;

  constructor(random: Random, world: World) {
    this.#random = random;
    this.#world = world;
  }

  directory(): string {
    const { watched, directories } = this.#world;
    return this.#random.one(this.#random.chance(0.6) ? watched : directories);
  }

  /** A path of a file, given absolutely or by detours. */
  file(directory = this.directory()): string {
    const name = this.#random.one(NAMES);
    return this.#random.weighted([
      [12, `${directory}/${name}`],
      [1, `${directory}/./${name}`],
      [1, `${directory}/../${directory.slice(directory.lastIndexOf("/") + 1)}/${name}`],
      [1, `${directory}//${name}`],
      [1, `${directory}/link/${name}`],
      [1, `/proc/self/root${directory}/${name}`],
      [1, `/proc/self/cwd/${name}`],
      [1, `../${name}`],
      [2, name],
    ]);
  }

  /** A path of a file or of a directory. */
  object(): string {
    return this.#random.chance(0.7) ? this.file() : this.directory();
  }

  /** One to three calls on files directly in this directory, the way it is named here, or on a new directory, too. */
  act(directory: string): Op[] {
    const random = this.#random;
    const files = random.list(random.between(1, 3), () => this.#onFile(`${directory}/${random.one(NAMES)}`));
    if (!random.chance(0.3)) return files;
    const made = `${directory}/${random.one(["made", ...NAMES])}`;
    return [...files, ["mkdir", HERE, made, 0o755], ["chdir", made], ["unlink", HERE, made, AT_REMOVEDIR]];
  }

  /** Opens that create, on every name that rules like. */
  fill(directory: string): Op[] {
    return this.#random
      .some(NAMES, 5)
      .map((name): Call => ["open", -1, HERE, `${directory}/${name}`, O_CREAT | O_WRONLY, 0o644]);
  }

  /** Anything. */
  any(): Op {
    return this.#random.weighted<() => Op>([
      [30, () => this.#onFile(this.file())],
      [6, () => this.#onTwo()],
      [5, () => this.#onDirectory()],
      [4, () => this.#onDescriptor()],
      [2, () => this.#withMounts()],
      [2, () => this.#inSurroundings()],
      [1, () => this.#inChild()],
    ])();
  }

  #onFile(path: string): Call {
    const random = this.#random;
    return random.weighted<() => Call>([
      [10, () => ["open", -1, HERE, path, random.one(OPEN_FLAGS), random.one(MODES)]],
      [6, () => ["open", -1, HERE, path, O_CREAT | random.one([1, 2, 0o1001]), 0o644]],
      [
        1,
        () => ["openat2", HERE, path, random.one([0, 0o102]), random.one([0o644, 0]), random.one([0, RESOLVE_BENEATH])],
      ],
      [4, () => ["unlink", HERE, path, 0]],
      [3, () => ["chmod", HERE, path, random.one(MODES), random.below(3)]],
      [3, () => ["chown", HERE, path, random.one(IDS), random.one(IDS), random.one([0, AT_SYMLINK_NOFOLLOW])]],
      [2, () => ["utimes", HERE, path, random.one([0, AT_SYMLINK_NOFOLLOW])]],
      [2, () => ["setxattr", path, random.one(["user.weir", "trusted.weir"]), random.below(2)]],
      [1, () => ["removexattr", path, random.one(["user.weir", "trusted.weir"])]],
      [1, () => ["mkdir", HERE, path, 0o755]],
      [1, () => ["unlink", HERE, path, AT_REMOVEDIR]],
      [1, () => ["truncate", path]],
      [1, () => ["mknod", path]],
      [1, () => ["symlink", random.chance(0.5) ? this.directory() : this.file(), path]],
    ])();
  }

  #onTwo(): Call {
    const random = this.#random;
    const flags = random.weighted([
      [6, 0],
      [1, RENAME_NOREPLACE],
      [3, RENAME_EXCHANGE],
      [1, RENAME_WHITEOUT],
    ]);
    return random.weighted<() => Call>([
      [4, () => ["rename", HERE, this.file(), HERE, this.file(), flags]],
      [4, () => ["link", HERE, this.file(), HERE, this.file(), random.one([0, AT_SYMLINK_FOLLOW])]],
      [2, () => ["rename", HERE, this.directory(), HERE, this.object(), flags]],
      [1, () => ["symlink", this.directory(), `${this.directory()}/link`]],
    ])();
  }

  #onDirectory(): Call {
    const random = this.#random;
    const path = random.chance(0.5) ? this.directory() : `${this.directory()}/sub`;
    return random.weighted<() => Call>([
      [4, () => ["mkdir", HERE, path, random.one([0o755, 0o700, 0o1777])]],
      [4, () => ["unlink", HERE, path, AT_REMOVEDIR]],
      [1, () => ["chmod", HERE, path, 0o755, random.below(3)]],
      [1, () => ["open", random.below(SLOTS), HERE, path, random.one([O_DIRECTORY, O_PATH | O_DIRECTORY]), 0]],
    ])();
  }

  #onDescriptor(): Call {
    const random = this.#random;
    const slot = random.below(SLOTS);
    const name = (): string => random.one([...NAMES, "", "../a", "./b"]);
    return random.weighted<() => Call>([
      [3, () => ["open", slot, HERE, this.object(), random.one(OPEN_FLAGS), 0o644]],
      [2, () => ["open", -1, slot, name(), random.one(OPEN_FLAGS), 0o644]],
      [1, () => ["open", slot, HERE, this.directory(), O_TMPFILE | 2, 0o600]],
      [2, () => ["linkfd", slot, HERE, this.file(), random.below(2)]],
      [1, () => ["rename", slot, name(), random.below(SLOTS), name(), 0]],
      [1, () => ["link", slot, name(), HERE, this.file(), random.one([0, 0x1000])]],
      [1, () => ["unlink", slot, name(), 0]],
      [1, () => ["mkdir", slot, name(), 0o755]],
      [1, () => ["chmod", slot, name(), 0o640, random.between(1, 2)]],
      [1, () => ["chown", slot, name(), 0, 1, 0x1000]],
      [1, () => ["utimes", slot, name(), 0]],
      [1, () => ["fchmod", slot, random.one(MODES)]],
      [1, () => ["fchown", slot, random.one(IDS), random.one(IDS)]],
      [1, () => ["fsetxattr", slot, "user.weir"]],
      [1, () => ["write", slot]],
      [1, () => ["splice", slot, random.below(2)]],
      [1, () => ["close", slot]],
      [1, () => ["fchdir", slot]],
    ])();
  }

  #withMounts(): Call {
    const random = this.#random;
    return random.weighted<() => Call>([
      [3, () => ["bind", this.object(), this.object(), random.below(2)]],
      [2, () => ["tmpfs", this.directory()]],
      [1, () => ["move", this.directory(), this.directory()]],
      [1, () => ["movetree", this.directory(), this.directory()]],
      [5, () => ["umount", this.object(), random.one([0, MNT_DETACH])]],
      [1, () => ["shared", this.directory()]],
    ])();
  }

  #inSurroundings(): Call {
    const random = this.#random;
    return random.weighted<() => Call>([
      [4, () => ["chdir", this.directory()]],
      [1, () => ["chdir", random.one([".", "..", "b", "a"])]],
      [1, () => ["yield"]],
      [1, () => ["sleep", random.below(300)]],
    ])();
  }

  /** What would stay with the lane is done by a process of its own. */
  #inChild(): Op {
    const random = this.#random;
    const into = random.weighted<readonly Op[]>([
      [
        2,
        [
          ["chroot", this.directory()],
          ["chdir", "/"],
        ],
      ],
      [1, [["chroot", this.directory()]]],
      [2, [["unshare"]]],
      [2, [["identity", 1000, 1000]]],
      [1, [["fsuid", 1000]]],
      [1, [["descend", random.one([3, 60, 140]), random.one(["a", "deep"])]]],
    ]);
    const inside = random.list(random.between(1, 5), () =>
      random.chance(0.5) ? this.any() : this.#onFile(random.one(["", "/", "../"]) + random.one(NAMES)),
    );
    return { fork: [["chdir", this.directory()], ...into, ...inside] };
  }
}
