/** What is known and counted while one rule is checked; it can be reported against from any depth. */
import { type Field, findField, findHostField } from "@weir/matcher-wasm/format";
import type { Expr, StringTest } from "../ir.ts";
import type { RegisterName } from "../registers.ts";
import type { Excerpt } from "../source.ts";
import type { Root } from "../syntax/ast.ts";
import { ExpressionError, type Span } from "../syntax/error.ts";
import type { TextOperand } from "./operand.ts";
import type { VariableTable } from "./variables.ts";

/** Most nodes of an expression once its macros are expanded. */
export const EXPANDED_NODES_MAX = 50_000;
/** Deepest tree once macros are expanded and chains are grouped. */
export const EXPRESSION_DEPTH_MAX = 256;
/** Most macros within one another. */
export const MACRO_DEPTH_MAX = 32;

/** A parsed macro and where it was written. */
export interface Macro {
  readonly id: string;
  readonly root: Root;
  readonly excerpt: Excerpt;
}

export type MacroTable = ReadonlyMap<string, Macro>;

/** Where a part of an expression was written: in the rule's own text or in a macro's. */
export interface Written {
  readonly excerpt: Excerpt;
  readonly span: Span;
}

/** A text that is compared with a field; `like`: by `=~`, so that plain text is a pattern too. */
export interface TextUse {
  readonly field: Field;
  readonly text: TextOperand;
  readonly like: boolean;
}

/** Something to say about a rule that is nevertheless used. */
export interface Warning extends Written {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

/** A rule cannot be used: with the excerpt, a macro's perhaps, that holds the reason. */
export class CheckError extends ExpressionError {
  readonly excerpt: Excerpt;
  constructor(excerpt: Excerpt, options: ConstructorParameters<typeof ExpressionError>[0]) {
    super(options);
    this.excerpt = excerpt;
  }
}

/** What names mean where an expression stands. */
export interface Names {
  readonly macros: MacroTable;
  readonly variables: VariableTable;
  /** `event` (default): fields of events; `host`: those of the host, for filters. */
  readonly fields?: "event" | "host";
  /** Whether what is another value each time may be read, such as `${builtins.uuid4}`; not by default. */
  readonly builtins?: boolean;
  /** What `fim.write.file.` stands for, such as `open.file.`. */
  readonly fimPrefix?: string;
  /** Names of variables that have no type, and why. */
  readonly untyped?: ReadonlyMap<string, string> | undefined;
}

const FIM_PREFIX = "fim.write.file.";

/** @returns the name with `prefix` in place of `fim.write.file.`, where it begins so */
export function withFimPrefix(name: string, prefix: string | undefined): string {
  return prefix === undefined || !name.startsWith(FIM_PREFIX) ? name : prefix + name.slice(FIM_PREFIX.length);
}

export class Scope {
  readonly macros: MacroTable;
  readonly variables: VariableTable;
  readonly warnings: Warning[] = [];
  /** Where each condition was written; what is made of a macro as a whole is where the macro is used. */
  readonly written = new Map<Expr, Written>();
  /** Where each test of a string comes from. */
  readonly texts = new Map<StringTest, TextUse>();
  /** Where each variable is read first, by name. */
  readonly variablesRead = new Map<string, Written>();
  /** First event-specific field that was read. */
  eventField: Field | undefined;
  #excerpt: Excerpt;
  #stack: string[] = [];
  #nodes = 0;
  #depth = 0;
  #register: string | undefined;
  readonly #names: Names;
  /** Fields that were warned of, once each. */
  readonly #warned = new Set<Field>();

  constructor(names: Names, excerpt: Excerpt) {
    this.macros = names.macros;
    this.variables = names.variables;
    this.#names = names;
    this.#excerpt = excerpt;
  }

