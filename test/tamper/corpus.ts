/**
 * Runs the corpus against a whole agent: rules compiled, kernel stage, matcher, detections. Each program works in a
 * folder of its own on a file system of memory, so that what it can do depends on the kernel alone.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readlinkSync, realpathSync, rmdirSync } from "node:fs";
import { constants, release, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Agent, type AttachMode, bpfObject, type Detection, type LossEvent } from "@weir/agent";
import { compileForPublish } from "@weir/control-plane";
import { assembleBundle, type Bundle } from "@weir/trust";
import { builtProgram } from "../native/program.ts";
import { buildPrograms, programPath } from "./programs.ts";
import type { Result } from "./result.ts";
import { missedBy, type Technique } from "./techniques.ts";

const STATUS_UNSUPPORTED = 77;
/** Of a path in the results. */
const SHOWN_CHARACTERS = 100;
const FILE_TYPES = "open unlink rmdir mkdir chmod chown utimes setxattr removexattr splice".split(" ");
const TWO_PATHS = ["rename", "link"];

function policy(base: string): string {
  const watched = (field: string): string => `${field} =~ "${base}/*/watched/**" || ${field} =~ "${base}/*/watched"`;
  const rules = [
    ...FILE_TYPES.map((type) => [type, watched(`${type}.file.path`)]),
    ...TWO_PATHS.map((type) => [
      type,
      `${watched(`${type}.file.path`)} || ${watched(`${type}.file.destination.path`)}`,
    ]),
    ...["mount", "umount"].map((type) => [type, watched(`${type}.mountpoint.path`)]),
  ];
  return `version: 1.0.0\nrules:\n${rules.map(([id, expression]) => `  - id: ${id}\n    expression: ${expression}\n`).join("")}`;
}

async function bundleOf(text: string): Promise<Bundle> {
  const sources = [{ name: "corpus.yaml", text }];
  const compiled = await compileForPublish(sources);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
  const { rules, seeds, wasm, compiler } = compiled;
  return assembleBundle({ tenant: "corpus", rules, seeds, wasm, compiler, sources });
}

interface Run {
  readonly technique: Technique;
  readonly unsupported?: string;
  readonly failed?: string;
  /** Processes that acted. */
  readonly actors: readonly number[];
}

/** Runs a phase of all programs that have come so far, one after the other. */
async function runPhase(base: string, runs: readonly Run[], phase: "prepare" | "act"): Promise<Run[]> {
  const going = runs.filter(({ unsupported, failed }) => unsupported === undefined && failed === undefined);
  const launcher = spawn(builtProgram("launcher"), [phase], { stdio: ["pipe", "pipe", "inherit"] });
  const list = going.map(({ technique: { name } }) => `${join(base, name)}\t${programPath(name)}\n`);
  launcher.stdin.end(list.join(""));
  const output = await text(launcher.stdout);
  const outcomes = [...output.matchAll(/^begin (\d+)\n(.*?)\nend (\d+)$/gms)];
  if (outcomes.length !== going.length) throw new Error(`the launcher ended early: ${output.slice(-1000)}`);
  return runs.map((run) => {
    const [, pid, words = "", status] = outcomes[going.indexOf(run)] ?? [];
    if (status === undefined) return run;
    const named = [...words.matchAll(/^actor (\d+)$/gm)].map(([, actor]) => Number(actor));
    const actors = named.length > 0 ? named : [Number(pid)];
    if (status === "0") return { ...run, actors };
    const why = status === String(STATUS_UNSUPPORTED) ? "unsupported" : "failed";
    return { ...run, actors, [why]: why === "failed" ? `${phase}, status ${status}: ${words}` : words };
  });
}

/** The prepared folders of all techniques, below a file system of their own. */
async function prepared(techniques: readonly Technique[]): Promise<{ base: string; runs: Run[] }> {
  await buildPrograms();
  const base = realpathSync(mkdtempSync(join(tmpdir(), "weir-tamper-")));
  execFileSync("mount", ["-t", "tmpfs", "-o", "mode=755", "weir-tamper", base]);
  execFileSync("mount", ["--make-private", base]);
  chmodSync(base, 0o755);
  for (const { name } of techniques) mkdirSync(join(base, name));
  const runs = techniques.map((technique) => ({ technique, actors: [] }));
  return { base, runs: await runPhase(base, runs, "prepare") };
}

function removeAll(base: string): void {
  spawnSync("umount", ["--recursive", "--lazy", base]);
  rmdirSync(base);
}

/** Whether processes have the same numbers here as in the kernel's own eyes. */
const initialPids = readlinkSync("/proc/self/ns/pid") === "pid:[4026531836]";

