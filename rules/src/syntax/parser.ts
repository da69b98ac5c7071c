/**
 * The grammar, on chevrotain: text to syntax tree.
 *
 * From loose to tight: `&&`/`||` (one level, right-associative), comparison and membership
 * (right-associative), `+ -` (left), `& | ^` (one level, right-associative), unary, primary. All chains
 * are loops, so only brackets and unary operators recurse, and the lexer bounds the former.
 */
import {
  EmbeddedActionsParser,
  EOF,
  type IParserErrorMessageProvider,
  type IToken,
  type TokenType,
  tokenLabel,
} from "chevrotain";
import type { ArithmeticOp, ComparisonOp, LogicalOp, MembershipOp, Node, Root, UnaryOp } from "./ast.ts";
import { ExpressionError, type Span } from "./error.ts";
import { culprit, tokenHint } from "./hints.ts";
import { NESTING_MAX, tokenize } from "./lexer.ts";
import { intValue, ipValue, stringValue } from "./literals.ts";
import * as t from "./tokens.ts";

const found = (token: IToken): string =>
  token.tokenType === EOF ? "the expression ends" : `found \`${clip(token.image)}\``;
const clip = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text);

const messages: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, actual }) => `expected ${tokenLabel(expected)}, ${found(actual)}`,
  buildNotAllInputParsedMessage: ({ firstRedundant }) =>
    `expected an operator or the end of the expression, ${found(firstRedundant)}`,
  buildNoViableAltMessage: ({ actual, customUserDescription }) =>
    `expected ${customUserDescription ?? "an operand"}, ${found(actual[0] as IToken)}`,
  buildEarlyExitMessage: ({ actual }) => `expected an operand, ${found(actual[0] as IToken)}`,
};

const spanOf = (token: IToken): Span => ({ start: token.startOffset, end: token.startOffset + token.image.length });
const join = (first: Node, last: Root): Span => ({ start: first.span.start, end: last.span.end });

interface Link {
  readonly op: ComparisonOp;
  readonly opSpan: Span;
}

/** @param ops as written, the innermost last */
function applied(ops: readonly { readonly op: UnaryOp; readonly start: number }[], operand: Node): Node {
  if (ops.length > NESTING_MAX)
    throw new ExpressionError({
      code: "nesting",
      message: `${ops.length} unary operators in a row: at most ${NESTING_MAX} are allowed`,
      span: { start: ops[0]?.start ?? 0, end: operand.span.start },
    });
  return ops.reduceRight<Node>(
    (node, { op, start }) => ({ kind: "unary", op, operand: node, span: { start, end: node.span.end } }),
    operand,
  );
}

class SeclParser extends EmbeddedActionsParser {
  constructor() {
    super(t.ALL_TOKENS, { errorMessageProvider: messages, recoveryEnabled: false, maxLookahead: 2 });
    this.performSelfAnalysis();
  }

  /** An expression, or a list where macros allow one. */
  readonly root = this.RULE("root", (): Root => {
    return this.OR([
      { GATE: () => this.LA(1).tokenType === t.OpenList, ALT: () => this.SUBRULE(this.list) },
      { ALT: () => this.SUBRULE(this.expression) },
    ]);
  });

  readonly expression = this.RULE("expression", (): Node => {
    const terms: Node[] = [this.SUBRULE(this.comparison)];
    const ops: LogicalOp[] = [];
    this.MANY(() => {
      ops.push(this.SUBRULE(this.logicalOp));
      terms.push(this.SUBRULE2(this.comparison));
    });
    return this.ACTION(() => {
      const first = terms[0] as Node;
      return ops.length === 0 ? first : { kind: "logical", terms, ops, span: join(first, terms.at(-1) as Node) };
    });
  });

  private readonly logicalOp = this.RULE("logicalOp", (): LogicalOp => {
    return this.OR([
      ...t.AND.map((type) => this.word<LogicalOp>(type, "&&")),
      ...t.OR.map((type) => this.word<LogicalOp>(type, "||")),
    ]);
  });

