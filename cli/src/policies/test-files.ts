/** Tests that lie beside policies: NAME.test.yaml beside NAME.yaml. */
import { existsSync } from "node:fs";
import type { TestFile } from "@weir/rules";
import { readPolicyFiles } from "./files.ts";

/** @returns where the tests of a policy are, whether there are any or not */
export function testsBeside(policy: string): readonly string[] {
  const stem = policy.replace(/\.(?:ya?ml|policy)$/, "");
  return [`${stem}.test.yaml`, `${stem}.test.yml`];
}

/**
 * @param policies names of policy files
 * @returns the tests beside them, each about the rules of its policy
 * @throws PolicyFileError for tests that cannot be read
 */
export function testFilesOf(policies: readonly string[]): TestFile[] {
  return policies.flatMap((policy) =>
    readPolicyFiles(testsBeside(policy).filter((path) => existsSync(path))).map((file) => ({ ...file, policy })),
  );
}
