/**
 * Numbers for people: FORMAT (MySQL manual 14.8), FORMAT_BYTES and FORMAT_PICO_TIME (14.21 "Performance Schema
 * Functions").
 */
import { formatDecimal, rescale } from '../common/decimal.js'
import { formatFixed } from '../common/double-format.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { NULL_TYPE, textType, type SqlType } from '../common/sql-type.js'
import type { ExactValue, Value } from '../common/value.js'
import { textLengthMax } from '../common/value-text.js'
import type { ScalarFunction } from '../spi/functions.js'
import { ENGLISH_STYLE, numberStyle, type NumberStyle } from './locales.js'
import { numericKindOf, numericTypeOf } from './numeric-types.js'
import { constantInteger } from './result-types.js'
import { roundDouble } from './rounding.js'
import { scalarFunction, strict1, type Call } from './support.js'
import { unroundedOf } from './unrounded.js'

const DECIMALS_MAX = 30

function decimalsOf(decimals: ExactValue): number {
  return Math.min(Math.max(Number(decimals), 0), DECIMALS_MAX)
}

function argumentType({ args }: Call): SqlType {
  return args[0]?.type ?? NULL_TYPE
}

/** Text of a number of `scale` decimals (if exact) rounded to so many decimals, in plain digits. */
function plainText(type: SqlType, scale: number): (value: Value, decimals: number) => string {
  if (numericKindOf(type) === 'double') {
    return (value, decimals) => formatFixed(roundDouble(value as number, decimals, false), decimals)
  }
  return (value, decimals) => formatDecimal(rescale(value as ExactValue, scale, decimals), decimals)
}

/** Puts separators between the groups of the digits before the point. */
function group(plain: string, style: NumberStyle): string {
  const negative = plain.startsWith('-')
  const [whole = '', fraction] = plain.slice(negative ? 1 : 0).split('.')
  const groups: string[] = []
  const [first, others] = style.groups
  let end = whole.length
  for (let size = first; end > 0; size = others) {
    groups.unshift(whole.slice(Math.max(end - size, 0), end))
    end -= size
  }
  const grouped = style.separator === '' ? whole : groups.join(style.separator)
  return (negative ? '-' : '') + grouped + (fraction === undefined ? '' : style.point + fraction)
}

function styleOf(locale: Value, context: EvaluationContext): NumberStyle {
  if (locale === null) return ENGLISH_STYLE
  const style = numberStyle(locale as string)
  if (style === undefined) context.warn('Warning', 'ER_UNKNOWN_LOCALE', locale as string)
  return style ?? ENGLISH_STYLE
}

function compileFormat([number, decimals, locale]: readonly Evaluator[], call: Call): Evaluator {
  const { evaluate, scale } = unroundedOf(number as Evaluator, numericTypeOf(argumentType(call)).scale)
  const plain = plainText(argumentType(call), scale)
  return (batch, row, context) => {
    const value = evaluate(batch, row, context)
    const places = decimals?.(batch, row, context) as ExactValue | null
    if (value === null || places === null) return null
    const style = locale === undefined ? ENGLISH_STYLE : styleOf(locale(batch, row, context), context)
    return group(plain(value, decimalsOf(places)), style)
  }
}

/** Digits, their separators, the decimals and a sign. */
function formatType(call: Call): SqlType {
  const digits = textLengthMax(argumentType(call))
  const decimals = decimalsOf(constantInteger(call, 1) ?? DECIMALS_MAX)
  const length = digits + Math.floor(digits / 3) + 2 + decimals
  return textType(length, call.environment.connectionCollation)
}

// ---- units ----------------------------------------------------------------------------------------------------

interface Unit {
  readonly name: string
  readonly size: number
}

/** Whole numbers below 1024 or 1000 stand in columns of so many places. */
interface SmallestUnit {
  readonly name: string
  readonly width: number
}

const BYTE_UNITS: readonly Unit[] = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'].map((name, index) => ({
  name,
  size: 1024 ** (index + 1),
}))

const TIME_UNITS: readonly Unit[] = [
  { name: 'ns', size: 1e3 },
  { name: 'us', size: 1e6 },
  { name: 'ms', size: 1e9 },
  { name: 's', size: 1e12 },
  { name: 'min', size: 60e12 },
  { name: 'h', size: 3600e12 },
  { name: 'd', size: 86400e12 },
]

/** Two decimals of the largest unit that fits, or whole numbers of the smallest; exponents from 100 000 on. */
function inUnits(value: number, units: readonly Unit[], smallest: SmallestUnit): string {
  const magnitude = Math.abs(value)
  const unit = units.findLast(({ size }) => magnitude >= size)
  if (unit === undefined) return `${String(Math.trunc(value)).padStart(smallest.width)} ${smallest.name}`
  const scaled = value / unit.size
  return `${Math.abs(scaled) >= 100000 ? exponential(scaled) : scaled.toFixed(2)} ${unit.name}`
}

/** C's %.2e. */
function exponential(value: number): string {
  return value.toExponential(2).replace(/e([+-])(\d)$/, 'e$10$2')
}

function unitFunction(name: string, units: readonly Unit[], smallest: SmallestUnit): ScalarFunction {
  return scalarFunction(name, {
    parameters: ['double'],
    type: textType(17, 'utf8mb4_0900_ai_ci'),
    compile: strict1((value: number) => inUnits(value, units, smallest)),
  })
}

export const numberFormatFunctions: readonly ScalarFunction[] = [
  scalarFunction('format', {
    parameters: ['number', 'integer', 'text'],
    optional: 1,
    type: formatType,
    compile: compileFormat,
  }),
  unitFunction('format_bytes', BYTE_UNITS, { name: 'bytes', width: 4 }),
  unitFunction('format_pico_time', TIME_UNITS, { name: 'ps', width: 3 }),
]
