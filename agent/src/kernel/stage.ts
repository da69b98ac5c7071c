/**
 * The kernel stage as the agent sees it: loaded and attached in one of two modes, given generations of
 * filter tables, asked for its counters. Everything is unloaded when the process ends, however it ends:
 * nothing is pinned.
 */
import { existsSync, readFileSync } from "node:fs";
import { Attachments, type Need } from "./attachments.ts";
import { type KernelFunction, kernelFunctions, takesStructures } from "./btf.ts";
import { type Counters, readCounters } from "./counters.ts";
import { createFilterMaps, u32 } from "./filter-maps.ts";
import {
  ALL_TYPES,
  essentialMissing,
  FILE_TYPES,
  HOOKED_FUNCTIONS,
  type HookPlan,
  OPTIONAL_TYPES,
  planHooks,
} from "./hooks.ts";
import {
  BpfObject,
  closeFd,
  deleteFromMapAsync,
  KernelError,
  type RunStatistics,
  updateMap,
  updateMapAsync,
} from "./libbpf.ts";
import { encodeOptions, kernelPathCounters, type PathCounters } from "./options.ts";
import { RingReader } from "./ring.ts";
import { ACTIVE_BYTES, DISCARDER_KEY_BYTES, type FilterTables, fillActive, switchActive } from "./tables.ts";
import { IO_URING, planUring } from "./uring.ts";

/** `trampoline`: below the syscall layer; `tracepoint`: at the exit of system calls, where the former is refused. */
export type AttachMode = "trampoline" | "tracepoint";

export interface StageOptions {
  /** The object built from `bpf/`. */
  readonly object: Uint8Array;
  /** `auto` tries trampolines first. */
  readonly attach: AttachMode | "auto";
  /** Size of the ring buffer; a power of two of whole pages. */
  readonly ringBytes: number;
  /** Of directory keys; random where it is not given. */
  readonly secret?: Uint8Array;
  /** What the directory cache goes by: the kernel's counters where they are not given, "none" for no cache. */
  readonly pathCounters?: PathCounters | "none";
  /** Keeps every hook attached, in the order of `open`, whatever the rules need. */
  readonly attachAll?: boolean;
  /** Has the verifier tell what programs cost it; see `verifiedInstructions`. */
  readonly verifierStatistics?: boolean;
}

/** A directory in which events of a type are to be dropped, by the key in its records. */
export interface Discarder {
  readonly generation: number;
  readonly directoryKey: bigint;
  readonly type: number;
}

/** The kernel stage cannot run here; `remedy` says what would help. */
export class StageUnavailableError extends Error {
  override readonly name = "StageUnavailableError";
  readonly remedy: string;

  constructor(message: string, remedy: string, cause?: unknown) {
    super(message, { cause });
    this.remedy = remedy;
  }
}

const BTF = "/sys/kernel/btf/vmlinux";

/** @throws StageUnavailableError when something that both modes need is missing */
function requirePlatform(): void {
  if (process.platform !== "linux")
    throw new StageUnavailableError(`this is ${process.platform}`, "run the agent on Linux");
  if (!existsSync(BTF))
    throw new StageUnavailableError(
      `this kernel has no type information (${BTF} is missing)`,
      "use a kernel built with CONFIG_DEBUG_INFO_BTF=y, as Debian's are since 11",
    );
}

/** A loaded object, and the event types that it captures. */
interface Loaded extends Pick<HookPlan, "captured" | "missing"> {
  readonly bpf: BpfObject;
  readonly attachments: Attachments;
  readonly caching: boolean;
}

/** What a mode says of its programs; those of processes it does not name. */
interface LoadPlan extends Pick<HookPlan, "needs">, Partial<Pick<HookPlan, "targets">> {
  /** Programs that are not attached, as others go on as them: in the order of the map `called`. */
  readonly called?: readonly string[];
  readonly functions?: ReadonlyMap<string, KernelFunction>;
}

function loadObject(
  { object, ringBytes, secret, attachAll = false, verifierStatistics = false, ...options }: StageOptions,
  wanted: (program: string) => boolean,
  { functions = new Map(), targets = new Map(), called = [], needs }: LoadPlan,
): Pick<Loaded, "bpf" | "attachments" | "caching"> {
  const bpf = new BpfObject(object);
  try {
    const programs = bpf.programNames();
    for (const program of programs) bpf.setAutoload(program, wanted(program));
    for (const [program, target] of targets) bpf.setAttachTarget(program, target);
    bpf.setMaxEntries("records", ringBytes);
    const { pathCounters = kernelPathCounters() } = options;
    const caching = pathCounters === "none" ? undefined : pathCounters;
    bpf.setInitialValue(".rodata.options", encodeOptions({ functions, secret, pathCounters: caching }));
    if (verifierStatistics) bpf.askStatistics();
    bpf.load();
    for (const [index, program] of called.entries()) bpf.setCalled("called", index, program);
    const needOf = (program: string): Need => (attachAll ? "always" : (needs.get(program) ?? "always"));
    const attached = programs.filter((program) => wanted(program) && !called.includes(program));
    const loaded = attached.map((program) => [program, needOf(program)] as const);
    return { bpf, attachments: new Attachments(bpf, new Map(loaded)), caching: caching !== undefined };
  } catch (error) {
    bpf.close();
    throw error;
  }
}

