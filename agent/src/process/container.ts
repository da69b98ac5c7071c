/**
 * The container of a process, from the names of its cgroups. Docker, containerd, CRI-O and Podman all name a
 * container's cgroup by its id of 64 hexadecimal digits, bare or between a prefix and ".scope".
 */

const ID = /(?:^|[^0-9a-f])([0-9a-f]{64})(?![0-9a-f])/g;

/**
 * @param cgroups as in /proc/PID/cgroup: a line for each hierarchy, `id:controllers:path`
 * @returns id of the innermost container, empty outside one
 */
export function containerIdOf(cgroups: string): string {
  for (const line of cgroups.split("\n")) {
    const path = line.slice(line.indexOf(":", line.indexOf(":") + 1) + 1);
    const ids = [...path.matchAll(ID)];
    const innermost = ids.at(-1)?.[1];
    if (innermost !== undefined) return innermost;
  }
  return "";
}
