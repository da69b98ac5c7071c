/**
 * Which programs are attached: those that the active generation needs, and no others. A hook that nobody needs costs
 * nothing; one of a hot function costs every call of it.
 *
 * Nothing is lost over a swap: what a generation needs is attached before it becomes current (`attachFor`), and what
 * only the one before needed is detached after no program judges by that any more (`detachUnneeded`).
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { BpfObject } from "./libbpf.ts";

/** When a program has to be attached: for any of these event types, or in any case. */
export type Need = readonly string[] | "always";

export class Attachments {
  readonly #bpf: Pick<BpfObject, "attach" | "detach">;
  readonly #needs: ReadonlyMap<string, Need>;
  readonly #attached = new Set<string>();

  /**
   * Attaches all of them, so that what the kernel refuses is known at once, not when a generation needs it; the first
   * generation detaches what it does not need.
   * @param needs of every program that was loaded
   * @throws KernelError
   */
  constructor(bpf: Pick<BpfObject, "attach" | "detach">, needs: ReadonlyMap<string, Need>) {
    this.#bpf = bpf;
    this.#needs = needs;
    for (const program of needs.keys()) this.#attach(program);
  }

  /** Names of the programs that are attached, sorted. */
  get attached(): readonly string[] {
    return [...this.#attached].sort();
  }

  #attach(program: string): void {
    this.#bpf.attach(program);
    this.#attached.add(program);
  }

  #isNeeded(program: string, types: ReadonlySet<string>): boolean {
    const need = this.#needs.get(program);
    return need === "always" || need?.some((type) => types.has(type)) === true;
  }

  /**
   * Attaches what these event types need and is not attached. Between two programs others get their turn, so that the
   * ring is read meanwhile.
   * @throws KernelError when the kernel refuses; then none of the new ones is attached
   */
  async attachFor(types: ReadonlySet<string>): Promise<void> {
    const added: string[] = [];
    try {
      for (const program of this.#needs.keys()) {
        if (this.#attached.has(program) || !this.#isNeeded(program, types)) continue;
        this.#attach(program);
        added.push(program);
        await nextTurn();
      }
    } catch (error) {
      for (const program of added) this.#detach(program);
      throw error;
    }
  }

  #detach(program: string): void {
    this.#bpf.detach(program);
    this.#attached.delete(program);
  }

  /** Detaches what these event types do not need. */
  async detachUnneeded(types: ReadonlySet<string>): Promise<void> {
    for (const program of [...this.#attached]) {
      if (this.#isNeeded(program, types)) continue;
      this.#detach(program);
      await nextTurn();
    }
  }
}
