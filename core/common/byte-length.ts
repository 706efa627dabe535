/**
 * How many bytes a value of a type has at most as a string.
 */
import { requireCollation } from './collations.js'
import { isText, type SqlType } from './sql-type.js'
import { textLengthMax } from './value-text.js'

/** Text in the character set of its collation; everything else is ASCII, or bytes already. */
export function byteLengthMax(type: SqlType): number {
  const isCharacter = isText(type) || type.name === 'enum' || type.name === 'set'
  return textLengthMax(type) * (isCharacter ? requireCollation(type.collation).charset.bytesPerCharMax : 1)
}
