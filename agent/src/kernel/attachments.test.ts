import { expect, test } from "vitest";
import { Attachments, type Need } from "./attachments.ts";

/** Stands for the kernel; `refuses` one program. */
class Kernel {
  readonly calls: string[] = [];
  refuses = "";

  attach(program: string): void {
    if (program === this.refuses) throw new Error(`${program}: refused`);
    this.calls.push(`+${program}`);
  }

  detach(program: string): void {
    this.calls.push(`-${program}`);
  }
}

const NEEDS = new Map<string, Need>([
  ["life", "always"],
  ["asked", ["unlink", "rename"]],
  ["opened", ["open"]],
]);

test("attached is what somebody needs", async () => {
  const kernel = new Kernel();
  const attachments = new Attachments(kernel, NEEDS);
  expect(attachments.attached).toEqual(["asked", "life", "opened"]);
  await attachments.detachUnneeded(new Set());
  expect(attachments.attached).toEqual(["life"]);
  kernel.calls.length = 0;
  await attachments.attachFor(new Set(["open", "rename"]));
  await attachments.attachFor(new Set(["open"]));
  expect(attachments.attached).toEqual(["asked", "life", "opened"]);
  await attachments.detachUnneeded(new Set(["open"]));
  await attachments.detachUnneeded(new Set());
  expect(attachments.attached).toEqual(["life"]);
  expect(kernel.calls).toEqual(["+asked", "+opened", "-asked", "-opened"]);
});

test("what the kernel refuses leaves everything as it was", async () => {
  const kernel = new Kernel();
  const attachments = new Attachments(kernel, NEEDS);
  await attachments.detachUnneeded(new Set());
  kernel.refuses = "opened";
  await expect(attachments.attachFor(new Set(["open", "unlink"]))).rejects.toThrow("opened: refused");
  expect(attachments.attached).toEqual(["life"]);
  expect(kernel.calls.at(-1)).toBe("-asked");
});
