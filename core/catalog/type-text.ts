/**
 * Column types as SHOW CREATE TABLE, SHOW COLUMNS and information_schema print them, and the names of types.
 */
import { NOT_FIXED_DECIMALS, type SqlType } from '../common/sql-type.js'

const DEFAULT_WIDTH_HIDDEN: ReadonlySet<string> = new Set([
  'tinyint',
  'smallint',
  'mediumint',
  'int',
  'bigint',
])

/** `int unsigned`, `varchar(20)`, `decimal(10,2)`, `enum('a','b')`, …, without character set. */
export function typeText(type: SqlType): string {
  return (
    baseText(type) +
    (type.unsigned && hasSign(type) ? ' unsigned' : '') +
    (type.zerofill && hasSign(type) ? ' zerofill' : '')
  )
}

function hasSign(type: SqlType): boolean {
  return type.name !== 'bit' && type.name !== 'year'
}

function baseText(type: SqlType): string {
  const { name, length, scale } = type
  if (DEFAULT_WIDTH_HIDDEN.has(name)) {
    // The width shows where it matters: zeros fill it, or it marks a boolean.
    const isShown = type.zerofill || (name === 'tinyint' && length === 1 && !type.unsigned)
    return isShown ? `${name}(${String(length)})` : name
  }
  switch (name) {
    case 'decimal':
      return `decimal(${String(length)},${String(scale)})`
    case 'float':
    case 'double':
      return scale === NOT_FIXED_DECIMALS ? name : `${name}(${String(length)},${String(scale)})`
    case 'time':
    case 'datetime':
    case 'timestamp':
      return scale === 0 ? name : `${name}(${String(scale)})`
    case 'bit':
    case 'char':
    case 'varchar':
    case 'binary':
    case 'varbinary':
      return `${name}(${String(length)})`
    case 'enum':
    case 'set':
      return `${name}(${(type.members ?? []).map(memberLiteral).join(',')})`
    default:
      return name
  }
}

function memberLiteral(member: string): string {
  return `'${member.replaceAll("'", "''")}'`
}
