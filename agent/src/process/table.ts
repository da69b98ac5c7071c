/**
 * The process table: every process by pid, kept by the kernel stage's fork, exec and exit records in their
 * order, so that an event's lineage is complete even when all of it has ended by the time it is read.
 *
 * Invariant: a process stays reachable from its children after its exit, up to ANCESTORS_MAX generations: a
 * chain of processes that fork and end would grow for ever. Processes that ran before the agent come from /proc
 * once, after the records have begun to flow.
 */
import type { DecodedRecord, ExecRecord, ForkRecord, RecordHeader } from "@weir/matcher-wasm/format";
import { Cgroups } from "./cgroup.ts";
import { capabilitiesOf, environmentOf, executableOf, terminalOf } from "./live.ts";
import { listPids, PF_FORKNOEXEC, PF_KTHREAD, type ProcEntry, readProcess } from "./proc.ts";
import { ANCESTORS_MAX, identityOf, idsOf, type Process, sameStart, UNKNOWN_IMAGE } from "./process.ts";

/** What has to be read from /proc at the exec, as the process may be gone by the time an event asks. */
export type ExecDetail = "executable" | "environment" | "terminal" | "capabilities";

const READ_DETAIL: Record<ExecDetail, (process: Process) => unknown> = {
  executable: executableOf,
  environment: environmentOf,
  terminal: terminalOf,
  capabilities: capabilitiesOf,
};

export interface ProcessTableEvents {
  /** A process has ended; `hasDescendants`: some that it created are still known. Once more when they are gone, too. */
  readonly onProcessEnd?: (identity: string, hasDescendants: boolean) => void;
  /** The last process of a container has ended. */
  readonly onContainerEnd?: (id: string) => void;
}

export class ProcessTable {
  /** Details that somebody may ask for. */
  execDetails: readonly ExecDetail[] = [];
  readonly #processes = new Map<number, Process>();
  readonly #cgroups: Cgroups;
  readonly #onProcessEnd: (identity: string, hasDescendants: boolean) => void;

  constructor({ onProcessEnd, onContainerEnd }: ProcessTableEvents = {}) {
    this.#onProcessEnd = onProcessEnd ?? (() => undefined);
    this.#cgroups = new Cgroups(onContainerEnd ?? (() => undefined));
  }

  get size(): number {
    return this.#processes.size;
  }

