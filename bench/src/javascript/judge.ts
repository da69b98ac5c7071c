/**
 * Rules as one generated JavaScript function: the obvious fast way to judge events without the matcher, and what
 * it has to be compared with.
 *
 * The function asks every rule of the event's type, one after the other. It gets events decoded, with all of
 * their context, as objects of one shape for each type that have just the fields that rules read.
 *
 * Invariant: it says what the reference evaluator says. A condition that has no counterpart in JavaScript
 * (addresses, regexes beyond the common syntax) is put to the evaluator.
 */
import type { Field } from "@weir/matcher-wasm/format";
import { type CheckedRule, type EventFields, type Expr, evaluate, type Leaf } from "@weir/rules";
import { Constants } from "./constants.ts";
import { compareCode, helpers, intCode, intLiteral, normalInt } from "./integers.ts";
import { stringTestsCode } from "./strings.ts";

/** An event as the generated function takes it. */
export interface PlainEvent {
  readonly type: string;
  readonly fields: EventFields;
}

export interface JavascriptJudge {
  /** Appends the indices of the rules that match, ascending. */
  judge(event: PlainEvent, matches: number[]): void;
  /** Brings an event into the shape that `judge` reads; @throws TypeError for a value of another type */
  decode(type: string, fields: EventFields): PlainEvent;
  readonly source: string;
}

/**
 * @param rulesPerFunction the function is cut into such of so many rules, since V8 optimises none above 60 KB of
 *   bytecode; Infinity: it is in one piece
 */
export function javascriptJudge(
  rules: readonly CheckedRule[],
  { rulesPerFunction }: { readonly rulesPerFunction: number },
): JavascriptJudge {
  const writer = new Writer();
  const types = Map.groupBy(
    rules.map((rule, index) => ({ rule, index })),
    ({ rule }) => rule.event,
  );
  const functions: string[] = [];
  const cases = [...types].map(([type, ofType]) => {
    const calls: string[] = [];
    for (let at = 0; at < ofType.length; at += Math.min(rulesPerFunction, ofType.length)) {
      const lines = ofType
        .slice(at, at + rulesPerFunction)
        .map(({ rule, index }) => `  if (${writer.expr(rule.expr)}) matches.push(${index});`);
      const name = `rules${functions.length}`;
      functions.push(`function ${name}(e, matches) {\n${lines.join("\n")}\n}`);
      calls.push(`      ${name}(e, matches);`);
    }
    return `    case ${JSON.stringify(type)}:\n${calls.join("\n")}\n      return;`;
  });
  const judge = `function judge(e, matches) {\n  switch (e.type) {\n${cases.join("\n")}\n  }\n}`;
  const body = `"use strict";\n${functions.join("\n")}\n${judge}\nreturn judge;`;
  const made = new Function("h", ...writer.constants.names, body);
  return {
    judge: made(helpers, ...writer.constants.values) as JavascriptJudge["judge"],
    decode: decoder(writer.fields),
    source: body,
  };
}

/** Writes conditions and notes the fields that they read. */
class Writer {
  readonly constants = new Constants();
  readonly fields = new Map<string, Field>();

