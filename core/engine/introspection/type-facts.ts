/**
 * What information_schema.COLUMNS tells about the type of a column, piece by piece (MySQL manual 28.3.8).
 */
import { charsetOfCollation } from '../../common/collations.js'
import { isBinary, isInteger, isText, NOT_FIXED_DECIMALS, type SqlType } from '../../common/sql-type.js'

const INTEGER_DIGITS = { tinyint: 3, smallint: 5, mediumint: 7, int: 10, bigint: 19 } as const

/** NUMERIC_PRECISION: decimal digits, or bits of BIT. */
export function numericPrecision(type: SqlType): number | null {
  switch (type.name) {
    case 'bigint':
      return type.unsigned ? 20 : 19
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
      return INTEGER_DIGITS[type.name]
    case 'decimal':
    case 'float':
    case 'double':
    case 'bit':
      return type.length
    default:
      return null
  }
}

/** NUMERIC_SCALE. */
export function numericScale(type: SqlType): number | null {
  if (isInteger(type)) return 0
  if (type.name === 'decimal') return type.scale
  const isFloat = type.name === 'float' || type.name === 'double'
  return isFloat && type.scale !== NOT_FIXED_DECIMALS ? type.scale : null
}

/** DATETIME_PRECISION. */
export function datetimePrecision(type: SqlType): number | null {
  return type.name === 'time' || type.name === 'datetime' || type.name === 'timestamp' ? type.scale : null
}

/** CHARACTER_MAXIMUM_LENGTH. */
export function characterLength(type: SqlType): number | null {
  return hasCharacters(type) ? type.length : null
}

/** CHARACTER_OCTET_LENGTH. */
export function octetLength(type: SqlType): number | null {
  if (!hasCharacters(type)) return null
  const isCounted = type.name === 'char' || type.name === 'varchar' || hasMembers(type)
  return isCounted ? type.length * charsetOfCollation(type.collation).bytesPerCharMax : type.length
}

/** CHARACTER_SET_NAME. */
export function characterSetOf(type: SqlType): string | null {
  return hasCollation(type) ? charsetOfCollation(type.collation).name : null
}

/** COLLATION_NAME. */
export function collationOf(type: SqlType): string | null {
  return hasCollation(type) ? type.collation : null
}

function hasCharacters(type: SqlType): boolean {
  return isText(type) || isBinary(type) || hasMembers(type)
}

function hasCollation(type: SqlType): boolean {
  return isText(type) || hasMembers(type)
}

function hasMembers(type: SqlType): boolean {
  return type.name === 'enum' || type.name === 'set'
}
