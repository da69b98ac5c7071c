/** Networks as data, as `layout.ts` draws address sets. */
import {
  ADDRESS_BYTES,
  ADDRESS_FAMILY,
  ADDRESS_MASK,
  ADDRESS_NETWORK,
  ADDRESSES,
  ADDRESSES_COUNT,
} from "@weir/matcher-wasm/format";
import { bitsToBytes } from "../address.ts";
import type { Network } from "../ir.ts";
import type { DataPool } from "./pool.ts";

/** @returns address of the set */
export function putNetworks(networks: readonly Network[], pool: DataPool): number {
  const bytes = new Uint8Array(ADDRESSES + networks.length * ADDRESS_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(ADDRESSES_COUNT, networks.length, true);
  networks.forEach(({ family, network, mask }, i) => {
    const at = ADDRESSES + i * ADDRESS_BYTES;
    bytes.set(bitsToBytes(network), at + ADDRESS_NETWORK);
    bytes.set(bitsToBytes(mask), at + ADDRESS_MASK);
    view.setUint32(at + ADDRESS_FAMILY, family, true);
  });
  return pool.put(bytes);
}
