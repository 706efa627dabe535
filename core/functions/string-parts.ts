/**
 * Functions that take a piece of a string or cut something off: LEFT, RIGHT, SUBSTRING, SUBSTRING_INDEX, TRIM
 * (MySQL manual 14.8 "String Functions and Operators").
 */
import type { ExactValue } from '../common/value.js'
import type { ScalarFunction } from '../spi/functions.js'
import { characterCount, characterSlice, firstCharacters, unitIndex } from './code-points.js'
import { constantInteger, lengthOf, likeArgument, stringOf } from './result-types.js'
import {
  evaluator2,
  evaluator3,
  scalarFunction,
  strict1,
  strict2,
  strict3,
  synonyms,
  type Call,
} from './support.js'

function left(text: string, count: ExactValue): string {
  return count <= 0 ? '' : firstCharacters(text, Number(count))
}

function right(text: string, count: ExactValue): string {
  if (count <= 0) return ''
  if (count >= text.length) return text
  return text.slice(unitIndex(text, characterCount(text) - Number(count)))
}

/** LEFT and RIGHT: no longer than a constant count. */
function countedLength(call: Call): number {
  const count = constantInteger(call, 1)
  return count === undefined ? lengthOf(call, 0) : Math.min(lengthOf(call, 0), Math.max(count, 0))
}

/** Positions start at 1; negative ones count from the end; 0 and positions outside give an empty string. */
function substring(text: string, position: ExactValue, length: ExactValue): string {
  if (length <= 0 || position == 0 || position > text.length) return ''
  if (position > 0) return characterSlice(text, Number(position) - 1, Math.min(Number(length), text.length))
  const start = characterCount(text) + Number(position)
  return start < 0 ? '' : characterSlice(text, start, Math.min(Number(length), text.length))
}

function substringLength(call: Call): number {
  let length = lengthOf(call, 0)
  const position = constantInteger(call, 1)
  if (position !== undefined) {
    if (position >= 0) length = Math.max(length - Math.max(position - 1, 0), 0)
    else length = -position > length ? 0 : -position
  }
  const count = constantInteger(call, 2)
  return count === undefined ? length : Math.min(length, Math.max(count, 0))
}

/** Compared byte by byte, whatever the collation is. */
function substringIndex(text: string, delimiter: string, count: ExactValue): string {
  if (text === '' || delimiter === '' || count == 0) return ''
  return count > 0
    ? beforeDelimiter(text, delimiter, Number(count))
    : afterDelimiter(text, delimiter, -Number(count))
}

function beforeDelimiter(text: string, delimiter: string, count: number): string {
  let at = text.indexOf(delimiter)
  for (let seen = 1; seen < count && at >= 0; seen++) at = text.indexOf(delimiter, at + delimiter.length)
  return at < 0 ? text : text.slice(0, at)
}

/** Occurrences are counted from the left here as well, which matters for delimiters that overlap themselves. */
function afterDelimiter(text: string, delimiter: string, count: number): string {
  return text.split(delimiter).slice(-count).join(delimiter)
}

function trimLeading(text: string, remove: string): string {
  if (remove === '') return text
  let start = 0
  while (text.startsWith(remove, start)) start += remove.length
  return start === 0 ? text : text.slice(start)
}

function trimTrailing(text: string, remove: string): string {
  if (remove === '') return text
  let end = text.length
  while (end >= remove.length && text.endsWith(remove, end)) end -= remove.length
  return end === text.length ? text : text.slice(0, end)
}

function trimBoth(text: string, remove: string): string {
  return trimTrailing(trimLeading(text, remove), remove)
}

/** `trim` and its one-sided forms: (string [, what to remove]), which is a space by default. */
function trimFunction(name: string, trim: (text: string, remove: string) => string): ScalarFunction {
  return scalarFunction(name, {
    compares: true,
    parameters: ['string', 'string'],
    optional: 1,
    type: likeArgument(0),
    compile: (args, call) =>
      args.length === 1 ? strict1((text: string) => trim(text, ' '))(args, call) : strict2(trim)(args, call),
  })
}

export const stringPartFunctions: readonly ScalarFunction[] = [
  scalarFunction('left', {
    parameters: ['string', 'integer'],
    type: stringOf(countedLength),
    compile: strict2(left),
  }),
  scalarFunction('right', {
    parameters: ['string', 'integer'],
    type: stringOf(countedLength),
    compile: strict2(right),
  }),
  ...synonyms(['substring', 'substr', 'mid'], {
    parameters: ['string', 'integer', 'integer'],
    optional: 1,
    type: stringOf(substringLength),
    compile: ([text, position, length]) =>
      text === undefined || position === undefined
        ? () => null
        : length === undefined
          ? evaluator2(text, position, (a: string, b: ExactValue) => substring(a, b, a.length))
          : evaluator3(text, position, length, substring),
  }),
  scalarFunction('substring_index', {
    compares: true,
    parameters: ['string', 'string', 'integer'],
    type: likeArgument(0),
    compile: strict3(substringIndex),
  }),
  trimFunction('trim', trimBoth),
  trimFunction('trim leading', trimLeading),
  trimFunction('trim trailing', trimTrailing),
  scalarFunction('ltrim', {
    parameters: ['string'],
    type: likeArgument(0),
    compile: strict1((text: string) => trimLeading(text, ' ')),
  }),
  scalarFunction('rtrim', {
    parameters: ['string'],
    type: likeArgument(0),
    compile: strict1((text: string) => trimTrailing(text, ' ')),
  }),
]
