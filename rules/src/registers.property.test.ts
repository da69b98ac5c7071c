/** A rule with a register holds when it does for one ancestor, put in its place by hand. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { eventOf, registerTerms } from "../test/arbitraries.ts";
import { ELEMENTS } from "../test/field-samples.ts";
import { type EventFields, type EventValue, evaluate } from "./evaluate.ts";
import { toNnf } from "./nnf.ts";
import { bindRegister } from "./registers.ts";

type Ancestor = Readonly<Record<string, EventValue | readonly EventValue[]>>;

const ancestor: fc.Arbitrary<Ancestor> = fc.record({
  pid: fc.constantFrom(0n, 1n, 2n, 3n),
  uid: fc.constantFrom(0n, 1n, 64n),
  comm: fc.constantFrom("", "a", "ab"),
  "file.path": fc.constantFrom("/a", "/etc/passwd", ""),
  is_exec: fc.boolean(),
  argv: fc.array(fc.constantFrom("a", "b", "-"), { maxLength: 3 }),
});

/** The event with these ancestors, as hosts and tests give them. */
function withAncestors(fields: EventFields, ancestors: readonly Ancestor[]): EventFields {
  let end = 0;
  const arrays = ELEMENTS.map(({ name }): [string, EventValue[]] => {
    const suffix = name.slice("process.ancestors[A].".length);
    return [`process.ancestors.${suffix}`, ancestors.flatMap((one) => one[suffix] as EventValue)];
  });
  const ends = ancestors.map(({ argv }) => {
    end += (argv as readonly unknown[]).length;
    return end;
  });
  return { ...fields, ...Object.fromEntries(arrays), "process.ancestors.argv.ends": ends };
}

const inPlace = (fields: EventFields, one: Ancestor): EventFields => ({
  ...fields,
  ...Object.fromEntries(Object.entries(one).map(([suffix, value]) => [`process.ancestors[A].${suffix}`, value])),
});

test("one ancestor for which all of it holds", () => {
  const cases = fc.tuple(registerTerms("open"), eventOf("open"), fc.array(ancestor, { minLength: 1, maxLength: 4 }));
  let [held, not] = [0, 0];
  fc.assert(
    fc.property(cases, ([expr, event, ancestors]) => {
      const fields = withAncestors(event.fields, ancestors);
      const expected = ancestors.some((one) => evaluate(expr, inPlace(fields, one)));
      expected ? held++ : not++;
      expect(evaluate(bindRegister(toNnf(expr)), fields)).toBe(expected);
    }),
    { numRuns: 500 },
  );
  expect(Math.min(held, not)).toBeGreaterThan(50);
});
