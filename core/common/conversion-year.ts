/**
 * CAST to YEAR (MySQL manual 14.10): numbers of one or two digits are years of 1970 to 2069.
 */
import { raiseTruncated } from './conditions.js'
import { compileToInteger } from './conversion-number.js'
import { readTemporal } from './conversion-temporal.js'
import type { NonNullConversion } from './conversion.js'
import type { EvaluationContext } from './evaluation.js'
import { BIGINT_TYPE, isBinary, isTemporal, isText, type SqlType } from './sql-type.js'
import { createFields, setEpochMicros } from './temporal.js'
import type { ExactValue, Value } from './value.js'
import { textOf } from './value-text.js'

const FIRST_YEAR = 1901
const LAST_YEAR = 2155

const fields = createFields()

/** Undefined if the values are years already. What is no year is NULL with ER_TRUNCATED_WRONG_VALUE. */
export function compileToYear(from: SqlType): NonNullConversion | undefined {
  if (from.name === 'year') return undefined
  if (isTemporal(from)) return yearOfTemporal(from)
  const text = textOf(from)
  const read = isText(from) || isBinary(from) ? yearOfText(text) : yearOfNumber(from)
  return (value, context) => {
    const year = read(value, context)
    if (year !== undefined) return year
    raiseTruncated(context, 'YEAR', text(value, context))
    return null
  }
}

/** A time is one of today. */
function yearOfTemporal(from: SqlType): NonNullConversion {
  return (value, context) => {
    if (from.name === 'time') setEpochMicros(fields, context.statementTimeMicros, context.timeZone)
    else readTemporal(from, value as ExactValue, context, fields)
    return fields.year
  }
}

type YearReader = (value: Exclude<Value, null>, context: EvaluationContext) => number | undefined

function yearOfNumber(from: SqlType): YearReader {
  const toInteger = compileToInteger(from, BIGINT_TYPE)
  return (value, context) => yearOf(Number(toInteger === undefined ? value : toInteger(value, context)))
}

/** Zeros are the year 2000 unless all four are written. */
function yearOfText(text: (value: Value, context: EvaluationContext) => string): YearReader {
  return (value, context) => {
    const digits = /^\s*(\d+)\s*$/.exec(text(value, context))?.[1]
    if (digits === undefined) return undefined
    return Number(digits) === 0 && digits.length < 4 ? 2000 : yearOf(Number(digits))
  }
}

function yearOf(value: number): number | undefined {
  if (value === 0) return 0
  if (value >= 1 && value <= 99) return value < 70 ? 2000 + value : 1900 + value
  return value >= FIRST_YEAR && value <= LAST_YEAR ? value : undefined
}
