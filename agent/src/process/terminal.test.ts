import { expect, test } from "vitest";
import { parseDrivers, terminalName } from "./terminal.ts";

const DRIVERS = parseDrivers(`/dev/tty             /dev/tty        5       0 system:/dev/tty
/dev/console         /dev/console    5       1 system:console
serial               /dev/ttyS       4 64-95 serial
pty_slave            /dev/pts      136 0-1048575 pty:slave
unknown              /dev/tty        4 1-63 console
`);
const driver = (major: number, minor: number) =>
  DRIVERS.find((d) => d.major === major && d.first <= minor && minor <= d.last);
/** new_encode_dev() of include/linux/kdev_t.h */
const device = (major: number, minor: number): number => (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);

test.each([
  ["none", 0, ""],
  ["a pseudo-terminal", device(136, 3), "pts3"],
  ["one with a large number", device(136, 1000), "pts1000"],
  ["a virtual console", device(4, 1), "tty1"],
  ["a serial line", device(4, 65), "ttyS1"],
  ["the console", device(5, 1), "console"],
  ["one that no driver is known of", device(200, 0), undefined],
])("%s", (_, number, name) => expect(terminalName(number, driver)).toBe(name));
