/**
 * The demo: the whole way of a rule and of an event, on this machine's kernel, in a folder of its own.
 *
 * Invariant: it succeeds only if every step was seen to work; whatever happens, it removes what it made
 * (unless asked to keep it).
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, release, tmpdir } from "node:os";
import { join } from "node:path";
import { type AgentStatus, type Detection, readStatus } from "@weir/agent";
import { type FilterSummary, summarize } from "../terminal/counters.ts";
import { CommandError } from "../terminal/errors.ts";
import { firstRelease, type PolicyText, secondRelease } from "./policies.ts";
import { Service } from "./service.ts";
import { act, runWorkload, workloads } from "./workload.ts";

const TENANT = "demo";

/** Every figure the demo shows. Times in milliseconds. */
export interface DemoReport {
  readonly kernel: string;
  readonly cpus: number;
  attach?: string;
  fallback?: string;
  agentPid?: number;
  publish?: { rules: number; digest: string; publishMs: number; activeAfterMs: number };
  detection?: { detection: Detection; latencyMs: number };
  update?: {
    digest: string;
    samePid: boolean;
    publishMs: number;
    /** From the answer of the control plane to the first event judged by the new rules. */
    activeAfterMs: number;
    /** Of it, on the agent: from the verified bundle to the swap. */
    swapMs: number;
    detection: Detection;
  };
  noise?: { workloads: { name: string; ms: number }[]; events: FilterSummary };
}

/** Told as the demo goes on. */
export interface DemoListener {
  step(title: string): void;
  done(step: keyof DemoReport, report: DemoReport): void;
}

interface Published {
  readonly digest: string;
  readonly rules: readonly unknown[];
}