  readonly #read = (field: Field): string => {
    this.fields.set(field.name, field);
    return `e[${JSON.stringify(field.name)}]`;
  };

  expr(expr: Expr): string {
    switch (expr.kind) {
      case "const":
        return String(expr.value);
      case "not":
        return `!${this.expr(expr.term)}`;
      case "and":
      case "or": {
        const terms = expr.terms.map((term) => this.expr(term));
        return `(${terms.join(expr.kind === "and" ? " && " : " || ") || String(expr.kind === "and")})`;
      }
      default:
        return this.#leaf(expr);
    }
  }

  #leaf(leaf: Leaf): string {
    const code = this.#leafCode(leaf);
    return code ?? this.#evaluated(leaf);
  }

  /** The condition by the reference evaluator. */
  #evaluated(leaf: Leaf): string {
    const name = this.constants.add(
      `leaf ${this.constants.values.length}`,
      () => (event: EventFields) => evaluate(leaf, event),
    );
    return `${name}(e.fields)`;
  }

  #leafCode(leaf: Leaf): string | null {
    const turned = (code: string): string => ("negated" in leaf && leaf.negated ? `!(${code})` : `(${code})`);
    switch (leaf.kind) {
      case "string": {
        const value = leaf.field.array ? "v" : this.#read(leaf.field);
        const read = (part: { readonly field: Field }): string => this.#read(part.field);
        const code = stringTestsCode(leaf.tests, value, { constants: this.constants, read });
        return code === null ? null : turned(this.#quantified(leaf.field, code, leaf.all));
      }
      case "sameString":
        return turned(this.#pair(leaf.left, leaf.right, (a, b) => `${a} === ${b}`));
      case "compare":
        return compareCode(leaf.op, intCode(leaf.left, this.#read), intCode(leaf.right, this.#read));
      case "member":
        return turned(this.#quantified(leaf.field, this.#member(leaf), leaf.all));
      case "anyInt": {
        const value = leaf.field.array ? "v" : this.#read(leaf.field);
        const other = intCode(leaf.value, this.#read);
        return turned(this.#quantified(leaf.field, compareCode(leaf.op, { code: value, range: "any" }, other)));
      }
      case "anyIntPair": {
        const any = (code: string) => ({ code, range: "any" as const });
        return turned(this.#pair(leaf.left, leaf.right, (a, b) => compareCode(leaf.op, any(a), any(b))));
      }
      case "exists":
      case "ip":
        return null;
      case "bool": {
        const value = leaf.field.array ? "v" : this.#read(leaf.field);
        return turned(this.#quantified(leaf.field, leaf.value ? value : `!${value}`));
      }
    }
  }

  #member(leaf: Extract<Leaf, { kind: "member" }>): string {
    const value = leaf.field.array ? "v" : this.#read(leaf.field);
    const literals = [...new Set(leaf.values.map((constant) => intLiteral(BigInt.asIntN(64, constant))))];
    if (literals.length <= 2) return literals.map((literal) => `${value} === ${literal}`).join(" || ") || "false";
    const name = this.constants.add(`ints ${literals}`, () => new Set(leaf.values.map(normalInt)));
    return `${name}.has(${value})`;
  }

  /** @param code over `v` for arrays */
  #quantified(field: Field, code: string, all = false): string {
    return field.array ? `${this.#read(field)}.${all ? "every" : "some"}((v) => ${code})` : code;
  }

  /** @param code true of two values; any of one field and any of the other have to fit */
  #pair(left: Field, right: Field, code: (left: string, right: string) => string): string {
    const inner = right.array ? `${this.#read(right)}.some((b) => ${code("a", "b")})` : code("a", this.#read(right));
    if (left.array) return `${this.#read(left)}.some((a) => ${inner})`;
    const one = this.#read(left);
    return right.array ? `${this.#read(right)}.some((b) => ${code(one, "b")})` : code(one, this.#read(right));
  }
}

const ZEROS = { string: "", int: 0, bool: false, ip: "" } as const;

/** Objects are made by a literal, so that V8 gives all events of a type one shape. */
function decoder(fields: ReadonlyMap<string, Field>): JavascriptJudge["decode"] {
  const makers = new Map<
    string,
    { readonly read: readonly Field[]; readonly make: (...values: unknown[]) => PlainEvent }
  >();
  return (type, values) => {
    let maker = makers.get(type);
    if (maker === undefined) {
      const read = [...fields.values()].filter(({ event }) => event === undefined || event === type);
      const properties = read.map(({ name }, i) => `${JSON.stringify(name)}: values[${i}]`);
      const literal = `return { type, fields, ${properties.join(", ")} };`;
      maker = { read, make: new Function("type", "fields", "values", literal) as (...values: unknown[]) => PlainEvent };
      makers.set(type, maker);
    }
    return maker.make(
      type,
      values,
      maker.read.map((field) => plainValue(field, values[field.name])),
    );
  };
}

function plainValue(field: Field, value: unknown): unknown {
  if (value === undefined) return field.array ? [] : ZEROS[field.type];
  if (Array.isArray(value) !== field.array)
    throw new TypeError(`${field.name}: is an array where none belongs, or none`);
  return Array.isArray(value) ? value.map((one) => plainSingle(field, one)) : plainSingle(field, value);
}

function plainSingle({ name, type }: Field, value: unknown): unknown {
  if (type === "int" && (typeof value === "number" || typeof value === "bigint")) return normalInt(value);
  if (type === "bool" && typeof value === "boolean") return value;
  if ((type === "string" || type === "ip") && typeof value === "string") return value.toWellFormed();
  throw new TypeError(`${name}: expected a value of type ${type}, received ${typeof value}`);
}