  private readonly comparison = this.RULE("comparison", (): Node => {
    const operands: Node[] = [this.SUBRULE(this.sum)];
    const links: Link[] = [];
    this.MANY(() => {
      const opToken = this.LA(1);
      const op = this.SUBRULE(this.comparisonOp);
      links.push({ op, opSpan: this.ACTION(() => spanOf(opToken)) });
      operands.push(this.SUBRULE2(this.sum));
    });
    this.OPTION(() => {
      const from = this.LA(1);
      const op = this.SUBRULE(this.membershipOp);
      const last = this.LA(0);
      const right = this.SUBRULE(this.array);
      this.ACTION(() => {
        const left = operands.pop() as Node;
        const opSpan = { start: spanOf(from).start, end: spanOf(last).end };
        operands.push({ kind: "membership", op, left, right, opSpan, span: join(left, right) });
      });
    });
    return this.ACTION(() => {
      let node = operands.pop() as Node;
      for (const { op, opSpan } of links.reverse()) {
        const left = operands.pop() as Node;
        node = { kind: "comparison", op, left, right: node, opSpan, span: join(left, node) };
      }
      return node;
    });
  });

  private readonly comparisonOp = this.RULE("comparisonOp", (): ComparisonOp => {
    return this.OR([
      this.word<ComparisonOp>(t.Equal, "=="),
      this.word<ComparisonOp>(t.NotEqual, "!="),
      this.word<ComparisonOp>(t.Like, "=~"),
      this.word<ComparisonOp>(t.NotLike, "!~"),
      this.word<ComparisonOp>(t.LessEqual, "<="),
      this.word<ComparisonOp>(t.GreaterEqual, ">="),
      this.word<ComparisonOp>(t.Less, "<"),
      this.word<ComparisonOp>(t.Greater, ">"),
    ]);
  });

  private readonly membershipOp = this.RULE("membershipOp", (): MembershipOp => {
    return this.OR([
      this.word<MembershipOp>(t.In, "in"),
      this.word<MembershipOp>(t.AllIn, "allin"),
      {
        ALT: () => {
          this.CONSUME(t.NotWord);
          this.CONSUME2(t.In);
          return "not in" as MembershipOp;
        },
      },
    ]);
  });

  private readonly sum = this.RULE("sum", (): Node => {
    let node = this.SUBRULE(this.bits);
    this.MANY(() => {
      const op = this.OR([this.word<ArithmeticOp>(t.Plus, "+"), this.word<ArithmeticOp>(t.Minus, "-")]);
      const right = this.SUBRULE2(this.bits);
      node = this.ACTION((): Node => ({ kind: "binary", op, left: node, right, span: join(node, right) }));
    });
    return node;
  });

  private readonly bits = this.RULE("bits", (): Node => {
    const operands: Node[] = [this.SUBRULE(this.unary)];
    const ops: ArithmeticOp[] = [];
    this.MANY(() => {
      ops.push(
        this.OR([
          this.word<ArithmeticOp>(t.Amp, "&"),
          this.word<ArithmeticOp>(t.Pipe, "|"),
          this.word<ArithmeticOp>(t.Caret, "^"),
        ]),
      );
      operands.push(this.SUBRULE2(this.unary));
    });
    return this.ACTION(() => {
      let node = operands.pop() as Node;
      for (const op of ops.reverse()) {
        const left = operands.pop() as Node;
        node = { kind: "binary", op, left, right: node, span: join(left, node) };
      }
      return node;
    });
  });

  private readonly unary = this.RULE("unary", (): Node => {
    const ops: { op: UnaryOp; start: number }[] = [];
    this.MANY(() => {
      const start = this.LA(1).startOffset;
      const op = this.OR([
        this.word<UnaryOp>(t.Bang, "!"),
        this.word<UnaryOp>(t.NotWord, "!"),
        this.word<UnaryOp>(t.Minus, "-"),
        this.word<UnaryOp>(t.Caret, "^"),
      ]);
      ops.push({ op, start });
    });
    const node = this.SUBRULE(this.primary);
    return this.ACTION(() => applied(ops, node));
  });

  private readonly primary = this.RULE("primary", (): Node => {
    return this.OR({
      DEF: [
        ...this.literals(),
        {
          ALT: () => {
            this.CONSUME(t.Open);
            const node = this.SUBRULE(this.expression);
            this.CONSUME(t.Close);
            return node;
          },
        },
      ],
      ERR_MSG: "a field, a value or `(`",
    });
  });

