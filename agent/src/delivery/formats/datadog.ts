/**
 * The shape that Datadog's workload protection gives its own events on Linux (its documentation, `backend_linux`), for
 * those who have rules and dashboards over it. `title`, `agent.rule_id`, `evt`, `file`, `process`, `usr`, `container` and
 * `date` are as there; what is there about the effective capabilities and the file system's ids of a process Weir does not
 * know, so `process.credentials` is left out, and effective ids are in `weir` with all else. `mode` is a number there.
 */
import { basename, extname } from "node:path";
import type { DetectedProcess, Detection } from "../../detection.ts";
import type { LossEvent } from "../../losses.ts";
import type { Format } from "../sink.ts";
import { errorOf, eventOf, isLoss, isProcessEvent, present, titleOf, VERSION } from "./event.ts";

/** What is not known of a file's owner; uid and gid are required. */
const UNKNOWN_ID = -1;

const pathFile = (path: string) =>
  present({
    path,
    name: basename(path),
    extension: extname(path) || undefined,
    uid: UNKNOWN_ID,
    gid: UNKNOWN_ID,
  });

/** Integers there, whatever their size; those beyond 53 bits are left out rather than changed. */
function integer(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && Number.isSafeInteger(value) ? value : undefined;
}

function fileOf({ file, event }: Detection) {
  const { destination } = file;
  return present({
    ...pathFile(file.path),
    path_resolution_error: file.path_truncated ? "only the end of the path is known" : undefined,
    inode: integer(file.inode),
    mode: file.mode === undefined ? undefined : Number.parseInt(file.mode, 8),
    in_upper_layer: file.in_upper_layer,
    mount_id: file.mount_id,
    filesystem: file.filesystem,
    uid: file.uid ?? UNKNOWN_ID,
    gid: file.gid ?? UNKNOWN_ID,
    user: file.user,
    group: file.group,
    modification_time: file.modified,
    change_time: file.changed,
    device: file.device,
    attribute_name: event.attribute,
    attribute_namespace: event.attribute?.includes(".") ? event.attribute.split(".")[0] : undefined,
    flags: event.flags,
    destination: destination === undefined ? destinationOfChange(event) : pathFile(destination),
  });
}

/** What a change of owner or mode asks for is the destination there. */
function destinationOfChange({ new_mode, new_uid, new_gid, new_user, new_group }: Detection["event"]) {
  if (new_mode === undefined && new_uid === undefined && new_gid === undefined) return undefined;
  return present({
    uid: new_uid ?? UNKNOWN_ID,
    gid: new_gid ?? UNKNOWN_ID,
    user: new_user,
    group: new_group,
    mode: new_mode === undefined ? undefined : Number.parseInt(new_mode, 8),
  });
}

const processOf = (process: DetectedProcess) =>
  present({
    pid: process.pid,
    uid: UNKNOWN_ID,
    gid: UNKNOWN_ID,
    comm: process.comm,
    exec_time: process.start,
    executable: process.executable === "" ? undefined : pathFile(process.executable),
    argv0: process.args[0],
    args: process.args.slice(1),
    args_truncated: process.args_truncated,
    container: process.container_id === "" ? undefined : { id: process.container_id },
  });

function fullProcess({ process, variables }: Detection) {
  const { pid, ppid, tid, uid, gid, user, group, cgroup, ancestors } = process;
  return present({
    ...processOf(process),
    ...{ pid, ppid, tid, uid, gid, user, group },
    cgroup: cgroup === undefined ? undefined : { id: cgroup },
    parent: ancestors[0] && processOf(ancestors[0]),
    ancestors: ancestors.map(processOf),
    variables,
  });
}

const EXIT_CAUSES = { exited: "EXITED", "core dumped": "COREDUMPED", signaled: "SIGNALED" } as const;

function ofDetection(detection: Detection) {
  const { process, event, rule, bundle, generation, tenant, host, id } = detection;
  const { euid, egid, euser, egroup, auid, mount_namespace, pid_namespace, cgroup_id } = process;
  const container = process.container_id === "" ? undefined : { id: process.container_id };
  return present({
    title: titleOf(detection),
    date: detection.time,
    agent: {
      rule_id: rule.id,
      policy_name: tenant,
      policy_version: bundle,
      version: VERSION,
      os: "linux",
      origin: "weir",
    },
    evt: {
      name: event.type,
      category: isProcessEvent(detection) ? "Process Activity" : "File Activity",
      outcome: errorOf(detection) ? "Refused" : "Success",
    },
    file: fileOf(detection),
    exit: event.exit && { cause: EXIT_CAUSES[event.exit.cause], code: event.exit.code },
    process: fullProcess(detection),
    container,
    usr: present({ id: process.user, group: process.group }),
    weir: {
      ...{ id, host, tenant, generation, tags: rule.tags, event },
      process: present({ euid, egid, euser, egroup, auid, mount_namespace, pid_namespace, cgroup_id }),
    },
  });
}

function ofLoss({ id, time, host, loss, ...event }: LossEvent) {
  return {
    title: titleOf({ id, time, host, loss, ...event }),
    date: time,
    agent: { rule_id: "events_lost", version: VERSION, os: "linux", origin: "weir" },
    evt: { name: "loss", category: "Kernel Activity", outcome: "Unknown" },
    weir: { id, host, loss },
  };
}

export const datadogFormat: Format = (payload) => {
  const event = eventOf(payload);
  return JSON.stringify(isLoss(event) ? ofLoss(event) : ofDetection(event));
};
