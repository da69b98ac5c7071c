export { notJson, parseJson, withoutByteOrderMark } from "./json.ts";
export {
  EventError,
  type EventProblem,
  type EventResult,
  hasKernelPaths,
  parseEvent,
  problemText,
  readEvent,
  type TypedEvent,
  UNKNOWN_FIELD,
} from "./read.ts";
export { withDeclaredVariables } from "./variables.ts";
