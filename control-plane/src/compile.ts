/** The rule compiler as the publisher uses it. */
import { compilePolicies } from "@weir/rules";
import type { Compile } from "./publish.ts";

export const compileForPublish: Compile = async (files) => {
  const result = await compilePolicies(files, {});
  throw new Error(`not wired: ${result}`);
};
