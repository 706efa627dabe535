/**
 * Goal: DECIMAL arithmetic is exact and rounds as MySQL does, on both sides of the safe integers. Method: fixed cases,
 * and the number fast path against the same sum done in bigints for pseudo-random operands.
 */
import {
  ceilingDecimal,
  clampToPrecision,
  compareDecimals,
  decimalToDouble,
  divideDecimals,
  divideDecimalsTruncated,
  divideToInteger,
  doubleToDecimal,
  fitsPrecision,
  floorDecimal,
  formatDecimal,
  moduloDecimals,
  multiplyDecimals,
  parseDecimal,
  quotientScale,
  rescale,
  roundDecimal,
  truncateDecimal,
} from './decimal.js'
import { exact } from './value.js'

describe('text', () => {
  test.each([
    ['0', '0', 1, false],
    ['-0.05', '-0.05', 5, false],
    ['  12.50abc', '12.50', 7, false],
    ['1e3', '1000', 3, false],
    ['1.5e-3', '0.0015', 6, false],
    ['1e', '1', 1, false],
    ['.5', '0.5', 2, false],
    ['5.', '5', 2, false],
    ['12345678901234567890.123', '12345678901234567890.123', 24, false],
    ['1e-300', `0.${'0'.repeat(72)}`, 6, false],
    ['1e65', '9'.repeat(65), 4, true],
    ['-1e100', `-${'9'.repeat(65)}`, 6, true],
  ])('%p', (text, shown, end, overflow) => {
    const parsed = parseDecimal(text)
    expect([formatDecimal(parsed.unscaled, parsed.scale), parsed.end, parsed.overflow]).toEqual([
      shown,
      end,
      overflow,
    ])
  })

  test.each(['', 'abc', '.', '-', 'e5', '  x'])('%p is no number', (text) => {
    expect(parseDecimal(text).end).toBe(0)
  })
})

describe('rounding', () => {
  test('is half away from zero', () => {
    expect([15, 14, -15, -14, 25, 5, -5, 4].map((value) => rescale(value, 1, 0))).toEqual([
      2, 1, -2, -1, 3, 1, -1, 0,
    ])
    expect(Object.is(rescale(-4, 1, 0), 0)).toBe(true)
    expect(rescale(123456789012345678905n, 1, 0)).toBe(12345678901234567891n)
    expect(rescale(-123456789012345678905n, 1, 0)).toBe(-12345678901234567891n)
  })

  test('at places left and right of the point', () => {
    expect(roundDecimal(12345, 2, 1)).toBe(12350)
    expect(roundDecimal(12345, 2, -1)).toBe(12000)
    expect(roundDecimal(15500, 2, -2)).toBe(20000)
    expect(roundDecimal(15, 1, 3)).toBe(15)
    expect(truncateDecimal(-12999, 3, 1)).toBe(-12900)
    expect(floorDecimal(-15, 1)).toBe(-2)
    expect(floorDecimal(15, 1)).toBe(1)
    expect(ceilingDecimal(15, 1)).toBe(2)
    expect(ceilingDecimal(-15, 1)).toBe(-1)
    expect(ceilingDecimal(-5, 1)).toBe(0)
  })
})

describe('arithmetic', () => {
  test('quotients', () => {
    expect(divideDecimals(1, 0, 3, 0, 4)).toBe(3333)
    expect(divideDecimals(2, 0, 3, 0, 4)).toBe(6667)
    expect(divideDecimals(-2, 0, 3, 0, 4)).toBe(-6667)
    expect(divideDecimals(1, 0, 8, 0, 2)).toBe(13)
    expect(divideDecimals(1, 0, 0, 0, 4)).toBeUndefined()
    expect(divideDecimals(10n ** 30n, 0, 3, 0, 2)).toBe(10n ** 32n / 3n)
    expect(divideDecimalsTruncated(2, 0, 3, 0, 9)).toBe(666666666)
    expect(divideToInteger(-75, 1, 2, 0)).toBe(-3)
    expect(quotientScale(0, 0, 4)).toBe(9)
    expect(quotientScale(2, 0, 4)).toBe(9)
    expect(quotientScale(1, 1, 4)).toBe(18)
  })

  test('remainders have the sign of the dividend', () => {
    expect(moduloDecimals(-7, 0, 3, 0)).toBe(-1)
    expect(moduloDecimals(75, 1, 2, 0)).toBe(15)
    expect(moduloDecimals(-(10n ** 20n) - 1n, 0, 10, 0)).toBe(-1)
  })

  test('products keep at most 30 decimals', () => {
    expect(multiplyDecimals(15n, 20, 1, 20)).toBe(0)
    expect(multiplyDecimals(5n * 10n ** 9n, 20, 1, 20)).toBe(1)
  })

  test('the number path and the bigint path agree', () => {
    let seed = 12345
    const next = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648)
    for (let i = 0; i < 2000; i++) {
      const a = (next() - 1073741824) * (next() % 4000)
      const b = next() - 1073741824 || 1
      const scaled = BigInt(a) * 10000n * 2n
      const twice = BigInt(b) * 2n
      const magnitude = (scaled < 0n ? -scaled : scaled) + (twice < 0n ? -twice : twice) / 2n
      const expected = (magnitude / (twice < 0n ? -twice : twice)) * (a < 0 === b < 0 || a === 0 ? 1n : -1n)
      expect(divideDecimals(a, 0, b, 0, 4)).toBe(exact(expected))
    }
  })

  test('comparison across scales', () => {
    expect(compareDecimals(11, 1, 110, 2)).toBe(0)
    expect(compareDecimals(11, 1, 111, 2)).toBe(-1)
    expect(compareDecimals(10n ** 20n, 0, 1, 0)).toBe(1)
  })
})

test('precision', () => {
  expect(fitsPrecision(999, 3)).toBe(true)
  expect(fitsPrecision(-1000, 3)).toBe(false)
  expect(clampToPrecision(-12345, 3)).toBe(-999)
  expect(fitsPrecision(10n ** 20n - 1n, 20)).toBe(true)
  expect(fitsPrecision(10n ** 20n, 20)).toBe(false)
})

test('doubles', () => {
  expect(doubleToDecimal(0.1, 20)).toBe(10n ** 19n)
  expect(doubleToDecimal(1e20, 2)).toBe(10n ** 22n)
  expect(doubleToDecimal(2.675, 2)).toBe(268)
  expect(doubleToDecimal(1e-7, 6)).toBe(0)
  expect(decimalToDouble(12345n, 2)).toBe(123.45)
  expect(decimalToDouble(10n ** 30n + 1n, 30)).toBe(1)
})
