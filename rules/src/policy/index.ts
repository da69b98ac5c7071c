export {
  type MacroSource,
  type PolicySource,
  type RuleSource,
  readPolicy,
  type Tags,
} from "./policy.ts";
export { decodePolicy, POLICY_BYTES_MAX, type PolicyInput } from "./text.ts";
