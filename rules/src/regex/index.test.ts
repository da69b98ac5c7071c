/** What regexes become: sizes, limits, the texts of finite ones. */
import { expect, test } from "vitest";
import { runAutomaton } from "./automaton.ts";
import { AUTOMATON_STATES_MAX, AUTOMATON_WORK_MAX, compileRegex, RegexLimitError } from "./index.ts";
import { decodeText } from "./reference.ts";

const encoder = new TextEncoder();

/** Smallest automata, counted by hand: the two fixed states, then one for each thing left to be found. */
test.each([
  ["", 2, 1],
  ["a^", 2, 1],
  ["a", 3, 2],
  ["abc", 5, 4],
  ["^abc", 5, 4],
  ["^abc$", 6, 4],
  ["a|b", 3, 2],
  ["(?s)a.*b.*c", 5, 4],
  ["^[^/]*$", 3, 2],
  ["a{3}", 5, 2],
  ["a{3,900}", 5, 2],
])("%s has %i states and %i classes", (source, states, classes) => {
  expect(compileRegex(source)).toMatchObject({ states, classes });
});

test.each([
  ["password.{0,40}=", 800],
  ["(a|b|c|d)*e.{5,9}f", 400],
  ["(.*a.{20})", 300],
  ["(?i)(aws|secret).{0,8}(key|token)", 1500],
])("%s needs no state for every set of places where it may have begun", (source, statesMax) => {
  expect(compileRegex(source).states).toBeLessThan(statesMax);
});

const MANY = Array.from({ length: 5000 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join("|");

test.each([
  ["counted repetition behind many places", "(a|b|ab)*c.{0,900}d", "AUTOMATON_STATES_MAX", AUTOMATON_STATES_MAX],
  ["place counted from the end", ".*a.{20}$", "AUTOMATON_STATES_MAX", AUTOMATON_STATES_MAX],
  ["large classes, counted", "^\\pL{1,1000}$", "AUTOMATON_STATES_MAX", AUTOMATON_STATES_MAX],
  ["two counts against each other", "[^/]{64}.{64}$", "AUTOMATON_WORK_MAX", AUTOMATON_WORK_MAX],
  ["long repetition", "(abcdefghijklmnopqrstuvwxyz0123456789){999}", "NFA_STATES_MAX", 32_768],
  ["many characters", MANY, "AUTOMATON_WORK_MAX", AUTOMATON_WORK_MAX],
])("too complex: %s", (_, source, limit, maximum) => {
  let error: unknown;
  try {
    compileRegex(source);
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(RegexLimitError);
  expect(error).toMatchObject({ limit, maximum });
  const { value, message } = error as RegexLimitError;
  expect(value).toBeGreaterThan(maximum);
  expect(message).toContain(`${maximum}`);
});

test.each([
  ["^a(b|c)?$", ["a", "ab", "ac"]],
  ["^(?i:k)$", ["K", "k", "\u212a"]],
  ["^[a-z]{1,2}$", null],
  ["^a", null],
  ["a$", null],
  ["^a*$", null],
  ["^\ufffd$", null],
  ["$^", [""]],
  ["a^", []],
])("%s fits a few texts: %j", (source, texts) => {
  expect(compileRegex(source).texts).toEqual(texts);
});

test.each([
  ["a+b", null],
  ["a\\.b", "a.b"],
  ["(?i)ab", null],
  ["^ab", null],
  ["é", "é"],
])("%s as plain text: %j", (source, literal) => {
  expect(compileRegex(source).literal).toBe(literal);
});

test.each([
  ["(?m:^)$", "a\n", true],
  ["(?m:^)$", "a", false],
  ["(?m:^)$", "\na", false],
  ["(?m:^)b\\z", "a\nb", true],
  ["(?m:^)b\\z", "b\na", false],
  ["(?m)^b$", "a\nb\na", true],
  ["(?m)^b$", "ab", false],
])("%s with %j: a match may begin on any line, the last and empty one too", (source, text, fits) => {
  expect(runAutomaton(compileRegex(source).table, encoder.encode(text))).toBe(fits);
});

test("bytes that are no UTF-8 are one U+FFFD each, whatever follows them", () => {
  const one = compileRegex("^\ufffd{2}a$").table;
  for (const bytes of [
    [0xe2, 0x82],
    [0xff, 0xff],
    [0xc0, 0x80],
    [0xef, 0xbf, 0xbd, 0x80],
    [0xf0, 0x90],
  ]) {
    const text = Uint8Array.from([...bytes, 0x61]);
    expect(decodeText(text)).toBe("\ufffd\ufffda");
    expect(runAutomaton(one, text)).toBe(true);
  }
  for (const bytes of [[0xe2, 0x82, 0xac], [0xed, 0xa0, 0x80], [0xc3, 0xa9], [0xff]])
    expect(runAutomaton(one, Uint8Array.from([...bytes, 0x61]))).toBe(false);
  expect(runAutomaton(compileRegex("^.$").table, encoder.encode("€"))).toBe(true);
  expect(runAutomaton(compileRegex("^...$").table, Uint8Array.from([0xf0, 0x9f, 0x98]))).toBe(true);
});
