/** The corpus on this machine's kernel, in every attach mode that it allows, with fanotify(7) as a witness. */
import { join, relative } from "node:path";
import { StageUnavailableError } from "@weir/agent";
import { expect, test } from "vitest";
import { type Change, changesWhile, undetected } from "../kernel/fanotify.ts";
import { runCorpus, type Witness } from "./corpus.ts";
import { expectCorpus } from "./expectations.ts";
import { TECHNIQUES } from "./techniques.ts";

const TIMEOUT_MS = 300_000;
/** fanotify can't tell of directories of an overlay; and of a path that is known in part there is nothing to compare. */
const witnessed = TECHNIQUES.filter(({ name, known }) => !name.startsWith("overlay-") && known === "whole");

test.for(["tracepoint", "trampoline"] as const)(
  "%ss: every technique is detected, or missed for a known reason",
  { timeout: TIMEOUT_MS },
  async (mode, context) => {
    let root = "";
    let changes: readonly Change[] = [];
    const witness: Witness = async (base, act) => {
      root = base;
      changes = await changesWhile(
        witnessed.map(({ name }) => join(base, name, "watched")),
        act,
      );
    };
    const { results, detections, lost } = await runCorpus(mode, TECHNIQUES, witness).catch((error) => {
      if (mode === "trampoline" && error instanceof StageUnavailableError)
        return context.skip(error.message.split("\n")[0]);
      throw error;
    });
    expectCorpus(results);
    expect(lost).toBe(0);
    // Whatever else is new: this many ways are open on every kernel.
    expect(results.filter(({ detected }) => detected).length).toBeGreaterThan(90);

    // What another part of the kernel has seen of a technique is detected, each change of it, or the technique is missed.
    expect(changes.length).toBeGreaterThan(90);
    const missed = results.filter(({ expected }) => expected === "missed").map(({ name }) => name);
    const unseen = undetected(changes, detections).map(({ path, ...change }) => ({
      ...change,
      path: relative(root, path),
    }));
    expect(unseen.filter(({ path }) => !missed.includes(path.split("/")[0] ?? ""))).toEqual([]);
  },
);
