/** What follows from a path or an attribute's name. All on bytes, as the matcher reads them. */

const SLASH = 0x2f;
const DOT = 0x2e;

/** @returns the last component */
export function nameOf(path: Uint8Array): Uint8Array {
  return path.subarray(path.lastIndexOf(SLASH) + 1);
}

/** @returns the last component from its last dot on, empty without one (Go's filepath.Ext) */
export function extensionOf(path: Uint8Array): Uint8Array {
  const name = nameOf(path);
  const dot = name.lastIndexOf(DOT);
  return dot === -1 ? name.subarray(name.length) : name.subarray(dot);
}

/** @returns what stands before the first dot of an attribute's name; all of it without one */
export function namespaceOf(attribute: Uint8Array): Uint8Array {
  const dot = attribute.indexOf(DOT);
  return dot === -1 ? attribute : attribute.subarray(0, dot);
}