/** See bpf/tracepoint.h. */
const CALLED = ["tracepoint_call", "tracepoint_received"];

function loadTracepoints(options: StageOptions): Loaded {
  const uring = planUring();
  const load = (programs: ReadonlySet<string>, missing: HookPlan["missing"]): Loaded => {
    const needs = new Map(["tracepoint_sys_exit", ...programs].map((program) => [program, FILE_TYPES]));
    const wanted = (program: string): boolean => /^(process|tracepoint)_/.test(program) || programs.has(program);
    return { ...loadObject(options, wanted, { needs, called: CALLED }), captured: ALL_TYPES, missing };
  };
  try {
    return load(uring.programs, uring.missing);
  } catch (error) {
    // io_uring can be done without, the rest can't: its refusal is the one to tell.
    if (!(error instanceof KernelError) || error.code === "EPERM" || uring.programs.size === 0) throw error;
    return load(new Set(), { [IO_URING]: error.message.split("\n")[0] as string });
  }
}

/**
 * Attaches to the functions that this kernel has. If it refuses them all the same, then without the types that
 * trampolines can do without.
 */
function loadTrampolines(options: StageOptions): Loaded {
  const functions = kernelFunctions(HOOKED_FUNCTIONS);
  const load = (plan: HookPlan): Loaded => {
    const essential = essentialMissing(plan);
    if (essential !== undefined) throw new Error(essential);
    const wanted = (program: string): boolean => plan.programs.has(program) || program.startsWith("process_");
    const loaded = loadObject(options, wanted, { functions, ...plan });
    return { ...loaded, captured: plan.captured, missing: plan.missing };
  };
  const structures = takesStructures();
  try {
    return load(planHooks(functions, { structures }));
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] as string) : String(error);
    const without = planHooks(functions, {
      structures,
      refused: Object.fromEntries(OPTIONAL_TYPES.map((type) => [type, why])),
    });
    // The first refusal is the one to tell: it is of the programs that should be there.
    if (!(error instanceof KernelError) || error.code === "EPERM") throw error;
    try {
      return load(without);
    } catch {
      throw error;
    }
  }
}

function explain(error: unknown, mode: AttachMode): StageUnavailableError {
  const message = `the kernel refused the ${mode} programs: ${error instanceof Error ? error.message : String(error)}`;
  if (error instanceof KernelError && (error.code === "EPERM" || error.code === "EACCES") && !mayLoadBpf())
    return new StageUnavailableError(
      `not allowed to load BPF programs (${error.code})`,
      "run as root, or with CAP_BPF, CAP_PERFMON and CAP_SYS_RESOURCE",
      error,
    );
  const remedy =
    mode === "trampoline"
      ? "use --attach auto or --attach tracepoint"
      : "see the kernel's message above; Weir needs Linux 5.10 or later with BTF";
  return new StageUnavailableError(message, remedy, error);
}

/** Whether this process has CAP_BPF (39) or CAP_SYS_ADMIN (21) in its effective set. */
function mayLoadBpf(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  const capabilities = BigInt(`0x${effective}`);
  return (capabilities & ((1n << 39n) | (1n << 21n))) !== 0n;
}

/** The map of struct active: a variable's. */
const ACTIVE = ".bss.active";

export class KernelStage {
  readonly mode: AttachMode;
  /** Why the better mode is not used; undefined when it is, or was not asked for. */
  readonly fallback: string | undefined;
  /** Names of the event types that are reported. */
  readonly captured: readonly string[];
  /** Why the others are not, by name. */
  readonly missing: Readonly<Record<string, string>>;
  /** Whether directories are cached; else every event that interests anybody pays a walk. */
  readonly cachesDirectories: boolean;
  readonly #ringBytes: number;
  #ring: RingReader | undefined;
  readonly #bpf: BpfObject;
  readonly #attachments: Attachments;
  /** What the map ACTIVE has. */
  readonly #active = new Uint8Array(ACTIVE_BYTES);
  #slot = 0;
  #generation: number | undefined;
  /** The current generation's map. */
  #discarders: number | undefined;

  private constructor(
    { bpf, attachments, captured, missing, caching }: Loaded,
    mode: AttachMode,
    options: StageOptions,
    fallback?: string,
  ) {
    this.#bpf = bpf;
    this.#attachments = attachments;
    this.mode = mode;
    this.fallback = fallback;
    this.captured = captured;
    this.missing = missing;
    this.cachesDirectories = caching;
    this.#ringBytes = options.ringBytes;
  }

