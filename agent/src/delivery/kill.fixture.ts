/**
 * A process that writes numbered events through spool and file sink until it is killed, and says on standard output
 * which of them are written: `written LAST`. With `drain` it adds nothing, delivers what waits, and ends.
 */
import { DELIVERY_DEFAULTS, Delivery } from "./delivery.ts";
import { nativeFormat } from "./formats/native.ts";
import { type Sink, UnreachableError } from "./sink.ts";
import { FileSink } from "./sinks/file.ts";

const [directory = "", path = "", first = "0", mode = "run"] = process.argv.slice(2);
const file = new FileSink({ path, rotate: undefined }, nativeFormat);
/** Often behind: what a kill finds undelivered has to be in the spool. */
const sink: Sink = {
  deliver: async (records) => {
    if (mode !== "drain" && Math.random() < 0.5) throw new UnreachableError("not now");
    return await file.deliver(records);
  },
  sync: () => file.sync(),
  close: () => file.close(),
};
const delivery = await Delivery.open({
  spool: { directory, bytesMax: 1 << 30, memoryBytesMax: 16 << 20, syncMs: 20 },
  outputs: [{ name: "file", type: "file", format: "native", sink, ...DELIVERY_DEFAULTS }],
});
if (mode === "drain") await delivery.close({ drainMs: 60_000 });
else {
  let n = Number(first);
  for (;;) {
    // A hundred kills must not fill the spool: what it gives up then is lost by rule.
    const burst = Math.floor(Math.random() * 8);
    for (let i = 0; i < burst; i++) delivery.write({ id: String(n++), filler: "x".repeat(n % 997) } as never);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
    process.stdout.write(`written ${n - 1 - delivery.status.spool.unwritten}\n`);
  }
}
