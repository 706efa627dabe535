/**
 * Goal: packed dates and times order like what they stand for, survive packing, and the calendar is right. Method: round
 * trips, the calendar against JavaScript's for every day of two centuries, and zone changes of a few real zones.
 */
import {
  addInterval,
  createFields,
  dayNumber,
  daysInMonth,
  localToTimestamp,
  packDate,
  packDatetime,
  packTime,
  rescaleDatetime,
  rescaleTime,
  setDayNumber,
  setEpochMicros,
  timestampToLocal,
  unpackDate,
  unpackDatetime,
  unpackTime,
  weekdayOf,
} from './temporal.js'
import { datetimeText, dateText, formatDatetime, formatTime, parseDatetimeText } from './temporal-text.js'
import { findTimeZone, timeZoneByName, UTC_TIME_ZONE } from './time-zones.js'

const fields = createFields()

function pack(text: string, digits: number): number | bigint {
  parseDatetimeText(text, 1, UTC_TIME_ZONE, fields)
  return packDatetime(fields, digits)
}

test('day numbers are those of TO_DAYS', () => {
  expect(dayNumber(2007, 10, 7)).toBe(733321)
  expect(dayNumber(1970, 1, 1)).toBe(719528)
  expect(dayNumber(0, 0, 0)).toBe(0)
  expect(dayNumber(0, 1, 1)).toBe(1)
  expect(dayNumber(9999, 12, 31)).toBe(3652424)
})

test('the calendar agrees with another one for two centuries', () => {
  const day = new Date(Date.UTC(1895, 0, 1))
  for (let number = dayNumber(1895, 1, 1); day.getUTCFullYear() < 2105; number++) {
    expect(setDayNumber(fields, number)).toBe(true)
    const expected = day.toISOString().slice(0, 10)
    if (dateText(fields) !== expected) throw new Error(`day ${number}: ${dateText(fields)}, not ${expected}`)
    if (dayNumber(fields.year, fields.month, fields.day) !== number) throw new Error(`number of ${expected}`)
    if (weekdayOf(number) !== (day.getUTCDay() + 6) % 7) throw new Error(`weekday of ${expected}`)
    day.setUTCDate(day.getUTCDate() + 1)
  }
  expect(setDayNumber(fields, 365)).toBe(false)
  expect(setDayNumber(fields, 3652425)).toBe(false)
  expect([1900, 2000, 2023, 2024].map((year) => daysInMonth(year, 2))).toEqual([28, 29, 28, 29])
})

test.each([0, 1, 2, 3, 4, 5, 6])('DATETIME(%i) survives packing and keeps its order', (digits) => {
  const texts = [
    '0000-00-00 00:00:00.000000',
    '2024-00-00 00:00:00.000000',
    '2024-02-29 23:59:59.999999',
    '9999-12-31 23:59:59.999999',
  ]
  const packed = texts.map((text) => pack(text, digits))
  packed.forEach((value, i) => {
    expect(formatDatetime(value, digits)).toBe((texts[i] ?? '').slice(0, digits > 0 ? 20 + digits : 19))
    if (i > 0) expect(value > (packed[i - 1] ?? 0)).toBe(true)
  })
})

test('DATE and TIME survive packing', () => {
  Object.assign(fields, createFields(), { year: 2024, month: 2, day: 29 })
  unpackDate(packDate(fields), fields)
  expect(dateText(fields)).toBe('2024-02-29')
  Object.assign(fields, createFields(), {
    negative: true,
    hour: 838,
    minute: 59,
    second: 59,
    microsecond: 120000,
  })
  const packed = packTime(fields, 2)
  unpackTime(packed, 2, fields)
  expect([packed, formatTime(packed, 2), fields.negative]).toEqual([-302039912, '-838:59:59.12', true])
})

test('other decimals: rounded, with a carry, or cut', () => {
  expect(formatDatetime(rescaleDatetime(pack('2024-12-31 23:59:59.5', 1), 1, 0) ?? 0, 0)).toBe(
    '2025-01-01 00:00:00',
  )
  expect(formatDatetime(rescaleDatetime(pack('2024-12-31 23:59:59.9', 1), 1, 0, true) ?? 0, 0)).toBe(
    '2024-12-31 23:59:59',
  )
  expect(rescaleDatetime(pack('9999-12-31 23:59:59.9', 1), 1, 0)).toBeUndefined()
  expect(formatDatetime(rescaleDatetime(pack('2024-01-01 00:00:01', 0), 0, 6) ?? 0, 6)).toBe(
    '2024-01-01 00:00:01.000000',
  )
  expect(rescaleTime(-15, 1, 0)).toBe(-2)
  expect(rescaleTime(30203999, 1, 0)).toBe(3020399)
})

