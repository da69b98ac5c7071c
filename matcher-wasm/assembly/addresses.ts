/** Address sets, as `format/layout.ts` draws them. */
import {
  ADDRESS_BYTES,
  ADDRESS_FAMILY,
  ADDRESS_MASK,
  ADDRESS_NETWORK,
  ADDRESSES,
  ADDRESSES_COUNT,
  IP_BYTES,
} from "../format/layout.ts";

const MAPPED_PREFIX_END: u32 = 0xffff0000;
const ADDRESS_LIMIT: u32 = IP_BYTES;

/** 4 for ::ffff:a.b.c.d, else 6. */
function familyOf(address: usize): u32 {
  return load<u64>(address) == 0 && load<u32>(address, 8) == MAPPED_PREFIX_END ? 4 : 6;
}

/** Whether the address, IP_BYTES long, lies in one of the networks; texts of another length lie in none. */
export function fitsAddresses(set: usize, address: usize, length: u32): bool {
  if (length != ADDRESS_LIMIT) return false;
  const low = load<u64>(address);
  const high = load<u64>(address, 8);
  const family = familyOf(address);
  let network = set + ADDRESSES;
  for (let i = load<u32>(set, ADDRESSES_COUNT); i != 0; i--, network += ADDRESS_BYTES) {
    if (
      load<u32>(network, ADDRESS_FAMILY) == family &&
      (low & load<u64>(network, ADDRESS_MASK)) == load<u64>(network, ADDRESS_NETWORK) &&
      (high & load<u64>(network, ADDRESS_MASK + 8)) == load<u64>(network, ADDRESS_NETWORK + 8)
    )
      return true;
  }
  return false;
}
