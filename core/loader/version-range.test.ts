/**
 * Goal: a plugin loads exactly with the interface versions it names. Method: the boundaries of each operator, as npm's
 * documentation of ranges defines them.
 */
import { isInRange } from './version-range.js'

test.each([
  ['1.2.3', '1.2.3', true],
  ['1.2.4', '1.2.3', false],
  ['1.2.3', '^1.2.0', true],
  ['1.9.0', '^1.2.0', true],
  ['2.0.0', '^1.2.0', false],
  ['1.1.9', '^1.2.0', false],
  ['0.1.7', '^0.1.0', true],
  ['0.2.0', '^0.1.0', false],
  ['0.0.3', '^0.0.3', true],
  ['0.0.4', '^0.0.3', false],
  ['1.2.9', '~1.2.3', true],
  ['1.3.0', '~1.2.3', false],
  ['1.5.0', '>=1.2.0 <2.0.0', true],
  ['2.0.0', '>=1.2.0 <2.0.0', false],
  ['1.2.0', '>1.2.0', false],
  ['1.2.0', '<=1.2', true],
  ['3.0.1', '^1.0.0 || ^3.0.0', true],
  ['2.0.1', '^1.0.0 || ^3.0.0', false],
  ['0.1.0', '*', true],
])('%s in %s: %s', (version, range, expected) => {
  expect(isInRange(version, range)).toBe(expected)
})

test.each(['', 'latest', '^x', '1.2.3-beta', '^1.0.0 || nonsense'])('%j is not a range', (range) => {
  expect(isInRange('1.0.0', range)).toBeUndefined()
})
