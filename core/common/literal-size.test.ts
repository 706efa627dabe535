/**
 * Goal: a class bounds every literal in it, and no class is wasteful. Method: sizes around the powers of two.
 */
import { sizeClassOf, sizeOfClass } from './literal-size.js'

test.each([
  [0, 0],
  [2, 0],
  [16, 0],
  [17, 1],
  [32, 1],
  [33, 2],
  [64, 2],
  [65, 3],
  [2 ** 20, 16],
  [2 ** 20 + 1, 17],
])('a literal of %d bytes is of class %d', (bytes, sizeClass) => {
  expect(sizeClassOf(bytes)).toBe(sizeClass)
})

test('a class is at most twice as long as its literals', () => {
  for (let bytes = 17; bytes < 5000; bytes++) {
    const size = sizeOfClass(sizeClassOf(bytes))
    expect(size).toBeGreaterThanOrEqual(bytes)
    expect(size).toBeLessThan(bytes * 2)
  }
})
