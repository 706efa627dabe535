/**
 * Goal: doubles and floats read and print as MySQL's do. Method: fixed values around the limits of plain notation and
 * around rounding ties.
 */
import {
  formatDouble,
  formatFixed,
  formatFloat,
  hasGarbage,
  parseDouble,
  roundHalfEven,
} from './double-format.js'

test.each([
  [0, '0'],
  [-0, '-0'],
  [0.1, '0.1'],
  [1, '1'],
  [-1.5, '-1.5'],
  [1e14, '100000000000000'],
  [1e15, '1e15'],
  [123456789012345680, '1.2345678901234568e17'],
  [999999999999999, '999999999999999'],
  [1e20, '1e20'],
  [1e-6, '0.000001'],
  [1e-7, '0.0000001'],
  [1.5e-7, '0.00000015'],
  [1e-15, '0.000000000000001'],
  [1e-16, '1e-16'],
  [-2.5e-20, '-2.5e-20'],
  [1.7976931348623157e308, '1.7976931348623157e308'],
  [5e-324, '5e-324'],
  [0.1 + 0.2, '0.30000000000000004'],
])('DOUBLE %p is %p', (value, text) => {
  expect(formatDouble(value)).toBe(text)
})

test.each([
  [Math.fround(0.1), '0.1'],
  [16777216, '16777200'],
  [123456, '123456'],
  [1234567, '1234570'],
  [Math.fround(3.14159265), '3.14159'],
  [1e10, '10000000000'],
  [Math.fround(1.5e20), '1.5e20'],
  [Math.fround(-1e-20), '-1e-20'],
  [0, '0'],
])('FLOAT %p is %p', (value, text) => {
  expect(formatFloat(value)).toBe(text)
})

test.each([
  [2.5, 0, '2'],
  [3.5, 0, '4'],
  [0.125, 2, '0.12'],
  [0.375, 2, '0.38'],
  [1.005, 2, '1.00'],
  [-2.345, 2, '-2.35'],
  [1e21, 2, '1000000000000000000000.00'],
  [5, 3, '5.000'],
])('%p with %p decimals is %p', (value, decimals, text) => {
  expect(formatFixed(value, decimals)).toBe(text)
})

test.each([
  ['12', 12, 2],
  ['  -1.5e3x', -1500, 8],
  ['1e', 1, 1],
  ['1e+', 1, 1],
  ['.5', 0.5, 2],
  ['5.', 5, 2],
  ['.', 0, 0],
  ['abc', 0, 0],
  ['0x1F', 0, 1],
  ['Infinity', 0, 0],
  ['', 0, 0],
])('%p reads as %p', (text, value, end) => {
  const parsed = parseDouble(text)
  expect([parsed.value, parsed.end, parsed.overflow]).toEqual([value, end, false])
})

test('numbers beyond the range are clamped', () => {
  expect({ ...parseDouble('-1e999') }).toEqual({ value: -Number.MAX_VALUE, end: 6, overflow: true })
})

test('garbage and rounding', () => {
  expect(hasGarbage('12  \t', 2)).toBe(false)
  expect(hasGarbage('12 x', 2)).toBe(true)
  expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999].map((value) => roundHalfEven(value) + 0)).toEqual([
    0, 2, 2, 0, -2, 2,
  ])
})
