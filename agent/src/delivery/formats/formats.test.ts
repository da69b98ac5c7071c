import {
  EVENT_TYPES,
  type FileEvent,
  FLAG_ATTRIBUTES_UNKNOWN,
  FLAG_CREATED,
  PROCESS_EXEC,
  PROCESS_EXIT,
} from "@weir/matcher-wasm/format";
import { describe, expect, test } from "vitest";
import { type Detection, detectionOf } from "../../detection.ts";
import { EventContext } from "../../match/context/context.ts";
import { childOf, fileEvent, HOST, header, INIT } from "../../match/context/event.fixture.ts";
import type { JudgedRecord } from "../../match/context/facts.ts";
import { deliveryLoss, endedLoss } from "../losses.ts";
import type { DeliveredEvent } from "./event.ts";
import { FORMATS, type FormatName, formatOf } from "./index.ts";
import { DATADOG, ECS, ECS_ENUMS, faultsOf, OCSF, OCSF_ACTIVITIES, OCSF_ENUMS, primitive } from "./schemas.fixture.ts";

const RULE = { id: "secret", event: "open", description: "A secret", tags: { severity: "high" }, expression: "" };

function detect(record: JudgedRecord): Detection {
  const event = new EventContext(record, childOf(INIT, { startNs: 1_000_000_000n }), HOST);
  return detectionOf({ event, tenant: "acme", bundle: "b".repeat(64), rule: RULE });
}

const ofType = (name: string, parts: Partial<FileEvent> = {}): Detection => {
  const type = EVENT_TYPES.find((candidate) => candidate.name === name)?.id ?? 0;
  return detect(fileEvent({ type, mode: 0o100644, ...parts }));
};
const destination = { destination: "/etc/other", destinationBytes: Buffer.from("/etc/other") };

/** Every event type as it comes, refused, without attributes; and what no rule has matched. */
const EVENTS: readonly (readonly [string, DeliveredEvent])[] = [
  ...EVENT_TYPES.flatMap(({ name, file, destination: hasDestination }) => {
    if (!file) return [];
    const parts = hasDestination ? destination : {};
    return [
      [name, ofType(name, parts)] as const,
      [`${name} refused`, ofType(name, { ...parts, retval: -13 })] as const,
      [`${name} without attributes`, ofType(name, { ...parts, flags: FLAG_ATTRIBUTES_UNKNOWN })] as const,
      [`${name} of a device`, ofType(name, { ...parts, mode: 0o020600, auid: 1000 })] as const,
    ];
  }),
  ["open that creates", ofType("open", { opFlags: 0o101, opMode: 0o600, flags: FLAG_CREATED })],
  ["open for writing", ofType("open", { opFlags: 0o2 })],
  ["setxattr of a capability", ofType("setxattr", { text: "security.capability" })],
  ["a long inode", ofType("open", { inode: (1n << 63n) + 1n })],
  ["exec", detect({ ...header({ type: PROCESS_EXEC }), kind: "exec", retval: 0 } as unknown as JudgedRecord)],
  ["exit", detect({ ...header({ type: PROCESS_EXIT }), kind: "exit", retval: 0x300 } as unknown as JudgedRecord)],
  [
    "exit by a signal",
    detect({ ...header({ type: PROCESS_EXIT }), kind: "exit", retval: 9 } as unknown as JudgedRecord),
  ],
  ["loss of a sink", deliveryLoss("siem", { "spool full": 7 }, { fromMs: 1000, toMs: 2000 })],
  ["loss that nobody can count", endedLoss({ fromMs: 1000, toMs: 2000 })],
];

type Json = Record<string, never>;
const formatted = (name: FormatName, event: DeliveredEvent): Json =>
  JSON.parse(formatOf(name)(Buffer.from(JSON.stringify(event))));

const ofEvent = (name: string): DeliveredEvent => {
  const found = EVENTS.find(([other]) => other === name);
  if (!found) throw new Error(`no event ${name}`);
  return found[1];
};

