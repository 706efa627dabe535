/**
 * Goal: the date and time functions answer what MySQL 8 answers, with its types and warnings.
 * Method: a table of calls per family, each bound, converted and evaluated as a statement would do it, at
 * 2024-02-29 12:34:56.789012 UTC.
 */
import { SqlMode } from '../common/sql-mode.js'
import { timeZoneByName } from '../common/time-zones.js'
import { dateArithmeticFunctions } from './date-arithmetic.js'
import { dateConstructionFunctions } from './date-construction.js'
import { currentDateFunctions } from './date-current.js'
import { dateFormatFunctions } from './date-format.js'
import { dateParsingFunctions } from './date-parsing.js'
import { datePartFunctions } from './date-parts.js'
import {
  column,
  date,
  datetime,
  decimal,
  double,
  functionCaller,
  json,
  tabulate,
  time,
  type Case,
} from './test-support.js'
import { timeArithmeticFunctions } from './time-arithmetic.js'

const call = functionCaller(
  currentDateFunctions,
  dateArithmeticFunctions,
  dateConstructionFunctions,
  dateFormatFunctions,
  dateParsingFunctions,
  datePartFunctions,
  timeArithmeticFunctions,
)

const CURRENT: Case[] = [
  ['now', [], '2024-02-29 12:34:56', 'datetime(19)'],
  ['now', [3], '2024-02-29 12:34:56.789', 'datetime(23)'],
  ['localtime', [6], '2024-02-29 12:34:56.789012'],
  ['curdate', [], '2024-02-29', 'date(10)'],
  ['curtime', [1], '12:34:56.7', 'time(12)'],
  ['utc_timestamp', [], '2024-02-29 12:34:56'],
  ['utc_date', [], '2024-02-29'],
  ['utc_time', [], '12:34:56', 'time(10)'],
]

const PARTS: Case[] = [
  ['year', ['1987-01-01'], '1987', 'bigint(5)'],
  ['month', [date('2008-02-03')], '2', 'bigint(3)'],
  ['month', ['2008-00-00'], '0'],
  ['dayofmonth', ['2007-02-03'], '3'],
  ['day', [20070203], '3'],
  ['day', [double(20070203)], '3'],
  ['quarter', ['2008-04-01'], '2', 'bigint(2)'],
  ['dayofweek', ['2007-02-03'], '7'],
  ['weekday', ['2008-02-03 22:23:00'], '6'],
  ['weekday', ['2007-11-06'], '1'],
  ['dayofyear', ['2007-02-03'], '34', 'bigint(4)'],
  ['dayofyear', ['2024-00-01'], null],
  ['dayofyear', ['0000-00-00'], null],
  ['weekofyear', ['2008-02-20'], '8'],
  ['week', ['2008-02-20'], '7', 'bigint(3)'],
  ['week', ['2008-02-20', 0], '7'],
  ['week', ['2008-02-20', 1], '8'],
  ['week', ['2008-12-31', 1], '53'],
  ['week', ['2000-01-01', 0], '0'],
  ['week', ['2000-01-01', 2], '52'],
  ['week', ['2000-01-01', 4], '0'],
  ['week', ['2000-01-01', 6], '52'],
  ['yearweek', ['1987-01-01'], '198652', 'bigint(7)'],
  ['yearweek', ['2000-01-01'], '199952'],
  ['hour', ['10:05:03'], '10', 'bigint(4)'],
  ['hour', ['272:59:59'], '272'],
  ['hour', [datetime('2024-01-02 03:04:05')], '3'],
  ['minute', ['2008-02-03 10:05:03'], '5'],
  ['second', ['10:05:03'], '3'],
  ['second', [100503], '3'],
  ['microsecond', ['12:00:00.123456'], '123456', 'bigint(7)'],
  ['microsecond', [time('12:00:00.5', 1)], '500000'],
  ['time_to_sec', ['22:23:00'], '80580', 'bigint(11)'],
  ['time_to_sec', ['-00:39:38'], '-2378'],
  ['to_days', [950501], '728779', 'bigint(8)'],
  ['to_days', ['2007-10-07'], '733321'],
  ['to_seconds', ['2009-11-29 13:43:32'], '63426721412'],
  ['dayname', ['2007-02-03'], 'Saturday', 'varchar(9)'],
  ['monthname', ['2008-02-03'], 'February'],
  ['monthname', ['2008-00-03'], null],
  ['last_day', ['2003-02-05'], '2003-02-28', 'date(10)'],
  ['last_day', ['2004-01-01 01:01:01'], '2004-01-31'],
  ['last_day', ['2003-03-32'], null],
  ['date', ['2003-12-31 01:02:03'], '2003-12-31', 'date(10)'],
  ['date', ['x'], null],
  ['extract', ['year', '2019-07-02'], '2019', 'bigint(5)'],
  ['extract', ['year_month', '2019-07-02 01:02:03'], '201907'],
  ['extract', ['day_minute', '2019-07-02 01:02:03'], '20102'],
  ['extract', ['day_microsecond', '2019-07-02 01:02:03.000123'], '2010203000123'],
  ['extract', ['microsecond', '2003-01-02 10:30:00.000123'], '123'],
  ['extract', ['hour_second', time('-10:20:30')], '-102030'],
  ['extract', ['minute_second', '01:02:03'], '203'],
  ['extract', ['second_microsecond', '01:02:03.5'], '3500000'],
  ['extract', ['week', '2008-02-20'], '7'],
  ['extract', ['day_hour', time('34:00:00')], '34'],
  ['extract', ['quarter', '2008-12-20'], '4'],
]

