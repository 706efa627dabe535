/**
 * CEILING, FLOOR, ROUND and TRUNCATE: exact for integers and DECIMAL (MySQL manual 14.6.2 "Mathematical Functions"
 * and 14.24.4 "Rounding Behavior").
 */
import { ceilingDecimal, floorDecimal, rescale, roundDecimal, truncateDecimal } from '../common/decimal.js'
import { roundHalfEven } from '../common/double-format.js'
import type { Evaluator } from '../common/evaluation.js'
import {
  BIGINT_TYPE,
  DECIMAL_SCALE_MAX,
  decimalType,
  DOUBLE_TYPE,
  NULL_TYPE,
  UNSIGNED_BIGINT_TYPE,
  type SqlType,
} from '../common/sql-type.js'
import type { ExactValue } from '../common/value.js'
import type { ScalarFunction } from '../spi/functions.js'
import { checkDecimal } from './arithmetic.js'
import { bigintLike, callText, checkBigint, numericKindOf, numericTypeOf } from './numeric-types.js'
import { constantInteger } from './result-types.js'
import { evaluator1, evaluator2, scalarFunction, synonyms, type Call } from './support.js'
import { unroundedOf } from './unrounded.js'

/** Digits before the point up to which CEILING and FLOOR of a DECIMAL answer a BIGINT. */
const BIGINT_DIGITS_MAX = 17

function firstType({ args }: Call): SqlType {
  return args[0]?.type ?? NULL_TYPE
}

// ---- CEILING and FLOOR ----------------------------------------------------------------------------------------

function integralType(call: Call): SqlType {
  const type = numericTypeOf(firstType(call))
  switch (numericKindOf(type)) {
    case 'integer':
      return bigintLike(type)
    case 'double':
      return DOUBLE_TYPE
    case 'decimal': {
      const digits = type.length - type.scale
      if (digits > BIGINT_DIGITS_MAX) return decimalType(digits + (type.scale > 0 ? 1 : 0), 0, type.unsigned)
      return type.unsigned ? UNSIGNED_BIGINT_TYPE : BIGINT_TYPE
    }
  }
}

function integralFunction(
  names: readonly string[],
  ofDouble: (value: number) => number,
  ofDecimal: (unscaled: ExactValue, scale: number) => ExactValue,
): ScalarFunction[] {
  return synonyms(names, {
    parameters: ['number'],
    type: integralType,
    compile: ([x], call) => {
      const type = numericTypeOf(firstType(call))
      const kind = numericKindOf(type)
      if (kind === 'integer') return x as Evaluator
      if (kind === 'double') return evaluator1(x as Evaluator, ofDouble)
      const { evaluate, scale } = unroundedOf(x as Evaluator, type.scale)
      return evaluator1(evaluate, (value: ExactValue) => ofDecimal(value, scale))
    },
  })
}

// ---- ROUND and TRUNCATE ---------------------------------------------------------------------------------------

/** Places beyond these change nothing: no number has so many digits. */
const PLACES_MAX = 400

interface Rounding {
  readonly truncates: boolean
  readonly decimal: (unscaled: ExactValue, scale: number, places: number) => ExactValue
}

const ROUND: Rounding = { truncates: false, decimal: roundDecimal }
const TRUNCATE: Rounding = { truncates: true, decimal: truncateDecimal }

/** The constant number of places; 0 without second argument; undefined if only the rows know it. */
function constantPlaces(call: Call): number | undefined {
  return call.args.length === 1 ? 0 : constantInteger(call, 1)
}

function roundedType(call: Call, rounding: Rounding): SqlType {
  const type = numericTypeOf(firstType(call))
  const places = constantPlaces(call)
  // Rounding may carry into a new first digit: 9.9 becomes 10.
  const carries = !rounding.truncates && places !== undefined && places < type.scale
  switch (numericKindOf(type)) {
    case 'integer':
      return carries ? oneDigitMore(bigintLike(type)) : bigintLike(type)
    case 'double':
      return DOUBLE_TYPE
    case 'decimal': {
      if (places === undefined) return type
      const scale = Math.min(Math.max(places, 0), DECIMAL_SCALE_MAX)
      return decimalType(type.length - (type.scale - scale) + (carries ? 1 : 0), scale, type.unsigned)
    }
  }
}

/** The width of a BIGINT that can't hold more is left as it is. */
function oneDigitMore(type: SqlType): SqlType {
  return type.length >= BIGINT_TYPE.length ? type : Object.freeze({ ...type, length: type.length + 1 })
}

/** ROUND and TRUNCATE of a DOUBLE: by multiplying, as MySQL does, so that the same last digits come out. */
export function roundDouble(value: number, places: number, truncates: boolean): number {
  const power = 10 ** Math.abs(places)
  const cut = truncates ? Math.trunc : roundHalfEven
  if (places < 0) return Number.isFinite(power) ? cut(value / power) * power : 0
  const scaled = value * power
  return Number.isFinite(scaled) ? cut(scaled) / power : value
}

function placesOf(places: ExactValue): number {
  return Math.max(Math.min(Number(places), PLACES_MAX), -PLACES_MAX)
}

/** How a value of `fromScale` decimals is rounded to some places. */
function rounder(
  call: Call,
  rounding: Rounding,
  fromScale: number,
): (value: never, places: number) => ExactValue {
  const type = roundedType(call, rounding)
  switch (numericKindOf(firstType(call))) {
    case 'double':
      return (value: number, places) => roundDouble(value, places, rounding.truncates)
    case 'integer':
      return (value: ExactValue, places) =>
        places >= 0
          ? value
          : checkBigint(call, rounding.decimal(value, 0, Math.max(places, -40)), type.unsigned)
    case 'decimal':
      return (value: ExactValue, places) =>
        checkDecimal(
          rescale(rounding.decimal(value, fromScale, Math.max(places, -80)), fromScale, type.scale),
          callText(call),
        )
  }
}

function compileRounding([x, places]: readonly Evaluator[], call: Call, rounding: Rounding): Evaluator {
  const { evaluate, scale } = unroundedOf(x as Evaluator, numericTypeOf(firstType(call)).scale)
  const round = rounder(call, rounding, scale)
  if (places === undefined) return evaluator1(evaluate, (value: never) => round(value, 0))
  return evaluator2(evaluate, places, (value: never, count: ExactValue) => round(value, placesOf(count)))
}

export const roundingFunctions: readonly ScalarFunction[] = [
  ...integralFunction(['ceil', 'ceiling'], Math.ceil, ceilingDecimal),
  ...integralFunction(['floor'], Math.floor, floorDecimal),
  scalarFunction('round', {
    parameters: ['number', 'integer'],
    optional: 1,
    type: (call) => roundedType(call, ROUND),
    compile: (args, call) => compileRounding(args, call, ROUND),
  }),
  scalarFunction('truncate', {
    parameters: ['number', 'integer'],
    type: (call) => roundedType(call, TRUNCATE),
    compile: (args, call) => compileRounding(args, call, TRUNCATE),
  }),
]
