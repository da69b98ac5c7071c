/**
 * Random policy files that ask much of the compiler for their size: regexes, macros, lists, variables, patterns and
 * nesting, each in the amounts that one file can hold, with rules that use them over and over.
 */
import fc from "fast-check";
import { regexText } from "./regexes.ts";
import { mutated } from "./texts.ts";

const FIELDS = ["open.file.name", "process.comm", "process.file.name", "process.ancestors.comm", "process.argv"];
const PATHS = ["open.file.path", "process.file.path", "process.ancestors.file.path", "fim.write.file.path"];
const INTS = ["open.flags", "process.uid", "process.ancestors.pid", "open.file.mode", "process.created_at"];

const pick = <T>(list: readonly T[], i: number): T => list[i % list.length] as T;
const many = (count: number, item: (i: number) => string): string[] => Array.from({ length: count }, (_, i) => item(i));

/** Every scalar in single quotes, which need no escapes but their own. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const rule = (i: number, expression: string): string => `  - { id: r${i}, expression: ${quoted(expression)} }`;
const macro = (name: string, expression: string): string => `  - { id: ${name}, expression: ${quoted(expression)} }`;
const policy = (rules: readonly string[], macros: readonly string[] = []): string =>
  [...(macros.length > 0 ? ["macros:", ...macros] : []), "rules:", ...rules, ""].join("\n");

const count = (max: number) => fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max }));

/** Regexes with a number in them, so that there are as many as one likes, most of which cost much. */
const REGEX_FAMILIES: readonly ((n: number) => string)[] = [
  (n) => `^f${n}[a-z]+\\.(txt|sh)$`,
  (n) => `(?i)\\bmal${n}\\b`,
  (n) => `(?i)\\pL{${n % 300}}\\b`,
  (n) => `\\pL{${n % 40},}\\p{Greek}+${n}`,
  (n) => `password.{0,${n % 1000}}=`,
  (n) => `[^/]{${n % 70}}.{${n % 70}}$`,
  (n) => `(a|b|ab)*c.{0,${n % 1000}}d`,
  (n) => `(?:(?:x?){${n % 32}}y?){${n % 31}}`,
  (n) => `(${many(n % 300, (i) => `w${i * 7 + n}`).join("|")})`,
  (n) => `[${"\\pL\\pN".repeat(n % 60)}${n}]{2}`,
  (n) => `(?m:^$\\b\\B${"(?:^|$|\\b)*".repeat(n % 40)})${n}`,
  (n) => `${"(".repeat(n % 1200)}a${")".repeat(n % 1200)}`,
  (n) => `${".*".repeat(n % 200)}${n}`,
];

const regexSources: fc.Arbitrary<readonly string[]> = fc.oneof(
  fc.array(regexText, { minLength: 1, maxLength: 60 }),
  fc
    .record({ family: fc.constantFrom(...REGEX_FAMILIES), first: fc.nat(1000), distinct: count(300) })
    .map(({ family, first, distinct }) => many(distinct, (i) => family(first + i))),
  fc.array(
    fc.tuple(fc.constantFrom(...REGEX_FAMILIES), fc.nat(1000)).map(([family, n]) => family(n)),
    { minLength: 1, maxLength: 60 },
  ),
);

const regexes = fc
  .record({ sources: regexSources, rules: count(1000), where: fc.nat(3) })
  .map(({ sources, rules, where }) => {
    const literals = sources.map((source) => `r"${source.replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`);
    const list = `[${literals.join(", ")}]`;
    if (where === 0)
      return policy(
        many(rules, (i) => rule(i, `${pick(FIELDS, i)} in m && open.created`)),
        [macro("m", list)],
      );
    if (where === 1)
      return policy(
        many(
          rules,
          (i) => `${rule(i, "open.created").slice(0, -2)}, filters: [${quoted(`os.id =~ ${pick(literals, i)}`)}] }`,
        ),
      );
    return policy(many(rules, (i) => rule(i, `open.created && ${pick(FIELDS, i)} =~ ${pick(literals, i)}`)));
  });

const macros = fc
  .record({ levels: count(60), width: count(4), list: fc.boolean(), rules: count(400), items: count(2000) })
  .map(({ levels, width, list, rules, items }) => {
    const base = list
      ? `[${many(items, (i) => `"/etc/${i}"`).join(", ")}]`
      : many(Math.min(items, 100), (i) => `${pick(PATHS, i)} == "/etc/${i}"`).join(" || ");
    const join = (parts: readonly string[]): string => (list ? `[${parts.join(", ")}]` : parts.join(" || "));
    const tower = many(levels, (i) => macro(`m${i + 1}`, join(many(width, () => `m${i}`))));
    const use = (i: number): string => {
      const name = `m${(i * 7) % (levels + 1)}`;
      return list ? `${pick(PATHS, i)} in ${name}` : `${name} && process.uid != ${i}`;
    };
    return policy(
      many(rules, (i) => rule(i, use(i))),
      [macro("m0", base), ...tower],
    );
  });

