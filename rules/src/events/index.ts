export {
  EventError,
  type EventProblem,
  hasKernelPaths,
  parseEvent,
  parseJson,
  problemText,
  readEvent,
  type TypedEvent,
  UNKNOWN_FIELD,
} from "./read.ts";
