import { expect, test } from "vitest";
import { containerIdOf } from "./container.ts";

const id = "0123456789abcdef".repeat(4);
const pod = "fedcba9876543210".repeat(4);

test.each([
  ["Docker, systemd driver", `0::/system.slice/docker-${id}.scope`],
  ["Docker, cgroupfs driver, v1", `12:pids:/docker/${id}\n1:name=systemd:/docker/${id}`],
  ["containerd", `0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-${id}.scope`],
  ["CRI-O", `0::/kubepods.slice/kubepods-pod1.slice/crio-${id}.scope`],
  ["Podman", `0::/machine.slice/libpod-${id}.scope/container`],
  ["the inner one of nested containers", `0::/docker/${pod}/docker/${id}`],
])("%s", (_, cgroups) => expect(containerIdOf(cgroups)).toBe(id));

test.each([
  ["a host process", "0::/user.slice/user-0.slice/session-1.scope"],
  ["the root cgroup", "0::/"],
  ["nothing", ""],
  ["a longer hexadecimal name", `0::/job/${id}0`],
  ["a shorter one", `0::/job/${id.slice(1)}`],
])("%s is in none", (_, cgroups) => expect(containerIdOf(cgroups)).toBe(""));
