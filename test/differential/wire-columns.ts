/**
 * Column definitions as they go over the wire, in the words of the corpus. Texts of every length are one type there, and
 * their lengths are bytes.
 */
import mysql2, { type FieldPacket } from 'mysql2'
import { NOT_FIXED_DECIMALS } from '../../core/common/sql-type.js'
import { columnFlags, columnOrigin, type OutcomeColumn } from '../sql/sql-server.js'

// A getter of the CommonJS module, which Node doesn't find among its names.
const { Types } = mysql2

const NAMES: Readonly<Record<number, string>> = {
  [Types.TINY]: 'tinyint',
  [Types.SHORT]: 'smallint',
  [Types.INT24]: 'mediumint',
  [Types.LONG]: 'int',
  [Types.LONGLONG]: 'bigint',
  [Types.NEWDECIMAL]: 'decimal',
  [Types.FLOAT]: 'float',
  [Types.DOUBLE]: 'double',
  [Types.NULL]: 'null',
  [Types.BIT]: 'bit',
  [Types.YEAR]: 'year',
  [Types.DATE]: 'date',
  [Types.TIME]: 'time',
  [Types.DATETIME]: 'datetime',
  [Types.TIMESTAMP]: 'timestamp',
  [Types.JSON]: 'json',
  [Types.VAR_STRING]: 'varchar',
  [Types.STRING]: 'char',
  [Types.TINY_BLOB]: 'text',
  [Types.BLOB]: 'text',
  [Types.MEDIUM_BLOB]: 'text',
  [Types.LONG_BLOB]: 'text',
}
const BINARY_NAMES: Readonly<Record<string, string>> = { varchar: 'varbinary', char: 'binary', text: 'blob' }

const BINARY_CHARSET = 63
const BYTES_PER_CHARACTER = 4
/** Strings and blobs among the numbers of column types on the wire. */
const FIRST_STRING_TYPE = Types.ENUM

const FLAG = {
  notNull: 1,
  primaryKey: 2,
  uniqueKey: 4,
  multipleKey: 8,
  unsigned: 32,
  isEnum: 256,
  autoIncrement: 512,
  isSet: 2048,
  hasNoDefault: 4096,
  onUpdateNow: 8192,
}

/** Whether cells of the column are bytes; numbers and dates carry the binary character set too, but are text. */
export function hasBytes(field: FieldPacket | undefined): boolean {
  const type = field?.type ?? 0
  return (type >= FIRST_STRING_TYPE || type === Types.BIT) && field?.characterSet === BINARY_CHARSET
}

export function outcomeColumn(field: FieldPacket): OutcomeColumn {
  const flags = Number(field.flags)
  const has = (flag: number): boolean => (flags & flag) !== 0
  return {
    name: field.name,
    type: typeText(field, has),
    kind: field.type === Types.FLOAT || field.type === Types.DOUBLE ? 'approximate' : 'exact',
    flags: columnFlags({
      primaryKey: has(FLAG.primaryKey),
      uniqueKey: has(FLAG.uniqueKey),
      multipleKey: has(FLAG.multipleKey),
      autoIncrement: has(FLAG.autoIncrement),
      onUpdateNow: has(FLAG.onUpdateNow),
      hasNoDefault: has(FLAG.hasNoDefault),
    }),
    origin: columnOrigin({
      database: field.db ?? '',
      table: field.table,
      originalTable: field.orgTable,
      originalName: field.orgName,
    }),
  }
}

function typeText(field: FieldPacket, has: (flag: number) => boolean): string {
  const scale = field.decimals > 0 && field.decimals < NOT_FIXED_DECIMALS ? `,${field.decimals}` : ''
  const unsigned = has(FLAG.unsigned) && field.type !== Types.YEAR && field.type !== Types.BIT
  const sign = unsigned ? ' unsigned' : ''
  const nullability = has(FLAG.notNull) ? ' notnull' : ''
  return `${typeName(field, has)}(${typeLength(field, unsigned)}${scale})${sign}${nullability}`
}

function typeName(field: FieldPacket, has: (flag: number) => boolean): string {
  if (has(FLAG.isEnum)) return 'enum'
  if (has(FLAG.isSet)) return 'set'
  const name = NAMES[field.type ?? 0] ?? String(field.type)
  return hasBytes(field) ? (BINARY_NAMES[name] ?? name) : name
}

function typeLength(field: FieldPacket, unsigned: boolean): number {
  const length = field.columnLength ?? field.length ?? 0
  if (field.type === Types.NEWDECIMAL) return length - (unsigned ? 0 : 1) - (field.decimals > 0 ? 1 : 0)
  const isText = (field.type ?? 0) >= FIRST_STRING_TYPE && field.characterSet !== BINARY_CHARSET
  return isText ? Math.floor(length / BYTES_PER_CHARACTER) : length
}
