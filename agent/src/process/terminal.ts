/**
 * Names of terminals as the kernel has them: the name of the driver and the number of the line, `pts0`, `tty1`,
 * `ttyS0`.
 */
import { readFileSync } from "node:fs";

interface Driver {
  readonly name: string;
  readonly major: number;
  readonly first: number;
  readonly last: number;
  /** It has one line only, whose name is the driver's. */
  readonly single: boolean;
}

/** @param text of /proc/tty/drivers: driver, device, major, minor or a range of them, type */
export function parseDrivers(text: string): Driver[] {
  return text.split("\n").flatMap((line) => {
    const [, device, major, minors, type = ""] = line.trim().split(/\s+/);
    if (!device?.startsWith("/dev/") || minors === undefined) return [];
    const [first = 0, last = first] = minors.split("-").map(Number);
    const name = device.slice("/dev/".length).replaceAll("/", "");
    return [{ name, major: Number(major), first, last, single: /^system/.test(type) }];
  });
}

let drivers: readonly Driver[] | undefined;

/** The drivers of this kernel, read once more when one is missing: modules bring others. */
function driverOf(major: number, minor: number): Driver | undefined {
  const find = (): Driver | undefined => drivers?.find((d) => d.major === major && d.first <= minor && minor <= d.last);
  const known = find();
  if (known) return known;
  try {
    drivers = parseDrivers(readFileSync("/proc/tty/drivers", "utf8"));
  } catch {
    drivers = [];
  }
  return find();
}

/**
 * @param device as new_encode_dev() has it; 0: no terminal
 * @returns empty without a terminal, undefined for one that no driver is known of
 */
export function terminalName(device: number, driver = driverOf): string | undefined {
  if (device === 0) return "";
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  const found = driver(major, minor);
  if (!found) return undefined;
  if (found.single) return found.name;
  // Virtual consoles are counted as their minor numbers are, from 1; all others from 0.
  return `${found.name}${found.name === "tty" ? minor : minor - found.first}`;
}
