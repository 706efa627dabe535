/**
 * Goal: what is read straight from bytes is what the rules of assignment make of the same text, and what they would say anything about is
 * left to them. Method: the forms by hand; random texts of digits and signs through both.
 */
import { decimalType, DATE_TYPE, datetimeType, BIGINT_TYPE, textType, type SqlType } from './sql-type.js'
import { compileStore } from './conversion.js'
import { isPlainText, plainDate, plainDatetime, plainDecimal, plainInteger } from './plain-bytes.js'
import { testContext } from './test-context.js'

type Read = (bytes: Uint8Array, start: number, end: number) => number

const on = (read: Read) => (text: string) => {
  const bytes = Buffer.from(`x${text}x`)
  return read(bytes, 1, bytes.length - 1)
}

test.each<readonly [string, number]>([
  ['0', 0],
  ['-0', 0],
  ['-12', -12],
  ['000000000000007', 7],
  ...['', '-', '+1', ' 1', '1 ', '1.0', '1e3', '1234567890123456'].map((text) => [text, NaN] as const),
])('integer %j', (text, value) => {
  expect(on(plainInteger)(text)).toBe(value)
})

test.each<readonly [string, number]>([
  ['1', 100],
  ['-1.5', -150],
  ['.25', 25],
  ['3.', 300],
  ...['', '.', '-', '1.005', '1,5', '1e2', '12345678901234'].map((text) => [text, NaN] as const),
])('decimal %j', (text, value) => {
  expect(on((bytes, start, end) => plainDecimal(bytes, start, end, 2))(text)).toBe(value)
})

test.each(['2023-02-29', '2024-13-01', '2024-00-10', '0000-00-00', '2024-1-1', '20240101', '2024-01-01x'])(
  'no plain date: %s',
  (text) => {
    expect(on(plainDate)(text)).toBeNaN()
    expect(on((bytes, start, end) => plainDatetime(bytes, start, end, 0))(`${text} 10:00:00`)).toBeNaN()
  },
)

test.each(['2024-01-01 24:00:00', '2024-01-01 10:60:00', '2024-01-01 10:00:6x', '2024-01-01T10:00:00'])(
  'no plain time: %s',
  (text) => {
    expect(on((bytes, start, end) => plainDatetime(bytes, start, end, 0))(text)).toBeNaN()
  },
)

test('ASCII', () => {
  const bytes = Buffer.from('abc\u00e9')
  expect(isPlainText(bytes, 0, 3)).toBe(true)
  expect(isPlainText(bytes, 0, 4)).toBe(false)
})

test('plain values are what assignment stores', () => {
  const reads: readonly (readonly [SqlType, Read])[] = [
    [BIGINT_TYPE, plainInteger],
    [decimalType(15, 3), (bytes, start, end) => plainDecimal(bytes, start, end, 3)],
    [DATE_TYPE, plainDate],
    [datetimeType(2), (bytes, start, end) => plainDatetime(bytes, start, end, 2)],
  ]
  let seed = 11
  const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below
  const digits = (count: number): string => Array.from({ length: count }, () => random(10)).join('')
  const forms = [
    () => (random(2) === 0 ? '-' : '') + digits(1 + random(15)),
    () => `${random(2) === 0 ? '-' : ''}${digits(random(8))}.${digits(random(5))}`,
    () => `20${digits(2)}-0${random(10)}-${random(4)}${random(10)}`,
    () =>
      `20${digits(2)}-0${random(10)}-${random(3)}${random(10)} ${random(3)}${random(10)}:${digits(2)}:${digits(2)}`,
  ]
  const text = textType(100, 'utf8mb4_0900_ai_ci')
  let plainCount = 0
  for (let i = 0; i < 8000; i++) {
    const [type, read] = reads[i % reads.length] ?? [BIGINT_TYPE, plainInteger]
    const value = forms[i % forms.length]?.() ?? ''
    const plain = on(read)(value)
    if (Number.isNaN(plain)) continue
    plainCount++
    const stored = compileStore(type, text)(value, testContext({ context: { strict: true } }), 'c', 1)
    expect([value, plain]).toEqual([value, stored])
  }
  expect(plainCount).toBeGreaterThan(3000)
})
