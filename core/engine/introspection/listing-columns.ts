/**
 * Makers of listing columns, one for each of the types that MySQL's information_schema uses.
 */
import type { TimeZone } from '../../common/evaluation.js'
import {
  BIGINT_TYPE,
  INT_TYPE,
  UNSIGNED_BIGINT_TYPE,
  datetimeType,
  textType,
  timestampType,
  type SqlType,
} from '../../common/sql-type.js'
import { createFields, packDatetime, setEpochMicros } from '../../common/temporal.js'
import { UTC_TIME_ZONE } from '../../common/time-zones.js'
import type { ExactValue, Value } from '../../common/value.js'
import type { ListingColumn, ListingFilter, ListingRequest } from './listing.js'

/** Names of databases and tables compare by case, as the names themselves do. */
const NAME_COLLATION = 'utf8mb3_bin'
const TEXT_COLLATION = 'utf8mb3_general_ci'
const NAME_LENGTH = 64

type Getter<Row, T> = (row: Row, request: ListingRequest) => T | null

/** A name of a database or table. `prunes` says which one, where an equality can spare the walk. */
export function objectName<Row>(
  name: string,
  value: Getter<Row, string>,
  prunes?: keyof ListingFilter,
): ListingColumn<Row> {
  const column = { name, type: textType(NAME_LENGTH, NAME_COLLATION), nullable: true, value }
  return prunes === undefined ? column : { ...column, prunes }
}

/** A text of at most `length` characters. */
export function text<Row>(
  name: string,
  value: Getter<Row, string>,
  length = NAME_LENGTH,
): ListingColumn<Row> {
  return { name, type: textType(length, TEXT_COLLATION), nullable: true, value }
}

/** Text, MEDIUMTEXT or LONGTEXT. */
export function longText<Row>(
  name: string,
  value: Getter<Row, string>,
  type: 'text' | 'mediumtext' | 'longtext' = 'longtext',
): ListingColumn<Row> {
  const length = { text: 65535, mediumtext: 16777215, longtext: 4294967295 }[type]
  return { name, type: { ...textType(1, TEXT_COLLATION), name: type, length }, nullable: true, value }
}

/** An ENUM, by its members' texts. */
export function choice<Row>(
  name: string,
  members: readonly string[],
  value: Getter<Row, string>,
): ListingColumn<Row> {
  const length = Math.max(...members.map((member) => member.length))
  const type: SqlType = { ...textType(length, NAME_COLLATION), name: 'enum', members }
  const positions = new Map(members.map((member, i) => [member, i + 1] as const))
  return {
    name,
    type,
    nullable: true,
    value: (row, request) => {
      const member = value(row, request)
      return member === null ? null : (positions.get(member) ?? 0)
    },
  }
}

const UNSIGNED_INT_TYPE: SqlType = { ...INT_TYPE, length: 10, unsigned: true }

export function int<Row>(name: string, value: Getter<Row, number>): ListingColumn<Row> {
  return { name, type: INT_TYPE, nullable: true, value }
}

export function unsignedInt<Row>(name: string, value: Getter<Row, number>): ListingColumn<Row> {
  return { name, type: UNSIGNED_INT_TYPE, nullable: true, value }
}

export function bigint<Row>(name: string, value: Getter<Row, ExactValue>): ListingColumn<Row> {
  return { name, type: BIGINT_TYPE, nullable: true, value }
}

export function unsignedBigint<Row>(name: string, value: Getter<Row, ExactValue>): ListingColumn<Row> {
  return { name, type: UNSIGNED_BIGINT_TYPE, nullable: true, value }
}

/** A moment, from microseconds since 1970 UTC. */
export function timestamp<Row>(
  name: string,
  value: Getter<Row, number>,
  fractionDigits = 0,
): ListingColumn<Row> {
  return {
    name,
    type: timestampType(fractionDigits),
    nullable: true,
    value: (row, request) => packedMoment(value(row, request), UTC_TIME_ZONE, fractionDigits),
  }
}

/** A moment as the session's time zone shows it, from microseconds since 1970 UTC. */
export function localTime<Row>(name: string, value: Getter<Row, number>): ListingColumn<Row> {
  return {
    name,
    type: datetimeType(),
    nullable: true,
    value: (row, request) => packedMoment(value(row, request), request.statement.evaluation.timeZone, 0),
  }
}

/** A column of MySQL that is always NULL there too; its type is BINARY(0). */
export function unused(name: string): ListingColumn<unknown> {
  const type: SqlType = { ...BIGINT_TYPE, name: 'binary', length: 0 }
  return { name, type, nullable: true, value: () => null }
}

/** A column of another type. */
export function typed<Row>(name: string, type: SqlType, value: Getter<Row, Value>): ListingColumn<Row> {
  return { name, type, nullable: true, value }
}

/** The column with values that the table's storage is asked for. */
export function ofFigures<Row>(column: ListingColumn<Row>): ListingColumn<Row> {
  return { ...column, ofFigures: true }
}

/** The column with values that are never NULL. */
export function required<Row>(column: ListingColumn<Row>): ListingColumn<Row> {
  return { ...column, nullable: false }
}

const fields = createFields()

function packedMoment(epochMicros: number | null, zone: TimeZone, fractionDigits: number): ExactValue | null {
  if (epochMicros === null) return null
  return setEpochMicros(fields, epochMicros, zone) ? packDatetime(fields, fractionDigits) : null
}
