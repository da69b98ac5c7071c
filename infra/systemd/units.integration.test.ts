import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));
const INSTALLED = "/opt/weir/";
const missing =
  spawnSync("systemd-analyze", ["--version"]).error === undefined
    ? undefined
    : "systemd-analyze is missing (Debian package systemd)";

/** Runs systemd-analyze on the unit as it would be with Weir installed here. */
function analyze(unit: string, ...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "weir-units-"));
  try {
    const text = readFileSync(new URL(unit, import.meta.url), "utf8");
    writeFileSync(join(folder, unit), text.replaceAll(INSTALLED, CHECKOUT));
    return spawnSync("systemd-analyze", [...args, join(folder, unit)], { encoding: "utf8" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Exposure as systemd scores it, 0.0 (none) to 10.0, times ten. A lower value is welcome, a higher one is not. */
describe.each([
  { unit: "weir-agent.service", exposureMax: 45 },
  { unit: "weir-control-plane.service", exposureMax: 13 },
])("$unit", ({ unit, exposureMax }) => {
  test("is a valid unit", (context) => {
    if (missing !== undefined) context.skip(missing);
    const { status, stderr } = analyze(unit, "verify", "--man=no");
    // Complaints about other units of this machine are not ours.
    const complaints = stderr.split("\n").filter((line) => line.includes(unit));
    expect({ status, complaints }).toEqual({ status: 0, complaints: [] });
  });

  test(`is exposed at most ${exposureMax / 10}`, (context) => {
    if (missing !== undefined) context.skip(missing);
    const { status, stdout, stderr } = analyze(unit, "security", "--offline=true", `--threshold=${exposureMax}`);
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/Overall exposure level/);
  });
});
