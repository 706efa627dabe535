/**
 * Goal: every value goes out as MySQL writes it, in both protocols. Method: the text protocol against the texts of the
 * types' own library for edge and random values, written into dirty buffers; the binary protocol against layouts of the manual.
 */
import {
  BIGINT_TYPE,
  BytesVector,
  createVector,
  DATE_TYPE,
  datetimeType,
  decimalType,
  DOUBLE_TYPE,
  FLOAT_TYPE,
  INT_TYPE,
  JSON_TYPE,
  textType,
  timestampType,
  timeType,
  UNSIGNED_BIGINT_TYPE,
  YEAR_TYPE,
  type SqlType,
  type Value,
} from '@switchyard/core/spi'
import { textOf } from '../../../core/common/value-text.js'
import { PayloadReader } from '../wire/payload-reader.js'
import { resultCharset } from '../wire/result-charset.js'
import { binaryCellEncoder } from './binary-cell-encoder.js'
import type { CellEncoder } from './cell-encoder.js'
import { textCellEncoder } from './text-cell-encoder.js'

const UTF8 = resultCharset('utf8mb4')
const OFFSET = 3

/** The bytes that an encoder writes, checked against the room that it asks for. */
function encode(encoder: CellEncoder, type: SqlType, value: Value): Buffer {
  const vector = createVector(type)
  vector.push(value)
  const target = Buffer.alloc(70_000, 0xaa)
  const end = encoder.encode(vector, 0, target, OFFSET)
  const stored = vector instanceof BytesVector ? vector.end(0) : 0
  expect(end - OFFSET).toBeLessThanOrEqual(encoder.fixedBytesMax + stored * encoder.bytesPerStoredByte)
  return target.subarray(OFFSET, end)
}

function text(type: SqlType, value: Value, charset = UTF8): string {
  const bytes = encode(textCellEncoder(type, charset), type, value)
  const reader = new PayloadReader(bytes)
  const content = reader.lengthEncodedBytes()
  expect(reader.remaining).toBe(0)
  return content.toString('latin1')
}

function binary(type: SqlType, value: Value): string {
  return encode(binaryCellEncoder(type, UTF8), type, value).toString('hex')
}

