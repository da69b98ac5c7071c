import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { KernelStage } from "./stage.ts";

test("what is no BPF object is refused in words", () => {
  const object = readFileSync("/proc/version");
  expect(() => KernelStage.open({ object, attach: "tracepoint", ringBytes: 1 << 20 })).toThrow(
    /tracepoint programs: bpf_object__open_mem: \S+ .*libbpf 4\d\d\d/,
  );
});
