import { describe, expect, test } from "vitest";
import { Cgroups, parseCgroups } from "./cgroup.ts";

const id = "0123456789abcdef".repeat(4);
const pod = "fedcba9876543210".repeat(4);
const containerIdOf = (cgroups: string): string => parseCgroups(cgroups, cgroups.startsWith("0::"))?.containerId ?? "";

test.each([
  ["Docker, systemd driver", `0::/system.slice/docker-${id}.scope`, "docker"],
  ["Docker, cgroupfs driver, v1", `12:pids:/docker/${id}\n1:name=systemd:/docker/${id}`, "docker"],
  ["containerd", `0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-${id}.scope`, "containerd"],
  [
    "containerd, systemd driver",
    `0::/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:${id}`,
    "containerd",
  ],
  ["CRI-O", `0::/kubepods.slice/kubepods-pod1.slice/crio-${id}.scope`, "cri-o"],
  ["Podman", `0::/machine.slice/libpod-${id}.scope/container`, "podman"],
  ["the inner one of nested containers", `0::/docker/${pod}/docker/${id}`, "docker"],
  ["Kubernetes, cgroupfs driver: any runtime", `0::/kubepods/burstable/pod1/${id}`, undefined],
])("%s", (_, cgroups, manager) => {
  expect(containerIdOf(cgroups)).toBe(id);
  expect(parseCgroups(cgroups, true)?.manager).toBe(manager);
});

test.each([
  ["a host process", "0::/user.slice/user-0.slice/session-1.scope"],
  ["the root cgroup", "0::/"],
  ["nothing", ""],
  ["a longer hexadecimal name", `0::/job/${id}0`],
  ["a shorter one", `0::/job/${id.slice(1)}`],
])("%s is in none", (_, cgroups) => expect(containerIdOf(cgroups)).toBe(""));

describe("the cgroup that stands for a process", () => {
  const hybrid = "9:name=systemd:/system.slice/cron.service\n4:memory:/other\n0::/";

  test("of version 2 where there is no other", () => {
    expect(parseCgroups(hybrid, true)).toMatchObject({ version: 2, path: "/", manager: "" });
  });

  test("systemd's where there is version 1, unless another names a container", () => {
    expect(parseCgroups(hybrid, false)).toMatchObject({
      version: 1,
      path: "/system.slice/cron.service",
      manager: "systemd",
    });
    const inside = `${hybrid}\n3:cpu,cpuacct:/docker/${id}`;
    expect(parseCgroups(inside, false)).toMatchObject({ hierarchy: "cpu,cpuacct", path: `/docker/${id}` });
  });

  test("one that has been removed", () => {
    expect(parseCgroups("0::/a b.service (deleted)", true)).toMatchObject({ path: "/a b.service", manager: "systemd" });
  });

  test("nothing where there is nothing", () => expect(parseCgroups("", true)).toBeUndefined());
});

test("processes of one cgroup share it, until the last has left", () => {
  const cgroups = new Cgroups(() => undefined);
  const [first, second] = [cgroups.join(process.pid, 0n, 5n), cgroups.join(process.pid, 0n, 3n)];
  expect(first).toBe(second);
  expect(first?.members).toBe(2);
  cgroups.leave(first);
  cgroups.leave(first);
  expect(cgroups.join(process.pid, 0n, 5n)).not.toBe(first);
});

test("of a process that is gone nothing is known", () => {
  expect(new Cgroups(() => undefined).join(1 << 23, 0n, 0n)).toBeUndefined();
});