  /**
   * Loads and attaches; no event passes before the first `activate`.
   * @throws StageUnavailableError
   */
  static open(options: StageOptions): KernelStage {
    requirePlatform();
    const modes: readonly AttachMode[] = options.attach === "auto" ? ["trampoline", "tracepoint"] : [options.attach];
    let refused: StageUnavailableError | undefined;
    for (const mode of modes) {
      try {
        const loaded = mode === "trampoline" ? loadTrampolines(options) : loadTracepoints(options);
        return new KernelStage(loaded, mode, options, refused?.message);
      } catch (error) {
        refused = explain(error, mode);
      }
    }
    throw refused as StageUnavailableError;
  }

  /** For whom opens it in another thread: a descriptor, the stage's, and the size of the data in bytes. */
  get ringSource(): { readonly fd: number; readonly bytes: number } {
    return { fd: this.#bpf.mapFd("records"), bytes: this.#ringBytes };
  }

  /** A reader in this thread, always the same; there must be one reader at most. */
  get ring(): RingReader {
    const { fd, bytes } = this.ringSource;
    this.#ring ??= new RingReader(fd, bytes);
    return this.#ring;
  }

  /** Descriptor, the stage's, of the map for `IdentityMap`. */
  get identities(): number {
    return this.#bpf.mapFd("identities");
  }

  /** Names of the programs that are attached: those that the current generation needs. */
  get attached(): readonly string[] {
    return this.#attachments.attached;
  }

  /** The generation that new events are stamped with; undefined before the first. */
  get generation(): number | undefined {
    return this.#generation;
  }

  /**
   * Makes a generation current. Once it resolves no program judges by an older one, and every record written
   * from then on carries the new number. Calls must not overlap.
   * @param onSwitch called at the moment of the swap, before the wait for programs under way
   * The hooks that it needs are attached before that, those that it does not need detached after it.
   * @throws KernelError; `generation` tells whether the swap took place
   */
  async activate(tables: FilterTables, onSwitch: () => void = () => {}): Promise<void> {
    const slot = this.#slot ^ 1;
    const generations = this.#bpf.mapFd("generations");
    await this.#attachments.attachFor(tables.types);
    const { constants, approvers, discarders } = createFilterMaps(tables);
    try {
      updateMap(this.#bpf.mapFd("approvers"), u32(slot), u32(approvers));
      updateMap(this.#bpf.mapFd("discarders"), u32(slot), u32(discarders));
      // This writes the whole value, but changes only the slot that nobody looks at. Programs see all of it before they
      // see the switch, as the next line waits for a grace period.
      switchActive(this.#active, this.#slot);
      fillActive(this.#active, slot, tables);
      updateMap(this.#bpf.mapFd(ACTIVE), u32(0), this.#active);
      updateMap(generations, u32(slot), u32(constants));
      switchActive(this.#active, slot);
      updateMap(this.#bpf.mapFd(ACTIVE), u32(0), this.#active);
      const before = this.#generation;
      [this.#slot, this.#generation] = [slot, tables.generation];
      // A discarder that was on its way belongs to a map that no program looks into any more.
      if (this.#discarders !== undefined) closeFd(this.#discarders);
      this.#discarders = discarders;
      onSwitch();
      // A program may have read the old slot number just before. An update of a map in a map returns after
      // an RCU grace period (kernel commit 1ae80cf31938), so repeating this one waits for such programs.
      await updateMapAsync(generations, u32(slot), u32(constants));
      await this.#attachments.detachUnneeded(tables.types);
      if (before === undefined) return;
      await deleteFromMapAsync(generations, u32(slot ^ 1));
      await deleteFromMapAsync(this.#bpf.mapFd("approvers"), u32(slot ^ 1));
      await deleteFromMapAsync(this.#bpf.mapFd("discarders"), u32(slot ^ 1));
    } finally {
      closeFd(constants);
      closeFd(approvers);
      if (this.#discarders !== discarders) closeFd(discarders);
    }
  }

  /**
   * Has the events of a type dropped whose file lies directly in a directory, as long as this generation is current.
   * @returns false when another one is
   * @throws KernelError
   */
  discard({ generation, directoryKey, type }: Discarder): boolean {
    if (this.#discarders === undefined || generation !== this.#generation) return false;
    const key = new DataView(new ArrayBuffer(DISCARDER_KEY_BYTES));
    key.setBigUint64(0, directoryKey, true);
    key.setUint32(8, type, true);
    updateMap(this.#discarders, new Uint8Array(key.buffer), u32(1));
    return true;
  }

  counters(): Counters {
    return readCounters(this.#bpf.mapFd("counters"));
  }

  /** Events that no program saw, because the kernel left it out; see `BpfObject.missedRuns`. */
  missedRuns(): number {
    return this.#bpf.missedRuns();
  }

  /** How many instructions the verifier looked at for each program, where `verifierStatistics` was asked for. */
  verifiedInstructions(): Record<string, number> {
    return this.#bpf.verifiedInstructions();
  }

  /** What each program has cost since `kernel.bpf_stats_enabled` was set. */
  runStatistics(): Record<string, RunStatistics> {
    return this.#bpf.runStatistics();
  }

  close(): void {
    this.#ring?.close();
    if (this.#discarders !== undefined) closeFd(this.#discarders);
    this.#discarders = undefined;
    this.#bpf.close();
  }
}
