/**
 * libbpf and the few libc calls the agent needs, through koffi. Owns the C signatures and the turning of
 * errno into `KernelError`; knows nothing of Weir's maps and programs.
 */
import { getSystemErrorMap } from "node:util";
import koffi from "koffi";

/** A call into the kernel failed. `code` is the errno's name, as in "EPERM". */
export class KernelError extends Error {
  override readonly name = "KernelError";
  readonly call: string;
  readonly code: string;
  /** The kernel's own explanation (verifier log), where it gave one. */
  readonly log: string | undefined;

  constructor(call: string, errno: number, log?: string) {
    const [code, text] = getSystemErrorMap().get(-errno) ?? [`libbpf ${errno}`, libbpfErrorText(errno)];
    super(`${call}: ${text} (${code})${log ? `\n${log}` : ""}`);
    this.call = call;
    this.code = code;
    this.log = log;
  }
}

/** A C pointer. */
export type Pointer = bigint;

function open(names: readonly string[]): ReturnType<typeof koffi.load> {
  const failures: string[] = [];
  for (const name of names) {
    try {
      return koffi.load(name);
    } catch (error) {
      failures.push(String(error));
    }
  }
  throw new Error(`${names[0]} cannot be loaded; on Debian it is in package libbpf1: ${failures.join("; ")}`);
}

const libc = open(["libc.so.6"]);
export const libbpf = open(["libbpf.so.1"]);

const c = {
  objectOpenMem: libbpf.func("void *bpf_object__open_mem(const void *buf, size_t size, const void *opts)"),
  objectLoad: libbpf.func("int bpf_object__load(void *obj)"),
  objectClose: libbpf.func("void bpf_object__close(void *obj)"),
  findProgram: libbpf.func("void *bpf_object__find_program_by_name(void *obj, const char *name)"),
  findMap: libbpf.func("void *bpf_object__find_map_by_name(void *obj, const char *name)"),
  nextProgram: libbpf.func("void *bpf_object__next_program(void *obj, void *prog)"),
  programName: libbpf.func("const char *bpf_program__name(void *prog)"),
  programSetAutoload: libbpf.func("int bpf_program__set_autoload(void *prog, bool autoload)"),
  programSetAttachTarget: libbpf.func(
    "int bpf_program__set_attach_target(void *prog, int attachProgramFd, const char *function)",
  ),
  programSetLogLevel: libbpf.func("int bpf_program__set_log_level(void *prog, uint32_t level)"),
  programSetLogBuf: libbpf.func("int bpf_program__set_log_buf(void *prog, void *buffer, size_t bytes)"),
  programAutoload: libbpf.func("bool bpf_program__autoload(void *prog)"),
  programAttach: libbpf.func("void *bpf_program__attach(void *prog)"),
  programFd: libbpf.func("int bpf_program__fd(void *prog)"),
  linkDestroy: libbpf.func("int bpf_link__destroy(void *link)"),
  mapFd: libbpf.func("int bpf_map__fd(void *map)"),
  mapSetMaxEntries: libbpf.func("int bpf_map__set_max_entries(void *map, uint32_t entries)"),
  mapInitialValue: libbpf.func("void *bpf_map__initial_value(void *map, _Out_ size_t *size)"),
  mapCreate: libbpf.func(
    "int bpf_map_create(uint32_t type, const char *name, uint32_t keyBytes, uint32_t valueBytes, uint32_t entries, const void *opts)",
  ),
  mapUpdate: libbpf.func("int bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags)"),
  mapLookup: libbpf.func("int bpf_map_lookup_elem(int fd, const void *key, _Out_ uint8_t *value)"),
  mapDelete: libbpf.func("int bpf_map_delete_elem(int fd, const void *key)"),
  infoByFd: libbpf.func("int bpf_obj_get_info_by_fd(int fd, _Out_ uint8_t *info, _Inout_ uint32_t *bytes)"),
  setPrint: libbpf.func("void *libbpf_set_print(void *fn)"),
  strerror: libbpf.func("int libbpf_strerror(int error, _Out_ uint8_t *text, size_t bytes)"),
  cpus: libbpf.func("int libbpf_num_possible_cpus()"),
  mmap: libc.func("void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)"),
  munmap: libc.func("int munmap(void *addr, size_t length)"),
  close: libc.func("int close(int fd)"),
  epollCreate: libc.func("int epoll_create1(int flags)"),
  epollControl: libc.func("int epoll_ctl(int epfd, int op, int fd, const void *event)"),
  epollWait: libc.func("int epoll_wait(int epfd, void *events, int count, int timeoutMs)"),
  clockGettime: libc.func("int clock_gettime(int clock, _Out_ int64_t *time)"),
};

