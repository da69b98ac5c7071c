export {
  EventError,
  type EventProblem,
  type EventResult,
  hasKernelPaths,
  parseEvent,
  parseJson,
  problemText,
  readEvent,
  type TypedEvent,
  UNKNOWN_FIELD,
} from "./read.ts";
