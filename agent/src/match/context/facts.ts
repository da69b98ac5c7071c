/** What the values of an event's context are made of. */
import type { ExecRecord, ExitRecord, FileEvent } from "@weir/matcher-wasm/format";
import type { ContextValue } from "@weir/matcher-wasm/host";
import type { AccountKind, Accounts } from "../../process/accounts.ts";
import { ancestorsOf, isComplete, type Process } from "../../process/process.ts";
import type { Clock } from "../clock.ts";
import type { HostFacts } from "./host.ts";

/** Records that rules judge. */
export type JudgedRecord = FileEvent | ExecRecord | ExitRecord;

/** What every event of this host shares. */
export interface HostSources {
  readonly host: HostFacts;
  readonly accounts: Accounts;
  readonly clock: Clock;
}

export interface Lineage {
  /** From the parent on. */
  readonly processes: readonly Process[];
  /** None is missing up to the oldest. */
  readonly complete: boolean;
}

/** One event, with what is asked for more than once worked out once. */
export class EventFacts {
  readonly record: JudgedRecord;
  /** As it was when it caused the event; after an exec. */
  readonly process: Process;
  readonly sources: HostSources;
  #names: Map<string, string | undefined> | undefined;
  #lineage: Lineage | undefined;

  constructor(record: JudgedRecord, process: Process, sources: HostSources) {
    this.record = record;
    this.process = process;
    this.sources = sources;
  }

  /**
   * @param id in the initial user namespace
   * @returns its name as the acting process would see it; empty for an id without one, undefined: not known
   */
  nameOf(kind: AccountKind, id: number): string | undefined {
    this.#names ??= new Map();
    const at = `${kind} ${id}`;
    if (!this.#names.has(at)) this.#names.set(at, this.sources.accounts.nameOf(kind, id, this.process));
    return this.#names.get(at);
  }

  get lineage(): Lineage {
    if (this.#lineage) return this.#lineage;
    const processes = ancestorsOf(this.process);
    this.#lineage = { processes, complete: isComplete(this.process, processes) };
    return this.#lineage;
  }
}

/** @returns null for what is not known, undefined for what does not exist */
export type Resolve = (event: EventFacts) => ContextValue;
