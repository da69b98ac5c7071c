/** The matcher here is a list of conditions; real ones are tried with the whole agent. */
import type { FieldType, MatcherDescription, VariableDescription } from "@weir/matcher-wasm/format";
import type { ContextValue, Matcher } from "@weir/matcher-wasm/host";
import type { Bundle } from "@weir/trust";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { Accounts } from "../process/accounts.ts";
import { EventContext } from "./context/context.ts";
import { childOf, fileEvent, HOST, INIT } from "./context/event.fixture.ts";
import { decide } from "./decide.ts";
import { type ActiveBundle, activeBundle } from "./generation.ts";

type Values = Readonly<Record<string, ContextValue>>;

interface Rule {
  /** Undefined: it needs no context, and is given to `decide` as matched. */
  readonly when?: (values: Values) => boolean;
  readonly set?: string;
  readonly to?: string | number | ((values: Values) => readonly string[] | null);
  readonly append?: boolean;
  readonly filter?: (values: Values) => boolean;
}

const flag = (name: string, parts: Partial<VariableDescription> = {}): VariableDescription => ({
  name,
  scope: "global",
  type: "int",
  array: false,
  inherited: false,
  private: false,
  ...parts,
});

/** A bundle of these rules over these variables, all of which it reads. */
function bundleOf(
  rules: readonly Rule[],
  variables: readonly VariableDescription[],
  before?: ActiveBundle,
): ActiveBundle {
  const context = variables.map(({ name, type, array }) => ({ key: `\${${name}}`, type, array }));
  const named = (values: readonly ContextValue[]): Values =>
    Object.fromEntries(context.map(({ key }, i) => [key.slice(2, -1), values[i]]));
  const programs = rules.flatMap(({ set, to = 1, append = false, filter }, rule) => {
    if (set === undefined) return [];
    const value = typeof to === "function" ? { program: rule } : { value: to };
    return [{ rule, action: 0, set: { variable: set, append, ...value }, ...(filter ? { filter: rule } : {}) }];
  });
  const description: MatcherDescription = { format: "weir-matcher/1", context, variables, programs };
  const matcher = {
    description,
    matchContext: (_: number, values: readonly ContextValue[]) =>
      rules.flatMap(({ when }, rule) => (when?.(named(values)) ? [rule] : [])),
    runFilter: (rule: number, _: number, values: readonly ContextValue[]) => rules[rule]?.filter?.(named(values)),
    runProgram: (rule: number, _type: FieldType, _: number, values: readonly ContextValue[]) => {
      const to = rules[rule]?.to;
      return typeof to === "function" ? to(named(values)) : null;
    },
  } as unknown as Matcher;
  return activeBundle({ slot: 0, serial: 1, bundle: {} as Bundle, matcher, state: before?.variables.state });
}

function judge(bundle: ActiveBundle, rules: readonly number[] = [], process = childOf(INIT)): number[] {
  const event = new EventContext(fileEvent(), process, HOST);
  return decide({ bundle, recordOffset: 0, event, rules, candidate: true });
}

const x = flag("x");

describe("what a rule sets, all other rules see from the same event on", () => {
  test("one after the other, whatever their order", () => {
    const y = flag("y");
    const chain: Rule[] = [{ when: ({ y }) => y === 1n }, { when: ({ x }) => x === 1n, set: "y" }, { set: "x" }];
    expect(judge(bundleOf(chain, [x, y]), [2])).toEqual([0, 1, 2]);
    expect(judge(bundleOf(chain.toReversed(), [x, y]), [0])).toEqual([0, 1, 2]);
  });

  test("a rule that matched stays matched, and acts once", () => {
    const rules: Rule[] = [{ when: ({ x }) => x !== 3n, set: "x", to: 1, append: true }];
    const bundle = bundleOf(rules, [x]);
    expect([judge(bundle), judge(bundle), judge(bundle), judge(bundle)]).toEqual([[0], [0], [0], []]);
  });

  test("a rule that matched under another name of the file neither matches nor acts again", () => {
    const rules: Rule[] = [
      { set: "x", append: true },
      { when: () => true, set: "x", append: true },
      { when: () => true },
    ];
    const bundle = bundleOf(rules, [x]);
    const event = new EventContext(fileEvent(), INIT, HOST);
    const again = { bundle, recordOffset: 0, event, rules: [0], candidate: true, spent: new Set([0, 1]) };
    expect(decide(again)).toEqual([2]);
    expect(bundle.variables.read("x", event.subject)).toBeUndefined();
  });

  test("two rules that feed each other come to an end", () => {
    const rules: Rule[] = [
      { when: () => true, set: "x", to: 1, append: true },
      { when: ({ x }) => (x as bigint) > 0n, set: "x", to: 1, append: true },
    ];
    const bundle = bundleOf(rules, [x]);
    expect(judge(bundle)).toEqual([0, 1]);
    expect(bundle.variables.read("x", new EventContext(fileEvent(), INIT, HOST).subject)).toBe(2n);
  });

  test("rules that match together do not see each other's values", () => {
    const rules: Rule[] = [{ set: "x" }, { filter: ({ x }) => x === 1n, set: "y" }, { when: ({ y }) => y === 1n }];
    expect(judge(bundleOf(rules, [x, flag("y")]), [0, 1])).toEqual([0, 1]);
  });

  test("a filter that is false takes no action", () => {
    const rules: Rule[] = [{ set: "x", filter: () => false }, { when: ({ x }) => x === 1n }];
    expect(judge(bundleOf(rules, [x]), [0])).toEqual([0]);
  });

  test("a value that is not known makes conditions over it unknown", () => {
    const s = flag("s", { type: "string", array: true });
    const rules: Rule[] = [{ set: "s", to: () => null, append: true }, { when: ({ s }) => s === null }];
    expect(judge(bundleOf(rules, [s]), [0])).toEqual([0, 1]);
  });
});

