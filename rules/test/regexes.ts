/**
 * Random regular expressions and texts. Both are made of few characters, among them those that decoders,
 * case folding and word boundaries treat specially, so that random regexes match random texts often.
 */
import fc from "fast-check";

/** K and S have fellows beyond ASCII, ǅ has two forms, U+FFFD is what invalid bytes are read as. */
const CHARACTERS = ["a", "b", "K", "s", "_", "-", " ", "\n", "0", "é", "\u212a", "\u017f", "λ", "ǅ", "\ufffd", "😀"];

const literal = fc.constantFrom(
  ...["a", "b", "K", "s", "_", "-", " ", "\n", "0", "é", "λ", "ǅ", "\ufffd", "😀", "\u212a", "\\.", "\\x41", "\\x{e9}"],
  ...["\\n", "\\t", "\\007", "\\-", "\\Qa.b\\E", "\\Q\\E", "]", "}", "{", "{,2}", "\\/"],
);

const CLASSES = [
  ..."dDsSwW",
  ...["pL", "PL", "p{Greek}", "P{Greek}", "p{^Lu}", "p{Lu}", "p{Ll}", "pN", "p{Any}", "p{Co}", "p{Zs}", "p{LC}"],
].map((name) => `\\${name}`);

const bracketItem = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...CHARACTERS.filter((c) => c !== "-"), "\\]", "\\\\", "\\^", "\\x7f") },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "a-c",
      "A-Z",
      "0-9",
      "\\x{80}-\\x{10FFFF}",
      "é-λ",
      "\\x00-\\x7F",
      "Α-ω",
      "\ufff0-\u{10000}",
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom(...CLASSES) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("[:alpha:]", "[:^digit:]", "[:space:]", "[:word:]", "[:punct:]", "[:^upper:]"),
  },
);

const bracket = fc
  .record({
    not: fc.boolean(),
    first: fc.constantFrom("", "", "", "]"),
    items: fc.array(bracketItem, { minLength: 1, maxLength: 3 }),
    last: fc.constantFrom("", "", "", "-"),
  })
  .map(({ not, first, items, last }) => `[${not ? "^" : ""}${first}${items.join("")}${last}]`);

const assertion = fc.constantFrom("^", "$", "\\A", "\\z", "\\b", "\\B");
const counts = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("*", "+", "?", "*?", "+?", "??") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("{0}", "{1}", "{2}", "{3}", "{0,}", "{2,}", "{0,1}", "{1,3}", "{2,4}?", "{0,12}"),
  },
);
const open = fc.constantFrom("(", "(?:", "(?i:", "(?s:", "(?m:", "(?U:", "(?i-s:", "(?sm:", "(?-i:");

/** A regex that is well formed; its automaton may be too large. */
export const regexText: fc.Arbitrary<string> = fc
  .letrec<{ regex: string; sequence: string; item: string }>((tie) => ({
    regex: fc.oneof(
      { maxDepth: 4 },
      { weight: 3, arbitrary: tie("sequence") },
      {
        weight: 1,
        arbitrary: fc.array(tie("sequence"), { minLength: 2, maxLength: 3 }).map((parts) => parts.join("|")),
      },
    ),
    sequence: fc.array(tie("item"), { maxLength: 4 }).map((parts) => parts.join("")),
    item: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { weight: 6, arbitrary: literal },
      { weight: 2, arbitrary: fc.constant(".") },
      { weight: 2, arbitrary: fc.constantFrom(...CLASSES) },
      { weight: 2, arbitrary: bracket },
      { weight: 2, arbitrary: assertion },
      { weight: 1, arbitrary: fc.constantFrom("(?i)", "(?s)", "(?m)", "(?U)", "(?-i)", "(?i-m)") },
      { weight: 3, arbitrary: fc.tuple(open, tie("regex")).map(([start, inner]) => `${start}${inner})`) },
      {
        weight: 4,
        arbitrary: fc
          .tuple(
            fc.oneof(
              literal,
              fc.constant("."),
              bracket,
              tie("regex").map((inner) => `(${inner})`),
            ),
            counts,
          )
          .filter(([part]) => part !== "\\Q\\E")
          .map(([part, count]) => part + count),
      },
    ),
  }))
  .regex.map((text) => text.replace(/\(\?P?<\w+>/g, "("));

const encoder = new TextEncoder();

/** Sequences that break off, surrogates, overlong forms, values that are too large. */
const BROKEN = [[0x80], [0xff], [0xc3], [0xe2], [0xe2, 0x84], [0xf0, 0x9f], [0xf0, 0x9f, 0x98], [0xed, 0xa0, 0x80]];
const OVERLONG = [[0xc0, 0x80], [0xe0, 0x80], [0xf0, 0x80, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf5]];

/** Text as bytes, mostly valid UTF-8. */
export const textBytes: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...CHARACTERS).map((c) => encoder.encode(c)) },
      { weight: 1, arbitrary: fc.constantFrom(...BROKEN, ...OVERLONG).map((bytes) => Uint8Array.from(bytes)) },
    ),
    { maxLength: 7 },
  )
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

/** Pieces of regexes in any order: sometimes well formed. */
export const regexSoup: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      literal,
      counts,
      assertion,
      open,
      fc.constantFrom(...CLASSES, ")", ")", "|", ".", "[", "[^", "]", "-", "a-z", "[:alpha:]", "[:", ":]"),
      fc.constantFrom("\\", "\\8", "\\1", "\\07", "\\Z", "\\C", "\\E", "\\Q", "\\p", "\\p{", "\\p{Foo}", "\\x", "\\x{"),
      fc.constantFrom(
        "(?",
        "(?P<n>",
        "(?P<m>",
        "(?P<n",
        "(?<n>",
        "(?=",
        "(?<=",
        "(?>",
        "(?x)",
        "(?-)",
        "{",
        "}",
        "{1,",
        "\\é",
      ),
    ),
    { maxLength: 7 },
  )
  .map((parts) => parts.join(""));