const ITEMS: readonly ((i: number) => string)[] = [
  (i) => `"/etc/f${i}"`,
  (i) => `~"/usr/*${i}/**"`,
  (i) => `~"/a/**/b${i}*"`,
  (i) => `~"${"*a".repeat(i % 400)}"`,
  (i) => `~"/${"*/".repeat(i % 200)}x"`,
  (i) => `~"**/${"x".repeat(i % 300)}${i}"`,
];

const lists = fc
  .record({
    items: count(3000),
    kinds: fc.uniqueArray(fc.nat(ITEMS.length - 1), { minLength: 1 }),
    rules: count(300),
    op: fc.constantFrom("in", "not in", "allin"),
    chained: fc.boolean(),
  })
  .map(({ items, kinds, rules, op, chained }) => {
    const each = Math.max(1, Math.floor(items / rules));
    const item = (i: number): string => pick(ITEMS, pick(kinds, i))(i);
    return policy(
      many(rules, (r) => {
        const field = pick(PATHS, r);
        const of = many(each, (i) => item(chained ? i : r * each + i));
        return rule(
          r,
          chained ? of.map((text) => `${field} != ${text}`).join(" && ") : `${field} ${op} [${of.join(", ")}]`,
        );
      }),
    );
  });

const integers = fc
  .record({
    rules: count(500),
    terms: count(400),
    ops: fc.array(fc.constantFrom("==", "!=", "<", ">="), { minLength: 1 }),
  })
  .map(({ rules, terms, ops }) =>
    policy(
      many(rules, (r) =>
        rule(
          r,
          `open.created && (${many(Math.ceil(terms / rules), (i) => `${pick(INTS, i + r)} & ${i + 1} ${pick(ops, i)} ${r * i}`).join(pick([" && ", " || "], r))})`,
        ),
      ),
    ),
  );

/** Variables that are set from one another, in an order that may be the worst to find their types in. */
const variables = fc
  .record({ rules: count(300), step: fc.integer({ min: -3, max: 3 }), text: fc.boolean() })
  .map(({ rules, step, text }) =>
    policy(
      many(rules, (i) => {
        const other = `v${String(Math.abs(i + step) % rules).padStart(4, "0")}`;
        const expression = text ? `"x\${${other}}"` : `\${${other}} + 1`;
        const action = `set: { name: v${String(i).padStart(4, "0")}, expression: ${quoted(expression)} }`;
        return `${rule(i, `open.file.name == "a\${${other}}"`).slice(0, -2)}, actions: [{ ${action} }] }`;
      }),
    ),
  );

const nesting = fc.record({ depth: count(120), rules: count(200), kind: fc.nat(4) }).map(({ depth, rules, kind }) => {
  const around = (before: string, inner: string, after: string): string =>
    before.repeat(depth) + inner + after.repeat(depth);
  const texts = [
    around("(", "open.created", ")"),
    around("not (open.created || ", "open.created", ")"),
    around("open.created == (", "open.created", ")"),
    `open.flags == ${around("-^", "1", "")}`,
    `open.flags == ${many(depth * 20, String).join(" + ")}`,
  ];
  return policy(many(rules, (i) => rule(i, pick(texts, kind))));
});

/** What YAML itself can be asked to do. */
const documents = fc.record({ size: count(2000), kind: fc.nat(4) }).map(({ size, kind }) => {
  const tail = policy([rule(0, "open.created")]);
  if (kind === 0) return `x: &a [${many(size, String).join(",")}]\ny: [${many(size, () => "*a").join(",")}]\n${tail}`;
  if (kind === 1)
    return `${many(size, (i) => `k${i}: &a${i} [${i === 0 ? "1" : `*a${i - 1}, *a${i - 1}`}]`).join("\n")}\n${tail}`;
  if (kind === 2) return `${"[".repeat(size)}\n${tail}`;
  if (kind === 3)
    return policy(
      many(size, (i) => `  - { id: r, combine: override, tags: { t${i}: [${many(10, String).join(",")}] } }`),
    );
  return policy([
    `  - id: r\n    expression: >-\n${many(size, (i) => `      open.file.path == "/a${i}" ||`).join("\n")}\n      open.created`,
  ]);
});

/** One file, up to some hundred kilobytes; half of them with pieces cut out and put in. */
export const heavyPolicies: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 4, arbitrary: regexes },
    { weight: 3, arbitrary: macros },
    { weight: 3, arbitrary: lists },
    { weight: 2, arbitrary: integers },
    { weight: 2, arbitrary: variables },
    { weight: 1, arbitrary: nesting },
    { weight: 1, arbitrary: documents },
  )
  .chain((text) => fc.oneof(fc.constant(text), mutated(text)));