describe("OCSF 1.8.0", () => {
  const CLASSES: Readonly<Record<number, string>> = {
    0: "base_event",
    1001: "file_activity",
    1007: "process_activity",
  };

  test.each(EVENTS)("%s", (_, event) => {
    const value = formatted("ocsf", event) as Record<string, unknown>;
    const check = (type: string, member: unknown): boolean =>
      OCSF_ENUMS[type] ? OCSF_ENUMS[type][member as number] !== undefined : primitive(type, member);
    expect(faultsOf(OCSF, CLASSES[value["class_uid"] as number] ?? "", value, check)).toEqual([]);
    const { class_uid, activity_id, activity_name, type_uid } = value as Record<string, number>;
    if (activity_id !== 99) expect(OCSF_ACTIVITIES[class_uid as number]?.[activity_id as number]).toBe(activity_name);
    expect(type_uid).toBe((class_uid as number) * 100 + (activity_id as number));
    for (const id of ["severity", "status", "action"])
      if (value[`${id}_id`] !== undefined) expect(OCSF_ENUMS[id]?.[value[`${id}_id`] as number]).toBe(value[id]);
  });

  test.each([
    ["open", 14],
    ["open for writing", 3],
    ["open that creates", 1],
    ["unlink", 4],
    ["rename", 5],
    ["chmod", 7],
    ["setxattr", 6],
    ["setxattr of a capability", 7],
    ["mount", 12],
    ["chdir", 99],
    ["exec", 1],
    ["exit", 2],
  ])("%s is activity %i", (name, activity) => {
    expect(formatted("ocsf", ofEvent(name))).toMatchObject({ activity_id: activity });
  });

  test("who, what, where", () => {
    const event = ofEvent("rename refused") as Detection;
    expect(formatted("ocsf", event)).toMatchObject({
      time: Date.parse(event.time),
      severity_id: 4,
      status_id: 2,
      status_code: "EACCES",
      metadata: { uid: event.id, tenant_uid: "acme", event_code: "secret" },
      file: { path: "/etc/passwd", name: "passwd", type: "Regular File", owner: { uid: "0", name: "user 0" } },
      file_result: { path: "/etc/other" },
      actor: { process: { parent_process: { pid: 1 }, ancestry: [{ pid: 1 }] } },
      policy: { uid: "secret" },
      device: { hostname: "host" },
    });
  });
});

describe("ECS 9.4.0", () => {
  test.each(EVENTS)("%s", (_, event) => {
    const check = (type: string, member: unknown): boolean =>
      ECS_ENUMS[type] ? ECS_ENUMS[type].includes(member as string) : primitive(type, member);
    expect(faultsOf(ECS, "root", formatted("ecs", event), check)).toEqual([]);
  });

  test("who, what, where", () => {
    expect(formatted("ecs", ofEvent("unlink refused"))).toMatchObject({
      event: { category: ["file"], type: ["deletion", "denied"], outcome: "failure", action: "unlink" },
      file: { directory: "/etc", name: "passwd" },
      error: { code: "EACCES" },
      process: { parent: { pid: 1 } },
    });
    expect(formatted("ecs", ofEvent("exec"))).not.toHaveProperty("file");
  });
});

describe("as Datadog", () => {
  test.each(EVENTS)("%s", (_, event) => {
    const { weir, ...value } = formatted("datadog", event);
    expect(faultsOf(DATADOG, "root", value, primitive)).toEqual([]);
    expect(weir).toMatchObject({ id: event.id });
  });

  test("who, what, where", () => {
    expect(formatted("datadog", ofEvent("rename"))).toMatchObject({
      agent: { rule_id: "secret" },
      evt: { name: "rename", outcome: "Success" },
      file: { path: "/etc/passwd", mode: 0o644, destination: { path: "/etc/other" } },
    });
  });
});

test("every format keeps the id that tells what came twice", () => {
  for (const name of FORMATS)
    for (const [, event] of EVENTS) expect(JSON.stringify(formatted(name, event))).toContain(`"${event.id}"`);
});

test("native is what was written", () => {
  for (const [, event] of EVENTS) expect(formatted("native", event)).toEqual(event);
});
