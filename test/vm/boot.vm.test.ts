import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { fetchKernel, runInVm, vmMissing } from "./vm.ts";

const missing = vmMissing();
const node = "node_modules/.bin/node";

beforeAll(async () => {
  if (missing === undefined) await fetchKernel("bookworm");
}, 300_000);

test("a 6.1 kernel runs this checkout's Node, with what the agent needs mounted", async (context) => {
  if (missing !== undefined) context.skip(missing);
  const script = `
    const fs = require("node:fs");
    const types = new Map(fs.readFileSync("/proc/mounts", "utf8").trim().split("\\n").map((l) => l.split(" ").slice(1, 3)));
    console.log(JSON.stringify({
      kernel: require("node:os").release(),
      node: process.version,
      root: process.getuid() === 0,
      btf: fs.statSync("/sys/kernel/btf/vmlinux").size > 1_000_000,
      checkout: fs.existsSync("package-lock.json"),
      bpf: types.get("/sys/fs/bpf"),
      tracing: types.get("/sys/kernel/tracing"),
      cgroup: types.get("/sys/fs/cgroup"),
      shm: types.get("/dev/shm"),
      loopback: require("node:os").networkInterfaces().lo?.[0].address,
    }));
    process.exitCode = 7;`;
  const { exitCode, output } = await runInVm({
    release: "bookworm",
    command: [node, "-e", script],
    timeoutMs: 180_000,
  });
  expect(exitCode, output).toBe(7);
  expect(JSON.parse(output)).toEqual({
    kernel: expect.stringMatching(/^6\.1\./),
    node: process.version,
    root: true,
    btf: true,
    checkout: true,
    bpf: "bpf",
    tracing: "tracefs",
    cgroup: "cgroup2",
    shm: "tmpfs",
    loopback: "127.0.0.1",
  });
});

test("a guest that dies is an error, not a result", async (context) => {
  if (missing !== undefined) context.skip(missing);
  const crash = runInVm({
    release: "bookworm",
    command: ["sh", "-c", "echo before; echo c > /proc/sysrq-trigger; sleep 60"],
    timeoutMs: 180_000,
  });
  await expect(crash).rejects.toMatchObject({ kind: "no-result", output: expect.stringContaining("before") });
});

test("time is up", async (context) => {
  if (missing !== undefined) context.skip(missing);
  const slow = runInVm({ release: "bookworm", command: ["sleep", "600"], timeoutMs: 3_000 });
  await expect(slow).rejects.toMatchObject({ kind: "timeout" });
});

test("a crash is told and repeated", async (context) => {
  if (missing !== undefined) context.skip(missing);
  const told = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  onTestFinished(() => told.mockRestore());
  const { exitCode, output } = await runInVm({
    release: "bookworm",
    command: ["sh", "-c", "kill -SEGV $$"],
    timeoutMs: 180_000,
    attempts: 2,
  });
  expect(exitCode).toBe(139);
  expect(told).toHaveBeenCalledOnce();
  expect(told.mock.calls[0]?.[0]).toContain("status 139, attempt 1 of 2");
  expect(output).toMatch(/^\[ *\d+\.\d+\] /m);
});
