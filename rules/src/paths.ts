/**
 * What paths of events look like: `/`, or components behind one slash each, none of them empty, `.` or `..`.
 * An optional path may be empty instead. What is longer than a record holds is not known, which is not decided here.
 */
import { type Field, PATH_BYTES_MAX } from "@weir/matcher-wasm/format";
import { globComponents, globMatchesRoot, hasStar } from "./pattern.ts";

/** @returns whether a component of a path can be called so */
export const isName = (text: string): boolean => text !== "" && text !== "." && text !== ".." && !text.includes("/");

/** An empty component, `.` or `..`. */
const ODD_PART = /\/\.{0,2}(?:\/|$)/;

/** @returns whether an event can have this path */
export function isEventPath(path: string): boolean {
  return path === "/" || (path.startsWith("/") && !ODD_PART.test(path));
}

/** @returns why no event has this value for the path, or undefined */
export function pathFlaw({ optional }: Field, path: string): string | undefined {
  if (path === "/" || (path === "" && optional)) return undefined;
  if (path === "") return "it is empty";
  if (!path.startsWith("/")) return "it does not start with `/`";
  const bytes = Buffer.byteLength(path);
  if (bytes > PATH_BYTES_MAX) return `it has ${bytes} bytes, more than the ${PATH_BYTES_MAX} of the longest path`;
  return path.includes("\0") || ODD_PART.test(path) ? partFlaw(path.split("/").slice(1)) : undefined;
}

/**
 * Whether a path other than the root can fit: the literal components occur in normalised paths, the first one
 * standing before the root's slash.
 * @param components of `globComponents`
 */
export function couldFitBelowRoot(components: readonly string[]): boolean {
  const first = components[0] as string;
  const absolute = first === "" || first === "*" || first === "**";
  if (!absolute || components.length < (first === "**" ? 1 : 2)) return false;
  return components.every((component, i) => (i === 0 && component === "") || hasStar(component) || isName(component));
}

/** @returns why no event has a path that fits the glob, or undefined */
export function globFlaw(pattern: string): string | undefined {
  const components = globComponents(pattern);
  if (pattern.includes("\0")) return NUL_FLAW;
  if (couldFitBelowRoot(components) || globMatchesRoot(pattern)) return undefined;
  if (!/^[/*]/.test(pattern)) return "it does not start with `/`";
  return partFlaw(components.slice(components[0] === "" ? 1 : 0));
}

const NUL_FLAW = "it contains a NUL byte";

/** @param parts what stands between slashes */
function partFlaw(parts: readonly string[]): string | undefined {
  if (parts.some((part) => part.includes("\0"))) return NUL_FLAW;
  if (parts.at(-1) === "") return "it ends with `/`";
  if (parts.includes("")) return "it contains `//`";
  return parts.some((part) => part === "." || part === "..") ? "it contains `.` or `..`" : undefined;
}