/** libbpf has errors of its own, numbered from 4000. */
function libbpfErrorText(errno: number): string {
  const text = new Uint8Array(128);
  c.strerror(errno, text, text.length);
  return new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
}

// Errors reach the caller as KernelError; libbpf's own lines on stderr would only repeat them.
c.setPrint(null);

/** @returns result when it is not negative; libbpf reports errors as -errno */
function check(call: string, result: number, log?: string): number {
  if (result < 0) throw new KernelError(call, -result, log);
  return result;
}

/** @throws KernelError for NULL, with errno */
export function checkPointer(call: string, pointer: Pointer | null): Pointer {
  if (!pointer) throw new KernelError(call, koffi.errno());
  return pointer;
}

const VERIFIER_LOG_BYTES = 1 << 18;
/** struct bpf_object_open_opts of libbpf 1.x: offsets of the fields set here. */
const OPEN_OPTS = { bytes: 80, size: 0, logBuffer: 56, logBytes: 64 };

/** struct bpf_prog_info: as much of it as is read here, and where. */
const PROG_INFO = { bytes: 216, runTimeNs: 192, runs: 200, recursionMisses: 208 };

const BPF_LOG_STATS = 4;
/** The verifier says a line for each call of a global function, and before Linux 6.4 a log that is too small is an error. */
const STATISTICS_BYTES = 1 << 20;

/** Run-time statistics of a program. */
export interface RunStatistics {
  readonly runTimeNs: number;
  readonly runs: number;
}

/** An opened BPF object file, before or after loading. */
export class BpfObject {
  readonly #object: Pointer;
  readonly #log = koffi.alloc("uint8_t", VERIFIER_LOG_BYTES);
  /** Of the programs that are attached, by name. */
  readonly #links = new Map<string, Pointer>();
  /** Logs of `askStatistics`, by program. */
  readonly #statistics = new Map<string, ReturnType<typeof koffi.alloc>>();
  /** Those that are or have been attached. */
  readonly #used = new Map<string, Pointer>();

