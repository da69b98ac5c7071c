import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { VariableDescription } from "../format/index.ts";
import {
  APPENDED_CHARACTERS_MAX,
  ARRAY_SIZE_DEFAULT,
  type Assignment,
  VariableState,
  VariableStore,
  type VariableSubject,
} from "./variables.ts";

const variable = (parts: Partial<VariableDescription>): VariableDescription => ({
  name: "x",
  scope: "global",
  type: "string",
  array: false,
  inherited: false,
  private: false,
  ...parts,
});

const subject = (parts: Partial<VariableSubject> = {}): VariableSubject => ({
  nowNs: 0n,
  process: "p",
  container: "",
  cgroup: "g",
  lineage: () => ({ processes: [], complete: true }),
  ...parts,
});

const store = (...variables: VariableDescription[]): VariableStore => new VariableStore({ variables });
const put = (...values: NonNullable<Assignment["values"]>): Assignment => ({ append: false, values });
const add = (...values: NonNullable<Assignment["values"]>): Assignment => ({ append: true, values });
const UNKNOWN: Assignment = { append: false, values: null };

/** Processes 0 … 3: each is the child of the one before. Containers and cgroups by process. */
const PROCESSES = [0, 1, 2, 3];
const at = (process: number, nowNs: number): VariableSubject => ({
  nowNs: BigInt(nowNs),
  process: `p${process}`,
  container: process < 2 ? "" : "c",
  cgroup: process === 0 ? "g0" : "g1",
  lineage: () => ({
    processes: PROCESSES.slice(0, process)
      .reverse()
      .map((p) => `p${p}`),
    complete: true,
  }),
});

type Value = string | bigint;

/** The rules of the module's comment, told as directly as can be: everything is a list of what was set. */
class Naive {
  readonly #variable: VariableDescription;
  readonly #lists = new Map<string, { value: Value; until: number }[]>();

  constructor(declared: VariableDescription) {
    this.#variable = declared;
  }