/** Whether a path, relative to the technique's folder, is the watched one, or as much of it as can be known. */
function isNamed({ path, known }: Technique, text: string): boolean {
  if (known === "whole") return text === path;
  return known === "start" ? text.startsWith(path) : text.endsWith(path) || text.startsWith("watched/");
}

function judge(run: Run, base: string, detections: readonly Detection[], mode: AttachMode): Result {
  const { technique, actors, unsupported, failed } = run;
  const { name, type, error } = technique;
  const kernel = release().split(".").slice(0, 2).join(".");
  const missed = missedBy(name, { mode, kernel });
  const head = { mode, kernel, name };
  const expectation = missed
    ? ({ expected: "missed", reason: missed.reason } as const)
    : ({ expected: "detected" } as const);
  if (unsupported !== undefined) return { ...head, unsupported, detected: false, ...expectation };
  if (failed !== undefined) return { ...head, failed, detected: false, ...expectation };
  const folder = `${base}/${name}/`;
  const relative = (path: string | undefined): string => path?.replace(folder, "") ?? "";
  const retval = error === undefined ? 0 : -constants.errno[error];
  const names = ({ file }: Detection): boolean =>
    [file.path, file.destination].some((text) => text !== undefined && isNamed(technique, relative(text)));
  const ofProgram = detections.filter(({ process: p }) => p.executable === programPath(name));
  const found = ofProgram.find(
    (detection) =>
      detection.event.type === type &&
      names(detection) &&
      (retval === 0 ? detection.event.retval >= 0 : detection.event.retval === retval) &&
      (!initialPids || actors.includes(detection.process.pid)),
  );
  if (!found) {
    const instead = ofProgram.map(({ event, file, process: p }) => {
      const outcome = event.retval < 0 ? ` = ${event.retval}` : "";
      const by = actors.includes(p.pid) ? "" : ` by ${p.pid} instead of ${actors.join(" or ")}`;
      const paths = [file.path, file.destination].map((text) => relative(text).slice(0, SHOWN_CHARACTERS));
      return `${event.type} ${paths.filter(Boolean).join(" -> ")}${outcome}${by}`;
    });
    return { ...head, detected: false, ...expectation, ...(instead.length > 0 && { instead }) };
  }
  const { event, process: p, file } = found;
  const named = [file.path, file.destination].map(relative).find((text) => isNamed(technique, text)) ?? "";
  const by = { pid: p.pid, executable: p.executable.split("/").at(-1) ?? "" };
  const { resolution, retval: outcome } = event;
  return {
    ...head,
    detected: true,
    path: named.slice(0, SHOWN_CHARACTERS),
    ...by,
    resolution,
    retval: outcome,
    ...expectation,
  };
}

export interface Corpus {
  readonly results: readonly Result[];
  /** Of the corpus and whatever else went on below its folder. */
  readonly detections: readonly Detection[];
  /** Events, of whatever program. */
  readonly lost: number;
}

/** Has the programs act, in the folder where each technique has one of its name, and may look at that meanwhile. */
export type Witness = (base: string, act: () => Promise<void>) => Promise<void>;

/**
 * @param attach of the agent; what it chose is in the results
 * @throws StageUnavailableError where this kernel or this process can't
 */
export async function runCorpus(
  attach: AttachMode | "auto",
  techniques: readonly Technique[],
  witness: Witness = (_, act) => act(),
): Promise<Corpus> {
  const { base, runs } = await prepared(techniques);
  const detections: Detection[] = [];
  try {
    const failure = Promise.withResolvers<never>();
    failure.promise.catch(() => undefined);
    const agent = Agent.start({
      stage: { object: bpfObject(), attach, ringBytes: 8 << 20 },
      onDetection: (detection) => detections.push(detection),
      onFailure: failure.reject,
    });
    const mode = agent.attach;
    let done: Run[] = [];
    let lost = 0;
    let lastLoss: LossEvent | undefined;
    try {
      await agent.activate([await bundleOf(policy(base))]);
      await witness(base, async () => {
        done = await Promise.race([runPhase(base, runs, "act"), failure.promise]);
      });
    } finally {
      ({ lost, lastLoss } = await agent.stop());
    }
    // Whatever a technique needs would be missing from its result; what was lost of others is told.
    if (lost > 0) process.stderr.write(`${lost} events were lost, at last ${JSON.stringify(lastLoss?.loss.types)}\n`);
    return { results: done.map((run) => judge(run, base, detections, mode)), detections, lost };
  } finally {
    removeAll(base);
  }
}
