/**
 * Goal: dates and times are read and written as MySQL does. Method: texts and numbers through the parsers, the
 * result formatted again; expectations were taken from the manual and from a server.
 */
import { UTC_TIME_ZONE, timeZoneByName } from './time-zones.js'
import { createFields, roundFraction } from './temporal.js'
import {
  DateFlag,
  datetimeText,
  dateText,
  parseDatetimeNumber,
  parseDatetimeText,
  parseTimeNumber,
  parseTimeText,
  ParseStatus,
  timeText,
} from './temporal-text.js'

const fields = createFields()

function datetime(text: string, flags: number = DateFlag.FUZZY, digits = 0): string {
  const status = parseDatetimeText(text, flags, UTC_TIME_ZONE, fields)
  if ((status & ParseStatus.FAILED) !== 0) return 'failed'
  if (!roundFraction(fields, digits, false, false)) return 'overflow'
  const shown = (status & ParseStatus.DATE_ONLY) !== 0 ? dateText(fields) : datetimeText(fields, digits)
  return (status & ParseStatus.TRUNCATED) !== 0 ? `${shown} truncated` : shown
}

function time(text: string, digits = 0): string {
  const status = parseTimeText(text, UTC_TIME_ZONE, fields)
  if ((status & ParseStatus.FAILED) !== 0) return 'failed'
  roundFraction(fields, digits, false, true)
  const marks = (status & ParseStatus.TRUNCATED) !== 0 ? ' truncated' : ''
  return timeText(fields, digits) + marks + ((status & ParseStatus.OUT_OF_RANGE) !== 0 ? ' clamped' : '')
}

