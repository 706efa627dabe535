/**
 * Goal: sizes and durations mean what people expect and nothing ambiguous is accepted. Method: tables of spellings.
 */
import { parseBytes, parseDuration } from './units.js'

test.each([
  [0, 0],
  [1048576, 1048576],
  ['512', 512],
  ['64K', 65536],
  ['16M', 16777216],
  ['16m', 16777216],
  ['2G', 2147483648],
  ['2GiB', 2147483648],
  ['1 TB', 1099511627776],
])('size %j is %d bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes)
})

test.each([
  [0, 0],
  [250, 250],
  ['250', 250],
  ['250ms', 250],
  ['10s', 10_000],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
])('duration %j is %d ms', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds)
})

test.each(['', 'M', '-1', '1.5G', '10X', '1e3', '99999999T', -1, 1.5, Number.NaN, true, null, {}])(
  '%j is no size',
  (value) => {
    expect(parseBytes(value)).toBeUndefined()
  },
)

test.each(['', 's', '-1s', '1.5h', '10M', '1w', '9007199254740993s', -1, 0.5, false, null, []])(
  '%j is no duration',
  (value) => {
    expect(parseDuration(value)).toBeUndefined()
  },
)