const ARITHMETIC: Case[] = [
  ['date_add', [date('2018-05-01'), 1, 'day'], '2018-05-02', 'date(10)'],
  ['date_add', ['2018-05-01', 1, 'day'], '2018-05-02', 'char(29)'],
  ['date_sub', ['2018-05-01', 1, 'year'], '2017-05-01'],
  ['date_add', ['2020-12-31 23:59:59', 1, 'second'], '2021-01-01 00:00:00'],
  ['date_add', ['2018-12-31 23:59:59', 1, 'day'], '2019-01-01 23:59:59'],
  ['date_add', ['2100-12-31 23:59:59', '1:1', 'minute_second'], '2101-01-01 00:01:00'],
  ['date_sub', ['2025-01-01 00:00:00', '1 1:1:1', 'day_second'], '2024-12-30 22:58:59'],
  ['date_add', ['1900-01-01 00:00:00', '-1 10', 'day_hour'], '1899-12-30 14:00:00'],
  ['date_sub', ['1998-01-02', 31, 'day'], '1997-12-02'],
  [
    'date_add',
    ['1992-12-31 23:59:59.000002', '1.999999', 'second_microsecond'],
    '1993-01-01 00:00:01.000001',
  ],
  ['date_add', [date('2024-01-31'), 1, 'month'], '2024-02-29'],
  ['date_add', [date('2024-02-29'), 1, 'year'], '2025-02-28'],
  ['date_add', [date('2024-01-31'), 1, 'quarter'], '2024-04-30'],
  ['date_add', [date('2024-01-31'), -2, 'week'], '2024-01-17'],
  ['date_add', [date('2024-01-31'), 90, 'minute'], '2024-01-31 01:30:00', 'datetime(19)'],
  ['date_add', [date('2024-01-31'), decimal('1.5'), 'second'], '2024-01-31 00:00:01.5', 'datetime(21)'],
  [
    'date_add',
    [datetime('2024-01-31 10:00:00'), 1, 'microsecond'],
    '2024-01-31 10:00:00.000001',
    'datetime(26)',
  ],
  ['date_add', ['2020-01-01', '1.5', 'second'], '2020-01-01 00:00:01.500000'],
  ['date_add', ['2020-01-01', decimal('1.5'), 'day'], '2020-01-03'],
  ['date_add', ['2020-01-01', decimal('1.10'), 'day_hour'], '2020-01-02 10:00:00'],
  ['date_add', [time('10:00:00'), 30, 'minute'], '10:30:00', 'time(10)'],
  ['date_sub', [time('00:00:01'), decimal('1.5'), 'second'], '-00:00:00.5', 'time(12)'],
  ['date_add', [time('10:00:00'), 1, 'day'], '2024-03-01 10:00:00', 'datetime(19)'],
  ['date_add', [date('9999-12-31'), 1, 'day'], null],
  ['date_add', ['2024-00-01', 1, 'day'], null],
  ['date_add', [null, 1, 'day'], null],
  ['date_add', ['2024-01-01', null, 'day'], null],
  ['date_add', ['2024-01-01', '1-2', 'year_month'], '2025-03-01'],
  ['date_add', ['2024-01-01', '1-2-3', 'year_month'], null],
  ['date_add', ['2024-01-01', 9223372036854775807n, 'day'], null],
  [
    'date_add',
    [datetime('0001-01-01 00:00:00'), 9007199254740993n, 'microsecond'],
    '0286-06-05 23:47:34.740993',
  ],
  ['adddate', ['2008-01-02', 31], '2008-02-02'],
  ['subdate', [datetime('2008-01-02 12:00:00'), 31], '2007-12-02 12:00:00', 'datetime(19)'],
  ['timestampadd', ['minute', 1, '2003-01-02'], '2003-01-02 00:01:00'],
  ['timestampadd', ['week', 1, '2003-01-02'], '2003-01-09'],
  ['datediff', ['2007-12-31 23:59:59', '2007-12-30'], '1', 'bigint(8)'],
  ['datediff', ['2010-11-30 23:59:59', '2010-12-31'], '-31'],
  ['timestampdiff', ['month', '2003-02-01', '2003-05-01'], '3', 'bigint(21)'],
  ['timestampdiff', ['year', '2002-05-01', '2001-01-01'], '-1'],
  ['timestampdiff', ['minute', '2003-02-01', '2003-05-01 12:05:55'], '128885'],
  ['timestampdiff', ['month', '2024-01-31', '2024-02-29'], '0'],
  ['timestampdiff', ['month', '2024-03-01', '2024-01-31'], '-1'],
  ['timestampdiff', ['quarter', '2024-01-01', '2024-12-31'], '3'],
  ['timestampdiff', ['microsecond', '0001-01-01', '9999-12-31 23:59:59.999999'], '315537897599999999'],
  ['timestampdiff', ['week', '2024-01-01', '2024-01-14'], '1'],
]

