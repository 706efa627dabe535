/**
 * Binds literals (MySQL manual, chapter 11.1). A literal whose type doesn't depend on its value closely becomes a parameter if the
 * statement's plan shall serve other literals too; the others stay constants and are pinned.
 */
import type { EvaluationContext } from '../common/evaluation.js'
import { compileConversion } from '../common/conversion.js'
import { parseDecimal } from '../common/decimal.js'
import { sizeClassOf, sizeOfClass } from '../common/literal-size.js'
import { sqlError } from '../common/sql-error.js'
import {
  BIGINT_TYPE,
  BOOLEAN_TYPE,
  DATE_TYPE,
  DOUBLE_TYPE,
  NULL_TYPE,
  UNSIGNED_BIGINT_TYPE,
  binaryType,
  datetimeType,
  decimalType,
  textType,
  timeType,
  type SqlType,
} from '../common/sql-type.js'
import { exact, type ExactValue, type Value } from '../common/value.js'
import type { ConstantExpression, Expression } from '../plan/expression.js'
import type {
  BitLiteral,
  HexLiteral,
  Literal,
  NumberLiteral,
  StringLiteral,
  TemporalLiteral,
} from '../plan/syntax/index.js'
import type { Binding } from './binding.js'

const SIGNED_MAX = 2n ** 63n - 1n
const UNSIGNED_MAX = 2n ** 64n - 1n
/** Longest integer text that is a safe number whatever its digits. */
const SAFE_DIGITS = 15
const DECIMAL_CHARACTERS_MAX = 65

export function constant(type: SqlType, value: Value, text: string, coercibility = 5): ConstantExpression {
  return { kind: 'constant', type, value, nullable: value === null, coercibility, text }
}

export const NULL_CONSTANT: ConstantExpression = constant(NULL_TYPE, null, 'NULL', 6)

/** With `isExact` the literal's own type is wanted, as it shows in metadata; otherwise one that fits all literals like it. */
export function bindLiteral(binding: Binding, literal: Literal, isExact = false): Expression {
  switch (literal.kind) {
    case 'null':
      return NULL_CONSTANT
    case 'boolean':
      return constant(BOOLEAN_TYPE, literal.value ? 1 : 0, literal.value ? 'true' : 'false')
    case 'number':
      return bindNumber(binding, literal, isExact)
    case 'string':
      return bindString(binding, literal, isExact)
    case 'hex':
    case 'bit':
      return bindBytes(binding, literal)
    case 'temporal':
      return bindTemporal(binding, literal)
  }
}

function bindNumber(binding: Binding, literal: NumberLiteral, isExact: boolean): Expression {
  const text = literal.text
  if (literal.class === 'integer') {
    if (text.length <= SAFE_DIGITS) {
      const type = integerType(isExact ? text.length : SAFE_DIGITS, false)
      return parameterized(binding, literal, type, Number(text), text, 5, isExact)
    }
    binding.pin(literal.ordinal)
    const value = BigInt(text)
    if (value <= SIGNED_MAX) return constant(integerType(text.length, false), exact(value), text)
    if (value <= UNSIGNED_MAX) return constant(integerType(text.length, true), exact(value), text)
  }
  if (literal.class === 'float') {
    const value = Number(text)
    if (!Number.isFinite(value)) throw sqlError('ER_ILLEGAL_VALUE_FOR_TYPE', 'double', text)
    return parameterized(binding, literal, DOUBLE_TYPE, value, text, 5, isExact)
  }
  const { unscaled, scale } = parseDecimal(text)
  const digits = text.replace('.', '').replace(/^0+/, '').length
  const type = decimalType(Math.max(digits, scale, 1), scale)
  // The plan cache has length and scale in its key; longer numbers are in it whole.
  if (text.length <= DECIMAL_CHARACTERS_MAX && literal.class === 'decimal') {
    const likely = isExact ? type : decimalType(Math.max(text.length - 1, scale, 1), scale)
    return parameterized(binding, literal, likely, unscaled, text, 5, isExact)
  }
  binding.pin(literal.ordinal)
  return constant(type, unscaled, text)
}

/** Integer literals are BIGINT; the length counts the digits and a sign. */
function integerType(digits: number, unsigned: boolean): SqlType {
  return { ...BIGINT_TYPE, length: digits + 1, unsigned }
}

