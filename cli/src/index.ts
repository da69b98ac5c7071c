/** What tests run of the command in their own process. */
export { createProgram } from "./program.ts";
