/** Durations of policy files: as Go writes them (`10s`, `1h30m`, `1.5h`), or an integer of nanoseconds. */

const UNIT_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Longest duration, in nanoseconds: about 104 days, the largest integer that a manifest holds exactly. */
export const DURATION_NS_MAX = Number.MAX_SAFE_INTEGER;
/** Most characters of a duration; longer ones are not looked at. */
const LENGTH_MAX = 64;

const PART = /(\d+)?(?:\.(\d*))?([a-zµμ]+)/y;

export type DurationResult =
  | { readonly ns: number }
  /** What is wrong, as the end of a sentence that starts with the duration. */
  | { readonly problem: string; readonly hint?: string };

/** @returns the nanoseconds; fractions of one are cut off */
export function parseDuration(text: string): DurationResult {
  if (text.length > LENGTH_MAX) return { problem: `has ${text.length} characters: at most ${LENGTH_MAX} are allowed` };
  if (text === "0") return { ns: 0 };
  if (/^[+-]?\d+$/.test(text)) return { problem: "has no unit", hint: `write \`${text}s\`, or one of ${units()}` };
  if (text.startsWith("-")) return { problem: "is negative" };
  if (/^\+?$/.test(text)) return { problem: "is no duration" };
  let total = 0n;
  PART.lastIndex = text.startsWith("+") ? 1 : 0;
  while (PART.lastIndex < text.length) {
    const part = PART.exec(text);
    const [, whole, fraction, unit = ""] = part ?? [];
    if (part === null || (whole === undefined && !fraction))
      return { problem: "is no duration", hint: "write a number and a unit, such as `10s`, `5m` or `1h30m`" };
    const ns = UNIT_NS[unit];
    if (ns === undefined)
      return {
        problem: `has an unknown unit \`${unit}\``,
        hint: unit === "d" ? `write days as hours: \`${days(whole)}h\`` : `units: ${units()}`,
      };
    total += BigInt(whole ?? "0") * ns + (BigInt(fraction || "0") * ns) / 10n ** BigInt(fraction?.length ?? 0);
  }
  if (total > BigInt(DURATION_NS_MAX)) return tooLong(total);
  return { ns: Number(total) };
}

/** @returns the duration of an integer of nanoseconds */
export function durationOfNs(ns: number): DurationResult {
  if (ns < 0) return { problem: "is negative" };
  if (!Number.isInteger(ns)) return { problem: "is no whole number of nanoseconds", hint: "write it with a unit" };
  return ns > DURATION_NS_MAX ? tooLong(BigInt(ns)) : { ns };
}

const tooLong = (ns: bigint): DurationResult => ({
  problem: `is ${ns / 3_600_000_000_000n} hours: at most ${Math.floor(DURATION_NS_MAX / 3.6e12)} hours are allowed`,
});

const units = (): string =>
  Object.keys(UNIT_NS)
    .filter((unit) => /^[a-z]+$/.test(unit))
    .join(", ");

const days = (whole: string | undefined): string => String(BigInt(whole ?? "1") * 24n);
