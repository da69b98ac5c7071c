import { describe, expect, test } from "vitest";
import { completesByCqe, planUring } from "./uring.ts";

const functions = (entries: Record<string, readonly (string | undefined)[]>) =>
  new Map(
    Object.entries(entries).map(([name, parameters]) => [
      `__traceiter_${name}`,
      { parameters: [undefined, ...parameters], returns: undefined },
    ]),
  );

const OVERFLOW = { io_uring_cqe_overflow: [undefined, undefined, undefined, undefined, undefined] };
const MEMBERS = { io_uring_complete: [undefined, undefined, undefined, undefined] };
const ENTRY = { io_uring_complete: ["io_ring_ctx", undefined, "io_uring_cqe"] };

describe("which programs hang on the tracepoints of io_uring", () => {
  test.for([
    ["6.18", { io_uring_submit_req: ["io_kiocb"], ...ENTRY, ...OVERFLOW }, "uring_submit_req", true],
    ["6.12", { io_uring_submit_req: ["io_kiocb"], ...MEMBERS, ...OVERFLOW }, "uring_submit_req", false],
    ["6.1", { io_uring_submit_sqe: ["io_kiocb", undefined], ...MEMBERS, ...OVERFLOW }, "uring_submit_sqe", false],
  ] as const)("as on %s", ([, found, submit, byCqe]) => {
    const kernel = functions(found);
    expect(planUring(kernel)).toEqual({
      programs: new Set([submit, "uring_complete", "uring_overflow"]),
      missing: {},
    });
    expect(completesByCqe(kernel)).toBe(byCqe);
  });

  test("none where the request is not told, and the reason", () => {
    const old = functions({ io_uring_submit_sqe: [undefined, undefined], ...MEMBERS, ...OVERFLOW });
    expect(planUring(old).programs).toEqual(new Set());
    expect(planUring(old).missing["io_uring"]).toContain("that tells the request");
    const half = functions({ io_uring_submit_req: ["io_kiocb"], ...ENTRY });
    expect(planUring(half)).toEqual({
      programs: new Set(),
      missing: { io_uring: "this kernel has no tracepoint io_uring_cqe_overflow" },
    });
  });
});
