/** Network addresses as the matcher compares them. */
import ipaddr from "ipaddr.js";

/** @returns IP_BYTES bytes, IPv4 as ::ffff:a.b.c.d; undefined when the text is no address in its usual spelling */
export function addressBytes(text: string): Uint8Array | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text))
    return Uint8Array.from(ipaddr.IPv4.parse(text).toIPv4MappedAddress().toByteArray());
  if (!text.includes("%") && ipaddr.IPv6.isValid(text)) return Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray());
  return undefined;
}