const TIMES: Case[] = [
  ['addtime', ['2007-12-31 23:59:59.999999', '1 1:1:1.000002'], '2008-01-02 01:01:01.000001', 'char(29)'],
  ['addtime', ['01:59:59.999999', '02:00:00.999999'], '04:00:00.999998'],
  ['addtime', [time('10:00:00'), time('-11:00:00')], '-01:00:00', 'time(10)'],
  ['addtime', [datetime('2024-01-01 00:00:00'), time('-00:00:01')], '2023-12-31 23:59:59', 'datetime(19)'],
  ['addtime', [time('838:00:00'), time('01:00:00')], '838:59:59'],
  ['addtime', ['10:00:00', '2024-01-01 00:00:00'], null],
  ['addtime', [20240101101112, '1:00:00'], '2024-01-01 11:11:12'],
  ['time', [decimal('-0.5')], '-00:00:00.5'],
  ['subtime', ['2007-12-31 23:59:59.999999', '1 1:1:1.000002'], '2007-12-30 22:58:58.999997'],
  ['subtime', ['01:00:00.999999', '02:00:00.999998'], '-00:59:59.999999'],
  ['timestamp', ['2003-12-31'], '2003-12-31 00:00:00', 'datetime(19)'],
  ['timestamp', ['2003-12-31 12:00:00', '12:00:00.5'], '2004-01-01 00:00:00.5', 'datetime(21)'],
  ['timediff', ['2000-01-01 00:00:00', '2000-01-01 00:00:00.000001'], '-00:00:00.000001', 'time(17)'],
  ['timediff', ['2008-12-31 23:59:59.000001', '2008-12-30 01:01:01.000002'], '46:58:57.999999'],
  ['timediff', [time('10:00:00'), '2024-01-01 00:00:00'], null],
  ['timediff', ['10:00:00', '11:30:00'], '-01:30:00', 'time(10)'],
  ['time', ['2003-12-31 01:02:03'], '01:02:03', 'time(10)'],
  ['time', ['2003-12-31 01:02:03.000123'], '01:02:03.000123', 'time(17)'],
  ['time', [decimal('101112.5')], '10:11:12.5', 'time(12)'],
  ['maketime', [12, 15, 30], '12:15:30', 'time(10)'],
  ['maketime', [-1, 0, decimal('1.25')], '-01:00:01.25', 'time(13)'],
  ['maketime', [1, 60, 0], null],
  ['maketime', [900, 0, 0], '838:59:59'],
  ['sec_to_time', [2378], '00:39:38', 'time(10)'],
  ['sec_to_time', [decimal('-1.5')], '-00:00:01.5', 'time(12)'],
  ['sec_to_time', [99999999], '838:59:59'],
]

