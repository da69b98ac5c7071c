/**
 * OCSF 1.8.0: File System Activity (1001) for changes of files, Process Activity (1007) for exec and exit, Base Event
 * (0) for what was lost. What OCSF has no place for is in `unmapped`, under the names of the native format.
 * https://schema.ocsf.io/1.8.0/classes/file_activity
 */
import { basename, dirname } from "node:path";
import type { DetectedFile, DetectedProcess, Detection } from "../../detection.ts";
import type { LossEvent } from "../../losses.ts";
import type { Format } from "../sink.ts";
import {
  commandLine,
  epochMs,
  errorOf,
  eventOf,
  identityOf,
  isLoss,
  isProcessEvent,
  isSecurityAttribute,
  isWrite,
  present,
  programOf,
  severityOf,
  titleOf,
  VERSION,
} from "./event.ts";

const SCHEMA_VERSION = "1.8.0";
const SEVERITIES = ["Unknown", "Informational", "Low", "Medium", "High", "Critical"];

type Activity = readonly [id: number, name: string];
const ACTIVITIES: Readonly<Record<string, Activity>> = {
  unlink: [4, "Delete"],
  rmdir: [4, "Delete"],
  rename: [5, "Rename"],
  chmod: [7, "Set Security"],
  chown: [7, "Set Security"],
  link: [1, "Create"],
  mkdir: [1, "Create"],
  utimes: [6, "Set Attributes"],
  mount: [12, "Mount"],
  umount: [13, "Unmount"],
  splice: [3, "Update"],
  exec: [1, "Launch"],
  exit: [2, "Terminate"],
};

/** An open for writing counts as an update: what follows through the descriptor is not seen, so it stands for it. */
function activityOf(detection: Detection): Activity {
  const { type, created, attribute } = detection.event;
  if (type === "open") return created ? [1, "Create"] : isWrite(detection) ? [3, "Update"] : [14, "Open"];
  if (type === "setxattr" || type === "removexattr")
    return isSecurityAttribute(attribute) ? [7, "Set Security"] : [6, "Set Attributes"];
  return ACTIVITIES[type] ?? [99, type];
}

type FileKind = readonly [id: number, name: string];
const FILE_KINDS: Readonly<Record<string, FileKind>> = {
  file: [1, "Regular File"],
  directory: [2, "Folder"],
  "character device": [3, "Character Device"],
  "block device": [4, "Block Device"],
  socket: [5, "Local Socket"],
  fifo: [6, "Named Pipe"],
  symlink: [7, "Symbolic Link"],
};

/** What a path says by itself. */
function pathFile(path: string, kind: FileKind = [0, "Unknown"]) {
  return { name: basename(path) || path, path, parent_folder: dirname(path), type_id: kind[0], type: kind[1] };
}

const userOf = (id: number, name?: string) => present({ uid: String(id), name });
const groupOf = (id: number, name?: string) => present({ uid: String(id), name });
const msOf = (time: string | undefined): number | undefined => (time === undefined ? undefined : epochMs(time));

function fileOf(file: DetectedFile) {
  return present({
    ...pathFile(file.path, FILE_KINDS[file.type ?? ""]),
    uid: file.inode,
    owner: file.uid === undefined ? undefined : userOf(file.uid, file.user),
    modified_time: msOf(file.modified),
  });
}

/** An executable is a regular file. */
const executableOf = ({ executable }: DetectedProcess) =>
  executable === "" ? undefined : pathFile(executable, FILE_KINDS["file"]);

function processOf(process: DetectedProcess) {
  return present({
    pid: process.pid,
    uid: identityOf(process),
    name: programOf(process),
    cmd_line: commandLine(process),
    created_time: epochMs(process.start),
    file: executableOf(process),
    container: process.container_id === "" ? undefined : { uid: process.container_id },
  });
}

const entityOf = (process: DetectedProcess) =>
  present({
    pid: process.pid,
    uid: identityOf(process),
    name: programOf(process),
    path: process.executable || undefined,
    cmd_line: commandLine(process),
    created_time: epochMs(process.start),
  });

function fullProcess({ process }: Detection) {
  const [parent] = process.ancestors;
  return present({
    ...processOf(process),
    ptid: process.tid,
    user: userOf(process.uid, process.user),
    group: groupOf(process.gid, process.group),
    auid: process.auid ?? undefined,
    euid: process.euid,
    egid: process.egid,
    parent_process: parent && processOf(parent),
    ancestry: process.ancestors.map(entityOf),
  });
}

