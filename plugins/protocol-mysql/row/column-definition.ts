/**
 * Column definitions as MySQL 8 sends them (internals manual, "Column Definition Packet"). Lengths are in bytes of the result's
 * character set; the flags are those that the server sets, clients add NUM_FLAG themselves.
 */
import {
  charsetOfCollation,
  collationByName,
  isBinary,
  isNumeric,
  isTemporal,
  isText,
  NOT_FIXED_DECIMALS,
  type ResultColumn,
  type SqlType,
  type TypeName,
} from '@switchyard/core/spi'
import { ColumnFlag, WireType } from '../wire/constants.js'
import { PayloadWriter } from '../wire/payload-writer.js'
import { BINARY_COLLATION_ID, encodeText, type ResultCharset } from '../wire/result-charset.js'

const UINT32_MAX = 0xffffffff

const WIRE_TYPES: Readonly<Record<TypeName, number>> = {
  null: WireType.Null,
  tinyint: WireType.Tiny,
  smallint: WireType.Short,
  mediumint: WireType.Int24,
  int: WireType.Long,
  bigint: WireType.LongLong,
  decimal: WireType.NewDecimal,
  float: WireType.Float,
  double: WireType.Double,
  bit: WireType.Bit,
  year: WireType.Year,
  date: WireType.Date,
  time: WireType.Time,
  datetime: WireType.Datetime,
  timestamp: WireType.Timestamp,
  char: WireType.String,
  varchar: WireType.VarString,
  tinytext: WireType.Blob,
  text: WireType.Blob,
  mediumtext: WireType.Blob,
  longtext: WireType.Blob,
  binary: WireType.String,
  varbinary: WireType.VarString,
  tinyblob: WireType.Blob,
  blob: WireType.Blob,
  mediumblob: WireType.Blob,
  longblob: WireType.Blob,
  // The server names ENUM and SET strings; a flag tells what they are.
  enum: WireType.String,
  set: WireType.String,
  json: WireType.Json,
}

/** The larger blobs of expressions go by their own codes; columns are all BLOB. */
const LARGE_BLOBS: Partial<Record<TypeName, number>> = {
  mediumtext: WireType.MediumBlob,
  longtext: WireType.LongBlob,
  mediumblob: WireType.MediumBlob,
  longblob: WireType.LongBlob,
}

function expressionType(type: SqlType): number {
  return LARGE_BLOBS[type.name] ?? WIRE_TYPES[type.name]
}

/** A definition for each `?` of a prepared statement, whose types MySQL doesn't tell either. */
export function parameterDefinition(charset: ResultCharset): Buffer {
  return definition(['def', '', '', '', '?', ''], charset, {
    collationId: BINARY_COLLATION_ID,
    length: 0,
    type: WireType.VarString,
    flags: ColumnFlag.Binary,
    decimals: 0,
  })
}

/**
 * The column as the client is told of it: comparisons and logic answer with a BIGINT of one digit, which becomes an INT as soon
 * as it is a column.
 */
export function sentColumn(column: ResultColumn): ResultColumn {
  const { type } = column
  const isAnswer = type.name === 'int' && type.length === 1 && isExpression(column)
  return isAnswer ? { ...column, type: { ...type, name: 'bigint' } } : column
}

export function columnDefinition(bound: ResultColumn, charset: ResultCharset): Buffer {
  const column = sentColumn(bound)
  const { type } = column
  const isCharacter = isText(type) || type.name === 'enum' || type.name === 'set' || isJsonExpression(column)
  const names = ['def', column.database, column.table, column.originalTable, column.name, column.originalName]
  return definition(names, charset, {
    collationId: isCharacter ? textCollationId(type, charset) : BINARY_COLLATION_ID,
    length: isCharacter ? textLength(type, charset) : plainLength(column),
    type: isExpression(column) ? expressionType(type) : WIRE_TYPES[type.name],
    flags: columnFlags(column),
    decimals: decimals(column),
  })
}

interface FixedFields {
  readonly collationId: number
  readonly length: number
  readonly type: number
  readonly flags: number
  readonly decimals: number
}

function definition(names: readonly string[], charset: ResultCharset, fields: FixedFields): Buffer {
  const writer = new PayloadWriter()
  for (const name of names) writer.lengthEncodedBytes(encodeText(name, charset))
  return writer
    .uint8(12)
    .uint16(fields.collationId)
    .uint32(fields.length)
    .uint8(fields.type)
    .uint16(fields.flags)
    .uint8(fields.decimals)
    .zeros(2)
    .take()
}