const CONSTRUCTION: Case[] = [
  ['makedate', [2011, 31], '2011-01-31', 'date(10)'],
  ['makedate', [2011, 32], '2011-02-01'],
  ['makedate', [2011, 0], null],
  ['makedate', [69, 365], '2069-12-31'],
  ['makedate', [9999, 366], null],
  ['from_days', [730669], '2000-07-03', 'date(10)'],
  ['from_days', [365], '0000-00-00'],
  ['period_add', [200801, 2], '200803', 'bigint(7)'],
  ['period_add', [9912, 1], '200001'],
  ['period_diff', [200802, 200703], '11'],
  ['from_unixtime', [1447430881], '2015-11-13 16:08:01', 'datetime(19)'],
  ['from_unixtime', [decimal('1447430881.5')], '2015-11-13 16:08:01.5', 'datetime(21)'],
  ['from_unixtime', [-1], null],
  ['from_unixtime', [32536771200], null],
  ['from_unixtime', [decimal('32536771199.999999')], '3001-01-18 23:59:59.999999'],
  ['unix_timestamp', ['2999-12-31 23:59:59.999999'], '32503679999.999999'],
  ['from_unixtime', [1447430881, '%Y %D %M %h:%i:%s %x'], '2015 13th November 04:08:01 2015'],
  ['unix_timestamp', [], '1709210096', 'bigint(21)'],
  ['unix_timestamp', ['2015-11-13 10:20:19'], '1447410019', 'bigint(21)'],
  ['unix_timestamp', ['2015-11-13 10:20:19.012'], '1447410019.012', 'decimal(15,3)'],
  ['unix_timestamp', ['1900-01-01'], '0'],
  ['unix_timestamp', ['nonsense'], '0'],
  ['convert_tz', ['2004-01-01 12:00:00', '+00:00', '+10:00'], '2004-01-01 22:00:00', 'datetime(19)'],
  ['convert_tz', ['2024-07-01 12:00:00', 'UTC', 'Europe/Paris'], '2024-07-01 14:00:00'],
  ['convert_tz', ['2004-01-01 12:00:00', '+00:00', 'Nowhere/Land'], null],
  ['convert_tz', ['2101-01-01 12:00:00', '+00:00', '+10:00'], '2101-01-01 12:00:00'],
]

const FORMAT: Case[] = [
  ['date_format', ['2009-10-04 22:23:00', '%W %M %Y'], 'Sunday October 2009', 'varchar(134)'],
  ['date_format', ['2007-10-04 22:23:00', '%H:%i:%s'], '22:23:00'],
  ['date_format', ['1900-10-04 22:23:00', '%D %y %a %d %m %b %j'], '4th 00 Thu 04 10 Oct 277'],
  ['date_format', ['1997-10-04 22:23:00', '%H %k %I %r %T %S %w'], '22 22 10 10:23:00 PM 22:23:00 00 6'],
  ['date_format', ['1999-01-01', '%X %V'], '1998 52'],
  ['date_format', ['2006-06-00', '%d'], '00'],
  ['date_format', ['2006-00-00', '%M'], null],
  ['date_format', ['2024-02-29', '%U %u %v %x %c %e %f %%%q%'], '08 09 09 2024 2 29 000000 %q%'],
  ['date_format', ['2024-02-29', ''], null],
  ['date_format', [json('"2024-02-29"'), '%Y'], '2024'],
  [
    'year',
    [
      {
        type: { ...json('1').type, name: 'enum', members: ['2024-02-29'], collation: 'utf8mb4_bin' },
        value: 1,
      },
    ],
    '2024',
  ],
  ['time_format', ['100:00:00', '%H %k %h %I %l'], '100 100 04 04 4'],
  ['time_format', ['-10:20:30.5', '%H|%i|%s|%f|%p|%r|%T'], '-10|20|30|500000|AM|10:20:30 AM|10:20:30'],
  ['time_format', ['10:00:00', '%W'], null],
  ['get_format', ['date', 'EUR'], '%d.%m.%Y', 'varchar(17)'],
  ['get_format', ['datetime', 'internal'], '%Y%m%d%H%i%s'],
  ['get_format', ['time', 'MARS'], null],
  ['str_to_date', ['01,5,2013', '%d,%m,%Y'], '2013-05-01', 'date(10)'],
  ['str_to_date', ['May 1, 2013', '%M %d,%Y'], '2013-05-01'],
  ['str_to_date', ['a09:30:17', 'a%h:%i:%s'], '09:30:17', 'time(10)'],
  ['str_to_date', ['a09:30:17', '%h:%i:%s'], null],
  ['str_to_date', ['09:30:17a', '%h:%i:%s'], '09:30:17'],
  ['str_to_date', ['200442 Monday', '%X%V %W'], '2004-10-18'],
  [
    'str_to_date',
    ['2003-01-02 10:11:12.0012', '%Y-%m-%d %H:%i:%S.%f'],
    '2003-01-02 10:11:12.001200',
    'datetime(26)',
  ],
  ['str_to_date', ['10:11 PM', '%h:%i %p'], '22:11:00'],
  ['str_to_date', ['2024 60', '%Y %j'], '2024-02-29'],
  ['str_to_date', ['2024-02-30', '%Y-%m-%d'], null],
  ['str_to_date', ['9', '%m'], null],
  ['str_to_date', ['2024-01-02', column('%Y-%m-%d')], '2024-01-02 00:00:00.000000', 'datetime(26)'],
]

