/**
 * The current date and time: NOW, SYSDATE, CURDATE, CURTIME and the UTC functions (MySQL manual 14.7 "Date and Time
 * Functions"). All but SYSDATE answer the time at which the statement began.
 */
import type { EvaluationContext, TimeZone } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import { DATE_TYPE, datetimeType, timeType, type SqlType } from '../common/sql-type.js'
import {
  createFields,
  packDate,
  packDatetime,
  packTime,
  setEpochMicros,
  type TemporalFields,
} from '../common/temporal.js'
import { UTC_TIME_ZONE } from '../common/time-zones.js'
import type { Value } from '../common/value.js'
import type { ScalarFunction } from '../spi/functions.js'
import { constantInteger } from './result-types.js'
import { synonyms, type Call } from './support.js'

const FRACTION_DIGITS_MAX = 6

/** The fractional seconds precision that the constant argument asks for, 0 without one. */
function fractionDigits(call: Call): number {
  const digits = constantInteger(call, 0) ?? 0
  if (digits < 0 || digits > FRACTION_DIGITS_MAX) {
    throw sqlError('ER_TOO_BIG_PRECISION', digits, call.name, FRACTION_DIGITS_MAX)
  }
  return digits
}

type Zone = (context: EvaluationContext) => TimeZone
type Clock = (context: EvaluationContext) => number

const sessionZone: Zone = (context) => context.timeZone
const utc: Zone = () => UTC_TIME_ZONE

const statementTime: Clock = (context) => context.statementTimeMicros

/** Microseconds since 1970 right now. */
function currentMicros(): number {
  return Math.floor((performance.timeOrigin + performance.now()) * 1000)
}

const fields = createFields()

function clockFunction(
  names: readonly string[],
  clock: Clock,
  zone: Zone,
  typeOf: (fractionDigits: number) => SqlType,
  pack: (fields: TemporalFields, fractionDigits: number) => Value,
): ScalarFunction[] {
  const takesDigits = typeOf !== dateType
  return synonyms(names, {
    parameters: takesDigits ? ['any'] : [],
    optional: takesDigits ? 1 : 0,
    type: (call) => typeOf(fractionDigits(call)),
    nullable: false,
    volatility: clock === statementTime ? 'statement' : 'volatile',
    compile: (_args, call) => {
      const digits = fractionDigits(call)
      return (_batch, _row, context) => {
        setEpochMicros(fields, clock(context), zone(context))
        return pack(fields, digits)
      }
    },
  })
}

function dateType(): SqlType {
  return DATE_TYPE
}

export const currentDateFunctions: readonly ScalarFunction[] = [
  ...clockFunction(
    ['now', 'current_timestamp', 'localtime', 'localtimestamp'],
    statementTime,
    sessionZone,
    datetimeType,
    packDatetime,
  ),
  ...clockFunction(['sysdate'], currentMicros, sessionZone, datetimeType, packDatetime),
  ...clockFunction(['curdate', 'current_date'], statementTime, sessionZone, dateType, packDate),
  ...clockFunction(['curtime', 'current_time'], statementTime, sessionZone, timeType, packTime),
  ...clockFunction(['utc_date'], statementTime, utc, dateType, packDate),
  ...clockFunction(['utc_time'], statementTime, utc, timeType, packTime),
  ...clockFunction(['utc_timestamp'], statementTime, utc, datetimeType, packDatetime),
]
