/**
 * Elastic Common Schema 9.4.0. What it has no field for is under `weir`, as the schema asks for fields of one's own.
 * https://www.elastic.co/guide/en/ecs/current/
 */
import { basename, dirname, extname } from "node:path";
import type { DetectedProcess, Detection } from "../../detection.ts";
import type { LossEvent } from "../../losses.ts";
import type { Format } from "../sink.ts";
import {
  commandLine,
  errorOf,
  eventOf,
  identityOf,
  isLoss,
  isProcessEvent,
  isWrite,
  present,
  programOf,
  severityOf,
  titleOf,
  VERSION,
} from "./event.ts";

const ECS = { version: "9.4.0" };
const AGENT = { type: "weir", version: VERSION };

/** Of the values that ECS allows in `event.type` beside the category `file` or `process`. */
function typesOf(detection: Detection): string[] {
  const { type, created } = detection.event;
  if (errorOf(detection)) return [...typesOfSuccess(type, created, isWrite(detection)), "denied"];
  return typesOfSuccess(type, created, isWrite(detection));
}

function typesOfSuccess(type: string, created: boolean | undefined, isWrite: boolean): string[] {
  switch (type) {
    case "open":
      return [created ? "creation" : isWrite ? "change" : "access"];
    case "link":
    case "mkdir":
      return ["creation"];
    case "unlink":
    case "rmdir":
      return ["deletion"];
    case "exec":
      return ["start"];
    case "exit":
      return ["end"];
    case "chdir":
      return ["access"];
    default:
      return ["change"];
  }
}

/** The kinds that ECS names, and the others as they are called. */
const FILE_KINDS: Readonly<Record<string, string>> = { file: "file", directory: "dir", symlink: "symlink" };

function fileOf({ file, event }: Detection) {
  const { path, destination } = file;
  const isMoved = event.type === "rename" && destination !== undefined;
  const extension = extname(path).slice(1);
  return present({
    path,
    name: basename(path),
    directory: dirname(path),
    extension: extension || undefined,
    inode: file.inode,
    mode: file.mode,
    uid: file.uid === undefined ? undefined : String(file.uid),
    gid: file.gid === undefined ? undefined : String(file.gid),
    owner: file.user,
    group: file.group,
    mtime: file.modified,
    ctime: file.changed,
    type: file.type === undefined ? undefined : (FILE_KINDS[file.type] ?? file.type),
    target_path: isMoved ? undefined : destination,
  });
}

function processOf(process: DetectedProcess) {
  return {
    pid: process.pid,
    entity_id: identityOf(process),
    name: programOf(process),
    executable: process.executable,
    args: process.args,
    args_count: process.args.length,
    command_line: commandLine(process),
    start: process.start,
  };
}

const account = (id: number, name?: string) => present({ id: String(id), name });

function ofDetection(detection: Detection) {
  const { process, file, rule, event } = detection;
  const [parent] = process.ancestors;
  const error = errorOf(detection);
  const tags = Object.entries(rule.tags).map(([key, value]) => `${key}:${value}`);
  const names = [...new Set([process.user, process.euser].filter((name) => name !== undefined))];
  const { bundle, generation, variables } = detection;
  const { comm, ancestors, args_truncated, auid, cgroup, cgroup_id, mount_namespace, pid_namespace } = process;
  return present({
    "@timestamp": detection.time,
    ecs: ECS,
    message: titleOf(detection),
    event: present({
      kind: "alert",
      category: [isProcessEvent(detection) ? "process" : "file"],
      type: typesOf(detection),
      action: event.type,
      outcome: error ? "failure" : "success",
      id: detection.id,
      code: rule.id,
      severity: severityOf(detection),
      module: "weir",
      dataset: "weir.detection",
      reason: rule.description,
    }),
    rule: present({ id: rule.id, name: rule.id, description: rule.description, version: bundle }),
    error: error && { code: error },
    file: isProcessEvent(detection) ? undefined : fileOf(detection),
    process: present({
      ...processOf(process),
      thread: { id: process.tid },
      real_user: account(process.uid, process.user),
      real_group: account(process.gid, process.group),
      user: account(process.euid, process.euser),
      group: account(process.egid, process.egroup),
      parent: parent && processOf(parent),
      exit_code: event.exit?.cause === "exited" ? event.exit.code : undefined,
    }),
    user: account(process.euid, process.euser),
    container: process.container_id === "" ? undefined : { id: process.container_id },
    host: { hostname: detection.host, name: detection.host },
    organization: { id: detection.tenant },
    agent: AGENT,
    tags: tags.length > 0 ? tags : undefined,
    related: present({ hosts: [detection.host], user: names.length > 0 ? names : undefined }),
    weir: {
      ...{ bundle, generation, event, file, ancestors: ancestors.map(processOf) },
      process: present({ comm, args_truncated, auid, cgroup, cgroup_id, mount_namespace, pid_namespace }),
      ...(variables ? { variables } : {}),
    },
  });
}

function ofLoss(event: LossEvent) {
  return {
    "@timestamp": event.time,
    ecs: ECS,
    message: titleOf(event),
    event: {
      kind: "pipeline_error",
      action: "loss",
      id: event.id,
      start: event.loss.from,
      end: event.loss.to,
      module: "weir",
      dataset: "weir.loss",
    },
    host: { hostname: event.host, name: event.host },
    agent: AGENT,
    weir: { loss: event.loss },
  };
}

export const ecsFormat: Format = (payload) => {
  const event = eventOf(payload);
  return JSON.stringify(isLoss(event) ? ofLoss(event) : ofDetection(event));
};
