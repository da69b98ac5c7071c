/** Tokens of the rule language. The order matters: of two tokens that fit, the one listed first wins. */
import { createToken, Lexer, type TokenType } from "chevrotain";

const punctuation: TokenType[] = [];

function token(name: string, pattern: RegExp, label: string, options: object = {}): TokenType {
  return createToken({ name, pattern, label, line_breaks: false, ...options });
}

function punct(name: string, text: string): TokenType {
  const type = createToken({ name, pattern: text, label: `\`${text}\`` });
  punctuation.push(type);
  return type;
}

const Space = token("Space", /[ \t\r\n]+/, "white space", { group: Lexer.SKIPPED, line_breaks: true });
const Comment = token("Comment", /(?:#|\/\/)[^\n]*/, "comment", { group: Lexer.SKIPPED });

/** A dotted name. `[A]` before a dot is an iterator register. */
export const Ident = token(
  "Ident",
  /[A-Za-z_][A-Za-z0-9_]*(?:\[[A-Za-z]\](?=\.))?(?:\.[A-Za-z0-9_]+(?:\[[A-Za-z]\](?=\.))?)*/,
  "name",
);
const keyword = (name: string, pattern: RegExp) =>
  createToken({ name, pattern, label: `\`${name.toLowerCase()}\``, longer_alt: Ident });

const AndWord = keyword("And", /and/);
const OrWord = keyword("Or", /or/);
export const NotWord = keyword("Not", /not/);
export const AllIn = keyword("AllIn", /allin/);
export const In = keyword("In", /in/);

const END = "(?![A-Za-z0-9_])";
export const Ip = token(
  "Ip",
  new RegExp(
    String.raw`(?:(?:[0-9a-fA-F]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4})|\d{1,3}(?:\.\d{1,3}){3})(?:\/\d{1,3})?${END}`,
  ),
  "IP address",
);
export const Duration = token("Duration", new RegExp(String.raw`\d+(?:ns|us|ms|s|m|h|d)${END}`), "duration");
export const Int = token("Int", new RegExp(String.raw`(?:0[xX][0-9a-fA-F]+|0[oO][0-7]+|\d+)${END}`), "number");
export const Variable = token("Variable", /\$\{[A-Za-z_][A-Za-z0-9_.]*\}/, "variable");
export const Text = token("String", /"(?:[^"\\\r\n]|\\[^\r\n])*"/, "string");
export const Pattern = token("Pattern", /~"(?:[^"\\\r\n]|\\[^\r\n])*"/, 'pattern `~"…"`');
export const Regex = token("Regex", /r"(?:[^"\\\r\n]|\\[^\r\n])*"/, 'regex `r"…"`');

const AndSign = punct("AndSign", "&&");
const OrSign = punct("OrSign", "||");
export const Equal = punct("Equal", "==");
export const NotEqual = punct("NotEqual", "!=");
export const Like = punct("Like", "=~");
export const NotLike = punct("NotLike", "!~");
export const LessEqual = punct("LessEqual", "<=");
export const GreaterEqual = punct("GreaterEqual", ">=");
export const Less = punct("Less", "<");
export const Greater = punct("Greater", ">");
export const Bang = punct("Bang", "!");
export const Amp = punct("Amp", "&");
export const Pipe = punct("Pipe", "|");
export const Caret = punct("Caret", "^");
export const Plus = punct("Plus", "+");
export const Minus = punct("Minus", "-");
export const Open = punct("Open", "(");
export const Close = punct("Close", ")");
export const OpenList = punct("OpenList", "[");
export const CloseList = punct("CloseList", "]");
export const Comma = punct("Comma", ",");

export const AND = [AndSign, AndWord];
export const OR = [OrSign, OrWord];

export const ALL_TOKENS: TokenType[] = [
  Space,
  Comment,
  Regex,
  Pattern,
  Text,
  Variable,
  Ip,
  Duration,
  Int,
  AndWord,
  OrWord,
  NotWord,
  AllIn,
  In,
  Ident,
  ...punctuation,
];
