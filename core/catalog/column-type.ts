/**
 * Column types as declared to exact types (MySQL manual, chapter 13 and 12.3.5): lengths that were left out, limits,
 * character sets.
 */
import { requireCharset } from '../common/charsets.js'
import { binaryCollationOf, defaultCollationOf, requireCollation } from '../common/collations.js'
import type { Collation } from '../common/collation.js'
import type { ErrorCode } from '../common/error-catalogue.js'
import { sqlError } from '../common/sql-error.js'
import {
  DATE_TYPE,
  DECIMAL_PRECISION_MAX,
  DECIMAL_SCALE_MAX,
  JSON_TYPE,
  LARGE_BYTES,
  NOT_FIXED_DECIMALS,
  YEAR_TYPE,
  datetimeType,
  timeType,
  timestampType,
  type SqlType,
  type TypeName,
} from '../common/sql-type.js'
import { codePointCount, textLengthMax } from '../common/value-text.js'
import type { ColumnDataType } from '../plan/syntax/data-type.js'
import type { TableDefinitionContext } from './definition-context.js'

const CHAR_LENGTH_MAX = 255
const VARIABLE_BYTES_MAX = 65535
const BIT_LENGTH_MAX = 64
const DISPLAY_WIDTH_MAX = 255
const FRACTION_DIGITS_MAX = 6
const SET_MEMBERS_MAX = 64
const ENUM_MEMBERS_MAX = 65535
const MEMBER_LENGTH_MAX = 255
/** Bits of precision that FLOAT(p) holds, and DOUBLE. */
const FLOAT_BITS_MAX = 24
const DOUBLE_BITS_MAX = 53

/** What a type needs of the definition that it stands in. */
export type TypeContext = Pick<TableDefinitionContext, 'isStrict' | 'warn'>

interface TypeScope {
  readonly column: string
  readonly tableCollation: string
  readonly context: TypeContext
}

/**
 * The exact type of a column. Throws ER_TOO_BIG_FIELDLENGTH, ER_TOO_BIG_PRECISION, ER_UNKNOWN_CHARACTER_SET and the like;
 * warns of what is deprecated.
 */
export function columnType(
  declared: ColumnDataType,
  column: string,
  tableCollation: string,
  context: TypeContext,
): SqlType {
  const scope: TypeScope = { column, tableCollation, context }
  switch (declared.name) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
      return integerType(declared.name, declared, scope)
    case 'decimal':
      return decimalColumnType(declared, scope)
    case 'float':
    case 'double':
      return approximateType(declared.name, declared, scope)
    case 'bit':
      return bitType(declared, scope)
    case 'year':
      return yearType(declared, scope)
    case 'date':
      return DATE_TYPE
    case 'time':
      return timeType(fractionDigits(declared, scope))
    case 'datetime':
      return datetimeType(fractionDigits(declared, scope))
    case 'timestamp':
      return timestampType(fractionDigits(declared, scope))
    case 'json':
      return JSON_TYPE
    case 'enum':
    case 'set':
      return memberType(declared.name, declared, scope)
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      return binaryColumnType(declared.name, declared.length, scope)
    case 'char':
    case 'varchar':
    case 'tinytext':
    case 'text':
    case 'mediumtext':
    case 'longtext':
      return textColumnType(declared.name, declared, scope)
    default:
      throw sqlError('ER_NOT_SUPPORTED_YET', `column type ${declared.name.toUpperCase()}`)
  }
}

/** The collation that CHARACTER SET and COLLATE clauses give; `inherited` without both. */
export function chosenCollation(
  charset: string | undefined,
  collation: string | undefined,
  inherited: string,
): Collation {
  if (collation === undefined) {
    return charset === undefined ? requireCollation(inherited) : defaultCollationOf(requireCharset(charset))
  }
  const chosen = requireCollation(collation)
  if (charset !== undefined && requireCharset(charset) !== chosen.charset) {
    throw sqlError('ER_COLLATION_CHARSET_MISMATCH', collation, charset)
  }
  return chosen
}