  /** What may stand to the right of `in`. */
  private readonly array = this.RULE("array", (): Root => {
    return this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.list) },
        this.value(t.Ident, (image, span) => ({ kind: "ident", name: image, span })),
        this.value(t.Variable, (image, span) => ({ kind: "variable", name: image.slice(2, -1), span })),
        this.value(t.Ip, (image, span) => ({ kind: "ip", text: ipValue(image, span), span })),
      ],
      ERR_MSG: "a list `[…]`, a macro, a field, a network or a variable",
    });
  });

  private readonly list = this.RULE("list", (): Root => {
    const open = this.CONSUME(t.OpenList);
    const items: Node[] = [this.SUBRULE(this.item)];
    this.MANY(() => {
      this.CONSUME(t.Comma);
      items.push(this.SUBRULE2(this.item));
    });
    const close = this.CONSUME(t.CloseList);
    return this.ACTION(
      (): Root => ({ kind: "list", items, span: { start: open.startOffset, end: spanOf(close).end } }),
    );
  });

  private readonly item = this.RULE("item", (): Node => {
    const ops: { op: UnaryOp; start: number }[] = [];
    this.MANY(() => {
      const start = this.LA(1).startOffset;
      const op = this.OR([this.word<UnaryOp>(t.Minus, "-"), this.word<UnaryOp>(t.Caret, "^")]);
      ops.push({ op, start });
    });
    const value = this.OR2({ DEF: this.literals(), ERR_MSG: "a value" });
    return this.ACTION(() => applied(ops, value));
  });

  private literals() {
    return [
      this.value(t.Ident, (image, span) => ({ kind: "ident", name: image, span })),
      this.value(t.Int, (image, span) => ({ kind: "int", value: intValue(image, span), span })),
      this.value(t.Text, (image, span) => ({ kind: "string", ...stringValue(image, 0, span.start), span })),
      this.value(t.Pattern, (image, span) => ({ kind: "pattern", ...stringValue(image, 1, span.start), span })),
      this.value(t.Regex, (image, span) => ({ kind: "regex", source: image.slice(2, -1), span })),
      this.value(t.Variable, (image, span) => ({ kind: "variable", name: image.slice(2, -1), span })),
      this.value(t.Ip, (image, span) => ({ kind: "ip", text: ipValue(image, span), span })),
      this.value(t.Duration, (image, span) => {
        const [, digits, unit] = /^(\d+)(.*)$/.exec(image) as unknown as [string, string, string];
        return { kind: "duration", value: intValue(digits.replace(/^0+(?=\d)/, ""), span), unit, span };
      }),
    ];
  }

  private value(type: TokenType, build: (image: string, span: Span) => Node) {
    return {
      ALT: (): Node => {
        const token = this.CONSUME(type);
        return this.ACTION(() => build(token.image, spanOf(token)));
      },
    };
  }

  private word<T extends string>(type: TokenType, op: T) {
    return {
      ALT: (): T => {
        this.CONSUME(type);
        return op;
      },
    };
  }
}

const parser = new SeclParser();

function parse(text: string, rule: "expression" | "root"): Root {
  const tokens = tokenize(text);
  if (tokens.length === 0)
    throw new ExpressionError({ code: "syntax", message: "the expression is empty", span: { start: 0, end: 0 } });
  parser.input = tokens;
  const root = parser[rule]();
  const error = parser.errors[0];
  if (error !== undefined) throw syntaxError(error.message, error.token, { tokens, text });
  return root;
}

function syntaxError(
  message: string,
  token: IToken,
  { tokens, text }: { readonly tokens: readonly IToken[]; readonly text: string },
): ExpressionError {
  if (token.tokenType === EOF) {
    const end = text.trimEnd().length;
    return new ExpressionError({ code: "syntax", message, span: { start: end, end } });
  }
  const at = tokens.indexOf(token);
  const misfit = { before: tokens[at - 1], token, after: tokens[at + 1] };
  return new ExpressionError({
    code: "syntax",
    message: culprit(misfit) === token ? message : `unexpected \`${culprit(misfit).image}\``,
    span: spanOf(culprit(misfit)),
    hint: tokenHint(misfit),
  });
}

/** @throws ExpressionError with the position of the first thing that does not fit the grammar */
export function parseExpression(text: string): Node {
  return parse(text, "expression") as Node;
}

/** Parses the `expression` of a macro: an expression, or a list `[…]`. */
export function parseMacro(text: string): Root {
  return parse(text, "root");
}
