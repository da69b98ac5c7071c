/**
 * What the schemas say of every attribute that the formats use, and of every one that they require: written down from
 * OCSF 1.8.0 (events/system/file_activity, process_activity, base_event and the objects they name, profiles
 * security_control, container and linux_users), ECS 9.4.0 (its field table), and the `backend_linux` schema of the Datadog
 * agent's documentation as of July 2026. An attribute that is not here is not allowed.
 *
 * `name!:type+` is a required attribute, an array of the type.
 */

type Shape = Readonly<Record<string, Attribute>>;
interface Attribute {
  readonly type: string;
  readonly isRequired: boolean;
  readonly isArray: boolean;
}

function shape(text: string): Shape {
  return Object.fromEntries(
    text.split(/\s+/).flatMap((word) => {
      const [, name, required, type, array] = /^([@\w.]+)(!?):([\w-]+)(\+?)$/.exec(word) ?? [];
      return name === undefined || type === undefined
        ? []
        : [[name, { type, isRequired: required === "!", isArray: array === "+" }]];
    }),
  );
}

export interface Schema {
  readonly objects: Readonly<Record<string, Shape>>;
  /** Of these attributes an object has one at least. */
  readonly oneOf: Readonly<Record<string, readonly string[]>>;
}

const OCSF_BASE = `activity_id!:int activity_name:string category_uid!:int category_name:string class_uid!:int
  class_name:string type_uid!:int type_name:string time!:int start_time:int end_time:int severity_id!:severity
  severity:string status_id:status status:string status_code:string message:string metadata!:metadata unmapped:json`;
const OCSF_SYSTEM = `${OCSF_BASE} actor!:actor device!:device
  is_alert:bool action_id:action action:string policy:policy`;
const OCSF_ENTITY = "pid:int uid:string name:string path:string cmd_line:string created_time:int";

export const OCSF: Schema = {
  objects: {
    base_event: shape(OCSF_BASE),
    file_activity: shape(`${OCSF_SYSTEM} file!:file file_result:file create_mask:string`),
    process_activity: shape(`${OCSF_SYSTEM} process!:process exit_code:int`),
    metadata: shape(`version!:string product!:product profiles:string+ uid:string tenant_uid:string event_code:string
      log_name:string`),
    product: shape("name:string vendor_name:string version:string"),
    device: shape("type_id!:int type:string hostname:string os:os"),
    os: shape("name!:string type_id!:int type:string"),
    actor: shape("process:process user:user"),
    user: shape("uid:string name:string"),
    group: shape("uid:string name:string"),
    policy: shape("uid:string name:string desc:string version:string"),
    container: shape("uid:string name:string"),
    file: shape(`name!:string path:string parent_folder:string type_id!:file_type type:string uid:string owner:user
      modified_time:int`),
    process_entity: shape(OCSF_ENTITY),
    process: shape(`${OCSF_ENTITY} ptid:int file:file user:user parent_process:process ancestry:process_entity+
      terminated_time:int container:container group:group auid:int euid:int egid:int`),
  },
  oneOf: {
    actor: ["process", "user"],
    process: ["pid", "uid"],
    process_entity: ["cmd_line", "name", "path", "pid", "uid"],
    user: ["name", "uid"],
    group: ["name", "uid"],
    policy: ["name", "uid"],
    product: ["name", "uid"],
    container: ["name", "uid"],
    device: ["hostname"],
  },
};

/** Allowed numbers with their captions, which the attribute without `_id` has. */
export const OCSF_ENUMS: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  severity: { 0: "Unknown", 1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical", 6: "Fatal" },
  status: { 0: "Unknown", 1: "Success", 2: "Failure" },
  action: { 0: "Unknown", 1: "Allowed", 2: "Denied" },
  file_type: {
    0: "Unknown",
    1: "Regular File",
    2: "Folder",
    3: "Character Device",
    4: "Block Device",
    5: "Local Socket",
    6: "Named Pipe",
    7: "Symbolic Link",
    8: "Executable File",
  },
};

export const OCSF_ACTIVITIES: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  0: {},
  1001: {
    1: "Create",
    2: "Read",
    3: "Update",
    4: "Delete",
    5: "Rename",
    6: "Set Attributes",
    7: "Set Security",
    8: "Get Attributes",
    9: "Get Security",
    10: "Encrypt",
    11: "Decrypt",
    12: "Mount",
    13: "Unmount",
    14: "Open",
  },
  1007: { 1: "Launch", 2: "Terminate", 3: "Open", 4: "Inject", 5: "Set User ID" },
};

