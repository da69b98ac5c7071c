/** The maps of one generation, made and filled before a program can look into them. */
import {
  closeFd,
  createMap,
  MAP_TYPE_ARRAY,
  MAP_TYPE_HASH,
  MAP_TYPE_LRU_HASH,
  type MapShape,
  updateMap,
} from "./libbpf.ts";
import {
  APPROVER_BYTES,
  APPROVER_KEY_BYTES,
  DISCARDER_KEY_BYTES,
  type FilterTables,
  GENERATION_BYTES,
} from "./tables.ts";

export const u32 = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer);

/** Descriptors of a generation's maps; the caller closes them. */
export interface FilterMaps {
  readonly constants: number;
  readonly approvers: number;
  readonly discarders: number;
}

/** A bound of memory; discarders beyond it push out those that were used least recently. */
const DISCARDERS_MAX = 16_384;

export function createFilterMaps(tables: FilterTables): FilterMaps {
  const created: number[] = [];
  const create = (shape: MapShape): number => {
    const fd = createMap(shape);
    created.push(fd);
    return fd;
  };
  try {
    const constants = create({
      type: MAP_TYPE_ARRAY,
      name: "generation",
      keyBytes: 4,
      valueBytes: GENERATION_BYTES,
      entries: 1,
    });
    updateMap(constants, u32(0), tables.constants);
    const approvers = create({
      type: MAP_TYPE_HASH,
      name: "approvers",
      keyBytes: APPROVER_KEY_BYTES,
      valueBytes: APPROVER_BYTES,
      entries: Math.max(tables.approvers.length, 1),
    });
    for (const { key, value } of tables.approvers) updateMap(approvers, key, value);
    const discarders = create({
      type: MAP_TYPE_LRU_HASH,
      name: "discarders",
      keyBytes: DISCARDER_KEY_BYTES,
      valueBytes: 4,
      entries: DISCARDERS_MAX,
    });
    return { constants, approvers, discarders };
  } catch (error) {
    for (const fd of created) closeFd(fd);
    throw error;
  }
}