  /** @returns the field of that name, here where the expression stands */
  findField(name: string): Field | undefined {
    if (this.#names.fields === "host") return findHostField(name);
    return findField(withFimPrefix(name, this.#names.fimPrefix));
  }

  /** Whether names are those of the host. */
  get readsHost(): boolean {
    return this.#names.fields === "host";
  }

  /** @returns why the variable has no type */
  untypedReason(name: string): string | undefined {
    return this.#names.untyped?.get(name);
  }

  /** Whether what is another value each time may be read. */
  get readsBuiltins(): boolean {
    return this.#names.builtins === true;
  }

  /** Where the text that is being checked was written. */
  get excerpt(): Excerpt {
    return this.#excerpt;
  }

  /** @param code `unsupported` marks what is right SECL and cannot be evaluated yet */
  fail(code: string, span: Span, message: string, hint?: string): never {
    throw new CheckError(this.#excerpt, { code, span, message, hint });
  }

  unsupported(span: Span, what: string, hint?: string): never {
    this.fail("unsupported", span, `${what} not supported yet`, hint);
  }

  /** @param excerpt where the span lies, when that is not the text being checked */
  warn(code: string, span: Span, message: string, hint?: string, excerpt: Excerpt = this.#excerpt): void {
    this.warnings.push({ code, message, span, excerpt, hint });
  }

  /** Parts counted so far. */
  get nodes(): number {
    return this.#nodes;
  }

  /** Counts parts of the expression beyond the nodes that are entered. */
  count(parts: number, span: Span): void {
    this.#nodes += parts;
    if (this.#nodes > EXPANDED_NODES_MAX)
      this.fail(
        "expression-too-large",
        span,
        `the expression has more than ${EXPANDED_NODES_MAX} parts once its macros are expanded`,
      );
  }

  /** Runs `visit` for one node, counting it and its depth. */
  enter<T>(span: Span, visit: () => T): T {
    this.count(1, span);
    if (++this.#depth > EXPRESSION_DEPTH_MAX) this.tooDeep(span);
    try {
      return visit();
    } finally {
      this.#depth--;
    }
  }

  tooDeep(span: Span): never {
    this.fail("nesting", span, `the expression is deeper than ${EXPRESSION_DEPTH_MAX} levels`);
  }

  /** Runs `visit` inside a macro's text, so that problems are reported there. */
  expand<T>(macro: Macro, span: Span, visit: () => T): T {
    if (this.#stack.includes(macro.id)) {
      const cycle = [...this.#stack.slice(this.#stack.indexOf(macro.id)), macro.id];
      this.fail("macro-cycle", span, `macro \`${macro.id}\` uses itself: ${cycle.join(" → ")}`);
    }
    if (this.#stack.length >= MACRO_DEPTH_MAX) this.fail("nesting", span, `macros nest deeper than ${MACRO_DEPTH_MAX}`);
    const outer = this.#excerpt;
    this.#stack.push(macro.id);
    this.#excerpt = macro.excerpt;
    try {
      return visit();
    } finally {
      this.#stack.pop();
      this.#excerpt = outer;
    }
  }

  /** Name of the register that the expression has. */
  get register(): string | undefined {
    return this.#register;
  }

  /** Notes that the rule reads what one element has of the field. */
  useElement({ register, field }: RegisterName, of: Field, span: Span): Field {
    if (field === undefined)
      this.fail("type", span, `\`${of.name}\` is not of one ancestor`, "write it without the register");
    if (field.type === "ip" || (field.element?.ends && field.type !== "string"))
      this.unsupported(span, `\`${field.name}\` is`);
    this.#register ??= register;
    if (this.#register !== register)
      this.unsupported(span, "more than one register in a rule is", `\`${this.#register}\` is the other one`);
    return field;
  }

  /** Notes that the rule reads the field; all its event-specific fields must be of one event type. */
  useField(field: Field, span: Span): Field {
    if (field.unresolved && !this.#warned.has(field)) {
      this.#warned.add(field);
      this.warn(
        "unresolved-field",
        span,
        `agents of this version do not know \`${field.name}\`: conditions over it count as true`,
      );
    }
    if (field.event === undefined) return field;
    const first = this.eventField;
    if (first !== undefined && first.event !== field.event)
      this.fail(
        "event-type",
        span,
        `\`${field.name}\` belongs to event type ${field.event}, but the rule already reads \`${first.name}\` of ${first.event}`,
        "a rule judges one event type: write one rule for each",
      );
    this.eventField = first ?? field;
    return field;
  }
}
