export {
  EventError,
  type EventProblem,
  type EventResult,
  hasKernelPaths,
  notJson,
  parseEvent,
  parseJson,
  problemText,
  readEvent,
  type TypedEvent,
  UNKNOWN_FIELD,
} from "./read.ts";
export { withDeclaredVariables } from "./variables.ts";