/** Repeatable pseudo-random numbers below 1. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 0x1_0000_0000
  }
}

const ZEROFILL: SqlType = { ...INT_TYPE, zerofill: true, unsigned: true, length: 5 }
const SMALLINT: SqlType = { ...INT_TYPE, name: 'smallint', length: 6 }
const TINYINT: SqlType = { ...INT_TYPE, name: 'tinyint', length: 4 }
const BIT: SqlType = { ...INT_TYPE, name: 'bit', length: 12, unsigned: true }
const VARCHAR = textType(100, 'utf8mb4_0900_ai_ci')
const LATIN1 = textType(100, 'latin1_swedish_ci')
const ENUM: SqlType = { ...VARCHAR, name: 'enum', members: ['a', 'bé', '€'] }
const SET: SqlType = { ...VARCHAR, name: 'set', members: ['x', 'y', 'zé'] }

describe('the text protocol', () => {
  it('writes integers of all sizes', () => {
    const random = randomNumbers(1)
    const values = [
      0,
      -0,
      1,
      -1,
      9,
      10,
      99,
      100,
      999_999_999,
      1_000_000_000,
      2 ** 31,
      2 ** 53 - 1,
      -(2 ** 53) + 1,
    ]
    for (let digits = 1; digits <= 15; digits++) {
      for (let i = 0; i < 20; i++) values.push(Math.floor(random() * 10 ** digits))
    }
    for (const value of values) {
      expect(text(BIGINT_TYPE, value)).toBe(String(value))
      expect(text(BIGINT_TYPE, 0 - value)).toBe(String(0 - value))
    }
    expect(text(BIGINT_TYPE, -(2n ** 63n))).toBe('-9223372036854775808')
    expect(text(UNSIGNED_BIGINT_TYPE, 2n ** 64n - 1n)).toBe('18446744073709551615')
  })

  it('fills with zeros up to the display width', () => {
    expect(text(ZEROFILL, 42)).toBe('00042')
    expect(text(ZEROFILL, 1234567)).toBe('1234567')
    expect(text({ ...decimalType(6, 2, true), zerofill: true }, 1234)).toBe('0012.34')
    expect(text({ ...DOUBLE_TYPE, zerofill: true, length: 8 }, 1.5)).toBe('000001.5')
    expect(text(YEAR_TYPE, 0)).toBe('0000')
    expect(text(YEAR_TYPE, 2024)).toBe('2024')
  })

  it.each([0, 1, 2, 5, 9, 10, 15, 16, 30])('writes DECIMAL with %d decimals', (scale) => {
    const type = decimalType(65, scale)
    const expected = textOf(type)
    const random = randomNumbers(scale)
    const values: (number | bigint)[] = [
      0,
      1,
      -1,
      9,
      10 ** 9,
      2 ** 53 - 1,
      -(2 ** 53) + 1,
      10n ** 60n + 7n,
      -(10n ** 40n),
    ]
    for (let i = 0; i < 300; i++) values.push(Math.floor((random() - 0.5) * 10 ** Math.floor(random() * 16)))
    for (let nines = 1; nines <= 15; nines++)
      values.push(10 ** nines - 1, 1 - 10 ** nines, 9e15 + 10 ** nines - 1)
    for (const value of values) {
      if (typeof value === 'number' && !Number.isSafeInteger(value)) continue
      expect(text(type, value)).toBe(expected(value))
    }
  })

  it('writes FLOAT and DOUBLE as the library does', () => {
    const values = [
      0,
      -0,
      1,
      -1,
      0.1,
      1 / 3,
      1e15,
      1e15 - 1,
      1e16,
      123456,
      1234567,
      1e-7,
      5e-324,
      1.7976931348623157e308,
      -2.5,
    ]
    for (const value of values) {
      expect(text(DOUBLE_TYPE, value)).toBe(textOf(DOUBLE_TYPE)(value))
      const single = Math.fround(value)
      if (Number.isFinite(single)) expect(text(FLOAT_TYPE, single)).toBe(textOf(FLOAT_TYPE)(single))
    }
    expect(text({ ...DOUBLE_TYPE, scale: 2 }, 2.345)).toBe('2.35')
    expect(text({ ...DOUBLE_TYPE, scale: 30 }, -1.7976931348623157e308)).toHaveLength(341)
  })

  it('writes dates and times of all scales as the library does', () => {
    const random = randomNumbers(7)
    const int = (max: number) => Math.floor(random() * max)
    for (let scale = 0; scale <= 6; scale++) {
      const unit = 10 ** scale
      for (let i = 0; i < 200; i++) {
        const days = (int(10_000) * 13 + int(13)) * 32 + int(32)
        const packed = BigInt(days * 86_400 + int(86_400)) * BigInt(unit) + BigInt(int(unit))
        const value = Number.isSafeInteger(Number(packed)) ? Number(packed) : packed
        for (const type of [datetimeType(scale), timestampType(scale)])
          expect(text(type, value)).toBe(textOf(datetimeType(scale))(value))
        const time = Math.floor((random() - 0.5) * 2 * 3_020_399 * unit)
        expect(text(timeType(scale), time)).toBe(textOf(timeType(scale))(time))
      }
      expect(text(datetimeType(scale), 0)).toBe(textOf(datetimeType(scale))(0))
      const last = BigInt(((9999 * 13 + 12) * 32 + 31) * 86_400 + 86_399) * BigInt(unit) + BigInt(unit - 1)
      expect(text(datetimeType(scale), last)).toMatch(/^9999-12-31 23:59:59/)
    }
    expect(text(DATE_TYPE, (2024 * 16 + 2) * 32 + 29)).toBe('2024-02-29')
    expect(text(DATE_TYPE, 0)).toBe('0000-00-00')
  })

  it('writes text in the character set of the results', () => {
    expect(text(VARCHAR, 'plain')).toBe('plain')
    expect(text(VARCHAR, 'é€😀')).toBe(Buffer.from('é€😀').toString('latin1'))
    expect(text(VARCHAR, 'é€😀', resultCharset('latin1'))).toBe('\xe9\x80?')
    expect(text(VARCHAR, 'é😀', resultCharset('utf8mb3'))).toBe('\xc3\xa9?')
    expect(text(VARCHAR, 'aé', resultCharset('ascii'))).toBe('a?')
    expect(text(VARCHAR, 'aé', resultCharset('utf16'))).toBe('\0a\0\xe9')
    expect(text(VARCHAR, 'x'.repeat(66_000))).toHaveLength(66_000)
    for (const size of [250, 251, 252, 300, 65_535, 65_536])
      expect(text(VARCHAR, 'y'.repeat(size))).toHaveLength(size)
  })

  it('sends text as it is stored where the client wants no conversion', () => {
    expect(text(LATIN1, 'é', resultCharset(null))).toBe('\xe9')
    expect(text(VARCHAR, 'é', resultCharset('binary'))).toBe('\xc3\xa9')
    expect(text(JSON_TYPE, '"é"', resultCharset(null))).toBe('"\xc3\xa9"')
  })

  it('writes ENUM, SET and BIT', () => {
    expect([0, 1, 2, 3, 9].map((index) => text(ENUM, index, resultCharset('latin1')))).toEqual([
      '',
      'a',
      'b\xe9',
      '\x80',
      '',
    ])
    expect([0, 1, 3, 7].map((mask) => text(SET, mask, resultCharset('latin1')))).toEqual([
      '',
      'x',
      'x,y',
      'x,y,z\xe9',
    ])
    expect(text(BIT, 0xabc)).toBe('\x0a\xbc')
  })
})

describe('the binary protocol', () => {
  it.each<[SqlType, Value, string]>([
    [TINYINT, -1, 'ff'],
    [SMALLINT, -2, 'feff'],
    [YEAR_TYPE, 2024, 'e807'],
    [INT_TYPE, -2, 'feffffff'],
    [{ ...INT_TYPE, unsigned: true }, 4294967295, 'ffffffff'],
    [BIGINT_TYPE, 1, '0100000000000000'],
    [BIGINT_TYPE, -1, 'ffffffffffffffff'],
    [BIGINT_TYPE, -4294967297, 'fffffffffeffffff'],
    [BIGINT_TYPE, 2 ** 53 - 1, 'ffffffffffff1f00'],
    [BIGINT_TYPE, -(2n ** 63n), '0000000000000080'],
    [UNSIGNED_BIGINT_TYPE, 2n ** 64n - 1n, 'ffffffffffffffff'],
    [FLOAT_TYPE, 10.5, '00002841'],
    [DOUBLE_TYPE, 10.5, '0000000000002540'],
    [decimalType(5, 2), -123, '052d312e3233'],
    [VARCHAR, 'foo', '03666f6f'],
    [BIT, 0xabc, '020abc'],
    // The manual's examples of temporal values.
    [DATE_TYPE, (2010 * 16 + 10) * 32 + 17, '04da070a11'],
    [DATE_TYPE, 0, '00'],
    [datetimeType(), 0, '00'],
    [datetimeType(), ((2010 * 13 + 10) * 32 + 17) * 86_400, '04da070a11'],
    [datetimeType(), ((2010 * 13 + 10) * 32 + 17) * 86_400 + 19 * 3600 + 27 * 60 + 30, '07da070a11131b1e'],
    [
      datetimeType(6),
      BigInt(((2010 * 13 + 10) * 32 + 17) * 86_400 + 19 * 3600 + 27 * 60 + 30) * 1_000_000n + 1n,
      '0bda070a11131b1e01000000',
    ],
    [datetimeType(3), ((2010 * 13 + 10) * 32 + 17) * 86_400 * 1000 + 5, '0bda070a1100000088130000'],
    [timeType(), 0, '00'],
    [timeType(), -(120 * 86_400 + 19 * 3600 + 27 * 60 + 30), '080178000000131b1e'],
    [timeType(6), -((120 * 86_400 + 19 * 3600 + 27 * 60 + 30) * 1_000_000 + 1), '0c0178000000131b1e01000000'],
    [timeType(1), 15, '0c000000000000000120a10700'],
  ])('%j %s: %s', (type, value, expected) => {
    expect(binary(type, value)).toBe(expected)
  })

  it('reads integers of vectors that have turned wide', () => {
    const vector = createVector(BIGINT_TYPE)
    vector.push(5)
    vector.push(2n ** 60n)
    const target = Buffer.alloc(16)
    const { encode: write } = binaryCellEncoder(BIGINT_TYPE, UTF8)
    write(vector, 1, target, write(vector, 0, target, 0))
    expect(target.toString('hex')).toBe('05000000000000000000000000000010')
  })
})
