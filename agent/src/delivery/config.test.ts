import { expect, test } from "vitest";
import { ConfigError, configText, parseConfig } from "./config.ts";

const faults = (text: string): readonly string[] => {
  try {
    parseConfig(text, "/etc/weir/agent.yaml");
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  throw new Error("expected a ConfigError");
};

test("what is not said has a default, and the whole can be read again", () => {
  const config = parseConfig("outputs:\n  - { type: file, path: /var/log/weir.json, rotate: {} }\n", "x");
  expect(config.spool).toEqual({ size_mb: 512, memory_mb: 16, sync_ms: 200 });
  expect(config.outputs?.[0]).toMatchObject({ name: "file", rotate: { size_mb: 100, files: 5 } });
  expect(parseConfig(configText(config), "x")).toEqual(config);
  expect(parseConfig("", "x").outputs).toBeUndefined();
});

test.each([
  ["outputs:\n  - type: file\n", "line 2: outputs.0.path: received nothing, expected a string"],
  [
    "outputs:\n  - { type: file, path: here.log }",
    'line 2: outputs.0.path: received "here.log", expected an absolute path',
  ],
  ["spool:\n  size_mb: big\n", 'line 2: spool.size_mb: received "big", expected a number'],
  ["spool:\n  sync_ms: -1\n", "line 2: spool.sync_ms: received -1, expected at least 0"],
  ["spool:\n  sync_ms: 1.5\n", "line 2: spool.sync_ms: received 1.5, expected a whole number"],
  ["outputs:\n  - { type: file, path: /x, gzip: true }", "line 2: outputs.0: received the unknown key gzip"],
  ["spool: {}\noutput: []\n", "line 1: the whole: received the unknown key output"],
  ["outputs: []\n", "line 1: outputs: received [], expected at least 1 of them"],
  ["outputs:\n  - { type: stdout, format: xml }\n", 'line 2: outputs.0.format: received "xml", expected '],
  [
    "outputs:\n  - { type: stdout, name: A B }\n",
    'line 2: outputs.0.name: received "A B", expected lower-case letters',
  ],
  [
    "outputs:\n  - { type: carrier-pigeon }\n",
    'line 2: outputs.0.type: received "carrier-pigeon", expected one of stdout, file, http, otlp, syslog, kafka',
  ],
  [
    "outputs:\n  - { type: http, url: ftp://x }\n",
    'line 2: outputs.0.url: received "ftp://x", expected an http(s) address',
  ],
  [
    "outputs:\n  - { type: http, url: http://x, tls: { cert_file: /x } }\n",
    'line 2: outputs.0.tls: received {"cert_file":"/x"}, expected cert_file and key_file together',
  ],
  [
    "outputs:\n  - { type: syslog, transport: pigeon }\n",
    'line 2: outputs.0.transport: received "pigeon", expected one of udp, tcp, tls, unix',
  ],
  [
    "outputs:\n  - { type: syslog, transport: tcp, address: somewhere }\n",
    'line 2: outputs.0.address: received "somewhere", expected HOST:PORT',
  ],
  [
    "outputs:\n  - { type: syslog, transport: udp, address: 'a:1', framing: newline }\n",
    "line 2: outputs.0: received the unknown key framing",
  ],
  ["spool: {}\nspool: {}\n", "line 2: Map keys must be unique"],
  ["outputs: [", "line 1: "],
  ["- 1\n", "the whole: received [1], expected an object"],
  [
    "outputs:\n  - { type: stdout }\n  - { type: stdout }\n",
    "outputs: received 2 outputs named stdout, expected a name of its own",
  ],
])("%j is refused with its place", (text, fault) => {
  const found = faults(text);
  expect(found[0]?.slice(0, fault.length)).toBe(fault);
});

test("all faults are named at once", () => {
  expect(faults("spool: { size_mb: 0, sync_ms: x }\noutputs: [{ type: stdout, colour: red }]\n")).toHaveLength(3);
});