/** JSON columns are sent as binary, results of JSON functions as text. */
function isJsonExpression(column: ResultColumn): boolean {
  return column.type.name === 'json' && column.originalTable === ''
}

function textCollationId(type: SqlType, { collationId }: ResultCharset): number {
  if (collationId !== undefined) return collationId
  return collationByName(type.name === 'json' ? 'utf8mb4_bin' : type.collation)?.id ?? BINARY_COLLATION_ID
}

function textLength(type: SqlType, { charset, collationId }: ResultCharset): number {
  if (collationId === BINARY_COLLATION_ID) return Math.min(characterCount(type), UINT32_MAX)
  if (type.name === 'json') return UINT32_MAX - (UINT32_MAX % 4)
  const bytesPerChar = (charset ?? charsetOfCollation(type.collation)).bytesPerCharMax
  return Math.min(characterCount(type) * bytesPerChar, UINT32_MAX)
}

function characterCount(type: SqlType): number {
  const lengths = (type.members ?? []).map((member) => Array.from(member).length)
  if (type.name === 'enum') return Math.max(0, ...lengths)
  if (type.name === 'set') {
    return lengths.reduce((sum, length) => sum + length, 0) + Math.max(0, lengths.length - 1)
  }
  return type.length
}

/** Digits, point, sign and exponent of a computed value; a column's are counted a little less. */
const APPROXIMATE_EXPRESSION_LENGTH = 23

function plainLength(column: ResultColumn): number {
  const { type } = column
  const isApproximate = type.name === 'double' || type.name === 'float'
  if (isApproximate && type.scale === NOT_FIXED_DECIMALS && isExpression(column)) {
    return APPROXIMATE_EXPRESSION_LENGTH
  }
  if (type.name === 'decimal') {
    return type.length + (type.scale > 0 ? 1 : 0) + (type.unsigned || type.length === 0 ? 0 : 1)
  }
  return Math.min(type.length, UINT32_MAX)
}

/** Text expressions have no fixed number of decimals; text columns have none. */
function decimals(column: ResultColumn): number {
  const { type } = column
  if (isText(type) || isBinary(type)) return isExpression(column) ? NOT_FIXED_DECIMALS : 0
  if (type.name === 'json') return isExpression(column) ? NOT_FIXED_DECIMALS : 0
  if (type.name === 'decimal' || type.name === 'float' || type.name === 'double' || isTemporal(type)) {
    return type.scale
  }
  return 0
}

function isExpression(column: ResultColumn): boolean {
  return column.table === '' && column.originalTable === ''
}

function columnFlags(column: ResultColumn): number {
  const isKey = column.primaryKey || column.uniqueKey || column.multipleKey
  return (
    (column.nullable ? 0 : ColumnFlag.NotNull) |
    (column.primaryKey ? ColumnFlag.PrimaryKey : 0) |
    (column.uniqueKey ? ColumnFlag.UniqueKey : 0) |
    (column.multipleKey ? ColumnFlag.MultipleKey : 0) |
    (isKey ? ColumnFlag.PartOfKey : 0) |
    (column.autoIncrement ? ColumnFlag.AutoIncrement : 0) |
    (column.onUpdateNow ? ColumnFlag.OnUpdateNow | ColumnFlag.Timestamp : 0) |
    (column.hasNoDefault ? ColumnFlag.NoDefaultValue : 0) |
    typeFlags(column)
  )
}

function typeFlags(column: ResultColumn): number {
  const { type } = column
  let flags = comparesBytes(column) ? ColumnFlag.Binary : 0
  if (type.unsigned || type.name === 'bit') flags |= ColumnFlag.Unsigned
  if (type.zerofill) flags |= ColumnFlag.Zerofill
  if (type.name === 'enum') flags |= ColumnFlag.Enum
  if (type.name === 'set') flags |= ColumnFlag.Set
  if ((/text$|blob$/.test(type.name) || type.name === 'json') && !isExpression(column))
    flags |= ColumnFlag.Blob
  return flags
}

/** BINARY_FLAG: binary strings, `_bin` collations, temporal values, and numbers that are no columns. */
function comparesBytes(column: ResultColumn): boolean {
  const { type } = column
  if (isText(type) || type.name === 'enum' || type.name === 'set') {
    return collationByName(type.collation)?.isBinary ?? false
  }
  if (isBinary(type) || isTemporal(type) || type.name === 'json') return true
  return type.name === 'null' || (isNumeric(type) && isExpression(column))
}
