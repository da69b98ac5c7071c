/**
 * Variables: state that actions set and expressions read. Pure: clock, identities and lineage come from the
 * caller, so that hosts and `weir test` share one meaning.
 *
 *   scalar   the last value that was set
 *   array    values in the order in which they were last set, each once: one that is set again becomes the newest
 *            and its time to live starts anew. Beyond `size` the oldest go.
 *   append   adds to what the variable reads as, be it inherited or its default: values to an array, an integer to
 *            an integer, text to the end of a string. Without it all is replaced.
 *   default  what a variable without live values reads as; else the type's zero value or the empty list.
 *   scope    `process` with `inherited`: the nearest process of the lineage that has a live value gives it.
 *            Outside a container there is no variable of scope `container`: it reads as default, sets are dropped.
 *
 * Invariant: what is not known reads as null. A value that a program could not tell is kept as unknown, with the
 * life of any other: a scalar is unknown until it is set again, an array until the unknown value has expired
 * or was displaced. The exception is memory: it is bounded, what was used longest ago goes and is counted.
 */
import type { MatcherDescription, VariableDescription, VariableScope, VariableValue } from "../format/index.ts";
import type { ContextValue } from "./context.ts";
import { type HostText, joined } from "./text.ts";

type Single = string | bigint | boolean | Uint8Array;

/** Whose variables are meant, and when. Identities are opaque; a null one is not known. */
export interface VariableSubject {
  /** Any clock that goes forward, the same for all calls. */
  readonly nowNs: bigint;
  /** Names one process even after its pid has been taken by another. */
  readonly process: string | null;
  /** Empty outside a container. */
  readonly container: string | null;
  readonly cgroup: string | null;
  /** Asked only for inherited variables: from the parent on, and whether none is missing at the end. */
  lineage(): { readonly processes: readonly string[]; readonly complete: boolean };
}

export interface VariableLimits {
  /** Estimated memory of all values. */
  readonly bytesMax: number;
}

/** What happened to values otherwise than by rules; all counts only grow. */
export interface VariableCounters {
  /** Variables of one process, container or cgroup that were dropped to bound memory. */
  evicted: number;
  /** Sets without effect because the process, container or cgroup was not known. */
  dropped: number;
}

/** Values of an array without a `size`. */
export const ARRAY_SIZE_DEFAULT = 1024;
/** A string that appending makes longer than this is not known any more. */
export const APPENDED_CHARACTERS_MAX = 65_536;
const LIMITS: VariableLimits = { bytesMax: 16 << 20 };
/** Estimates of what the engine needs besides the characters of strings. */
const CELL_BYTES = 320;
const ENTRY_BYTES = 96;
const CHARACTER_BYTES = 2;
/** Of a byte that is no text: itself, and up to three digits and a comma of its identity. */
const BYTE_CHARACTERS = 5;

interface Entry {
  /** Null: not known. */
  readonly value: Single | null;
  readonly expiresNs: bigint | undefined;
}

/** An entry, or a part of a default. */
type Found = Pick<Entry, "value"> & Partial<Entry>;

/** A variable of one process, container or cgroup. Entries from the oldest to the newest; scalars have one. */
interface Cell {
  readonly entries: Map<unknown, Entry>;
  bytes: number;
}

const UNKNOWN = Symbol("unknown");
/** What makes two values of an array the same. No text begins with half a surrogate pair. */
const identityOf = (value: Single | null): unknown =>
  value === null ? UNKNOWN : value instanceof Uint8Array ? `\ud800${value.join(",")}` : value;
const bytesOf = (value: Single | null): number => ENTRY_BYTES + charactersOf(value) * CHARACTER_BYTES;
const charactersOf = (value: Single | null): number =>
  typeof value === "string" ? value.length : value instanceof Uint8Array ? BYTE_CHARACTERS * value.length : 0;
const isLive = ({ expiresNs }: Entry, nowNs: bigint): boolean => expiresNs === undefined || nowNs < expiresNs;

/** Two declarations with the same signature share their values. */
export function signatureOf({ name, scope, type, array }: VariableDescription): string {
  return `${scope} ${type}${array ? "[]" : ""} ${name}`;
}

