import { describe, expect, test } from "vitest";
import { osFacts, parseKernelVersion, parseOsRelease, readHostFacts } from "./host.ts";

test.each([
  ["5.15.0-91-generic", [5n, 15n, 0n, 91n, "generic"]],
  ["6.1.0-13-cloud-amd64", [6n, 1n, 0n, 13n, "amd64"]],
  ["6.18.44-fc-v657", [6n, 18n, 44n, 0n, "v657"]],
  ["4.18.0-513.el8.x86_64", [4n, 18n, 0n, 513n, ".el8.x86_64"]],
  ["7.2", [7n, 2n, 0n, 0n, ""]],
])("kernel %s", (text, [major, minor, patch, abi, flavor]) =>
  expect(parseKernelVersion(text)).toEqual({ major, minor, patch, abi, flavor }),
);

test("a release name that is none", () => expect(parseKernelVersion("plan9")).toBeNull());

describe("os-release", () => {
  const facts = (text: string): Record<string, unknown> => Object.fromEntries(osFacts(parseOsRelease(text)));

  test("quotes of both kinds, comments, blank lines", () => {
    const text = `# a comment\n\nID=debian\nVERSION_ID="12"\nNAME='It is "quoted"'\nPRETTY_NAME="a \\"b\\" \\$c"\n bad line`;
    expect([...parseOsRelease(text)]).toEqual([
      ["ID", "debian"],
      ["VERSION_ID", "12"],
      ["NAME", 'It is "quoted"'],
      ["PRETTY_NAME", 'a "b" $c'],
    ]);
  });

  test.each([
    ["ID=debian\nVERSION_ID=12", { "os.is_debian": true, "os.is_ubuntu": false, "os.id": "debian" }],
    ["ID=centos\nVERSION_ID=7", { "os.is_rhel": true, "os.is_rhel7": true, "os.is_rhel8": false }],
    [
      'ID="rhel"\nVERSION_ID="8.9"\nPLATFORM_ID="platform:el8"',
      { "os.is_rhel8": true, "os.platform_id": "platform:el8" },
    ],
    ["ID=sles\nVERSION_ID=15.5", { "os.is_sles15": true, "os.is_sles12": false, "os.is_sles": true }],
    ["", { "os.id": "linux", "os.version_id": "", "os.is_linux": true, "os.is_windows": false }],
  ])("%j", (text, expected) => expect(facts(text)).toMatchObject(expected));

  test("one that can't be read", () => {
    expect(Object.fromEntries(osFacts(undefined))).toMatchObject({
      "os.id": null,
      "os.is_debian": null,
      "os.is_linux": true,
    });
  });
});

test("the environment of the agent", () => {
  expect(readHostFacts({ A: "1", B: "" }).values.get("envs")).toEqual(["A=1", "B="]);
});
