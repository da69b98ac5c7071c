/** Prints the digest of a fixed set of rules, linked; for the test that two processes agree. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { exprOf } from "./arbitraries.ts";
import { checkedRules, link } from "./linked.ts";

/** @returns hexadecimal SHA-256 of the linked module */
export function linkDigest(): string {
  const types = ["open", "rename"];
  const rules = types.flatMap((type) => checkedRules(type, fc.sample(exprOf(type), { numRuns: 40, seed: 42 })));
  return createHash("sha256").update(link(rules)).digest("hex");
}

if (process.argv[1] === import.meta.filename) console.log(linkDigest());