function classOf(detection: Detection) {
  const process = fullProcess(detection);
  const user = userOf(detection.process.euid, detection.process.euser);
  if (!isProcessEvent(detection)) {
    const { destination } = detection.file;
    return present({
      actor: { process, user },
      file: fileOf(detection.file),
      file_result: destination === undefined ? undefined : pathFile(destination, FILE_KINDS[detection.file.type ?? ""]),
      create_mask: detection.event.created || detection.event.type === "mkdir" ? detection.event.new_mode : undefined,
    });
  }
  const [parent] = detection.process.ancestors;
  const { exit } = detection.event;
  // Who executes is the process itself, before; who ends, too. The parent is who it is by.
  return present({
    actor: { process: parent ? processOf(parent) : process, user },
    process: present({ ...process, terminated_time: exit ? epochMs(detection.time) : undefined }),
    exit_code: exit?.cause === "exited" ? exit.code : undefined,
  });
}

/** What has no place in OCSF, as it is natively. */
function unmappedOf(detection: Detection) {
  const { bundle, generation, event, file, process, variables, rule } = detection;
  const { uid, gid, group, path_truncated, destination_truncated, used_path, used_destination } = file;
  const { device, mount_id, mode, changed, filesystem, in_upper_layer } = file;
  return present({
    bundle,
    generation,
    event,
    file: present({
      ...{ path_truncated, destination_truncated, used_path, used_destination, device, mount_id, mode },
      ...{ uid, gid, group, changed, filesystem, in_upper_layer },
    }),
    process: present({
      comm: process.comm,
      args: process.args,
      args_truncated: process.args_truncated,
      ppid: process.ppid,
      cgroup_id: process.cgroup_id,
      cgroup: process.cgroup,
      mount_namespace: process.mount_namespace,
      pid_namespace: process.pid_namespace,
    }),
    tags: rule.tags,
    variables,
  });
}

const PRODUCT = { name: "Weir", vendor_name: "Weir", version: VERSION };

const deviceOf = (host: string) => ({
  hostname: host,
  type_id: 0,
  type: "Unknown",
  os: { name: "Linux", type: "Linux", type_id: 200 },
});

function classification(uid: number, name: string, [activity, caption]: Activity) {
  return {
    category_uid: uid === 0 ? 0 : 1,
    category_name: uid === 0 ? "Uncategorized" : "System Activity",
    class_uid: uid,
    class_name: name,
    activity_id: activity,
    activity_name: caption,
    type_uid: uid * 100 + activity,
    type_name: `${name}: ${activity === 99 ? "Other" : caption}`,
  };
}

function ofDetection(detection: Detection) {
  const severity = severityOf(detection);
  const error = errorOf(detection);
  const [uid, name] = isProcessEvent(detection)
    ? ([1007, "Process Activity"] as const)
    : ([1001, "File System Activity"] as const);
  return present({
    ...classification(uid, name, activityOf(detection)),
    time: epochMs(detection.time),
    severity_id: severity,
    severity: SEVERITIES[severity],
    status_id: error ? 2 : 1,
    status: error ? "Failure" : "Success",
    status_code: error,
    message: titleOf(detection),
    metadata: {
      version: SCHEMA_VERSION,
      profiles: ["security_control", "container", "linux/linux_users"],
      uid: detection.id,
      tenant_uid: detection.tenant,
      event_code: detection.rule.id,
      log_name: "detections",
      product: PRODUCT,
    },
    is_alert: true,
    action_id: error ? 2 : 1,
    action: error ? "Denied" : "Allowed",
    policy: present({
      uid: detection.rule.id,
      name: detection.rule.id,
      desc: detection.rule.description,
      version: detection.bundle,
    }),
    device: deviceOf(detection.host),
    ...classOf(detection),
    unmapped: unmappedOf(detection),
  });
}

function ofLoss(event: LossEvent) {
  return {
    ...classification(0, "Base Event", [99, "Events Lost"]),
    time: epochMs(event.time),
    start_time: epochMs(event.loss.from),
    end_time: epochMs(event.loss.to),
    severity_id: event.loss.watched_paths_affected ? 3 : 1,
    severity: event.loss.watched_paths_affected ? "Medium" : "Informational",
    message: titleOf(event),
    metadata: { version: SCHEMA_VERSION, uid: event.id, log_name: "losses", product: PRODUCT },
    unmapped: { host: event.host, loss: event.loss },
  };
}

export const ocsfFormat: Format = (payload) => {
  const event = eventOf(payload);
  return JSON.stringify(isLoss(event) ? ofLoss(event) : ofDetection(event));
};
