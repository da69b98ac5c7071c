import { expect, test } from "vitest";
import { ReleaseFeed, type ReleaseHint } from "./feed.ts";

const hint = (version: number, digest = `d${version}`): ReleaseHint => ({ tenant: "acme", version, digest });

/** A feed whose looks at the store end when the test says so. */
function controlled() {
  const looks: ((found: ReleaseHint | undefined) => void)[] = [];
  const feed = new ReleaseFeed({
    look: () => new Promise((resolve) => looks.push(resolve)),
    pollMs: 1,
    onError: () => undefined,
  });
  const heard: number[] = [];
  const stop = feed.watch("acme", ({ version }) => heard.push(version));
  const finish = async (found: ReleaseHint | undefined): Promise<void> => {
    while (looks.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    looks.shift()?.(found);
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { feed, heard, finish, stop, looks };
}

test("a look that began before an announcement does not take it back", async () => {
  const { feed, heard, finish } = controlled();
  await finish(hint(1));
  feed.announce(hint(2));
  await finish(hint(1));
  await finish(hint(2));
  expect(heard).toEqual([1, 2]);
  feed.close();
});

test("targets signed anew name the same bundle: no hint", async () => {
  const { feed, heard, finish } = controlled();
  await finish(hint(1, "same"));
  await finish(hint(2, "same"));
  await finish(hint(3, "other"));
  expect(heard).toEqual([1, 3]);
  feed.close();
});

test("nobody listens: nobody looks; other tenants hear nothing", async () => {
  const { feed, heard, finish, stop, looks } = controlled();
  feed.announce({ ...hint(9), tenant: "globex" });
  await finish(undefined);
  await finish(undefined);
  stop();
  await finish(hint(1));
  looks.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([heard, looks]).toEqual([[], []]);
});