  #place(process: number): string | undefined {
    const { scope } = this.#variable;
    if (scope === "global") return "all";
    if (scope === "process") return `p${process}`;
    if (scope === "cgroup") return process === 0 ? "g0" : "g1";
    return process < 2 ? undefined : "c";
  }

  #list(process: number, now: number): { value: Value; until: number }[] {
    const { scope, inherited, default: value } = this.#variable;
    for (let p = process; p >= 0; p--) {
      const place = this.#place(p);
      const live = (place === undefined ? [] : (this.#lists.get(place) ?? [])).filter(({ until }) => until > now);
      if (live.length > 0) return live;
      if (scope !== "process" || !inherited) break;
    }
    const values = value === undefined ? [] : Array.isArray(value) ? value : [value];
    return values.map((v) => ({ value: typeof v === "number" ? BigInt(v) : (v as Value), until: Number.NaN }));
  }

  read(process: number, now: number): Value | Value[] | undefined {
    const values = this.#list(process, now).map(({ value }) => value);
    return this.#variable.array ? values : values[0];
  }

  set(process: number, now: number, append: boolean, values: Value[]): void {
    const place = this.#place(process);
    if (place === undefined) return;
    const { array, ttlNs, size = ARRAY_SIZE_DEFAULT } = this.#variable;
    const until = ttlNs === undefined ? Number.POSITIVE_INFINITY : now + ttlNs;
    const base = append ? this.#list(process, now).map((e) => (Number.isNaN(e.until) ? { ...e, until } : e)) : [];
    if (array) {
      let list = [...base, ...values.map((value) => ({ value, until }))];
      list = list.filter((e, i) => !list.slice(i + 1).some((later) => later.value === e.value));
      this.#lists.set(place, list.slice(-size));
    } else {
      const [value = this.#variable.type === "int" ? 0n : ""] = values;
      const before = base[0]?.value;
      this.#lists.set(place, [{ value: before === undefined ? value : (((before as any) + value) as Value), until }]);
    }
  }

  end(process: number): void {
    if (this.#variable.scope === "process") this.#lists.delete(`p${process}`);
  }
}

const declared = fc
  .record({
    scope: fc.constantFrom("global" as const, "process" as const, "container" as const, "cgroup" as const),
    type: fc.constantFrom("string" as const, "int" as const),
    array: fc.boolean(),
    inherited: fc.boolean(),
    ttlNs: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
    size: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    hasDefault: fc.boolean(),
  })
  .map(({ hasDefault, ttlNs, size, ...rest }): VariableDescription => {
    const one = rest.type === "int" ? 7 : "d";
    return variable({
      ...rest,
      ...(ttlNs === undefined ? {} : { ttlNs }),
      ...(size === undefined ? {} : { size }),
      ...(hasDefault ? { default: (rest.array ? [one] : one) as string } : {}),
    });
  });

const step = fc.record({
  kind: fc.constantFrom("set", "set", "append", "append", "read", "end"),
  process: fc.constantFrom(...PROCESSES),
  wait: fc.nat({ max: 5 }),
  values: fc.array(fc.nat({ max: 4 }), { maxLength: 3 }),
});

test("any sequence of calls: as the plainest model has it", () => {
  fc.assert(
    fc.property(declared, fc.array(step, { maxLength: 40 }), (description, steps) => {
      const tested = store(description);
      const model = new Naive(description);
      let now = 0;
      for (const { kind, process, wait, values } of steps) {
        now += wait;
        const given = values.map((v) => (description.type === "int" ? BigInt(v) : `v${v}`));
        if (kind === "end") {
          tested.state.release("process", `p${process}`);
          model.end(process);
        } else if (kind !== "read") {
          const before = PROCESSES.map((p) => model.read(p, now));
          const changed = tested.set("x", { append: kind === "append", values: given }, at(process, now));
          model.set(process, now, kind === "append", given);
          if (!changed) expect(PROCESSES.map((p) => model.read(p, now))).toEqual(before);
        }
        for (const p of PROCESSES) expect(tested.read("x", at(p, now))).toEqual(model.read(p, now));
      }
    }),
    { numRuns: 2000 },
  );
});

describe("what is not known", () => {
  test("a set of something unknown is unknown until the next one", () => {
    const tested = store(variable({}));
    tested.set("x", UNKNOWN, subject());
    expect(tested.read("x", subject())).toBeNull();
    tested.set("x", add("more"), subject());
    expect(tested.read("x", subject())).toBeNull();
    tested.set("x", put("known"), subject());
    expect(tested.read("x", subject())).toBe("known");
  });

  test("in an array it lives as long as any other value", () => {
    const tested = store(variable({ array: true, size: 2, ttlNs: 10 }));
    tested.set("x", { append: true, values: null }, subject());
    tested.set("x", add("a"), subject({ nowNs: 5n }));
    expect(tested.read("x", subject({ nowNs: 9n }))).toBeNull();
    expect(tested.read("x", subject({ nowNs: 10n }))).toEqual(["a"]);
    tested.set("x", { append: true, values: null }, subject({ nowNs: 11n }));
    tested.set("x", add("b", "c"), subject({ nowNs: 12n }));
    expect(tested.read("x", subject({ nowNs: 12n }))).toEqual(["b", "c"]);
  });

  test("whose it would be: reads as null, a set is counted", () => {
    const tested = store(variable({ scope: "container" }));
    const nowhere = subject({ container: null });
    expect(tested.read("x", nowhere)).toBeNull();
    expect(tested.set("x", put("a"), nowhere)).toBe(false);
    expect(tested.state).toMatchObject({ size: 0, counters: { dropped: 1 } });
  });

  test("a lineage with gaps: what it might inherit", () => {
    const tested = store(variable({ scope: "process", inherited: true, type: "int" }));
    const orphan = subject({ process: "o", lineage: () => ({ processes: ["p"], complete: false }) });
    expect(tested.read("x", orphan)).toBeNull();
    tested.set("x", add(1), orphan);
    expect(tested.read("x", orphan)).toBeNull();
    tested.set("x", put(2), subject());
    tested.state.release("process", "o");
    expect(tested.read("x", orphan)).toBe(2n);
  });

  test("a name that is not declared", () => {
    expect(store().read("x", subject())).toBeNull();
    expect(() => store().set("x", put("a"), subject())).toThrow(/"x" is not declared/);
  });

  test("a value of another type than the variable's", () => {
    const tested = store(variable({ type: "int" }));
    tested.set("x", put("12"), subject());
    expect(tested.read("x", subject())).toBeNull();
  });
});

test("booleans as programs give them; a default of the wrong shape is none", () => {
  const tested = store(variable({ type: "bool" }), variable({ name: "y", type: "bool", default: [] as string[] }));
  tested.set("x", put(1n), subject());
  expect([tested.read("x", subject()), tested.read("y", subject())]).toEqual([true, undefined]);
});

test("inherited variables stay while somebody may inherit them", () => {
  const tested = store(variable({ scope: "process", inherited: true }), variable({ name: "y", scope: "process" }));
  const child = subject({ process: "child", lineage: () => ({ processes: ["p"], complete: true }) });
  tested.set("x", put("handed down"), subject());
  tested.set("y", put("own"), subject());
  tested.state.release("process", "p", { keepInherited: true });
  expect([tested.read("x", child), tested.read("y", subject())]).toEqual(["handed down", undefined]);
  tested.state.release("process", "p");
  expect(tested.read("x", child)).toBeUndefined();
  expect(tested.state.size).toBe(0);
});

describe("memory is bounded", () => {
  test("what was used longest ago goes first, and is counted", () => {
    const state = new VariableState({ bytesMax: 4096 });
    const tested = new VariableStore({ variables: [variable({ scope: "process" })] }, state);
    const of = (i: number): VariableSubject => subject({ process: `p${i}` });
    for (let i = 0; i < 100; i++) {
      tested.set("x", put("value"), of(i));
      tested.read("x", of(0));
    }
    expect(state.size).toBeLessThan(12);
    expect(state.counters.evicted).toBe(100 - state.size);
    expect(tested.read("x", of(0))).toBe("value");
    expect(tested.read("x", of(99))).toBe("value");
    expect(tested.read("x", of(1))).toBeUndefined();
  });

  test("one variable alone keeps its newest values", () => {
    const state = new VariableState({ bytesMax: 4096 });
    const tested = new VariableStore({ variables: [variable({ array: true })] }, state);
    for (let i = 0; i < 1000; i++) tested.set("x", add(`value ${i}`), subject());
    const values = tested.read("x", subject()) as string[];
    expect(values.length).toBeLessThan(40);
    expect(values.at(-1)).toBe("value 999");
  });

  test("what is released or expires is not counted any more", () => {
    const state = new VariableState({ bytesMax: 4096 });
    const variables = [variable({ scope: "process", ttlNs: 1 }), variable({ name: "bystander" })];
    const tested = new VariableStore({ variables }, state);
    tested.set("bystander", put("here"), subject());
    for (let i = 0; i < 1000; i++) {
      const of = subject({ process: `p${i}`, nowNs: BigInt(i) });
      tested.set("x", put("value"), of);
      if (i % 2) state.release("process", `p${i}`);
      else tested.read("x", { ...of, nowNs: of.nowNs + 1n });
    }
    expect(state).toMatchObject({ size: 1, counters: { evicted: 0 } });
    expect(tested.read("bystander", subject())).toBe("here");
  });

  test("text that grows and grows", () => {
    const tested = store(variable({}));
    tested.set("x", put("x".repeat(APPENDED_CHARACTERS_MAX)), subject());
    expect(tested.read("x", subject())).toHaveLength(APPENDED_CHARACTERS_MAX);
    tested.set("x", add("x"), subject());
    expect(tested.read("x", subject())).toBeNull();
  });
});

describe("from one bundle to the next", () => {
  const first = store(variable({}), variable({ name: "gone" }), variable({ name: "other", type: "int" }));
  for (const name of ["x", "gone"]) first.set(name, put("kept"), subject());
  first.set("other", put(1), subject());
  const next = [variable({ ttlNs: 5, private: true }), variable({ name: "other" }), variable({ name: "new" })];
  const second = new VariableStore({ variables: next }, first.state);

  test("declared alike: the values stay, for both", () => {
    expect(second.read("x", subject())).toBe("kept");
    second.set("x", put("later"), subject());
    expect(first.read("x", subject())).toBe("later");
  });

  test("of another type or new: it starts anew", () => {
    expect([second.read("other", subject()), second.read("new", subject())]).toEqual([undefined, undefined]);
    expect(first.read("other", subject())).toBe(1n);
  });

  test("what nobody declares any more is dropped", () => {
    first.state.keepOnly(next);
    expect(first.state.size).toBe(1);
    expect(second.read("x", subject())).toBe("later");
  });
});

describe("bytes that are no UTF-8", () => {
  const odd = Uint8Array.of(0x2f, 0xff);

  test("stay what they are, and are one value wherever they are the same", () => {
    const list = store(variable({ array: true }));
    list.set("x", add(odd, "47,255", Uint8Array.from(odd)), subject());
    expect(list.read("x", subject())).toEqual(["47,255", odd]);
    expect(list.set("x", add(Uint8Array.from(odd)), subject())).toBe(false);
  });

  test("are put together with text; what becomes text is text", () => {
    const one = store(variable({}));
    one.set("x", put("a"), subject());
    one.set("x", add(Uint8Array.of(0xc3)), subject());
    expect(one.read("x", subject())).toEqual(Uint8Array.of(0x61, 0xc3));
    one.set("x", add(Uint8Array.of(0xa9)), subject());
    expect(one.read("x", subject())).toBe("aé");
  });

  test("are bounded like text", () => {
    const one = store(variable({}));
    one.set("x", put(new Uint8Array(APPENDED_CHARACTERS_MAX).fill(0xff)), subject());
    one.set("x", add("a"), subject());
    expect(one.read("x", subject())).toBeNull();
  });

  test("count towards the memory", () => {
    const state = new VariableState({ bytesMax: 10_000 });
    const bounded = new VariableStore({ variables: [variable({ scope: "process" })] }, state);
    for (const process of ["p", "q"]) bounded.set("x", put(new Uint8Array(8000).fill(0xff)), subject({ process }));
    expect(state.size).toBe(1);
  });

  test("are no value of another type", () => {
    const one = store(variable({ type: "int" }));
    one.set("x", put(odd), subject());
    expect(one.read("x", subject())).toBeNull();
  });
});
