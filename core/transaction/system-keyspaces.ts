/**
 * Keyspaces of the system storage that transactions keep for themselves. Ids below 1000 are no table's; the catalog has
 * those below 900.
 */

/** Key: table id (u32, big endian). Value: the next AUTO_INCREMENT value (u64, little endian). */
export const AUTO_INCREMENT_KEYSPACE = 900
/** Key: table id (u32, big endian). Value: rows and bytes (f64 each, little endian). */
export const TABLE_SIZES_KEYSPACE = 901
/** Key: table id (u32, big endian). Value: what statements did with the table, as JSON (`engine/table-usage.ts`). */
export const TABLE_USAGE_KEYSPACE = 902

export function tableIdKey(tableId: number): Buffer {
  const key = Buffer.allocUnsafe(4)
  key.writeUInt32BE(tableId)
  return key
}