/** The values behind one tenant's variables; outlives the bundles that declare them. */
export class VariableState {
  readonly counters: VariableCounters = { evicted: 0, dropped: 0 };
  /** By signature and identity; used longest ago first. */
  readonly #cells = new Map<string, Cell>();
  /** Signatures of each scope, and whether some declaration is inherited. */
  readonly #declared = new Map<string, { readonly scope: VariableScope; readonly inherited: boolean }>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor({ bytesMax }: VariableLimits = LIMITS) {
    this.#bytesMax = bytesMax;
  }

  /** Variables of one process, container or cgroup each. */
  get size(): number {
    return this.#cells.size;
  }

  declare(variable: VariableDescription): void {
    const signature = signatureOf(variable);
    const inherited = variable.inherited || this.#declared.get(signature)?.inherited === true;
    this.#declared.set(signature, { scope: variable.scope, inherited });
  }

  /** Drops the values of all variables but these, once no bundle in use declares the others. */
  keepOnly(variables: readonly VariableDescription[]): void {
    this.#declared.clear();
    for (const variable of variables) this.declare(variable);
    for (const at of this.#cells.keys()) if (!this.#declared.has(at.slice(0, at.indexOf("\0")))) this.#drop(at);
  }

  /**
   * Drops what belongs to a process, container or cgroup that has ended.
   * @param keepInherited while it has living descendants that may still read its inherited variables
   */
  release(scope: Exclude<VariableScope, "global">, identity: string, { keepInherited = false } = {}): void {
    if (this.#cells.size === 0) return;
    for (const [signature, declared] of this.#declared)
      if (declared.scope === scope && !(keepInherited && declared.inherited)) this.#drop(`${signature}\0${identity}`);
  }

  /** @returns the live entries, oldest first; undefined when there are none */
  read(at: string, nowNs: bigint): readonly Entry[] | undefined {
    const cell = this.#cells.get(at);
    if (!cell) return undefined;
    this.#prune(cell, nowNs);
    if (cell.entries.size === 0) {
      this.#drop(at);
      return undefined;
    }
    this.#cells.delete(at);
    this.#cells.set(at, cell);
    return [...cell.entries.values()];
  }

  /** Puts entries in the place of those that are there; keeps the newest `sizeMax`. */
  write(at: string, entries: readonly Entry[], sizeMax: number): void {
    const cell: Cell = { entries: new Map(), bytes: CELL_BYTES + 2 * at.length };
    this.#drop(at);
    for (const entry of entries) {
      const identity = identityOf(entry.value);
      if (!cell.entries.delete(identity)) cell.bytes += bytesOf(entry.value);
      cell.entries.set(identity, entry);
      if (cell.entries.size > sizeMax) this.#dropOldest(cell);
    }
    while (cell.bytes > this.#bytesMax && cell.entries.size > 1) this.#dropOldest(cell);
    this.#cells.set(at, cell);
    this.#bytes += cell.bytes;
    for (const oldest of this.#cells.keys()) {
      if (this.#bytes <= this.#bytesMax || oldest === at) break;
      this.#drop(oldest);
      this.counters.evicted++;
    }
  }

  #dropOldest(cell: Cell): void {
    for (const [identity, { value }] of cell.entries) {
      cell.entries.delete(identity);
      cell.bytes -= bytesOf(value);
      return;
    }
  }

  #prune(cell: Cell, nowNs: bigint): void {
    for (const [identity, entry] of cell.entries) {
      if (isLive(entry, nowNs)) continue;
      cell.entries.delete(identity);
      cell.bytes -= bytesOf(entry.value);
      this.#bytes -= bytesOf(entry.value);
    }
  }

  #drop(at: string): void {
    const cell = this.#cells.get(at);
    if (!cell) return;
    this.#cells.delete(at);
    this.#bytes -= cell.bytes;
  }
}

/** What an action gives a variable: values, or null when it could not tell. */
export interface Assignment {
  readonly append: boolean;
  readonly values: readonly (Single | number)[] | null;
}

/** @returns the constant of an action as the values of an assignment */
export function constantValues(value: VariableValue): readonly (string | number | boolean)[] {
  return Array.isArray(value) ? value : [value as string | number | boolean];
}

/** The variables that one bundle declares, over the values of its tenant. */
export class VariableStore {
  readonly state: VariableState;
  readonly variables: readonly VariableDescription[];
  readonly #byName: ReadonlyMap<string, VariableDescription>;

  /** @param state of the bundle before, so that variables declared alike keep their values */
  constructor({ variables }: Pick<MatcherDescription, "variables">, state = new VariableState()) {
    this.state = state;
    this.variables = variables;
    this.#byName = new Map(variables.map((variable) => [variable.name, variable]));
    for (const variable of variables) state.declare(variable);
  }

  /** @returns the value as the context block has it; null for a name that is not declared */
  read(name: string, subject: VariableSubject): ContextValue {
    const variable = this.#byName.get(name);
    if (!variable) return null;
    const identity = identityFor(variable.scope, subject);
    if (identity === null) return null;
    if (identity === undefined) return readingOf(variable, defaultOf(variable));
    const entries = this.#find(variable, identity, subject);
    return entries && readingOf(variable, entries);
  }

  /**
   * @returns whether the variable reads otherwise than before
   * @throws TypeError for a name that is not declared
   */
  set(name: string, assignment: Assignment, subject: VariableSubject): boolean {
    const variable = this.#byName.get(name);
    if (!variable) throw new TypeError(`variable ${JSON.stringify(name)} is not declared`);
    const identity = identityFor(variable.scope, subject);
    if (identity === undefined) return false;
    if (identity === null) {
      this.state.counters.dropped++;
      return false;
    }
    const before = this.#find(variable, identity, subject);
    const expiresNs = variable.ttlNs === undefined ? undefined : subject.nowNs + BigInt(variable.ttlNs);
    const given = assignment.values?.map((value) => coerce(variable, value)) ?? [null];
    const base = assignment.append
      ? (before?.map((entry) => ({ expiresNs, ...entry })) ?? [{ value: null, expiresNs }])
      : [];
    const added = variable.array ? given : [sum(variable, base[0]?.value, given[0])];
    const entries = [...(variable.array ? base : []), ...added.map((value) => ({ value, expiresNs }))];
    const sizeMax = variable.array ? (variable.size ?? ARRAY_SIZE_DEFAULT) : 1;
    this.state.write(`${signatureOf(variable)}\0${identity}`, entries, sizeMax);
    const after = this.#find(variable, identity, subject);
    return !sameValue(before && readingOf(variable, before), after && readingOf(variable, after));
  }

  /** @returns what the variable has, oldest first; null when that is not known */
  #find(variable: VariableDescription, identity: string, subject: VariableSubject): readonly Found[] | null {
    const own = this.#entries(variable, identity, subject.nowNs);
    if (own) return own;
    if (variable.scope !== "process" || !variable.inherited) return defaultOf(variable);
    const { processes, complete } = subject.lineage();
    for (const ancestor of processes) {
      const entries = this.#entries(variable, ancestor, subject.nowNs);
      if (entries) return entries;
    }
    return complete ? defaultOf(variable) : null;
  }

  #entries(variable: VariableDescription, identity: string, nowNs: bigint): readonly Entry[] | undefined {
    return this.state.read(`${signatureOf(variable)}\0${identity}`, nowNs);
  }
}

