import { expect, test, vi } from "vitest";
import { Courier } from "./courier.ts";
import type { SpoolRecord } from "./record.ts";
import { EndedError, type Receipt, RefusedError, type Sink, TAKEN, UnreachableError } from "./sink.ts";
import { Spool } from "./spool.ts";

const memory = (): Promise<Spool> =>
  Spool.open({ directory: undefined, bytesMax: 0, memoryBytesMax: 1 << 20, syncMs: 0, cursors: () => ({}) });

/** A receiver that answers by what it is asked to take. */
class Receiver implements Sink {
  readonly taken: number[] = [];
  readonly calls: number[][] = [];
  readonly #answer: (numbers: readonly number[]) => Receipt;

  constructor(answer: (numbers: readonly number[]) => Receipt) {
    this.#answer = answer;
  }

  async deliver(records: readonly SpoolRecord[]): Promise<Receipt> {
    const numbers = records.map(({ payload }) => Number(payload.toString()));
    this.calls.push(numbers);
    await new Promise(setImmediate);
    const receipt = this.#answer(numbers);
    this.taken.push(...numbers);
    return receipt;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function serve(sink: Sink, events: number) {
  const spool = await memory();
  const lost: Record<string, number> = {};
  const onLost = (cause: string, count: number): void => {
    lost[cause] = (lost[cause] ?? 0) + count;
  };
  const courier = new Courier({
    name: "a",
    sink,
    spool,
    limit: { recordsMax: 8, bytesMax: 1 << 20 },
    lingerMs: 0,
    onLost,
  });
  for (let n = 0; n < events; n++) spool.append(Buffer.from(String(n)));
  return { spool, courier, lost };
}

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const settled = (courier: Courier): Promise<void> =>
  vi.waitFor(() => expect(courier.status.queued).toBe(0), { timeout: 15_000, interval: 5 });

test("all in order, a batch after the other", async () => {
  const receiver = new Receiver(() => TAKEN);
  const { courier, lost } = await serve(receiver, 100);
  await settled(courier);
  expect(receiver.taken).toEqual(numbers(100));
  expect(receiver.calls.length).toBeLessThan(100);
  expect(courier.status).toMatchObject({ delivered: 100, dropped: 0, last_error: null });
  expect(lost).toEqual({});
  await courier.stop(0);
});

test("what fails is offered again before anything else", async () => {
  let failures = 3;
  const receiver = new Receiver(() => {
    if (failures-- > 0) throw new UnreachableError("not now");
    return TAKEN;
  });
  const { courier } = await serve(receiver, 20);
  await settled(courier);
  expect(receiver.taken).toEqual(numbers(20));
  expect(courier.status.failures).toBe(0);
  expect(courier.status.last_error?.message).toBe("not now");
  await courier.stop(0);
});

test("refused records are found among the others, given up and counted; the others keep their order", async () => {
  const poison = new Set([3, 4, 17]);
  const receiver = new Receiver((batch) => {
    if (batch.some((n) => poison.has(n))) throw new RefusedError("400 bad record");
    return TAKEN;
  });
  const { courier, lost } = await serve(receiver, 40);
  await settled(courier);
  expect(receiver.taken).toEqual(numbers(40).filter((n) => !poison.has(n)));
  expect(courier.status).toMatchObject({ delivered: 37, dropped: 3, dropped_by_cause: { "refused by receiver": 3 } });
  expect(lost).toEqual({ "refused by receiver": 3 });
  await courier.stop(0);
});

test("a receiver that refuses everything is asked again before anything is given up", async () => {
  const receiver = new Receiver(() => {
    throw new RefusedError("400 wrong format");
  });
  const { courier, lost } = await serve(receiver, 20);
  await vi.waitFor(() => expect(receiver.calls.filter((batch) => batch.length === 1).length).toBeGreaterThan(1));
  expect(lost).toEqual({});
  expect(courier.status).toMatchObject({ queued: 20, dropped: 0 });
  await courier.stop(0);
});

test("records that the receiver took and threw away are counted", async () => {
  const receiver = new Receiver(() => ({ rejected: 1, reason: "too old" }));
  const { courier } = await serve(receiver, 8);
  await settled(courier);
  const { delivered, dropped, last_error } = courier.status;
  expect(delivered + dropped).toBe(8);
  expect(dropped).toBe(receiver.calls.length);
  expect(last_error?.message).toBe("too old");
  await courier.stop(0);
});

test("a stop tries what waits once and keeps what it could not deliver", async () => {
  const receiver = new Receiver((batch) => {
    if (batch.includes(5)) throw new UnreachableError("down");
    return TAKEN;
  });
  const { courier } = await serve(receiver, 20);
  await vi.waitFor(() => expect(courier.status.failures).toBeGreaterThan(0));
  await courier.stop(1000);
  const first = receiver.calls.find((batch) => batch.includes(5))?.[0] ?? -1;
  expect(receiver.taken).toEqual(numbers(first));
  expect(courier.status.queued).toBe(20 - first);
  expect(courier.settled).toBe(0);
  await courier.settle(true);
  expect(courier.settled).toBe(first);
});

test("a sink that has ended says so; going on without it counts what it would have got", async () => {
  const receiver = new Receiver((batch) => {
    if (batch.includes(2)) throw new EndedError("reader gone");
    return TAKEN;
  });
  const { courier, spool, lost } = await serve(receiver, 10);
  await expect(courier.ended).rejects.toThrow("reader gone");
  const left = courier.status.queued;
  void courier.discard();
  spool.append(Buffer.from("10"));
  await settled(courier);
  expect(lost).toEqual({ "receiver gone": left + 1 });
  await courier.stop(0);
});
