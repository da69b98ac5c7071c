/** The demo's results for reading. */
import ansis from "ansis";
import { renderSummary } from "../terminal/counters.ts";
import { renderDetection } from "../terminal/detection.ts";
import type { DemoReport } from "./demo.ts";

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
const indent = (text: string): string => text.replace(/^/gm, "    ");
const heading = (text: string): string => `\n${ansis.bold.cyan(text)}`;

export function renderStep(step: keyof DemoReport, report: DemoReport): string {
  switch (step) {
    case "publish":
      return renderPublish(report);
    case "detection":
      return renderFirstDetection(report);
    case "update":
      return renderUpdate(report);
    case "noise":
      return renderNoise(report);
    default:
      return "";
  }
}

function renderPublish({ publish, attach, fallback, agentPid, kernel, cpus }: DemoReport): string {
  if (!publish) return "";
  return [
    heading("Rules are active"),
    `    ${publish.rules} rules in bundle ${publish.digest.slice(0, 12)}: compiled, signed and published in ${ms(publish.publishMs)}`,
    `    agent pid ${agentPid} on Linux ${kernel}, ${cpus} CPUs, attached by ${attach}s; it judged by them ${ms(publish.activeAfterMs)} after its start`,
    ...(fallback ? [ansis.dim(`    (${fallback})`)] : []),
  ].join("\n");
}

function renderFirstDetection({ detection }: DemoReport): string {
  if (!detection) return "";
  return [
    heading("A change is detected"),
    indent(renderDetection(detection.detection)),
    `    ${ms(detection.latencyMs)} from the system call to the detection`,
  ].join("\n");
}

function renderUpdate({ update, agentPid }: DemoReport): string {
  if (!update) return "";
  return [
    heading("The running agent judges by new rules"),
    `    bundle ${update.digest.slice(0, 12)} published in ${ms(update.publishMs)}; agent pid ${agentPid}, the same process,`,
    `    judged by it ${ms(update.activeAfterMs)} after that (of it ${ms(update.swapMs)} from verified bundle to swap)`,
    indent(renderDetection(update.detection)),
  ].join("\n");
}

function renderNoise({ noise }: DemoReport): string {
  if (!noise) return "";
  return [
    heading("The kernel stage drops what no rule can match"),
    ...noise.workloads.map(({ name, ms: time }) => `    ${name} (${(time / 1000).toFixed(1)} s)`),
    indent(renderSummary(noise.events)),
    `    ${(noise.events.droppedShare * 100).toFixed(3)}% of the file events were dropped in the kernel`,
  ].join("\n");
}
