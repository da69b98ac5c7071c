/** Network addresses as 128-bit integers, IPv4 as ::ffff:a.b.c.d, and the networks that rules name. */
import { addressBytes } from "@weir/matcher-wasm/host";
import type { Network } from "./ir.ts";

const BITS = 128;
const IPV4_BITS = 32;
const ALL_ONES = (1n << BigInt(BITS)) - 1n;
/** ::ffff:0:0/96 */
const MAPPED_PREFIX = 0xffffn;

/** @returns undefined when the text is no address */
export function addressBits(text: string): bigint | undefined {
  const bytes = addressBytes(text);
  return bytes && BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

/** @returns 4 for ::ffff:a.b.c.d, in whatever spelling it was written */
export function familyOf(address: bigint): 4 | 6 {
  return address >> BigInt(IPV4_BITS) === MAPPED_PREFIX ? 4 : 6;
}

/** @returns the bytes as the matcher has them */
export function bitsToBytes(bits: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(bits.toString(16).padStart(BITS / 4, "0"), "hex"));
}

/**
 * @param text `ADDRESS` or `ADDRESS/LENGTH`
 * @returns undefined when it is neither
 */
export function parseNetwork(text: string): Network | undefined {
  const [address = "", length, ...rest] = text.split("/");
  const bits = addressBits(address);
  if (bits === undefined || rest.length > 0) return undefined;
  if (length === undefined) return { family: familyOf(bits), network: bits, mask: ALL_ONES, text };
  const written = address.includes(":") ? BITS : IPV4_BITS;
  if (!/^(?:0|[1-9]\d{0,2})$/.test(length) || Number(length) > written) return undefined;
  const prefix = Number(length) + BITS - written;
  const mask = (ALL_ONES << BigInt(BITS - prefix)) & ALL_ONES;
  // An IPv6 network that is shorter than the mapped prefix holds IPv6 addresses, as Go's net.IPNet does.
  const family = familyOf(bits) === 4 && prefix >= BITS - IPV4_BITS ? 4 : 6;
  return { family, network: bits & mask, mask, text };
}