function make(name: TypeName, length: number, more: Partial<SqlType> = {}): SqlType {
  return Object.freeze({
    name,
    unsigned: false,
    zerofill: false,
    length,
    scale: 0,
    collation: 'binary',
    ...more,
  })
}

// ---- Numbers --------------------------------------------------------------------------------------------------

/** Display widths, for signed and unsigned columns. */
const INTEGER_WIDTHS = {
  tinyint: [4, 3],
  smallint: [6, 5],
  mediumint: [9, 8],
  int: [11, 10],
  bigint: [20, 20],
} as const

function integerType(name: keyof typeof INTEGER_WIDTHS, declared: ColumnDataType, scope: TypeScope): SqlType {
  const { length, zerofill } = declared
  const unsigned = declared.unsigned || zerofill
  checkDisplayWidth(length, DISPLAY_WIDTH_MAX, scope)
  const isBoolean = name === 'tinyint' && length === 1
  if (length !== undefined && !isBoolean)
    scope.context.warn('Warning', 'ER_WARN_DEPRECATED_INTEGER_DISPLAY_WIDTH')
  if (zerofill) scope.context.warn('Warning', 'ER_WARN_DEPRECATED_ZEROFILL')
  // The width matters where zeros fill it; TINYINT(1) is what clients take for a boolean.
  const isWidthKept = zerofill || (isBoolean && !unsigned)
  const usual = INTEGER_WIDTHS[name][unsigned ? 1 : 0]
  const width = isWidthKept && length !== undefined && length > 0 ? length : usual
  return make(name, width, { unsigned, zerofill })
}

function checkDisplayWidth(length: number | undefined, max: number, scope: TypeScope): void {
  if (length !== undefined && length > max) throw sqlError('ER_TOO_BIG_DISPLAYWIDTH', scope.column, max)
}

function decimalColumnType(declared: ColumnDataType, scope: TypeScope): SqlType {
  const scale = declared.scale ?? 0
  const precision = declared.length === undefined || declared.length === 0 ? 10 : declared.length
  if (scale > DECIMAL_SCALE_MAX) throw sqlError('ER_TOO_BIG_SCALE', scale, scope.column, DECIMAL_SCALE_MAX)
  if (precision > DECIMAL_PRECISION_MAX) {
    throw sqlError('ER_TOO_BIG_PRECISION', precision, scope.column, DECIMAL_PRECISION_MAX)
  }
  if (scale > precision) throw sqlError('ER_M_BIGGER_THAN_D', scope.column)
  warnOfUnsignedFraction(declared, scope)
  const { zerofill } = declared
  return make('decimal', precision, { scale, zerofill, unsigned: declared.unsigned || zerofill })
}

function approximateType(name: 'float' | 'double', declared: ColumnDataType, scope: TypeScope): SqlType {
  const { length, scale, zerofill } = declared
  warnOfUnsignedFraction(declared, scope)
  const attributes = { unsigned: declared.unsigned || zerofill, zerofill }
  if (length !== undefined && scale !== undefined) {
    if (scale > DECIMAL_SCALE_MAX) throw sqlError('ER_TOO_BIG_SCALE', scale, scope.column, DECIMAL_SCALE_MAX)
    checkDisplayWidth(length, DISPLAY_WIDTH_MAX, scope)
    if (scale > length) throw sqlError('ER_M_BIGGER_THAN_D', scope.column)
    scope.context.warn('Warning', 'ER_WARN_DEPRECATED_FLOAT_DIGITS')
    return make(name, length, { ...attributes, scale })
  }
  if (length !== undefined && length > DOUBLE_BITS_MAX) throw sqlError('ER_WRONG_FIELD_SPEC', scope.column)
  const isDouble = name === 'double' || (length ?? 0) > FLOAT_BITS_MAX
  return make(isDouble ? 'double' : 'float', isDouble ? 22 : 12, { ...attributes, scale: NOT_FIXED_DECIMALS })
}