test('intervals', () => {
  const add = (text: string, months: number, days: number, seconds: number, microseconds = 0) => {
    parseDatetimeText(text, 1, UTC_TIME_ZONE, fields)
    const worked = addInterval(fields, { months, days, seconds, microseconds })
    return worked ? datetimeText(fields, 6) : 'out of range'
  }
  expect(add('2024-01-31', 1, 0, 0)).toBe('2024-02-29 00:00:00.000000')
  expect(add('2024-03-31', -13, 0, 0)).toBe('2023-02-28 00:00:00.000000')
  expect(add('2024-12-31 23:59:59', 0, 0, 1)).toBe('2025-01-01 00:00:00.000000')
  expect(add('2024-01-01', 0, 0, 0, -1)).toBe('2023-12-31 23:59:59.999999')
  expect(add('2024-01-01', 0, -1, -1)).toBe('2023-12-30 23:59:59.000000')
  expect(add('9999-12-31', 0, 1, 0)).toBe('out of range')
  expect(add('0001-01-01', -24, 0, 0)).toBe('out of range')
})

describe('time zones', () => {
  const paris = timeZoneByName('Europe/Paris')
  const utc = (text: string) => Date.parse(`${text}Z`) / 1000

  test('offsets follow the rules', () => {
    expect(paris.offsetSecondsAt(utc('2024-01-15T00:00:00'))).toBe(3600)
    expect(paris.offsetSecondsAt(utc('2024-03-31T00:59:59'))).toBe(3600)
    expect(paris.offsetSecondsAt(utc('2024-03-31T01:00:00'))).toBe(7200)
    expect(paris.offsetSecondsAt(utc('2024-10-27T00:59:59'))).toBe(7200)
    expect(paris.offsetSecondsAt(utc('2024-10-27T01:00:00'))).toBe(3600)
    expect(timeZoneByName('Asia/Kolkata').offsetSecondsAt(0)).toBe(19800)
  })

  test('local times in a gap and in a repeated hour', () => {
    expect(paris.epochSecondsOf(utc('2024-03-31T02:30:00'))).toBe(utc('2024-03-31T01:00:00'))
    expect(paris.epochSecondsOf(utc('2024-10-27T02:30:00'))).toBe(utc('2024-10-27T00:30:00'))
    expect(paris.epochSecondsOf(utc('2024-07-01T12:00:00'))).toBe(utc('2024-07-01T10:00:00'))
  })

  test('names', () => {
    expect(timeZoneByName('+05:30').offsetSecondsAt(0)).toBe(19800)
    expect(timeZoneByName('-1:00').name).toBe('-01:00')
    expect(timeZoneByName('system').name).toBe('SYSTEM')
    expect(findTimeZone('Mars/Olympus')).toBeUndefined()
    expect(findTimeZone('+15:00')).toBeUndefined()
    expect(() => timeZoneByName('nowhere')).toThrow(expect.objectContaining({ number: 1298 }))
  })

  test('TIMESTAMP is UTC inside', () => {
    parseDatetimeText('2024-07-01 12:00:00', 1, paris, fields)
    const stored = localToTimestamp(fields, 0, paris)
    expect(formatDatetime(stored ?? 0, 0)).toBe('2024-07-01 10:00:00')
    expect(formatDatetime(timestampToLocal(stored ?? 0, 0, paris), 0)).toBe('2024-07-01 12:00:00')
    parseDatetimeText('1969-12-31 23:00:00', 1, UTC_TIME_ZONE, fields)
    expect(localToTimestamp(fields, 0, UTC_TIME_ZONE)).toBeUndefined()
    parseDatetimeText('2038-01-19 03:14:08', 1, UTC_TIME_ZONE, fields)
    expect(localToTimestamp(fields, 0, UTC_TIME_ZONE)).toBeUndefined()
    expect(timestampToLocal(0, 0, paris)).toBe(0)
  })

  test('instants in microseconds', () => {
    setEpochMicros(fields, Date.UTC(2024, 6, 1, 10) * 1000 + 5, paris)
    expect(datetimeText(fields, 6)).toBe('2024-07-01 12:00:00.000005')
  })
})

test('a DATETIME unpacks into clean fields', () => {
  unpackDatetime(pack('2024-02-29 01:02:03.040506', 6), 6, fields)
  expect(fields).toEqual({
    negative: false,
    year: 2024,
    month: 2,
    day: 29,
    hour: 1,
    minute: 2,
    second: 3,
    microsecond: 40506,
    nanosecond: 0,
  })
})
