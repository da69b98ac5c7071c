/** Random policy files, from near misses to garbage, for showing that no input crashes the compiler. */
import fc from "fast-check";

const WORDS = `
rules: macros: - id: expression: description: tags: values: disabled: version: filters: &a *a | > >- " ' \\ # // [ ] { } ( ) , : && || and or not in allin
== != =~ !~ < > <= >= ! - ^ & | + ~"/etc/**" "a" r"x" 10s 1.2.3.4 ::1/64 \${x} 0x1f 089 true false O_CREAT open.file.path open.flags
process.uid process.ancestors.pid unlink.file.name m "/etc/passwd" ~"**" --- ... !!str ? @ \` % \t é 😀
`
  .trim()
  .split(/[ \n]/);

const soup: fc.Arbitrary<string> = fc
  .array(fc.tuple(fc.constantFrom(...WORDS), fc.constantFrom(" ", " ", "", "\n", "\n  ", "\n      ", "\r\n")), {
    maxLength: 80,
  })
  .map((parts) => parts.flat().join(""));

const expressionSoup: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...WORDS.filter((word) => !word.endsWith(":"))), { maxLength: 40 })
  .map((words) => `rules:\n  - id: r\n    expression: |\n      ${words.join(" ")}\n`);

interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

/** A valid text with a few pieces cut out, doubled or replaced. */
export function mutated(original: string): fc.Arbitrary<string> {
  const edit: fc.Arbitrary<Edit> = fc.record({
    at: fc.nat(original.length),
    remove: fc.oneof(fc.nat(4), fc.nat(400)),
    insert: fc.oneof(fc.constantFrom("", ...WORDS), fc.string({ unit: "binary", maxLength: 8 })),
  });
  return fc
    .array(edit, { minLength: 1, maxLength: 6 })
    .map((edits) =>
      edits.reduce((text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove), original),
    );
}

/** @param original a valid policy to mutate */
export function policyTexts(original: string): fc.Arbitrary<string | Uint8Array> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 300 }) },
    { weight: 3, arbitrary: soup },
    { weight: 4, arbitrary: expressionSoup },
    { weight: 2, arbitrary: mutated(original) },
  );
}