test("the result does not depend on the order of rules while none sets what another one sets", () => {
  const names = ["a", "b", "c", "d", "e"];
  const rule = fc.record({ needs: fc.subarray(names), sets: fc.option(fc.constantFrom(...names)) });
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 12 }), fc.nat(), (described, seed) => {
      const rules = described.map(
        ({ needs, sets }): Rule => ({
          when: (values) => needs.every((name) => values[name] === 1n),
          ...(sets ? { set: sets } : {}),
        }),
      );
      const order = rules
        .map((_, i) => i)
        .sort((a, b) => ((a * 7919 + seed) % 101) - ((b * 7919 + seed) % 101) || a - b);
      const variables = names.map((name) => flag(name));
      const plain = judge(bundleOf(rules, variables));
      const shuffled = judge(
        bundleOf(
          order.map((i) => rules[i] as Rule),
          variables,
        ),
      );
      expect(shuffled.map((i) => order[i]).sort((a = 0, b = 0) => a - b)).toEqual(plain);
    }),
  );
});

describe("whose variable", () => {
  const rules: Rule[] = [{ set: "process.x" }, { when: (values) => values["process.x"] === 1n }];
  const parent = childOf(INIT, { tgid: 10 });

  test("of the process alone, and of its descendants where it is inherited", () => {
    for (const inherited of [false, true]) {
      const bundle = bundleOf(rules, [flag("process.x", { scope: "process", inherited })]);
      expect(judge(bundle, [0], parent)).toEqual([0, 1]);
      expect(judge(bundle, [], parent)).toEqual([1]);
      expect(judge(bundle, [], childOf(parent))).toEqual(inherited ? [1] : []);
      expect(judge(bundle, [], childOf(INIT, { tgid: 11 }))).toEqual([]);
      expect(judge(bundle, [], childOf(INIT, { tgid: 10, startNs: 10n ** 12n }))).toEqual([]);
    }
  });

  test("of the container; outside of one it is never set", () => {
    const container = { id: "c", runtime: "docker", createdNs: 0n, members: 1 };
    const inside = (tgid: number, key: string): ReturnType<typeof childOf> =>
      childOf(INIT, { tgid, cgroup: { ...(INIT.cgroup as NonNullable<typeof INIT.cgroup>), key, container } });
    const bundle = bundleOf(rules, [flag("process.x", { scope: "container" })]);
    expect(judge(bundle, [0], parent)).toEqual([0]);
    expect(judge(bundle, [0], inside(20, "a"))).toEqual([0, 1]);
    expect(judge(bundle, [], inside(21, "b"))).toEqual([1]);
    expect(judge(bundle, [], parent)).toEqual([]);
  });
});

test("what costs system calls is asked for only when the rest leaves a rule possible", () => {
  const nameOf = vi.fn(() => "root");
  const event = new EventContext(fileEvent(), childOf(INIT), { ...HOST, accounts: { nameOf } as unknown as Accounts });
  const seen: Values[] = [];
  const ask = (when: (values: Values) => boolean): number[] => {
    const context = [{ key: "file.user", type: "string" as const, array: false }];
    const description = { format: "weir-matcher/1" as const, context, variables: [], programs: [] };
    const matchContext = (_: number, values: readonly ContextValue[]): number[] => {
      seen.push({ user: values[0] });
      return when({ user: values[0] }) ? [0] : [];
    };
    const matcher = { description, matchContext } as unknown as Matcher;
    const bundle = activeBundle({ slot: 0, serial: 1, bundle: {} as Bundle, matcher });
    return decide({ bundle, recordOffset: 0, event, rules: [], candidate: true });
  };
  expect(ask(() => false)).toEqual([]);
  expect(nameOf).toHaveBeenCalledTimes(0);
  expect(ask(({ user }) => user === null || user === "daemon")).toEqual([]);
  expect(ask(({ user }) => user === null || user === "root")).toEqual([0]);
  expect(seen.map(({ user }) => user)).toEqual([null, null, "root", "root", "root"]);
  expect(nameOf).toHaveBeenCalledTimes(1);
});

test("values outlive a swap of bundles where the declaration is the same", () => {
  const rules: Rule[] = [{ set: "x" }, { when: ({ x }) => x === 1n }];
  const first = bundleOf(rules, [x]);
  judge(first, [0]);
  expect(judge(bundleOf(rules, [x], first))).toEqual([1]);
  expect(judge(bundleOf(rules, [flag("x", { scope: "process" })], first))).toEqual([]);
  expect(judge(bundleOf(rules, [x]))).toEqual([]);
});
