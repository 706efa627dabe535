/**
 * Kinds of parameters: what a function wants of an argument, and the type that the binder converts the argument to.
 */
import { byteLengthMax } from '../common/byte-length.js'
import {
  BIGINT_TYPE,
  binaryType,
  DECIMAL_PRECISION_MAX,
  decimalType,
  DOUBLE_TYPE,
  isApproximate,
  isBinary,
  isNumeric,
  isTemporal,
  isText,
  JSON_TYPE,
  representationOf,
  textType,
  type SqlType,
} from '../common/sql-type.js'
import { textLengthMax } from '../common/value-text.js'
import type { ArgumentInfo, BindingEnvironment } from '../spi/functions.js'
import { type StringDomain } from './string-domain.js'

/**
 * - `any`: left as it is.
 * - `string`: text or bytes; all parameters of this kind agree on one collation (see `StringDomain`).
 * - `text`, `bytes`: a string apart from the others: a format, a key, data to hash.
 * - `integer`: an exact value with unit 1; strings and fractions are rounded to BIGINT.
 * - `double`: a JavaScript number.
 * - `number`: a number of whatever numeric type the argument has; strings become DOUBLE.
 * - `exact`: an integer or DECIMAL; strings and doubles become DECIMAL.
 * - `temporal`: something for the readers of `temporal-arguments.ts`: a temporal, a number or text.
 * - `json`: MySQL's JSON text.
 */
export type ParameterKind =
  'any' | 'string' | 'text' | 'bytes' | 'integer' | 'double' | 'number' | 'exact' | 'temporal' | 'json'

/** The type that an argument is converted to; undefined leaves it as it is. */
export function parameterType(
  kind: ParameterKind,
  argument: ArgumentInfo,
  strings: StringDomain,
  environment: BindingEnvironment,
): SqlType | undefined {
  const { type } = argument
  if (type.name === 'null') return undefined
  switch (kind) {
    case 'any':
      return undefined
    case 'string':
      return strings.isBinary ? asBytes(type) : asText(type, environment)
    case 'text':
      return asText(type, environment)
    case 'bytes':
      return asBytes(type)
    case 'integer':
      return isWhole(type) ? undefined : BIGINT_TYPE
    case 'double':
      return isApproximate(type) ? undefined : DOUBLE_TYPE
    case 'number':
      return asNumber(type)
    case 'exact':
      return asExact(type)
    case 'temporal':
      return isTemporal(type) || isNumeric(type) || type.name === 'json'
        ? undefined
        : asText(type, environment)
    case 'json':
      return type.name === 'json' ? undefined : JSON_TYPE
  }
}

function asText(type: SqlType, environment: BindingEnvironment): SqlType | undefined {
  if (isText(type)) return undefined
  const collation =
    type.name === 'enum' || type.name === 'set' ? type.collation : environment.connectionCollation
  return textType(textLengthMax(type), collation)
}

function asBytes(type: SqlType): SqlType | undefined {
  return isBinary(type) ? undefined : binaryType(byteLengthMax(type))
}

function asNumber(type: SqlType): SqlType | undefined {
  if (isNumeric(type)) return undefined
  if (isTemporal(type)) return type.scale > 0 ? decimalType(14 + type.scale, type.scale) : BIGINT_TYPE
  return DOUBLE_TYPE
}

/** Whether values of the type are integers that count ones. */
function isWhole(type: SqlType): boolean {
  return representationOf(type) === 'exact' && type.name !== 'decimal' && !isTemporal(type)
}

/** Decimals that a string or a double keeps when it becomes DECIMAL: those of a time. */
const EXACT_SCALE = 6

/** The decimals of an argument of kind `exact` after its conversion. */
export function exactScaleOf(type: SqlType): number {
  if (type.name === 'decimal' || isTemporal(type)) return type.scale
  return isWhole(type) || type.name === 'null' ? 0 : EXACT_SCALE
}

function asExact(type: SqlType): SqlType | undefined {
  if (isWhole(type) || type.name === 'decimal') return undefined
  if (isTemporal(type)) return asNumber(type)
  return decimalType(DECIMAL_PRECISION_MAX, EXACT_SCALE)
}