const ECS_PROCESS = `pid:int entity_id:string name:string executable:string args:string+ args_count:int
  command_line:string start:date exit_code:int`;

export const ECS: Schema = {
  objects: {
    root: shape(`@timestamp!:date ecs!:ecs message:string event:event rule:rule error:error file:file process:process
      user:account container:id host:host organization:id agent:agent tags:string+ related:related weir:json`),
    ecs: shape("version!:string"),
    id: shape("id:string"),
    event: shape(`kind:kind category:category+ type:event_type+ action:string outcome:outcome id:string code:string
      severity:int module:string dataset:string reason:string start:date end:date`),
    rule: shape("id:string name:string description:string version:string"),
    error: shape("code:string"),
    file: shape(`path:string name:string directory:string extension:string inode:string mode:string uid:string gid:string
      owner:string group:string mtime:date ctime:date type:string target_path:string`),
    process: shape(`${ECS_PROCESS} thread:thread real_user:account real_group:account user:account group:account
      parent:parent`),
    parent: shape(ECS_PROCESS),
    thread: shape("id:int"),
    account: shape("id:string name:string"),
    host: shape("hostname:string name:string"),
    agent: shape("type:string version:string"),
    related: shape("hosts:string+ user:string+"),
  },
  oneOf: {},
};

export const ECS_ENUMS: Readonly<Record<string, readonly string[]>> = {
  kind: ["alert", "asset", "enrichment", "event", "metric", "state", "pipeline_error", "signal"],
  category: ["file", "process"],
  outcome: ["failure", "success", "unknown"],
  event_type: ["access", "change", "creation", "deletion", "denied", "end", "info", "start"],
};

const DATADOG_FILE = `path:string name:string extension:string path_resolution_error:string inode:int mode:int
  in_upper_layer:bool mount_id:int filesystem:string uid!:int gid!:int user:string group:string attribute_name:string
  attribute_namespace:string flags:string+ modification_time:date change_time:date`;
const DATADOG_PROCESS = `pid:int ppid:int tid:int uid!:int gid!:int user:string group:string comm:string exec_time:date
  executable:file cgroup:id container:id argv0:string args:string+ args_truncated:bool`;

export const DATADOG: Schema = {
  objects: {
    root: shape(`agent!:agent title!:string evt:evt date:date file:file_event exit:exit process:process_context
      container:id usr:usr`),
    agent: shape(`rule_id!:string rule_version:string policy_name:string policy_version:string version:string os:string
      arch:string origin:string`),
    evt: shape("name:string category:string outcome:string"),
    file: shape(DATADOG_FILE),
    file_event: shape(`${DATADOG_FILE} destination:file device:int`),
    exit: shape("cause!:string code!:int"),
    process: shape(DATADOG_PROCESS),
    process_context: shape(`${DATADOG_PROCESS} parent:process ancestors:process+ variables:json`),
    id: shape("id:string"),
    usr: shape("id:string group:string"),
  },
  oneOf: {},
};

/** What is wrong with a value, a line for each fault. */
export function faultsOf(schema: Schema, type: string, value: unknown, check: Check, path = type): string[] {
  const attributes = schema.objects[type];
  if (!attributes) return check(type, value) ? [] : [`${path}: ${JSON.stringify(value)} is no ${type}`];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${path}: not an object`];
  const names = Object.keys(value);
  const choice = schema.oneOf[type];
  return [
    ...Object.entries(attributes).flatMap(([name, { isRequired }]) =>
      isRequired && !names.includes(name) ? [`${path}.${name}: required`] : [],
    ),
    ...(choice && !choice.some((name) => names.includes(name)) ? [`${path}: none of ${choice.join(", ")}`] : []),
    ...Object.entries(value).flatMap(([name, member]) => {
      const place = `${path}.${name}`;
      const attribute = attributes[name];
      if (!attribute) return [`${place}: unknown`];
      if (!attribute.isArray) return faultsOf(schema, attribute.type, member, check, place);
      if (!Array.isArray(member)) return [`${place}: not an array`];
      return member.flatMap((item, index) => faultsOf(schema, attribute.type, item, check, `${place}.${index}`));
    }),
  ];
}

/** Whether a value is of a type that is no object. */
export type Check = (type: string, value: unknown) => boolean;

export const primitive: Check = (type, value) => {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "int":
      return Number.isSafeInteger(value);
    case "bool":
      return typeof value === "boolean";
    case "date":
      return typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value);
    case "json":
      return typeof value === "object";
    default:
      return false;
  }
};
