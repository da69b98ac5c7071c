/** Agents as children, the changes they watch, and what they leave in the kernel. */
import { execFile, execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import type { Detection } from "@weir/agent";
import { Child, type Value } from "./weir.fixture.ts";

const execute = promisify(execFile);

/** Runs a shell script in a process of its own. */
export async function act(script: string, folder: string): Promise<void> {
  const { stderr } = await execute("/bin/sh", ["-c", script], { cwd: folder });
  if (stderr !== "") throw new Error(stderr);
}

export const ruleOf = (value: Value): string => String((value["rule"] as Value | undefined)?.["id"] ?? "");

export class AgentChild extends Child {
  readonly state: string;

  constructor(options: { server: string; state: string; tenants: readonly string[]; rest?: readonly string[] }) {
    const { server, state, tenants, rest = [] } = options;
    const named = tenants.flatMap((tenant) => ["--tenant", tenant]);
    const shape = ["--format", "native", "--json"];
    super(["agent", "--server", server, "--state", state, ...shape, "--poll", "1", ...named, ...rest]);
    this.state = state;
  }

  event(name: string, fields: Value = {}): Promise<Value> {
    const fits = (value: Value): boolean => Object.entries(fields).every(([key, field]) => value[key] === field);
    return this.next(`${name} ${JSON.stringify(fields)}`, (value) => value["event"] === name && fits(value));
  }

  /** The activation of a set of bundles that has this one. */
  activated(digest: string): Promise<Value> {
    const has = (value: Value): boolean => (value["bundles"] as string[] | undefined)?.includes(digest) === true;
    return this.next(`activation of ${digest}`, (value) => value["event"] === "activated" && has(value));
  }

  async detection(rule: string, tenant = "acme"): Promise<Detection> {
    const value = await this.next(`detection by ${rule}`, (v) => ruleOf(v) === rule && v["tenant"] === tenant);
    return value as unknown as Detection;
  }
}

/** Ids of the BPF programs that a process holds open. */
export function programsOf(pid: number): readonly number[] {
  const ids = readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => {
    try {
      return [...readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8").matchAll(/^prog_id:\s+(\d+)$/gm)];
    } catch {
      return [];
    }
  });
  return [...new Set(ids.map((match) => Number(match[1])))];
}

/** Those of the programs that the kernel still has, as bpftool sees it. */
export function loaded(ids: readonly number[]): readonly number[] {
  const programs = JSON.parse(execFileSync("bpftool", ["-j", "prog", "show"], { encoding: "utf8" })) as {
    id: number;
  }[];
  return programs.map(({ id }) => id).filter((id) => ids.includes(id));
}
