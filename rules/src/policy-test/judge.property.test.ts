import { FIELDS, type Field, findField } from "@weir/matcher-wasm/format";
import fc from "fast-check";
import { expect, test } from "vitest";
import { rulesAndEvents } from "../../test/arbitraries.ts";
import { checkedRules, link } from "../../test/linked.ts";
import { parseNetwork } from "../address.ts";
import { evaluate, evaluateOnHost } from "../evaluate.ts";
import type { Expr, Network } from "../ir.ts";
import { EventJudge } from "./judge.ts";

/** A condition over what no host knows beside another one, in all ways of putting them together. */
function besideUnknown(expr: Expr): readonly Expr[] {
  const field = findField("process.user_session.ssh_client_ip") as Field;
  const networks = [parseNetwork("10.0.0.0/8") as Network];
  const unknown: Expr = { kind: "ip", field, networks, negated: false };
  const terms = [unknown, { kind: "not" as const, term: expr }];
  return [
    { kind: "not", term: { kind: "and", terms } },
    { kind: "not", term: { kind: "or", terms } },
    { kind: "and", terms },
  ];
}

const UNRESOLVED = new Set(FIELDS.filter((field) => field.unresolved).map(({ name }) => name));

test("matcher and evaluator assume the same of what no host knows, below negations too", async () => {
  let assumed = 0;
  const scenario = fc.tuple(rulesAndEvents({ rulesMax: 3, eventsMax: 4 }), fc.boolean());
  await fc.assert(
    fc.asyncProperty(scenario, async ([{ type, exprs: random, events }, given]) => {
      const exprs = [...random, ...random.flatMap(besideUnknown)];
      const wasm = link(checkedRules(type, exprs));
      const [host, plain] = [await EventJudge.load(wasm, { asHost: true }), await EventJudge.load(wasm)];
      for (const event of events) {
        const values = Object.entries(event.fields).filter(([name]) => given || !UNRESOLVED.has(name));
        const fields = Object.fromEntries(values);
        const judge = (by: EventJudge): readonly number[] => by.session().judge({ type, fields }).rules;
        const indices = (matches: (expr: (typeof exprs)[number]) => boolean): number[] =>
          exprs.flatMap((expr, i) => (matches(expr) ? [i] : []));
        const onHost = indices((expr) => evaluateOnHost(expr, fields));
        const zero = indices((expr) => evaluate(expr, fields));
        if (onHost.join() !== zero.join()) assumed++;
        expect(judge(host)).toEqual(onHost);
        expect(judge(plain)).toEqual(zero);
      }
    }),
    { numRuns: 40 },
  );
  expect(assumed).toBeGreaterThan(5);
});
