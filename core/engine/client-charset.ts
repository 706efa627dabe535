/**
 * The character set that a client announces in its handshake, as the id of a collation (MySQL manual 12.4 "Connection Character Sets and
 * Collations"). The handshake has one byte for it.
 */
import type { Collation } from '../common/collation.js'
import { collationById, requireCollation } from '../common/collations.js'
import { sqlError } from '../common/sql-error.js'

/** Sent by clients that leave the choice to the server. */
const NO_CHOICE = 0

/** Ranges of ids whose character set we have, though not each of their collations. */
const FAMILIES: readonly (readonly [first: number, last: number, collation: string])[] = [
  [5, 5, 'latin1_swedish_ci'],
  [15, 15, 'latin1_swedish_ci'],
  [31, 31, 'latin1_swedish_ci'],
  [47, 49, 'latin1_swedish_ci'],
  [94, 94, 'latin1_swedish_ci'],
  [65, 65, 'ascii_general_ci'],
  [76, 76, 'utf8mb3_general_ci'],
  [192, 223, 'utf8mb3_general_ci'],
  [224, 247, 'utf8mb4_0900_ai_ci'],
  [255, 255, 'utf8mb4_0900_ai_ci'],
]

/** Character sets of MySQL that we don't have, by the ids of their default collations. */
const OTHERS: Readonly<Record<number, string>> = {
  1: 'big5',
  3: 'dec8',
  4: 'cp850',
  6: 'hp8',
  7: 'koi8r',
  9: 'latin2',
  10: 'swe7',
  12: 'ujis',
  13: 'sjis',
  16: 'hebrew',
  18: 'tis620',
  19: 'euckr',
  22: 'koi8u',
  24: 'gb2312',
  25: 'greek',
  26: 'cp1250',
  28: 'gbk',
  30: 'latin5',
  32: 'armscii8',
  36: 'cp866',
  37: 'keybcs2',
  38: 'macce',
  39: 'macroman',
  40: 'cp852',
  41: 'latin7',
  51: 'cp1251',
  57: 'cp1256',
  59: 'cp1257',
  92: 'geostd8',
  95: 'cp932',
  97: 'eucjpms',
  248: 'gb18030',
}

/**
 * Undefined: the server's own. Throws ER_UNKNOWN_CHARACTER_SET for one that we can't read: taking its bytes for others would spoil
 * what the client writes.
 */
export function clientCollation(id: number): Collation | undefined {
  const known = collationById(id)
  if (known !== undefined || id === NO_CHOICE) return known
  const family = FAMILIES.find(([first, last]) => id >= first && id <= last)
  if (family === undefined) throw sqlError('ER_UNKNOWN_CHARACTER_SET', OTHERS[id] ?? `#${String(id)}`)
  return requireCollation(family[2])
}
