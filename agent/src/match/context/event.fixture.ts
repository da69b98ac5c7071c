/** Events, processes and hosts for tests, from what the test is about. */
import { EVENT_OPEN, type FileEvent, type RecordHeader } from "@weir/matcher-wasm/format";
import type { Process } from "../../process/process.ts";
import type { HostSources } from "./facts.ts";

export const header = (parts: Partial<RecordHeader> = {}): RecordHeader => ({
  size: 200,
  type: EVENT_OPEN,
  flags: 0,
  timeNs: 5_000_000_000n,
  tenants: 1n,
  generation: 1,
  retval: 0,
  processStartNs: 0n,
  cgroupId: 0n,
  tgid: 1,
  tid: 1,
  ppid: 0,
  uid: 0,
  gid: 0,
  euid: 0,
  egid: 0,
  fsuid: 0,
  fsgid: 0,
  auid: 0xffffffff,
  mountNs: 0,
  pidNs: 0,
  comm: "init",
  ...parts,
});

export const fileEvent = (parts: Partial<FileEvent> = {}): FileEvent => ({
  kind: "file",
  ...header(),
  inode: 1n,
  dev: 2,
  mountId: 3,
  mode: 0o100644,
  fileUid: 0,
  fileGid: 0,
  opFlags: 0,
  opMode: 0,
  opUid: 0,
  opGid: 0,
  mtimeNs: 0n,
  ctimeNs: 0n,
  filesystem: "ext4",
  directoryKey: 0n,
  path: "/etc/passwd",
  pathBytes: Buffer.from("/etc/passwd"),
  pathTruncated: false,
  destination: "",
  destinationBytes: new Uint8Array(),
  destinationTruncated: false,
  text: "",
  textTruncated: false,
  usedPath: "",
  usedDestination: "",
  ...parts,
});

export const INIT: Process = {
  tgid: 1,
  startNs: 0n,
  ppid: 0,
  parent: undefined,
  image: { path: "/sbin/init", pathTruncated: false, args: ["init", "splash"], argsTruncated: false },
  comm: "init",
  ids: undefined,
  cgroupId: 0n,
  cgroup: {
    key: "1",
    path: "/init.scope",
    version: 2,
    manager: "systemd",
    inode: 7n,
    container: undefined,
    members: 1,
  },
  executed: true,
  ofKernel: false,
  ended: false,
  children: 0,
};

export const childOf = (parent: Process, parts: Partial<Process> = {}): Process => ({
  ...INIT,
  tgid: parent.tgid + 1,
  ppid: parent.tgid,
  parent,
  image: { ...INIT.image, path: "/bin/sh", args: ["sh", "-c", "true"] },
  comm: "sh",
  ...parts,
});

/** A host on which id n has the name `user n` or `group n`; it booted at the epoch. */
export const HOST = {
  host: { hostname: "host", values: new Map([["os", "linux"]]) },
  accounts: { nameOf: (kind: string, id: number) => `${kind} ${id}` },
  clock: { epochNs: (bootNs: bigint) => bootNs },
} as unknown as HostSources;
