/**
 * Path globs and flat patterns: the reference implementation, written to be obviously right.
 *
 * Both work on UTF-8 bytes, so a name that is not valid UTF-8 is matched like any other. `*` is the only
 * special character; there are no classes and no escapes.
 *
 * A flat pattern is a sequence of literals with `*` between them; `*` stands for any bytes, also none.
 *
 * A path glob is compared component by component, where components are what `/` separates:
 * - `*` stands for any bytes of one component, also none; several in a row are the same as one;
 * - a component that is exactly `**` stands for any number of components and may occur once. What stands
 *   before it must fit the first components of the path, what stands after it the last ones; the two are
 *   independent and may overlap (`/a/`, `**`, `/a/b` in one glob matches `/a/b`). The path must have more components than
 *   the part before `**`: `/etc/**` matches everything below /etc, not /etc itself;
 * - inside a component `**` is the same as `*`;
 * - a glob whose first component is `*` starts at the root as if `/` stood before it;
 * - the empty path matches no glob.
 */

/** Most bytes of a glob or pattern; the longest path has 4,095. */
export const PATTERN_BYTES_MAX = 4096;

const SLASH = 0x2f;
const STAR = 0x2a;
const DOUBLE_STAR = "**";
const encoder = new TextEncoder();

/** A parsed pattern: `parts` are the literals between stars, so n stars make n + 1 parts. */
export interface FlatPattern {
  readonly parts: readonly Uint8Array[];
}

/** A parsed glob. Without `**`, `suffix` is null and `prefix` holds all components. */
export interface PathGlob {
  readonly prefix: readonly FlatPattern[];
  readonly suffix: readonly FlatPattern[] | null;
}

/** A glob or pattern that is not well formed; `offset` counts UTF-16 units from its start. */
export class PatternError extends Error {
  override readonly name = "PatternError";
  readonly pattern: string;
  readonly offset: number;
  constructor(message: string, pattern: string, offset: number) {
    super(message);
    this.pattern = pattern;
    this.offset = offset;
  }
}

function checkLength(pattern: string): void {
  if (pattern === "") throw new PatternError("empty pattern: it can match nothing", pattern, 0);
  const length = Buffer.byteLength(pattern);
  if (length > PATTERN_BYTES_MAX)
    throw new PatternError(`pattern of ${length} bytes: at most ${PATTERN_BYTES_MAX} are allowed`, pattern, 0);
}

const NOTHING: FlatPattern = { parts: [new Uint8Array()] };
const ANYTHING: FlatPattern = { parts: [new Uint8Array(), new Uint8Array()] };

function flat(text: string): FlatPattern {
  if (text === "") return NOTHING;
  if (text === "*") return ANYTHING;
  const bytes = encoder.encode(text);
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let star = bytes.indexOf(STAR); star >= 0; star = bytes.indexOf(STAR, start)) {
    parts.push(bytes.subarray(start, star));
    start = star + 1;
    while (bytes[start] === STAR) start++;
  }
  parts.push(bytes.subarray(start));
  return { parts };
}

/**
 * @param pattern source text between the quotes
 * @throws PatternError when it is empty, too long, or contains `**`, which SECL allows in path globs only
 */
export function parsePattern(pattern: string): FlatPattern {
  checkLength(pattern);
  const double = pattern.indexOf(DOUBLE_STAR);
  if (double >= 0)
    throw new PatternError(
      "`**` is for path fields: in this field a single `*` already crosses slashes",
      pattern,
      double,
    );
  return flat(pattern);
}

/** The glob that was parsed last: several questions are mostly asked of one before the next. */
let last: { readonly pattern: string; readonly glob: PathGlob } | undefined;

/**
 * @param pattern source text between the quotes
 * @throws PatternError when it is empty, too long, or has two components `**`
 */
export function parseGlob(pattern: string): PathGlob {
  if (last?.pattern !== pattern) last = { pattern, glob: parse(pattern) };
  return last.glob;
}

function parse(pattern: string): PathGlob {
  const components = checkedComponents(pattern);
  const double = components.indexOf(DOUBLE_STAR);
  if (double < 0) return { prefix: components.map(flat), suffix: null };
  return { prefix: components.slice(0, double).map(flat), suffix: components.slice(double + 1).map(flat) };
}

