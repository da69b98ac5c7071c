/**
 * A path for events that say something of one without giving it: its name, its extension, its lengths.
 *
 * Invariant: the path has all the parts that are given, and where any path has them one is found.
 */
import { extensionOf, PATH_BYTES_MAX } from "@weir/matcher-wasm/format";

/** What is known of a path; lengths in bytes. */
export interface PathParts {
  readonly name?: Uint8Array | undefined;
  readonly extension?: Uint8Array | undefined;
  readonly nameLength?: number | undefined;
  readonly pathLength?: number | undefined;
}

const SLASH = 0x2f;
const NAME_BYTES_MAX = 255;
const filler = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(0x61);

/**
 * @returns a path with these parts: the empty one where it has them and no name is given, else an absolute one, with
 *   components that are no longer than names can be where that is possible; undefined when no path has them
 */
export function pathOfParts(parts: PathParts): Uint8Array | undefined {
  const { name, extension, nameLength, pathLength } = parts;
  if (name === undefined && !extension?.length && !nameLength && !pathLength) return new Uint8Array();
  const found = name ?? nameOfParts(parts);
  if (found === undefined || found.includes(SLASH)) return undefined;
  if (nameLength !== undefined && nameLength !== found.length) return undefined;
  if (extension !== undefined && Buffer.compare(extensionOf(found), extension) !== 0) return undefined;
  const directory = directoryOfBytes((pathLength ?? found.length + 1) - found.length - 1);
  if (directory === undefined || (directory.length > 0 && found.length === 0)) return undefined;
  const path = Buffer.concat([directory, Uint8Array.of(SLASH), found]);
  return path.length > PATH_BYTES_MAX ? undefined : path;
}

/** As long as is asked for; else as short as it gets, or as long as the path if that is no longer than a name. */
function nameOfParts({ extension = new Uint8Array(), nameLength, pathLength }: PathParts): Uint8Array | undefined {
  const free = pathLength === undefined ? extension.length + 1 : Math.min(pathLength - 1, NAME_BYTES_MAX);
  // What the name leaves to directories is nothing, or a slash and a name at least.
  const wanted = nameLength ?? (pathLength !== undefined && pathLength - 1 - free === 1 ? free - 1 : free);
  const before = wanted - extension.length;
  return before < 0 || wanted > PATH_BYTES_MAX ? undefined : Buffer.concat([filler(before), extension]);
}

/** @returns directories of so many bytes together, slashes in front of each included */
function directoryOfBytes(bytes: number): Uint8Array | undefined {
  if (bytes < 0 || bytes === 1 || bytes > PATH_BYTES_MAX) return undefined;
  const path = filler(bytes);
  for (let at = 0; at < bytes; ) {
    path[at] = SLASH;
    const left = bytes - at;
    const longest = Math.min(left, NAME_BYTES_MAX + 1);
    at += left - longest === 1 ? longest - 1 : longest;
  }
  return path;
}