export class Demo {
  readonly report: DemoReport = { kernel: release(), cpus: availableParallelism() };
  /** Everything of the demo lies below it. */
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "weir-demo-")));
  readonly #watched = join(this.folder, "watched");
  readonly #state = join(this.folder, "agent");
  readonly #listener: DemoListener;
  readonly #abort = new AbortController();
  #working: Promise<unknown> = Promise.resolve();
  #server: Service | undefined;
  #agent: Service | undefined;
  url = "";
  token = "";

  constructor(listener: DemoListener) {
    this.#listener = listener;
    mkdirSync(join(this.#watched, "drop"), { recursive: true });
    mkdirSync(join(this.folder, "noise"));
    writeFileSync(join(this.#watched, "secret.conf"), "answer = 41\n");
  }

  get serverPid(): number {
    return this.#server?.pid ?? 0;
  }

  get agentState(): string {
    return this.#state;
  }

  async run(): Promise<void> {
    await this.#startServer();
    const published = await this.#publishFirst();
    await this.#startAgent(published);
    await this.#showDetection();
    await this.#showUpdate();
    await this.#showFilter();
  }

  /** Ends what runs, both services and removes the folder. */
  async cleanUp(): Promise<void> {
    this.#abort.abort();
    await this.#working.catch(() => undefined);
    await this.#agent?.stop();
    await this.#server?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Leaves both services running. */
  release(): void {
    this.#agent?.release();
    this.#server?.release();
  }

  #files(name: string): { stdout: string; stderr: string } {
    return { stdout: join(this.folder, `${name}.out`), stderr: join(this.folder, `${name}.err`) };
  }

  async #startServer(): Promise<void> {
    this.#listener.step("starting the control plane on a folder store");
    const args = ["--listen", "127.0.0.1:0", "--data", join(this.folder, "server"), "--json"];
    this.#server = new Service("serve", args, this.#files("server"));
    const ready = await this.#server.next("address", (value) => value["event"] === "ready");
    this.url = String(ready["url"]);
    this.token = String(ready["token"]);
  }

  async #publish(files: PolicyText[]): Promise<{ published: Published; publishMs: number; answered: number }> {
    const started = performance.now();
    const response = await fetch(`${this.url}/v1/tenants/${TENANT}/policies`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ files }),
    });
    const body = await response.text();
    if (!response.ok) throw new CommandError(`publishing was refused (${response.status}): ${body}`);
    const answered = performance.now();
    return { published: JSON.parse(body) as Published, publishMs: answered - started, answered };
  }

  async #publishFirst(): Promise<{ published: Published; publishMs: number }> {
    this.#listener.step("publishing the shipped pack and a rule over the demo's own folder");
    return await this.#publish(firstRelease(this.#watched));
  }

  async #startAgent({ published, publishMs }: { published: Published; publishMs: number }): Promise<void> {
    this.#listener.step("starting the agent, enrolled by the fingerprint of the tenant's root");
    const root = Buffer.from(await (await fetch(`${this.url}/v1/tenants/${TENANT}/root`)).arrayBuffer());
    const fingerprint = createHash("sha256").update(root).digest("hex");
    const tenant = `${TENANT}=sha256:${fingerprint}`;
    const args = ["--server", this.url, "--tenant", tenant, "--state", this.#state, "--format", "native", "--json"];
    const started = performance.now();
    // Between this and the start nothing is waited for, so that cleaning up knows of every service.
    this.#abort.signal.throwIfAborted();
    this.#agent = new Service("agent", args, this.#files("agent"));
    await this.#agent.next("activation", (value) => value["event"] === "activated");
    const status = await this.#status();
    const { digest, rules } = published;
    this.report.publish = { digest, rules: rules.length, publishMs, activeAfterMs: performance.now() - started };
    this.report.attach = status.attach;
    if (status.fallback) this.report.fallback = status.fallback.split("\n")[0] ?? "";
    this.report.agentPid = status.pid;
    if (status.bundles[0]?.digest !== digest) throw new CommandError("the agent runs other rules than were published");
    this.#listener.done("publish", this.report);
  }

  #status(): Promise<AgentStatus> {
    return readStatus(join(this.#state, "agent.sock"));
  }

  async #detectionOf(rule: string): Promise<{ detection: Detection; receivedAt: number }> {
    const isIt = (value: Record<string, unknown>): boolean =>
      (value["rule"] as { id?: string } | undefined)?.id === rule;
    const value = await (this.#agent as Service).next(`detection by ${rule}`, isIt, 10_000);
    return { detection: value as unknown as Detection, receivedAt: performance.timeOrigin + performance.now() };
  }

  async #showDetection(): Promise<void> {
    this.#listener.step("changing the watched file");
    act("echo 'answer = 42' >> watched/secret.conf", this.folder);
    const { detection, receivedAt } = await this.#detectionOf("demo_secret_changed");
    if (detection.file.path !== join(this.#watched, "secret.conf"))
      throw new CommandError(`the detection names ${detection.file.path}`);
    this.report.detection = { detection, latencyMs: receivedAt - Date.parse(detection.time) };
    this.#listener.done("detection", this.report);
  }

  async #showUpdate(): Promise<void> {
    this.#listener.step("publishing one rule more to the running agent");
    // Not yet a rule: only the change to the secret behind it is detected, and the ring keeps their order.
    act("sh -c ': > watched/drop/before'; : >> watched/secret.conf", this.folder);
    await this.#detectionOf("demo_secret_changed");
    const agent = this.#agent as Service;
    const early = agent.seen((value) => (value["rule"] as { id?: string } | undefined)?.id === "demo_drop_by_shell");
    if (early.length > 0) throw new CommandError("a rule matched before it was published");

    const { published, publishMs, answered } = await this.#publish(secondRelease(this.#watched));
    const activated = await agent.next("activation of the new rules", (value) => value["event"] === "activated");
    const activeAfterMs = Math.max(0, performance.now() - answered);
    act("sh -c ': > watched/drop/after'", this.folder);
    const { detection } = await this.#detectionOf("demo_drop_by_shell");
    const status = await this.#status();
    const samePid = status.pid === this.report.agentPid;
    if (!samePid || detection.bundle !== published.digest || !detection.file.path.endsWith("/drop/after"))
      throw new CommandError("the new rule was not judged by the running agent");
    const swapMs = Number(activated["switchedAfterMs"]);
    this.report.update = { digest: published.digest, samePid, publishMs, activeAfterMs, swapMs, detection };
    this.#listener.done("update", this.report);
  }

  async #showFilter(): Promise<void> {
    const before = await this.#status();
    const done: { name: string; ms: number }[] = [];
    for (const workload of workloads()) {
      this.#listener.step(`noise: ${workload.name}`);
      this.#abort.signal.throwIfAborted();
      const work = runWorkload(workload, join(this.folder, "noise"), this.#abort.signal);
      this.#working = work;
      done.push({ name: workload.name, ms: await work });
    }
    const events = summarize(await this.#status(), before);
    this.report.noise = { workloads: done, events };
    this.#listener.done("noise", this.report);
    if (events.seen === 0) throw new CommandError("the kernel stage saw none of the noise");
    if (events.lost > 0) throw new CommandError(`${events.lost} events were lost`);
  }
}
