/**
 * Goal: the functions round correctly and keep the special cases of the engine's.
 * Method: results with the digits of tables of higher precision, among them arguments for which JavaScript engines are
 * wrong in the last digit; identities at the borders of doubles.
 */
import { acos, asin, atan, atan2, cos, exp, log, pow, sin, tan } from './precise-mathematics.js'

test.each<[string, number, number]>([
  ['log(3)', log(3), 1.0986122886681098],
  ['log(2)', log(2), 0.6931471805599453],
  ['log(1 + 2^-40)', log(1 + 2 ** -40), 9.094947017725146e-13],
  ['log(1e-310)', log(1e-310), -713.8013788281542],
  ['exp(1)', exp(1), 2.718281828459045],
  ['exp(-100.25)', exp(-100.25), 2.897198083210148e-44],
  ['exp(709.5)', exp(709.5), 1.3549863193146328e308],
  ['pow(4.35, 22)', pow(4.35, 22), 111368828937184.77],
  ['pow(0.85, 6.5)', pow(0.85, 6.5), 0.3477146726351165],
  ['sin(100000)', sin(100000), 0.03574879797201651],
  ['cos(3)', cos(3), -0.9899924966004454],
  ['tan(1.5)', tan(1.5), 14.101419947171719],
  ['asin(0.3)', asin(0.3), 0.3046926540153975],
  ['acos(-0.9)', acos(-0.9), 2.6905658417935308],
  ['atan(10)', atan(10), 1.4711276743037347],
  ['atan2(-2, -3)', atan2(-2, -3), -2.5535900500422257],
])('%s', (_name, actual, expected) => {
  expect(actual).toBe(expected)
})

test.each<[string, number, number]>([
  ['log of 1', log(1), 0],
  ['log of infinity', log(Infinity), Infinity],
  ['e to the 0', exp(0), 1],
  ['overflow', exp(1000), Infinity],
  ['underflow', exp(-1000), 0],
  ['a subnormal power', pow(2, -1074), Number.MIN_VALUE],
  ['an odd power of a negative number', pow(-2, 3), -8],
  ['a fractional power of a negative number', pow(-8, 1 / 3), NaN],
  ['anything to the 0', pow(0, 0), 1],
  ['zero to a negative power', pow(0, -1), Infinity],
  ['a square', pow(3, 2), 9],
  ['a power of ten', pow(10, 22), 1e22],
  ['sine of 0', sin(-0), -0],
  ['cosine of 0', cos(0), 1],
  ['arc sine of 1', asin(1), Math.PI / 2],
  ['arc cosine of 1', acos(1), 0],
  ['arc sine outside of its domain', asin(2), NaN],
  ['arc tangent of infinity', atan(Infinity), Math.PI / 2],
  ['the angle of the negative axis', atan2(0, -1), Math.PI],
])('%s', (_name, actual, expected) => {
  expect(actual).toBe(expected)
})

test('powers undo roots and logarithms undo exponentials to the last digit or next to it', () => {
  for (let i = 1; i < 500; i++) {
    const x = i * 0.731
    expect(Math.abs(log(exp(x)) / x - 1)).toBeLessThan(2 ** -52)
    expect(Math.abs(pow(pow(x, 0.5), 2) / x - 1)).toBeLessThan(2 ** -51)
    expect(Math.abs(sin(x) ** 2 + cos(x) ** 2 - 1)).toBeLessThan(2 ** -51)
  }
})