function warnOfUnsignedFraction(declared: ColumnDataType, scope: TypeScope): void {
  if (declared.zerofill) scope.context.warn('Warning', 'ER_WARN_DEPRECATED_ZEROFILL')
  if (declared.unsigned) scope.context.warn('Warning', 'ER_WARN_DEPRECATED_FLOAT_UNSIGNED')
}

function bitType(declared: ColumnDataType, scope: TypeScope): SqlType {
  const length = declared.length ?? 1
  if (length === 0) throw sqlError('ER_INVALID_FIELD_SIZE', scope.column)
  checkDisplayWidth(length, BIT_LENGTH_MAX, scope)
  return make('bit', length, { unsigned: true })
}

function yearType(declared: ColumnDataType, scope: TypeScope): SqlType {
  const { length } = declared
  if (length !== undefined && length !== 4) throw sqlError('ER_INVALID_YEAR_COLUMN_LENGTH')
  if (length === 4) scope.context.warn('Warning', 'ER_WARN_DEPRECATED_YEAR_WIDTH')
  return YEAR_TYPE
}

function fractionDigits(declared: ColumnDataType, scope: TypeScope): number {
  const digits = declared.length ?? 0
  if (digits > FRACTION_DIGITS_MAX) {
    throw sqlError('ER_TOO_BIG_PRECISION', digits, scope.column, FRACTION_DIGITS_MAX)
  }
  return digits
}

// ---- Strings --------------------------------------------------------------------------------------------------

type TextName = 'char' | 'varchar' | 'tinytext' | 'text' | 'mediumtext' | 'longtext'
type BinaryName = 'binary' | 'varbinary' | 'tinyblob' | 'blob' | 'mediumblob' | 'longblob'

/** What a text type becomes with CHARACTER SET binary. */
const BINARY_FORMS: Readonly<Record<TextName, BinaryName>> = {
  char: 'binary',
  varchar: 'varbinary',
  tinytext: 'tinyblob',
  text: 'blob',
  mediumtext: 'mediumblob',
  longtext: 'longblob',
}

const TEXT_CLASSES = ['tinytext', 'text', 'mediumtext', 'longtext'] as const
const BLOB_CLASSES = ['tinyblob', 'blob', 'mediumblob', 'longblob'] as const

function textColumnType(name: TextName, declared: ColumnDataType, scope: TypeScope): SqlType {
  const collation = declaredCollation(declared, scope)
  if (collation.charset.name === 'binary') {
    return binaryColumnType(BINARY_FORMS[name], declared.length, scope)
  }
  const bytesPerChar = collation.charset.bytesPerCharMax
  const more = { collation: collation.name }
  switch (name) {
    case 'char': {
      const length = declared.length ?? 1
      if (length > CHAR_LENGTH_MAX) throw sqlError('ER_TOO_BIG_FIELDLENGTH', scope.column, CHAR_LENGTH_MAX)
      return make('char', length, more)
    }
    case 'varchar': {
      const length = declared.length ?? 1
      const max = Math.floor(VARIABLE_BYTES_MAX / bytesPerChar)
      if (length <= max) return make('varchar', length, more)
      const wider = widened(TEXT_CLASSES, length * bytesPerChar, max, 'VARCHAR', scope)
      return make(wider, LARGE_BYTES[wider], more)
    }
    case 'text': {
      const sized = declared.length === undefined || declared.length === 0 ? undefined : declared.length
      const size = sized === undefined ? 'text' : classFor(TEXT_CLASSES, sized * bytesPerChar, scope)
      return make(size, LARGE_BYTES[size], more)
    }
    default:
      return make(name, LARGE_BYTES[name], more)
  }
}

