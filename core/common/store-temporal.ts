/**
 * Assignment to DATE, TIME, DATETIME and TIMESTAMP columns.
 */
import { raise, shown } from './conditions.js'
import { compileMicros, packChecked, readMicros, readTemporal } from './conversion-temporal.js'
import type { ErrorCode } from './error-catalogue.js'
import type { EvaluationContext } from './evaluation.js'
import { sqlError } from './sql-error.js'
import { SqlMode } from './sql-mode.js'
import { isTemporal, sameType, type SqlType } from './sql-type.js'
import type { NonNullStore } from './store.js'
import { createFields, roundFraction } from './temporal.js'
import { dateFlagsOf, parseDatetimeText, parseTimeText, ParseStatus } from './temporal-text.js'
import type { ExactValue, Value } from './value.js'
import { textOf } from './value-text.js'

const fields = createFields()

export function compileStoreTemporal(column: SqlType, from: SqlType): NonNullStore | undefined {
  if (isTemporal(from)) return storeTemporal(column, from)
  const micros = compileMicros(from)
  const text = textOf(from)
  return (value, context, name, row) => {
    const status =
      micros === undefined
        ? readText(column, text(value, context), context)
        : readMicros(column, micros(value), context, fields)
    const source = (): string => text(value, context)
    const isWrong = status !== 0 && status !== ParseStatus.DATE_ONLY
    if (isWrong) complain(status, column, source, context, name, row)
    if ((status & ParseStatus.FAILED) !== 0) return 0
    return keep(column, { isTime: false, notesLoss: !isWrong }, source, context, name, row)
  }
}

function readText(column: SqlType, text: string, context: EvaluationContext): number {
  return column.name === 'time'
    ? parseTimeText(text, context.timeZone, fields)
    : parseDatetimeText(text, dateFlagsOf(context.sqlMode), context.timeZone, fields)
}

/** The name of the type in messages: TIMESTAMP columns are told of as datetime. */
function messageName(column: SqlType): string {
  return column.name === 'timestamp' ? 'datetime' : column.name
}

function complain(
  status: number,
  column: SqlType,
  source: () => string,
  context: EvaluationContext,
  name: string,
  row: number,
): void {
  const code: ErrorCode =
    (status & ParseStatus.OUT_OF_RANGE) !== 0 ? 'ER_WARN_DATA_OUT_OF_RANGE' : 'WARN_DATA_TRUNCATED'
  refuse(code, column, source, context, name, row)
}

/** In strict mode always "Incorrect … value", otherwise a warning `code`. */
function refuse(
  code: ErrorCode,
  column: SqlType,
  source: () => string,
  context: EvaluationContext,
  name: string,
  row: number,
): void {
  if (context.strict) {
    throw sqlError('ER_INCORRECT_VALUE_FOR_FIELD', messageName(column), shown(source()), name, row)
  }
  raise(context, code, name, row)
}

/** Whether `fields` has parts that a column of the type has no place for. */
function losesParts(column: SqlType): boolean {
  if (column.name === 'time') return fields.month !== 0 || fields.day !== 0 || fields.year !== 0
  if (column.name !== 'date') return false
  return fields.hour !== 0 || fields.minute !== 0 || fields.second !== 0 || fields.microsecond !== 0
}

/** CAST cuts a time to its day; a column of days takes the nearest second first (MySQL manual 13.2.8). */
function roundToSeconds(context: EvaluationContext): boolean {
  if (fields.microsecond === 0 && fields.nanosecond === 0) return true
  return roundFraction(fields, 0, (context.sqlMode & SqlMode.TIME_TRUNCATE_FRACTIONAL) !== 0, false)
}

interface Kept {
  readonly isTime: boolean
  /** Whether parts that the column's type has no place for are told of. */
  readonly notesLoss: boolean
}

/** Packs `fields`, noting what the column's type drops: in strict mode with the value. */
function keep(
  column: SqlType,
  { isTime, notesLoss }: Kept,
  source: () => string,
  context: EvaluationContext,
  name: string,
  row: number,
): Value {
  const isKnown = column.name !== 'date' || isTime || roundToSeconds(context)
  const isLossy = notesLoss && losesParts(column)
  const packed = isKnown ? packChecked(column, fields, isTime, context) : null
  if (packed === null) {
    refuse('ER_WARN_DATA_OUT_OF_RANGE', column, source, context, name, row)
    return 0
  }
  if (!isLossy) return packed
  if (!context.strict) context.warn('Note', 'WARN_DATA_TRUNCATED', name, row)
  else {
    context.warn('Note', 'ER_INCORRECT_VALUE_FOR_FIELD', messageName(column), shown(source()), name, row)
  }
  return packed
}

function storeTemporal(column: SqlType, from: SqlType): NonNullStore | undefined {
  // Dates are checked again: their sql_mode may have been another one.
  if (sameType(column, from) && column.name !== 'date' && column.name !== 'datetime') return undefined
  const text = textOf(from)
  // The day of a DATETIME is left out of a TIME in silence.
  const kept: Kept = { isTime: from.name === 'time', notesLoss: column.name !== 'time' }
  return (value, context, name, row) => {
    readTemporal(from, value as ExactValue, context, fields)
    return keep(column, kept, () => text(value, context), context, name, row)
  }
}