function bindString(binding: Binding, literal: StringLiteral, isExact: boolean): Expression {
  const environment = binding.environment
  const charset = literal.introducer ?? environment.clientCharset
  const shown = `'${literal.bytes}'`
  noteText(binding, literal)
  if (charset === 'binary') {
    binding.pin(literal.ordinal)
    return constant(binaryType(literal.bytes.length), Buffer.from(literal.bytes, 'latin1'), shown, 4)
  }
  const text = environment.decode(literal.bytes, charset)
  if (text === undefined) {
    // As MySQL, take the bytes as they are: dumps write BLOBs so.
    binding.pin(literal.ordinal)
    const bytes = Buffer.from(literal.bytes, 'latin1')
    environment.warn(
      'Warning',
      'ER_INVALID_CHARACTER_STRING',
      charset,
      bytes.subarray(0, 6).toString('hex').toUpperCase(),
    )
    return constant(binaryType(bytes.length), bytes, shown, 4)
  }
  const collation =
    literal.introducer === undefined ? environment.connectionCollation : environment.defaultCollation(charset)
  const type = textType(text.length, collation)
  if (literal.introducer !== undefined || literal.tokenCount > 1) {
    for (let i = 0; i < literal.tokenCount; i++) binding.pin(literal.ordinal + i)
    return constant(type, text, shown, 4)
  }
  const bound = textType(sizeOfClass(sizeClassOf(literal.end - literal.start)), collation)
  return parameterized(binding, literal, isExact ? type : bound, text, shown, 4, isExact)
}

/** What the plan cache compares: the text in the client's character set, whatever the literal makes of it. */
function noteText(binding: Binding, literal: StringLiteral | TemporalLiteral): void {
  const text = binding.environment.decode(literal.bytes, binding.environment.clientCharset)
  if (text === undefined) binding.forbidCaching()
  else binding.noteLiteral(literal.ordinal, text)
}

function bindBytes(binding: Binding, literal: HexLiteral | BitLiteral): Expression {
  binding.pin(literal.ordinal)
  const bytes = Buffer.from(literal.bytes, 'latin1')
  const shown = `0x${bytes.toString('hex').toUpperCase()}`
  if (literal.introducer !== undefined && literal.introducer !== 'binary') {
    const text = binding.environment.decode(literal.bytes, literal.introducer)
    if (text === undefined)
      throw sqlError('ER_INVALID_CHARACTER_STRING', literal.introducer, bytes.toString('hex').toUpperCase())
    return constant(
      textType(text.length, binding.environment.defaultCollation(literal.introducer)),
      text,
      shown,
      4,
    )
  }
  return { ...constant(binaryType(bytes.length), bytes, shown, 4), number: integerOf(bytes) }
}

/** The last eight bytes as a big-endian number. */
function integerOf(bytes: Buffer): ExactValue {
  let value = 0n
  for (const byte of bytes.subarray(-8)) value = (value << 8n) | BigInt(byte)
  return exact(value)
}

/** A hex or bit literal as the number that it is in numeric context; any other expression as it is. */
export function numericForm(expression: Expression): Expression {
  if (expression.kind !== 'constant' || expression.number === undefined) return expression
  return constant(UNSIGNED_BIGINT_TYPE, expression.number, expression.text)
}

/** A date alone is no TIMESTAMP; digits without separators may be both. */
const IS_DATE = /^\s*\d+[^\d\s]+\d+[^\d\s]+\d+\s*$|^\s*\d{1,8}\s*$/

const TEMPORAL_NAMES = { date: 'DATE', time: 'TIME', timestamp: 'DATETIME' } as const

function bindTemporal(binding: Binding, literal: TemporalLiteral): Expression {
  noteText(binding, literal)
  binding.pin(literal.ordinal)
  const text = literal.bytes
  const digits = Math.min(/\.(\d+)\s*([+-]\d\d?:\d\d)?$/.exec(text)?.[1]?.length ?? 0, 6)
  const type =
    literal.type === 'date' ? DATE_TYPE : literal.type === 'time' ? timeType(digits) : datetimeType(digits)
  const convert = compileConversion(textType(text.length, binding.environment.connectionCollation), type)
  // What it doesn't overrule may be computed on demand, which copying would lose.
  const quiet = { warn: () => undefined, strict: false }
  const value = convert(text, Object.assign(Object.create(binding.evaluation) as EvaluationContext, quiet))
  const name = TEMPORAL_NAMES[literal.type]
  const isOther = literal.type !== 'time' && IS_DATE.test(text) !== (literal.type === 'date')
  if (value === null || isOther) throw sqlError('ER_WRONG_VALUE', name, text)
  return constant(type, value, `${name}'${text}'`)
}

function parameterized(
  binding: Binding,
  { ordinal }: { readonly ordinal: number },
  type: SqlType,
  value: Value,
  text: string,
  coercibility: number,
  isExact: boolean,
): Expression {
  if (!binding.environment.parameterizeLiterals) return constant(type, value, text, coercibility)
  binding.noteLiteral(ordinal, value)
  if (isExact) binding.pin(ordinal)
  return { kind: 'parameter', slot: ordinal, type, nullable: false, coercibility, text }
}
