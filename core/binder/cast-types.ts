/**
 * The types that CAST and CONVERT name (MySQL manual 14.10).
 */
import { charsetOfCollation } from '../common/collations.js'
import { sqlError } from '../common/sql-error.js'
import {
  BIGINT_TYPE,
  DATE_TYPE,
  DECIMAL_PRECISION_MAX,
  DECIMAL_SCALE_MAX,
  DOUBLE_TYPE,
  FLOAT_TYPE,
  JSON_TYPE,
  UNSIGNED_BIGINT_TYPE,
  YEAR_TYPE,
  binaryType,
  datetimeType,
  decimalType,
  textType,
  timeType,
  type SqlType,
} from '../common/sql-type.js'
import type { CastType } from '../plan/syntax/index.js'
import type { Binding } from './binding.js'

type CastTypeParts = Pick<CastType, 'name'> & Partial<CastType>

/** Length 0 of a string type means: as long as the operand. */
export function castType(binding: Binding, cast: CastTypeParts): SqlType {
  switch (cast.name) {
    case 'signed':
      return BIGINT_TYPE
    case 'unsigned':
      return UNSIGNED_BIGINT_TYPE
    case 'decimal':
      return castDecimal(cast)
    case 'float':
      return (cast.length ?? 0) > 24 ? DOUBLE_TYPE : FLOAT_TYPE
    case 'double':
      return DOUBLE_TYPE
    case 'date':
      return DATE_TYPE
    case 'time':
      return timeType(fractionDigits(cast))
    case 'datetime':
      return datetimeType(fractionDigits(cast))
    case 'year':
      return YEAR_TYPE
    case 'json':
      return JSON_TYPE
    case 'binary':
      // BINARY(n) pads to n bytes, BINARY takes the operand's length.
      return cast.length === undefined ? binaryType(0) : { ...binaryType(cast.length), name: 'binary' }
    case 'char':
      return castChar(binding, cast)
    default:
      throw sqlError('ER_NOT_SUPPORTED_YET', `CAST AS ${cast.name.toUpperCase()}`)
  }
}

function castChar(binding: Binding, cast: CastTypeParts): SqlType {
  const environment = binding.environment
  if (cast.charset === 'binary') return binaryType(cast.length ?? 0)
  const charset = cast.charset ?? environment.charsetOf(environment.connectionCollation)
  const collation = cast.binaryCollation
    ? `${charset}_bin`
    : cast.charset === undefined
      ? environment.connectionCollation
      : environment.defaultCollation(charset)
  return textType(cast.length ?? 0, collation)
}

function castDecimal(cast: CastTypeParts): SqlType {
  const precision = cast.length ?? 10
  const scale = cast.scale ?? 0
  if (precision > DECIMAL_PRECISION_MAX) {
    throw sqlError('ER_TOO_BIG_PRECISION', precision, 'CAST', DECIMAL_PRECISION_MAX)
  }
  if (scale > DECIMAL_SCALE_MAX) throw sqlError('ER_TOO_BIG_SCALE', scale, 'CAST', DECIMAL_SCALE_MAX)
  if (scale > precision && cast.length !== undefined && precision !== 0)
    throw sqlError('ER_M_BIGGER_THAN_D', '')
  return decimalType(precision === 0 ? 10 : precision, scale)
}

function fractionDigits(cast: CastTypeParts): number {
  const digits = cast.length ?? 0
  if (digits > 6) throw sqlError('ER_TOO_BIG_PRECISION', digits, 'CAST', 6)
  return digits
}

/** A type as messages show a cast to it. */
export function castTypeText(type: SqlType): string {
  switch (type.name) {
    case 'bigint':
      return type.unsigned ? 'unsigned' : 'signed'
    case 'decimal':
      return `decimal(${type.length},${type.scale})`
    case 'varbinary':
    case 'binary':
      return withLength('binary', type.length)
    case 'varchar':
    case 'char':
      return `${withLength('char', type.length)} charset ${charsetOfCollation(type.collation).name}`
    case 'time':
    case 'datetime':
      return withLength(type.name, type.scale)
    default:
      return type.name
  }
}

function withLength(name: string, length: number): string {
  return length === 0 ? name : `${name}(${length})`
}
