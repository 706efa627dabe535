/**
 * Types of a remote's columns, from the texts in its information_schema (MySQL manual 28.3.8).
 */
import {
  binaryType,
  charsetByName,
  collationByName,
  datetimeType,
  decimalType,
  defaultCollationOf,
  JSON_TYPE,
  NOT_FIXED_DECIMALS,
  textType,
  timestampType,
  timeType,
  YEAR_TYPE,
  type SqlType,
  type TypeName,
} from '@switchyard/core/spi'

export interface RemoteColumnType {
  readonly type: SqlType
  /** Whether values compare there as they do here: the remote's type and collation are ones that we have. */
  readonly isOwn: boolean
}

const TYPE = /^(\w+)(?:\(((?:[^')]|'(?:[^']|'')*')*)\))?(.*)$/s
const MEMBER = /'((?:[^']|'')*)'/g
/** Display widths, for signed and unsigned columns. */
const INTEGER_WIDTHS: Readonly<Record<string, readonly [signed: number, unsigned: number]>> = {
  tinyint: [4, 3],
  smallint: [6, 5],
  mediumint: [9, 8],
  int: [11, 10],
  bigint: [20, 20],
}
const TEXT_LENGTHS: Readonly<Record<string, number>> = {
  tinytext: 255,
  text: 65_535,
  mediumtext: 16_777_215,
  longtext: 4_294_967_295,
}
const BLOB_LENGTHS: Readonly<Record<string, number>> = {
  tinyblob: 255,
  blob: 65_535,
  mediumblob: 16_777_215,
  longblob: 4_294_967_295,
}

/** Texts of the length in which a server shows values of types that only it has. */
const SHOWN_LENGTHS: Readonly<Record<string, number>> = { uuid: 36, inet4: 15, inet6: 39 }

/** Types that we don't have are the texts, or else the bytes, in which their values come: GEOMETRY, VECTOR and their like. */
export function remoteColumnType(columnType: string, collation: string | undefined): RemoteColumnType {
  const [, word = '', inside = '', behind = ''] = TYPE.exec(columnType) ?? []
  const name = word.toLowerCase()
  const text = collation === undefined ? undefined : textColumnType(name, inside, collation)
  if (text !== undefined) return text
  const type = numericOrTemporal(name, inside, behind.toLowerCase()) ?? bytesType(name, inside)
  if (type !== undefined) return { type, isOwn: true }
  const length = SHOWN_LENGTHS[name]
  if (length !== undefined) return { type: textType(length, 'utf8mb4_bin'), isOwn: false }
  return { type: made('longblob', 4_294_967_295, 0, false, false), isOwn: false }
}

function numericOrTemporal(name: string, inside: string, behind: string): SqlType | undefined {
  const unsigned = behind.includes('unsigned')
  const zerofill = behind.includes('zerofill')
  const [first, second] = inside === '' ? [] : inside.split(',').map(Number)
  const width = INTEGER_WIDTHS[name]
  if (width !== undefined) {
    // The width matters where zeros fill it; TINYINT(1) is what clients take for a boolean.
    const isWidthKept = zerofill || (name === 'tinyint' && first === 1 && !unsigned)
    const usual = width[unsigned ? 1 : 0]
    return made(name as TypeName, isWidthKept ? (first ?? usual) : usual, 0, unsigned, zerofill)
  }
  switch (name) {
    case 'decimal':
      return { ...decimalType(first ?? 10, second ?? 0, unsigned), zerofill }
    case 'float':
      return made('float', first ?? 12, second ?? NOT_FIXED_DECIMALS, unsigned, zerofill)
    case 'double':
      return made('double', first ?? 22, second ?? NOT_FIXED_DECIMALS, unsigned, zerofill)
    case 'bit':
      return made('bit', first ?? 1, 0, true, false)
    case 'year':
      return YEAR_TYPE
    case 'date':
      return made('date', 10, 0, false, false)
    case 'time':
      return timeType(first ?? 0)
    case 'datetime':
      return datetimeType(first ?? 0)
    case 'timestamp':
      return timestampType(first ?? 0)
    case 'json':
      return JSON_TYPE
    default:
      return undefined
  }
}

function bytesType(name: string, inside: string): SqlType | undefined {
  if (name === 'binary') return made('binary', Number(inside || 1), 0, false, false)
  if (name === 'varbinary') return { ...binaryType(1), length: Number(inside) }
  const length = BLOB_LENGTHS[name]
  return length === undefined ? undefined : made(name as TypeName, length, 0, false, false)
}

function textColumnType(name: string, inside: string, remote: string): RemoteColumnType | undefined {
  const { collation, isOwn } = ownCollation(remote)
  const text = (length: number): SqlType => ({
    ...made(name as TypeName, length, 0, false, false),
    collation,
  })
  const answer = (type: SqlType): RemoteColumnType => ({ type, isOwn })
  if (name === 'char' || name === 'varchar') return answer(text(Number(inside || 1)))
  const length = TEXT_LENGTHS[name]
  if (length !== undefined) return answer(text(length))
  if (name !== 'enum' && name !== 'set') return undefined
  const members = [...inside.matchAll(MEMBER)].map(([, member = '']) => member.replaceAll("''", "'"))
  const lengths = members.map((member) => Array.from(member).length)
  const width = name === 'enum' ? Math.max(1, ...lengths) : lengths.reduce((sum, each) => sum + each + 1, -1)
  return answer({ ...text(Math.max(width, 1)), members })
}

/** Ours of the same name; of an unknown one, the default of its character set, with which nothing is compared over there. */
function ownCollation(remote: string): { readonly collation: string; readonly isOwn: boolean } {
  const name = remote.replace(/^utf8_/, 'utf8mb3_')
  if (collationByName(name) !== undefined) return { collation: name, isOwn: true }
  const charset = charsetByName(name.replace(/_.*/s, '')) ?? charsetByName('utf8mb4')
  if (charset === undefined) throw new Error('invariant: utf8mb4 is always there')
  return { collation: defaultCollationOf(charset).name, isOwn: false }
}

function made(name: TypeName, length: number, scale: number, unsigned: boolean, zerofill: boolean): SqlType {
  return { name, unsigned, zerofill, length, scale, collation: 'binary' }
}