/** As `globComponents`; throws as `parseGlob` does. */
export function checkedComponents(pattern: string): readonly string[] {
  checkLength(pattern);
  const components = globComponents(pattern);
  const first = components.indexOf(DOUBLE_STAR);
  if (first >= 0 && components.indexOf(DOUBLE_STAR, first + 1) >= 0)
    throw new PatternError("`**` may occur once in a path glob", pattern, pattern.lastIndexOf(DOUBLE_STAR));
  return components;
}

/**
 * The components of a glob in one spelling: runs of stars that are not a whole `**` become `*`, and a
 * first component `*` gets the root in front of it.
 */
export function globComponents(pattern: string): readonly string[] {
  if (lastComponents?.pattern !== pattern) lastComponents = { pattern, components: componentsOf(pattern) };
  return lastComponents.components;
}

let lastComponents: { readonly pattern: string; readonly components: readonly string[] } | undefined;

function componentsOf(pattern: string): readonly string[] {
  const components = pattern.split("/");
  for (const [i, component] of components.entries())
    if (component !== DOUBLE_STAR && component.includes(DOUBLE_STAR)) components[i] = component.replace(/\*+/g, "*");
  return components[0] === "*" ? ["", ...components] : components;
}

function startsAt(value: Uint8Array, part: Uint8Array, at: number): boolean {
  if (at < 0 || at + part.length > value.length) return false;
  for (let i = 0; i < part.length; i++) if (value[at + i] !== part[i]) return false;
  return true;
}

/** The first part at the start, the last at the end, those between in order, each as early as possible. */
export function matchFlat(pattern: FlatPattern, value: Uint8Array): boolean {
  const parts = pattern.parts;
  const first = parts[0] as Uint8Array;
  const last = parts[parts.length - 1] as Uint8Array;
  if (parts.length === 1) return value.length === first.length && startsAt(value, first, 0);
  if (!startsAt(value, first, 0)) return false;
  if (parts.length === 2)
    return value.length >= first.length + last.length && startsAt(value, last, value.length - last.length);
  const text = Buffer.from(value.buffer, value.byteOffset, value.length);
  let at = first.length;
  for (let i = 1; i < parts.length - 1; i++) {
    const part = parts[i] as Uint8Array;
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return value.length - last.length >= at && startsAt(value, last, value.length - last.length);
}

function splitComponents(path: Uint8Array): Uint8Array[] {
  const components: Uint8Array[] = [];
  let start = 0;
  for (let i = 0; i <= path.length; i++) {
    if (i < path.length && path[i] !== SLASH) continue;
    components.push(path.subarray(start, i));
    start = i + 1;
  }
  return components;
}

/** Each pattern against the component at the same place, the first one at `from`. */
function matchRun(patterns: readonly FlatPattern[], components: readonly Uint8Array[], from: number): boolean {
  return patterns.every((pattern, i) => matchFlat(pattern, components[from + i] as Uint8Array));
}

export function matchGlob(glob: PathGlob, path: Uint8Array): boolean {
  if (path.length === 0) return false;
  const components = splitComponents(path);
  const { prefix, suffix } = glob;
  if (suffix === null) return components.length === prefix.length && matchRun(prefix, components, 0);
  if (components.length <= prefix.length || components.length < suffix.length) return false;
  return matchRun(prefix, components, 0) && matchRun(suffix, components, components.length - suffix.length);
}

/** @returns whether the text holds a star, so that it is more than a literal */
export function hasStar(pattern: string): boolean {
  return pattern.includes("*");
}

/** Tests one text against one glob; for callers that match once. */
export function globMatches(pattern: string, path: string): boolean {
  return matchGlob(parseGlob(pattern), encoder.encode(path));
}

/** @returns whether the glob fits `/`; none of many components does */
export function globMatchesRoot(pattern: string): boolean {
  return globComponents(pattern).length <= ROOT_GLOB_COMPONENTS_MAX && globMatches(pattern, "/");
}

/** `/` has two components: a glob has no more before `**` nor behind it. */
const ROOT_GLOB_COMPONENTS_MAX = 5;

/** Tests one text against one flat pattern; for callers that match once. */
export function patternMatches(pattern: string, value: string): boolean {
  return matchFlat(parsePattern(pattern), encoder.encode(value));
}
