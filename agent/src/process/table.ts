/**
 * The process table: every process by pid, kept by the kernel stage's fork, exec and exit records in their
 * order, so that an event's lineage is complete even when all of it has ended by the time it is read.
 *
 * Invariant: a process stays reachable from its children after its exit, up to ANCESTORS_MAX generations: a
 * chain of processes that fork and end would grow for ever. Processes that ran before the agent come from /proc
 * once, after the records have begun to flow.
 */
import { existsSync } from "node:fs";
import type { DecodedRecord, ExecRecord, ForkRecord, RecordHeader } from "@weir/matcher-wasm/format";
import { listPids, type ProcEntry, readContainerId, readProcess } from "./proc.ts";
import { ANCESTORS_MAX, type Process, sameStart, UNKNOWN_IMAGE } from "./process.ts";

export class ProcessTable {
  readonly #processes = new Map<number, Process>();
  /** With cgroup v2 alone the id in the record tells whether a process moved; otherwise only /proc does. */
  readonly #unified = existsSync("/sys/fs/cgroup/cgroup.controllers");

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
      case "exit":
        if (this.#current(record)) this.#processes.delete(record.tgid);
        break;
    }
  }

  /** The process that caused a record. Where nothing else is known of it, it has what the record says. */
  processOf(record: RecordHeader): Process {
    return this.#current(record) ?? this.#adopt(record);
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
      process.cgroupId = record.cgroupId;
      return process;
    }
    return this.#put({
      tgid: record.tgid,
      startNs: record.processStartNs,
      ppid: record.ppid,
      parent: this.#processes.get(record.ppid) ?? this.#readFromProc(record.ppid),
      image: UNKNOWN_IMAGE,
      comm: record.comm,
      cgroupId: record.cgroupId,
      containerId: "",
    });
  }

  #readFromProc(pid: number): Process | undefined {
    const entry = pid > 0 ? readProcess(pid) : undefined;
    return entry && this.#insert(entry);
  }

  #insert(entry: ProcEntry): Process {
    const process = this.#put({ ...entry, parent: undefined, cgroupId: 0n });
    const known = this.#processes.get(entry.ppid);
    // A parent starts first; the comparison also ends a cycle that pid reuse could make.
    process.parent = known && known.startNs <= entry.startNs ? known : this.#readFromProc(entry.ppid);
    return process;
  }

  #put(process: Process): Process {
    this.#processes.set(process.tgid, process);
    return process;
  }

  #fork(record: ForkRecord): void {
    const { forkerTgid: tgid, forkerStartNs: processStartNs } = record;
    const forker = this.processOf({ ...record, tgid, processStartNs, ppid: 0 });
    // With CLONE_PARENT the child is a sibling of its creator.
    const parent = record.ppid === record.forkerTgid ? forker : forker.parent;
    const child = this.#put({
      tgid: record.tgid,
      startNs: record.processStartNs,
      ppid: record.ppid,
      parent,
      image: forker.image,
      comm: record.comm,
      cgroupId: record.cgroupId,
      containerId: forker.containerId,
    });
    this.#forget(child);
  }

  /** Cuts the lineage behind the first process beyond ANCESTORS_MAX that has ended; those that live are kept anyway. */
  #forget(process: Process): void {
    let ancestor: Process | undefined = process;
    for (let i = 0; ancestor && i < ANCESTORS_MAX; i++) ancestor = ancestor.parent;
    while (ancestor && this.#processes.get(ancestor.tgid) === ancestor) ancestor = ancestor.parent;
    if (ancestor) ancestor.parent = undefined;
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
    if (!this.#unified || record.cgroupId !== process.cgroupId)
      process.containerId = readContainerId(record.tgid) ?? process.containerId;
    process.cgroupId = record.cgroupId;
  }
}