describe.each([
  ['current', CURRENT],
  ['parts', PARTS],
  ['arithmetic', ARITHMETIC],
  ['times', TIMES],
  ['construction', CONSTRUCTION],
  ['formats', FORMAT],
])('date functions: %s', (_family, cases) => {
  test.each(tabulate(call, cases))('%s', (_title, actual, expected) => {
    expect(actual()).toEqual(expected)
  })
})

describe('the session', () => {
  test('sets the time zone of what is now and of Unix time', () => {
    const settings = { context: { timeZone: timeZoneByName('+05:30') } }
    expect(call('now', [], settings).text).toBe('2024-02-29 18:04:56')
    expect(call('utc_time', [], settings).text).toBe('12:34:56')
    expect(call('from_unixtime', [0], settings).text).toBe('1970-01-01 05:30:00')
    expect(call('unix_timestamp', ['1970-01-01 05:30:01'], settings).text).toBe('1')
  })

  test('sets the language of names and the default of weeks', () => {
    const settings = { context: { localeName: 'de_DE', defaultWeekFormat: 3 } }
    expect(call('dayname', ['2024-02-29'], settings).text).toBe('Donnerstag')
    expect(call('date_format', ['2024-03-01', '%M'], settings).text).toBe('März')
    expect(call('week', ['2024-12-31'], settings).text).toBe('1')
  })

  test('lets zero dates through only without NO_ZERO_DATE', () => {
    expect(call('year', ['0000-00-00']).text).toBeNull()
    expect(call('year', ['0000-00-00'], { context: { sqlMode: 0 } }).text).toBe('0')
    const loose = { context: { sqlMode: SqlMode.ALLOW_INVALID_DATES } }
    expect(call('dayofmonth', ['2024-02-31'], loose).text).toBe('31')
    expect(call('str_to_date', ['00/00/0000', '%m/%d/%Y'], { context: { sqlMode: 0 } }).text).toBe(
      '0000-00-00',
    )
  })
})

describe('warnings', () => {
  test.each<[string, Case[1], string]>([
    ['year', ['abc'], "Warning Incorrect datetime value: 'abc'"],
    ['year', ['2024-01-02 x'], "Warning Truncated incorrect datetime value: '2024-01-02 x'"],
    ['hour', ['abc'], "Warning Truncated incorrect time value: 'abc'"],
    ['date_add', [date('9999-12-31'), 1, 'day'], 'Warning Datetime function: datetime field overflow'],
    ['str_to_date', ['x', '%d'], "Warning Incorrect datetime value: 'x' for function str_to_date"],
    ['sec_to_time', [99999999], "Warning Truncated incorrect time value: '99999999'"],
  ])('%s(%j)', (name, args, warning) => {
    expect(call(name, args).warnings).toEqual([warning])
  })

  test('are errors while strict mode stores', () => {
    expect(() => call('year', ['abc'], { context: { strict: true } })).toThrow(
      "Incorrect datetime value: 'abc'",
    )
  })

  test('periods that are none are errors', () => {
    expect(() => call('period_add', [200813, 1])).toThrow('Incorrect arguments to period_add')
  })

  test('seven fractional digits are an error', () => {
    expect(() => call('now', [7])).toThrow("Too-big precision 7 specified for 'now'. Maximum is 6.")
  })
})
