import { readFileSync } from "node:fs";
import { FIELDS } from "@weir/matcher-wasm/format";
import { expect, test } from "vitest";
import { fieldGroups, fieldsMarkdown } from "./field-docs.ts";

test("FIELDS.md is what `weir fields --markdown` prints", () => {
  const written = readFileSync(new URL("../FIELDS.md", import.meta.url), "utf8");
  // Compared by line, so that the difference can be read.
  expect(written.split("\n"), "run: weir fields --markdown > rules/FIELDS.md").toEqual(fieldsMarkdown().split("\n"));
});

test("every field of the table is in exactly one group", () => {
  const names = fieldGroups().flatMap(({ fields }) => fields.map(({ name }) => name));
  expect(names.toSorted()).toEqual(FIELDS.map(({ name }) => name).toSorted());
});

test("who knows a field", () => {
  const fields = new Map(fieldGroups().flatMap((group) => group.fields.map((field) => [field.name, field.known])));
  expect(fields.get("open.file.path")).toBe("kernel");
  expect(fields.get("process.file.path")).toBe("agent");
  expect(fields.get("process.file.package.name")).toBe("unknown");
});