  /** @throws KernelError when the bytes are no BPF object */
  constructor(bytes: Uint8Array) {
    koffi.encode(this.#log, "uint8_t", 0); // an empty string until the kernel writes one
    const opts = new DataView(new ArrayBuffer(OPEN_OPTS.bytes));
    opts.setBigUint64(OPEN_OPTS.size, BigInt(OPEN_OPTS.bytes), true);
    opts.setBigUint64(OPEN_OPTS.logBuffer, koffi.address(this.#log), true);
    opts.setBigUint64(OPEN_OPTS.logBytes, BigInt(VERIFIER_LOG_BYTES), true);
    this.#object = checkPointer(
      "bpf_object__open_mem",
      c.objectOpenMem(bytes, bytes.length, new Uint8Array(opts.buffer)) as Pointer | null,
    );
  }

  #map(name: string): Pointer {
    return checkPointer(`map ${name}`, c.findMap(this.#object, name) as Pointer | null);
  }

  #program(name: string): Pointer {
    return checkPointer(`program ${name}`, c.findProgram(this.#object, name) as Pointer | null);
  }

  programNames(): string[] {
    const names: string[] = [];
    let program = c.nextProgram(this.#object, null) as Pointer | null;
    for (; program; program = c.nextProgram(this.#object, program) as Pointer | null)
      names.push(c.programName(program) as string);
    return names;
  }

  setAutoload(program: string, autoload: boolean): void {
    check("bpf_program__set_autoload", c.programSetAutoload(this.#program(program), autoload) as number);
  }

  /** Hangs a program on another function of the kernel than the one it was compiled for; before loading. */
  setAttachTarget(program: string, target: string): void {
    check("bpf_program__set_attach_target", c.programSetAttachTarget(this.#program(program), 0, target) as number);
  }

  setMaxEntries(map: string, entries: number): void {
    check("bpf_map__set_max_entries", c.mapSetMaxEntries(this.#map(map), entries) as number);
  }

  /** Overwrites the start of a constant map's initial value, before loading. */
  setInitialValue(map: string, value: Uint8Array): void {
    const size = [0];
    const memory = c.mapInitialValue(this.#map(map), size) as Pointer;
    new Uint8Array(koffi.view(memory, Number(size[0]))).set(value);
  }

  /** Has the verifier write what programs cost it into logs of their own; before loading. */
  askStatistics(): void {
    for (const name of this.programNames()) {
      const program = this.#program(name);
      if (!(c.programAutoload(program) as boolean)) continue;
      const log = koffi.alloc("uint8_t", STATISTICS_BYTES);
      koffi.encode(log, "uint8_t", 0);
      this.#statistics.set(name, log);
      check("bpf_program__set_log_buf", c.programSetLogBuf(program, log, STATISTICS_BYTES) as number);
      check("bpf_program__set_log_level", c.programSetLogLevel(program, BPF_LOG_STATS) as number);
    }
  }

  /** Instructions that the verifier looked at, by program; after `askStatistics` and loading. */
  verifiedInstructions(): Record<string, number> {
    const rows = [...this.#statistics].map(([name, log]) => {
      const counts = [...koffi.decode.string(log).matchAll(/^processed (\d+) insns/gm)];
      return [name, Number(counts.at(-1)?.[1])] as const;
    });
    return Object.fromEntries(rows);
  }

  /** @throws KernelError with the verifier's log when the kernel refuses a program */
  load(): void {
    const result = c.objectLoad(this.#object) as number;
    if (result < 0) check("bpf_object__load", result, verifierTail(koffi.decode.string(this.#log)));
  }

  mapFd(name: string): number {
    return check(`fd of map ${name}`, c.mapFd(this.#map(name)) as number);
  }

  /** Information on a loaded program, as the kernel gives it. */
  #info(program: Pointer): DataView {
    // All zero each time: what the kernel finds in it are requests.
    const info = new Uint8Array(PROG_INFO.bytes);
    check("bpf_obj_get_info_by_fd", c.infoByFd(c.programFd(program), info, [info.length]) as number);
    return new DataView(info.buffer);
  }

  /**
   * How often the kernel left out a program because it was running already on the same CPU: once for a
   * task that preempted another one within it (prog->active, since Linux 5.12).
   */
  missedRuns(): number {
    const misses = [...this.#used.values()].map((program) =>
      this.#info(program).getBigUint64(PROG_INFO.recursionMisses, true),
    );
    return Number(misses.reduce((sum, count) => sum + count, 0n));
  }

  /** What programs have cost while kernel.bpf_stats_enabled was set, by their names. */
  runStatistics(): Record<string, RunStatistics> {
    const rows = [...this.#used].map(([name, program]) => {
      const info = this.#info(program);
      const [runTimeNs, runs] = [PROG_INFO.runTimeNs, PROG_INFO.runs].map((at) => Number(info.getBigUint64(at, true)));
      return [name, { runTimeNs, runs }];
    });
    return Object.fromEntries(rows);
  }

  /** Puts a loaded program into a map of programs, as one that others go on as (bpf_tail_call). */
  setCalled(map: string, index: number, program: string): void {
    const fd = check(`fd of program ${program}`, c.programFd(this.#program(program)) as number);
    const u32 = (n: number): Uint8Array => new Uint8Array(new Uint32Array([n]).buffer);
    updateMap(this.mapFd(map), u32(index), u32(fd));
  }

  attach(program: string): void {
    const handle = this.#program(program);
    this.#links.set(program, checkPointer(`attach ${program}`, c.programAttach(handle) as Pointer | null));
    this.#used.set(program, handle);
  }

  detach(program: string): void {
    const link = this.#links.get(program);
    if (link === undefined) return;
    this.#links.delete(program);
    c.linkDestroy(link);
  }

  /** Detaches and unloads everything. */
  close(): void {
    for (const link of this.#links.values()) c.linkDestroy(link);
    this.#links.clear();
    c.objectClose(this.#object);
    koffi.free(this.#log);
    for (const log of this.#statistics.values()) koffi.free(log);
    this.#statistics.clear();
  }
}

/** The verifier says why at the end of a long log. */
function verifierTail(log: string): string | undefined {
  const lines = log.trimEnd().split("\n");
  return log.trim() === "" ? undefined : lines.slice(-20).join("\n");
}

export const MAP_TYPE_HASH = 1;
export const MAP_TYPE_ARRAY = 2;
export const MAP_TYPE_LRU_HASH = 9;

export interface MapShape {
  readonly type: number;
  readonly name: string;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly entries: number;
}

/** @returns file descriptor; the caller closes it */
export function createMap({ type, name, keyBytes, valueBytes, entries }: MapShape): number {
  return check(`create map ${name}`, c.mapCreate(type, name, keyBytes, valueBytes, entries, null) as number);
}

export function updateMap(fd: number, key: Uint8Array, value: Uint8Array): void {
  check("bpf_map_update_elem", c.mapUpdate(fd, key, value, 0n) as number);
}

/** Runs a call that may block on a thread of the pool. Its buffers are held until it has ended. */
function inPool(name: string, call: { async: (...args: unknown[]) => void }, args: unknown[]): Promise<void> {
  return new Promise((resolve, reject) => {
    call.async(...args, (error: unknown, result: number) => {
      args.length = 0;
      if (error) reject(error);
      else if (result < 0) reject(new KernelError(name, -result));
      else resolve();
    });
  });
}

/** As `updateMap`, for maps of maps, where the kernel waits for a grace period. */
export function updateMapAsync(fd: number, key: Uint8Array, value: Uint8Array): Promise<void> {
  return inPool("bpf_map_update_elem", c.mapUpdate, [fd, key, value, 0n]);
}

export function deleteFromMap(fd: number, key: Uint8Array): void {
  check("bpf_map_delete_elem", c.mapDelete(fd, key) as number);
}

/** Deletes from a map of maps, where the kernel waits for a grace period. */
export function deleteFromMapAsync(fd: number, key: Uint8Array): Promise<void> {
  return inPool("bpf_map_delete_elem", c.mapDelete, [fd, key]);
}

/** Reads a value into `value`, whose length must be the map's value size (times CPUs for per-CPU maps). */
export function lookupMap(fd: number, key: Uint8Array, value: Uint8Array): void {
  check("bpf_map_lookup_elem", c.mapLookup(fd, key, value) as number);
}

export function possibleCpus(): number {
  return check("libbpf_num_possible_cpus", c.cpus() as number);
}

export function closeFd(fd: number): void {
  c.close(fd);
}

export const PROT_READ = 1;
export const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_FAILED = (1n << 64n) - 1n;

export interface Mapping {
  readonly buffer: ArrayBuffer;
  unmap(): void;
}

export function mapMemory(fd: number, request: { offset: number; bytes: number; protection: number }): Mapping {
  const address = c.mmap(null, request.bytes, request.protection, MAP_SHARED, fd, request.offset) as Pointer | null;
  if (!address || BigInt.asUintN(64, address) === MAP_FAILED) throw new KernelError("mmap", koffi.errno());
  return {
    buffer: koffi.view(address, request.bytes),
    unmap: () => void c.munmap(address, request.bytes),
  };
}

const EPOLLIN = 1;
const EPOLL_CTL_ADD = 1;
const EPOLL_CLOEXEC = 0o2000000;

/** Waits for one descriptor to become readable without occupying the event loop. */
export class ReadableWait {
  readonly #epoll: number;
  readonly #events = koffi.alloc("uint8_t", 12);

  constructor(fd: number) {
    this.#epoll = c.epollCreate(EPOLL_CLOEXEC) as number;
    if (this.#epoll < 0) throw new KernelError("epoll_create1", koffi.errno());
    // struct epoll_event is packed on x86: u32 events, u64 data.
    const event = new Uint8Array(16);
    new DataView(event.buffer).setUint32(0, EPOLLIN, true);
    if ((c.epollControl(this.#epoll, EPOLL_CTL_ADD, fd, event) as number) < 0)
      throw new KernelError("epoll_ctl", koffi.errno());
  }

  /** Resolves when the descriptor is readable or the time is over. */
  async wait(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      c.epollWait.async(this.#epoll, this.#events, 1, timeoutMs, (error: unknown) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  close(): void {
    c.close(this.#epoll);
    koffi.free(this.#events);
  }
}

const CLOCK_BOOTTIME = 7;

/** @returns nanoseconds since boot, suspension included: the clock of records and process start times */
export function bootTimeNs(): bigint {
  const time = [0n, 0n];
  c.clockGettime(CLOCK_BOOTTIME, time);
  return BigInt(time[0] ?? 0n) * 1_000_000_000n + BigInt(time[1] ?? 0n);
}