/** @returns undefined where there is no such variable, null where it is not known whose it would be */
function identityFor(scope: VariableScope, subject: VariableSubject): string | null | undefined {
  if (scope === "global") return "";
  if (scope === "container") return subject.container === "" ? undefined : subject.container;
  return subject[scope];
}

function readingOf({ array }: VariableDescription, entries: readonly Found[]): ContextValue {
  if (!array) return entries.length === 0 ? undefined : entries[0]?.value;
  const values = entries.map(({ value }) => value);
  return values.includes(null) ? null : (values as Single[]);
}

function defaultOf(variable: VariableDescription): readonly Found[] {
  const { array, default: value } = variable;
  if (value === undefined || Array.isArray(value) !== array) return [];
  return constantValues(value).map((one) => ({ value: coerce(variable, one) }));
}

/** What a scalar becomes when `value` is appended to `before`; undefined: there is nothing before. */
function sum(
  variable: VariableDescription,
  before: Single | null | undefined,
  value = zeroOf(variable) as Single | null,
): Single | null {
  if (value === null || before === undefined) return value;
  if (typeof value === "bigint") return before === null ? null : BigInt.asIntN(64, (before as bigint) + value);
  if (variable.type !== "string") return value;
  const text = before === null ? null : joined(before as HostText, value as HostText);
  return text !== null && text.length > APPENDED_CHARACTERS_MAX ? null : text;
}

function zeroOf({ type }: VariableDescription): Single {
  if (type === "int") return 0n;
  if (type === "bool") return false;
  return type === "ip" ? new Uint8Array(16) : "";
}

/** @returns null for a value that is not of the variable's type: nothing is known of it then */
function coerce({ type }: VariableDescription, value: Single | number): Single | null {
  if (type === "int" && typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : null;
  if (type === "bool" && (typeof value === "bigint" || typeof value === "number")) return Boolean(value);
  if (type === "string" && value instanceof Uint8Array) return value;
  const expected = { string: "string", int: "bigint", bool: "boolean", ip: "object" }[type];
  return typeof value === expected ? (value as Single) : null;
}

function sameValue(a: ContextValue, b: ContextValue): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return identityOfAny(a) === identityOfAny(b);
  return a.length === b.length && a.every((value, i) => identityOf(value) === identityOf(b[i]));
}

const identityOfAny = (value: ContextValue): unknown =>
  value === undefined || Array.isArray(value) ? undefined : identityOf(value as Single | null);
