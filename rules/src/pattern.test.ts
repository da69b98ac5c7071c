import { describe, expect, it, test } from "vitest";
import { globMatches, matchGlob, type PatternError, parseGlob, parsePattern, patternMatches } from "./pattern.ts";

const C = "/usr/bin/c$t";

test.each([
  ["/usr/bin/c$t/**", C, false],
  ["/usr/bin/c$t*", C, true],
  ["/usr/**", C, true],
  ["*", C, false],
  ["/*", C, false],
  ["/*/*/*", C, true],
  ["*/bin/*", C, true],
  ["*/bin", C, false],
  ["/usr/*/c$t", C, true],
  ["/usr/*/bin/*", C, false],
  ["/usr/bin/*", C, true],
  ["/usr/sbin/*", C, false],
  ["/var/log/*", "/var/log/httpd", true],
  ["/var/*", "/var/log/nginx", false],
  ["/", "/httpd", false],
  ["/", "/", true],
  ["/sys/fs/cgroup/*", "/sys/fs/cgroup/", true],
  ["ab*", "abc", true],
  ["/etc/**", "/etc", false],
  ["/etc/**", "/etc/a", true],
  ["/etc/**", "/etc/a/b/c", true],
  ["/etc/**", "/etcx/a", false],
  ["/a/**/a/b", "/a/b", true],
  ["/a/**/b", "/a/x/y/b", true],
  ["/a/**/b", "/a/b", true],
  ["/a/**/b", "/a/bb", false],
  ["/a/**/a", "/a", false],
  ["**/b", "/a/b", true],
  ["**", "/", true],
  ["**", "", false],
  ["*", "", false],
  ["/etc/x**y", "/etc/xzzy", true],
  ["/etc/x**y", "/etc/xz/zy", false],
  ["/etc/**.conf", "/etc/a.conf", true],
  ["/etc/**.conf", "/etc/d/a.conf", false],
  ["/etc/***", "/etc/a", true],
  ["/etc/***", "/etc/a/b", false],
  ["/*", "/", true],
  ["/ü*", "/über", true],
  ["/a*a", "/a", false],
  ["/a*b*a", "/abba", true],
  ["/a*bc*bc", "/axbc", false],
])("glob %s against %s is %s", (pattern, path, expected) => {
  expect(globMatches(pattern, path)).toBe(expected);
});

test.each([
  ["*", "", true],
  ["*d*", "aaa", false],
  ["aa*", "aaa", true],
  ["/usr/*", "/usr/bin/cat", true],
  ["*cat", "/usr/bin/cat", true],
  ["a", "a", true],
  ["a", "ab", false],
  ["a*b*c", "a/b/c", true],
  ["a*b*c", "ac", false],
  ["AA*", "AAA", true],
  ["ZZ*", "AAA", false],
])("pattern %s against %s is %s", (pattern, value, expected) => {
  expect(patternMatches(pattern, value)).toBe(expected);
});

describe("malformed patterns", () => {
  it("says what is wrong and where", () => {
    expect(() => parseGlob("")).toThrow("empty pattern");
    expect(() => parsePattern("")).toThrow("empty pattern");
    expect(() => parsePattern("a**b")).toThrow("`**` is for path fields");
    expect(() => parseGlob("/a/**/b/**/c")).toThrow("`**` may occur once");
    expect(() => parseGlob(`/${"a".repeat(4096)}`)).toThrow("4097 bytes: at most 4096");
    try {
      parseGlob("/a/**/b/**/c");
    } catch (error) {
      expect((error as PatternError).offset).toBe(8);
    }
  });

  it("matches bytes that are not UTF-8", () => {
    const path = Uint8Array.of(0x2f, 0x61, 0x2f, 0xff, 0xfe, 0x62);
    expect(matchGlob(parseGlob("/a/*b"), path)).toBe(true);
    expect(matchGlob(parseGlob("/a/*c"), path)).toBe(false);
  });
});
