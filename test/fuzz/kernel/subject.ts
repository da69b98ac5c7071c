/**
 * What is tried: a whole agent, its kernel stage filtering, its matchers proving directories silent. Its ring is
 * read along, and the moments of its swaps are kept.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { AttachMode, Detection } from "@weir/agent";
import { Agent, bootTimeNs, type Counters, engineHere, KernelStage } from "@weir/agent/testing";
import { eventTypeById } from "@weir/matcher-wasm/format";
import { type CheckedRule, compilePolicies } from "@weir/rules";
import { assembleBundle, type Bundle } from "@weir/trust";
import { conditionText, placed, type Rules } from "./plan.ts";
import { Recorder, type Seen } from "./records.ts";
import { policyOf } from "./rules.ts";

export interface SubjectRule {
  readonly checked: CheckedRule;
  readonly id: string;
  /** As it was compiled. */
  readonly text: string;
}

export interface Tenant {
  readonly name: string;
  /** Bit in tenant masks. */
  readonly slot: number;
  readonly bundle: Bundle;
  readonly rules: readonly SubjectRule[];
}

/** A generation and when it may have judged: from just before its swap to just after the next one. */
export interface Term {
  readonly generation: number;
  readonly tenants: readonly Tenant[];
  readonly beginNs: bigint;
  endNs: bigint | undefined;
}

export interface Compiled {
  readonly tenants: readonly Omit<Tenant, "slot">[];
}

const COMPILER = { name: "weir", version: "0.1.0" };

/** Compiles the rules of every tenant for a folder. @throws Error with what the compiler says of them */
export async function compile(rules: Rules, root: string): Promise<Compiled> {
  const tenants = Object.entries(rules).map(async ([name, conditions]) => {
    const texts = conditions.map((condition) => placed(conditionText(condition), root));
    const files = [{ name: "policy.yaml", text: policyOf(texts) }];
    const compiled = await compilePolicies(files);
    if (!compiled.ok) throw new Error(`the rules do not compile: ${JSON.stringify(compiled.diagnostics)}`);
    const { rules: checked, metadata, seeds, wasm } = compiled;
    const manifest = metadata.map(({ id, event, expression, tags }) => ({ id, event, expression, tags: { ...tags } }));
    const bundle = assembleBundle({ tenant: name, rules: manifest, seeds, wasm, compiler: COMPILER, sources: files });
    const all = checked.map((rule, i) => {
      const id = metadata[i]?.id ?? "";
      return { checked: rule, id, text: texts[Number(id.slice(1))] ?? "" };
    });
    return { name, bundle, rules: all };
  });
  return { tenants: await Promise.all(tenants) };
}

const BOOT_ID = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** The id that a detection of this event by this rule has; see `detectionOf`. */
export function detectionId({ bundle }: Tenant, rule: SubjectRule, { type, timeNs, tid }: Seen): string {
  const name = eventTypeById(type)?.name ?? String(type);
  const named = JSON.stringify([BOOT_ID, bundle.digest, rule.id, name, String(timeNs), tid]);
  return createHash("sha256").update(named).digest("hex").slice(0, 32);
}

export interface SubjectOptions {
  readonly object: Uint8Array;
  readonly attach: AttachMode | "auto";
}

const RING_BYTES = 32 << 20;

export class Subject {
  readonly recorder = new Recorder();
  /** Of the tasks of that name, by id, since the last `start`. */
  detections = new Map<string, Detection>();
  terms: Term[] = [];
  readonly #agent: Agent;
  readonly #stage: KernelStage;
  #slots = new Map<string, number>();
  #comm: string | undefined;
  #failure: unknown;

  private constructor(agent: Agent, stage: KernelStage) {
    this.#agent = agent;
    this.#stage = stage;
  }

  /** @throws StageUnavailableError */
  static open({ object, attach }: SubjectOptions): Subject {
    let subject: Subject | undefined;
    let stage: KernelStage | undefined;
    const open = KernelStage.open;
    // The agent opens its stage itself.
    KernelStage.open = (options) => {
      stage = open.call(KernelStage, options);
      return stage;
    };
    try {
      const agent = Agent.start({
        stage: { object, attach, ringBytes: RING_BYTES, attachAll: true },
        // In this thread, where its reads of the ring can be listened to.
        engine: engineHere,
        onDetection: (detection) => {
          if (subject && detection.process.comm === subject.#comm) subject.detections.set(detection.id, detection);
        },
        onFailure: (error) => {
          if (subject) subject.#failure = error;
        },
      });
      subject = new Subject(agent, stage as unknown as KernelStage);
    } finally {
      KernelStage.open = open;
    }
    subject.#tap();
    return subject;
  }

  #tap(): void {
    const { ring } = this.#stage;
    const read = ring.read.bind(ring);
    ring.read = (target) => {
      const length = read(target);
      this.recorder.add(target.subarray(0, length));
      return length;
    };
    const activate = this.#stage.activate.bind(this.#stage);
    this.#stage.activate = async (tables, onSwitch) => {
      const beginNs = bootTimeNs();
      await activate(tables, onSwitch);
      const before = this.terms.at(-1);
      if (before) before.endNs = bootTimeNs();
      this.terms.push({ generation: tables.generation, tenants: this.#tenants, beginNs, endNs: undefined });
    };
  }

  #tenants: readonly Tenant[] = [];

  get mode(): AttachMode {
    return this.#stage.mode;
  }

  /** Gives each tenant the slot that the agent gives it: its old one, or the lowest that is free. */
  #placed({ tenants }: Compiled): Tenant[] {
    const taken = new Set(this.#slots.values());
    const slots = new Map<string, number>();
    for (const { name } of tenants) {
      let slot = this.#slots.get(name) ?? 0;
      if (!this.#slots.has(name)) while (taken.has(slot)) slot++;
      taken.add(slot);
      slots.set(name, slot);
    }
    this.#slots = slots;
    return tenants.map((tenant) => ({ ...tenant, slot: slots.get(tenant.name) as number }));
  }

  /** Makes these rules the agent's. */
  async activate(compiled: Compiled): Promise<void> {
    this.#tenants = this.#placed(compiled);
    const { refused } = await this.#agent.activate(compiled.tenants.map(({ bundle }) => bundle));
    for (const { error } of refused) throw error;
  }

  start(comm: string): void {
    this.#comm = comm;
    this.detections = new Map();
    this.terms = this.terms.slice(-1);
    this.recorder.start(comm);
  }

  /** Resolves when everything that is in the ring by now has been judged. */
  async settle(): Promise<void> {
    const { ring } = this.#stage;
    for (const target = ring.producedPosition(); ring.consumedPosition() < target; ) {
      if (this.#failure !== undefined) throw this.#failure;
      await delay(1);
    }
    await delay(1);
  }

  /** Of the whole machine. */
  counters(): Counters {
    return this.#stage.counters();
  }

  /** Events that were lost, or not judged, since the agent started. */
  async losses(): Promise<number> {
    return (await this.#agent.status()).lost;
  }

  async close(): Promise<void> {
    await this.#agent.stop();
  }
}