function binaryColumnType(name: BinaryName, length: number | undefined, scope: TypeScope): SqlType {
  switch (name) {
    case 'binary':
      if ((length ?? 1) > CHAR_LENGTH_MAX) {
        throw sqlError('ER_TOO_BIG_FIELDLENGTH', scope.column, CHAR_LENGTH_MAX)
      }
      return make('binary', length ?? 1)
    case 'varbinary': {
      const bytes = length ?? 1
      if (bytes <= VARIABLE_BYTES_MAX) return make('varbinary', bytes)
      const wider = widened(BLOB_CLASSES, bytes, VARIABLE_BYTES_MAX, 'VARBINARY', scope)
      return make(wider, LARGE_BYTES[wider])
    }
    case 'blob': {
      const size = length === undefined || length === 0 ? 'blob' : classFor(BLOB_CLASSES, length, scope)
      return make(size, LARGE_BYTES[size])
    }
    default:
      return make(name, LARGE_BYTES[name])
  }
}

/** The smallest of four size classes that holds so many bytes. */
function classFor<T extends keyof typeof LARGE_BYTES>(
  classes: readonly [T, T, T, T],
  bytes: number,
  scope: TypeScope,
): T {
  const fitting = classes.find((name) => LARGE_BYTES[name] >= bytes)
  if (fitting === undefined) throw sqlError('ER_TOO_BIG_DISPLAYWIDTH', scope.column, LARGE_BYTES.longtext)
  return fitting
}

/** Too long for VARCHAR: an error in strict mode, else a TEXT with a note. */
function widened<T extends keyof typeof LARGE_BYTES>(
  classes: readonly [T, T, T, T],
  bytes: number,
  max: number,
  from: string,
  scope: TypeScope,
): T {
  if (scope.context.isStrict) throw sqlError('ER_TOO_BIG_FIELDLENGTH', scope.column, max)
  const wider = classFor(classes, bytes, scope)
  scope.context.warn('Note', 'ER_AUTO_CONVERT', scope.column, from, wider.toUpperCase())
  return wider
}

function declaredCollation(declared: ColumnDataType, scope: TypeScope): Collation {
  const chosen = chosenCollation(declared.charset, declared.collation, scope.tableCollation)
  return declared.binaryCollation && declared.collation === undefined
    ? binaryCollationOf(chosen.charset)
    : chosen
}

// ---- ENUM and SET ---------------------------------------------------------------------------------------------

function memberType(name: 'enum' | 'set', declared: ColumnDataType, scope: TypeScope): SqlType {
  const collation = declaredCollation(declared, scope)
  const members = (declared.members ?? []).map((member) => member.replace(/ +$/, ''))
  if (name === 'set') checkSetMembers(members, scope)
  else if (members.length > ENUM_MEMBERS_MAX) throw sqlError('ER_TOO_BIG_ENUM', scope.column)
  checkMembers(name, members, collation, scope)
  const type = make(name, 0, { collation: collation.name, members: Object.freeze(members) })
  return Object.freeze({ ...type, length: textLengthMax(type) })
}

function checkSetMembers(members: readonly string[], scope: TypeScope): void {
  if (members.length > SET_MEMBERS_MAX) throw sqlError('ER_TOO_BIG_SET', scope.column)
  const bad = members.find((member) => member.includes(','))
  if (bad !== undefined) throw sqlError('ER_ILLEGAL_VALUE_FOR_TYPE', 'set', bad)
}

function checkMembers(
  name: 'enum' | 'set',
  members: readonly string[],
  collation: Collation,
  scope: TypeScope,
): void {
  const seen = new Map<string, string>()
  const code: ErrorCode = 'ER_DUPLICATED_VALUE_IN_TYPE'
  for (const member of members) {
    if (codePointCount(member) > MEMBER_LENGTH_MAX) {
      throw sqlError('ER_TOO_LONG_SET_ENUM_VALUE', scope.column)
    }
    const key = collation.hashKey(member)
    const first = seen.get(key)
    if (first === undefined) seen.set(key, member)
    else if (scope.context.isStrict) throw sqlError(code, scope.column, first, name.toUpperCase())
    else scope.context.warn('Note', code, scope.column, first, name.toUpperCase())
  }
}
