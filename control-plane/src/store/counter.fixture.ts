/** One of the racing processes of the semantics suite: increments a counter by compare-and-swap. */
import { openStore } from "./open.ts";
import { Conflict } from "./store.ts";

const [, , address = "", key = "", times = "0"] = process.argv;
const store = await openStore(address);
for (let done = 0; done < Number(times); ) {
  const current = await store.get(key);
  if (current === undefined) throw new Error(`${key} is missing`);
  const next = Number(new TextDecoder().decode(current.body)) + 1;
  try {
    await store.swap(key, new TextEncoder().encode(String(next)), current.version);
    done++;
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
  }
}
process.exit(0);