  /** Takes in every process of this moment; call it once the records flow. */
  scan(): void {
    for (const pid of listPids()) if (!this.#processes.has(pid)) this.#readFromProc(pid);
  }

  /** Follows a fork, exec or exit record; file events change nothing. */
  apply(record: DecodedRecord): void {
    switch (record.kind) {
      case "fork":
        this.#fork(record);
        break;
      case "exec":
        this.#exec(record);
        break;
      case "exit": {
        const process = this.#current(record);
        if (!process) break;
        this.#processes.delete(record.tgid);
        this.#end(process);
        break;
      }
    }
  }

  /** The process that caused a record. Where nothing else is known of it, it has what the record says. */
  processOf(record: RecordHeader): Process {
    const process = this.#current(record) ?? this.#adopt(record);
    process.ids = idsOf(record);
    if (this.#cgroups.unified && record.cgroupId !== process.cgroupId) this.#move(process, record);
    return process;
  }

  #current({ tgid, processStartNs }: RecordHeader): Process | undefined {
    const known = this.#processes.get(tgid);
    if (!known || !sameStart(known.startNs, processStartNs)) return undefined;
    known.startNs = processStartNs;
    return known;
  }

  /** Makes an entry for a process whose fork was not seen. */
  #adopt(record: RecordHeader): Process {
    const entry = readProcess(record.tgid);
    if (entry && sameStart(entry.startNs, record.processStartNs)) {
      const process = this.#insert(entry);
      process.startNs = record.processStartNs;
      return process;
    }
    const process = this.#put({
      tgid: record.tgid,
      startNs: record.processStartNs,
      ppid: record.ppid,
      parent: undefined,
      image: UNKNOWN_IMAGE,
      comm: record.comm,
      ids: undefined,
      cgroupId: 0n,
      cgroup: undefined,
      executed: undefined,
      ofKernel: undefined,
      ended: false,
      children: 0,
    });
    this.#move(process, record);
    adoptBy(process, this.#processes.get(record.ppid) ?? this.#readFromProc(record.ppid));
    return process;
  }

  #readFromProc(pid: number): Process | undefined {
    const entry = pid > 0 ? readProcess(pid) : undefined;
    return entry && this.#insert(entry);
  }

  #insert({ tgid, startNs, ppid, comm, image, flags }: ProcEntry): Process {
    const cgroup = this.#cgroups.join(tgid, 0n, startNs);
    const process = this.#put({
      tgid,
      startNs,
      ppid,
      parent: undefined,
      image,
      comm,
      ids: undefined,
      cgroupId: (this.#cgroups.unified && cgroup?.inode) || 0n,
      cgroup,
      executed: (flags & PF_FORKNOEXEC) === 0,
      ofKernel: (flags & PF_KTHREAD) !== 0,
      ended: false,
      children: 0,
    });
    const known = this.#processes.get(ppid);
    // A parent starts first; the comparison also ends a cycle that pid reuse could make.
    adoptBy(process, known && known.startNs <= startNs ? known : this.#readFromProc(ppid));
    return process;
  }

  #put(process: Process): Process {
    const before = this.#processes.get(process.tgid);
    this.#processes.set(process.tgid, process);
    if (before) this.#end(before);
    return process;
  }

  #fork(record: ForkRecord): void {
    const { forkerTgid: tgid, forkerStartNs: processStartNs } = record;
    const forker =
      this.#current({ ...record, tgid, processStartNs }) ?? this.#adopt({ ...record, tgid, processStartNs, ppid: 0 });
    const child = this.#put({
      tgid: record.tgid,
      startNs: record.processStartNs,
      ppid: record.ppid,
      parent: undefined,
      image: forker.image,
      comm: record.comm,
      ids: idsOf(record),
      cgroupId: forker.cgroupId,
      cgroup: this.#cgroups.joinAs(forker.cgroup),
      executed: false,
      ofKernel: forker.ofKernel,
      ended: false,
      children: 0,
      terminal: forker.terminal,
      capabilities: forker.capabilities,
    });
    // With CLONE_PARENT the child is a sibling of its creator.
    adoptBy(child, record.ppid === record.forkerTgid ? forker : forker.parent);
    if (this.#cgroups.unified && record.cgroupId !== child.cgroupId) this.#move(child, record);
    this.#forget(child);
  }

  /** Cuts the lineage behind the first process beyond ANCESTORS_MAX that has ended; those that live are kept anyway. */
  #forget(process: Process): void {
    let ancestor: Process | undefined = process;
    for (let i = 0; ancestor && i < ANCESTORS_MAX; i++) ancestor = ancestor.parent;
    while (ancestor && this.#processes.get(ancestor.tgid) === ancestor) ancestor = ancestor.parent;
    if (ancestor) this.#orphan(ancestor);
  }

  #exec(record: ExecRecord): void {
    const process = this.processOf(record);
    process.image = {
      path: record.path,
      pathTruncated: record.pathTruncated,
      args: record.args,
      argsTruncated: record.argsTruncated,
    };
    process.comm = record.comm;
    process.executed = true;
    process.ofKernel = false;
    process.capabilities = undefined;
    if (!this.#cgroups.unified) this.#move(process, record);
    for (const detail of this.execDetails) READ_DETAIL[detail](process);
  }

  /** Looks anew in which cgroup a process is. */
  #move(process: Process, { cgroupId, timeNs }: RecordHeader): void {
    const before = process.cgroup;
    const joined = this.#cgroups.join(process.tgid, cgroupId, timeNs);
    process.cgroupId = cgroupId;
    // With version 1 nothing says that it moved: a process that is gone is where it was seen last.
    if (!joined && !this.#cgroups.unified) return;
    process.cgroup = joined;
    this.#cgroups.leave(before);
  }

  #end(process: Process): void {
    process.ended = true;
    this.#cgroups.leave(process.cgroup);
    this.#onProcessEnd(identityOf(process), process.children > 0);
    if (process.children === 0) this.#orphan(process);
  }

  /** Takes a process from its parent, which may be the last that kept the parent's values. */
  #orphan(process: Process): void {
    let child = process;
    for (let parent = child.parent; parent; parent = child.parent) {
      child.parent = child === process && process.children === 0 ? parent : undefined;
      if (--parent.children > 0 || !parent.ended) return;
      this.#onProcessEnd(identityOf(parent), false);
      child = parent;
    }
  }
}

function adoptBy(child: Process, parent: Process | undefined): void {
  child.parent = parent;
  if (parent) parent.children++;
}