describe('dates and times as text', () => {
  test.each([
    ['2024-01-05', '2024-01-05'],
    ['2024-01-05 10:11:12', '2024-01-05 10:11:12'],
    ['2024-01-05 10:11', '2024-01-05 10:11:00'],
    ['2024-1-5', '2024-01-05'],
    ['  2024-01-05  ', '2024-01-05'],
    ['240105', '2024-01-05'],
    ['700105', '1970-01-05'],
    ['20240105', '2024-01-05'],
    ['240105101112', '2024-01-05 10:11:12'],
    ['20240105101112', '2024-01-05 10:11:12'],
    ['20240105T101112', '2024-01-05 10:11:12'],
    ['2024-01-05T10:11:12', '2024-01-05 10:11:12'],
    ['10:11:12', '2010-11-12'],
    ['1-1-1', '0001-01-01'],
    ['99-1-1', '1999-01-01'],
    ['2024.01.05 10^20^30', '2024-01-05 10:20:30'],
    ['2024-01-05x', '2024-01-05 truncated'],
    ['2024-01-05 10:11:12 x', '2024-01-05 10:11:12 truncated'],
    ['2024-13-05', 'failed'],
    ['2024-02-30', 'failed'],
    ['2024-02-29', '2024-02-29'],
    ['2023-02-29', 'failed'],
    ['2024-01-05 24:00:00', 'failed'],
    ['2024-01', 'failed'],
    ['abc', 'failed'],
    ['', 'failed'],
    ['0000-00-00', '0000-00-00'],
    ['2024-00-00', '2024-00-00'],
  ])('%p is %p', (text, expected) => {
    expect(datetime(text)).toBe(expected)
  })

  test('fractions are rounded to the wanted digits and carry into the date', () => {
    expect(datetime('2024-12-31 23:59:59.9999999', DateFlag.FUZZY, 6)).toBe('2025-01-01 00:00:00.000000')
    expect(datetime('2024-12-31 23:59:59.4999999', DateFlag.FUZZY, 0)).toBe('2024-12-31 23:59:59')
    expect(datetime('2024-12-31 23:59:59.5', DateFlag.FUZZY, 0)).toBe('2025-01-01 00:00:00')
    expect(datetime('2024-01-05 10:11:12.1234567', DateFlag.FUZZY, 6)).toBe('2024-01-05 10:11:12.123457')
    expect(datetime('2024-01-05 10:11:12.05', DateFlag.FUZZY, 3)).toBe('2024-01-05 10:11:12.050')
    expect(datetime('9999-12-31 23:59:59.9', DateFlag.FUZZY, 0)).toBe('overflow')
  })

  test('flags decide on zero, partial and impossible dates', () => {
    expect(datetime('0000-00-00', DateFlag.FUZZY | DateFlag.NO_ZERO_DATE)).toBe('failed')
    expect(datetime('2024-00-05', DateFlag.FUZZY | DateFlag.NO_ZERO_IN_DATE)).toBe('failed')
    expect(datetime('2024-02-31', DateFlag.INVALID_DATES)).toBe('2024-02-31')
    expect(datetime('2024-02-32', DateFlag.INVALID_DATES)).toBe('failed')
  })

  test('an offset moves the time into the zone asked for', () => {
    expect(datetime('2024-01-05 10:11:12+02:00')).toBe('2024-01-05 08:11:12')
    expect(datetime('2024-01-01 00:30:00.25+01:00', DateFlag.FUZZY, 2)).toBe('2023-12-31 23:30:00.25')
    expect(datetime('2024-01-05 10:11:12-00:00')).toBe('failed')
    expect(datetime('2024-01-05 10:11:12+15:00')).toBe('failed')
    parseDatetimeText('2024-07-05 10:11:12+00:00', 0, timeZoneByName('Europe/Paris'), fields)
    expect(datetimeText(fields, 0)).toBe('2024-07-05 12:11:12')
  })

  test.each([
    ['11:12:13', '11:12:13'],
    ['11:12', '11:12:00'],
    ['1112', '00:11:12'],
    ['111213', '11:12:13'],
    ['10 11:12:13', '251:12:13'],
    ['1 02', '26:00:00'],
    ['1 2', '00:00:01 truncated'],
    ['-1:2:3', '-01:02:03'],
    ['900:00:00', '838:59:59 clamped'],
    ['-838:59:59.5', '-838:59:59 clamped'],
    ['10:61:00', 'failed'],
    ['2024-01-05 10:11:12', '10:11:12'],
    ['2024-01-01', '00:20:24 truncated'],
    ['12abc', '00:00:12 truncated'],
    ['2024-02-29T25:00:00', 'failed'],
    ['1e2', 'failed'],
    ['abc', 'failed'],
    ['', 'failed'],
  ])('TIME %p is %p', (text, expected) => {
    expect(time(text)).toBe(expected)
  })

  test('TIME keeps a fraction', () => {
    expect(time('10 11:12:13.567', 2)).toBe('251:12:13.57')
    expect(time('101112.5', 1)).toBe('10:11:12.5')
    expect(time('10:11:12.9999999', 6)).toBe('10:11:13.000000')
  })
})

describe('dates and times as numbers', () => {
  test.each([
    [20240105, '2024-01-05 00:00:00'],
    [240105, '2024-01-05 00:00:00'],
    [700101, '1970-01-01 00:00:00'],
    [691231, '2069-12-31 00:00:00'],
    [101, '2000-01-01 00:00:00'],
    [240105101112, '2024-01-05 10:11:12'],
    [20240105101112, '2024-01-05 10:11:12'],
    [0, '0000-00-00 00:00:00'],
  ])('%p is %p', (number, expected) => {
    expect(parseDatetimeNumber(number, DateFlag.FUZZY, fields) & ParseStatus.FAILED).toBe(0)
    expect(datetimeText(fields, 0)).toBe(expected)
  })

  test.each([5, -1, 700000, 20241305, 20240105250000, 100000000000000])('%p is no date', (number) => {
    expect(parseDatetimeNumber(number, DateFlag.FUZZY, fields) & ParseStatus.FAILED).toBe(1)
  })

  test('TIME', () => {
    expect(parseTimeNumber(-101112, fields)).toBe(0)
    expect(timeText(fields, 0)).toBe('-10:11:12')
    expect(parseTimeNumber(9000000, fields)).toBe(ParseStatus.OUT_OF_RANGE)
    expect(timeText(fields, 0)).toBe('838:59:59')
    expect(parseTimeNumber(20240105101112, fields)).toBe(0)
    expect(timeText(fields, 0)).toBe('10:11:12')
    expect(parseTimeNumber(6000, fields) & ParseStatus.FAILED).toBe(1)
  })
})
