/**
 * Functions that build strings: CONCAT, CONCAT_WS, REPEAT, SPACE, LPAD, RPAD, INSERT, REPLACE (MySQL manual 14.8
 * "String Functions and Operators"). What would be longer than max_allowed_packet is NULL with a warning, and is found
 * out before it is built where its length is known.
 */
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { textType } from '../common/sql-type.js'
import type { ExactValue } from '../common/value.js'
import type { ScalarFunction } from '../spi/functions.js'
import { characterCount, firstCharacters, unitIndex } from './code-points.js'
import { encodedLength, limited, packetOverflow } from './packet-limit.js'
import { constantInteger, lengthOf, STRING_LENGTH_MAX, stringOf } from './result-types.js'
import type { StringDomain } from './string-domain.js'
import { evaluator1, evaluator2, evaluator3, scalarFunction, type Call } from './support.js'

/** MySQL counts repetitions and padded lengths with 32 bits. */
const COUNT_MAX = 2147483647

function totalLength(call: Call): number {
  return call.args.reduce((sum, _, index) => sum + lengthOf(call, index), 0)
}

/** Appends up to the limit; the last check is exact, the others keep the string in bounds while it grows. */
function compileConcat(args: readonly Evaluator[], call: Call): Evaluator {
  return (batch, row, context) => {
    let text = ''
    for (let i = 0; i < args.length; i++) {
      const part = (args[i] as Evaluator)(batch, row, context) as string | null
      if (part === null) return null
      text += part
      if (text.length > context.packetBytesMax) return packetOverflow(call.name, context)
    }
    return limited(call.name, call.strings, text, context)
  }
}

/** NULL for a NULL separator only; other NULLs are left out. */
function compileConcatWithSeparator([separator, ...parts]: readonly Evaluator[], call: Call): Evaluator {
  return (batch, row, context) => {
    const between = separator?.(batch, row, context) as string | null
    if (between === null) return null
    let text = ''
    let isFirst = true
    for (const argument of parts) {
      const part = argument(batch, row, context) as string | null
      if (part === null) continue
      text += isFirst ? part : between + part
      isFirst = false
      if (text.length > context.packetBytesMax) return packetOverflow(call.name, context)
    }
    return limited(call.name, call.strings, text, context)
  }
}

function repeat(call: Call, text: string, count: ExactValue, context: EvaluationContext): string | null {
  if (count <= 0 || text === '') return ''
  const times = Math.min(Number(count), COUNT_MAX)
  if (encodedLength(call.strings, text) * times > context.packetBytesMax)
    return packetOverflow(call.name, context)
  return text.repeat(times)
}

function repeatedLength(call: Call): number {
  const count = constantInteger(call, 1)
  if (count === undefined) return STRING_LENGTH_MAX
  return lengthOf(call, 0) * Math.min(Math.max(count, 0), COUNT_MAX)
}

/** What has to be added to reach `length` characters, or a string cut to them; NULL for a negative length. */
function pad(
  call: Call,
  text: string,
  length: ExactValue,
  padding: string,
  context: EvaluationContext,
  join: (text: string, padding: string) => string,
): string | null {
  if (length < 0) return null
  const current = characterCount(text)
  if (length <= current) return firstCharacters(text, Number(length))
  if (Number(length) * bytesPerCharacter(call.strings) > context.packetBytesMax) {
    return packetOverflow(call.name, context)
  }
  const paddingCharacters = characterCount(padding)
  if (paddingCharacters === 0) return ''
  const missing = Number(length) - current
  const whole = padding.repeat(Math.floor(missing / paddingCharacters))
  return join(text, whole + firstCharacters(padding, missing % paddingCharacters))
}

function bytesPerCharacter(strings: StringDomain): number {
  return strings.isBinary ? 1 : strings.collation.charset.bytesPerCharMax
}

function padFunction(name: string, join: (text: string, padding: string) => string): ScalarFunction {
  return scalarFunction(name, {
    parameters: ['string', 'integer', 'string'],
    type: stringOf((call) => {
      const length = constantInteger(call, 1)
      return length === undefined ? STRING_LENGTH_MAX : Math.max(length, 0)
    }),
    nullable: true,
    compile: ([text, length, padding], call) => {
      const evaluate = (a: string, b: ExactValue, c: string, context: EvaluationContext) =>
        pad(call, a, b, c, context, join)
      return evaluator3(text as Evaluator, length as Evaluator, padding as Evaluator, evaluate)
    },
  })
}

/** `text` as it is if the position lies outside of it; everything after the position if the length reaches too far. */
function insert(text: string, position: ExactValue, length: ExactValue, replacement: string): string {
  if (position < 1 || position > text.length) return text
  const start = unitIndex(text, Number(position) - 1)
  if (start >= text.length) return text
  if (length < 0 || length >= text.length) return text.slice(0, start) + replacement
  const rest = text.slice(start)
  return text.slice(0, start) + replacement + rest.slice(unitIndex(rest, Number(length)))
}

function compileInsert([text, position, length, replacement]: readonly Evaluator[], call: Call): Evaluator {
  return (batch, row, context) => {
    const a = text?.(batch, row, context) as string | null
    const b = position?.(batch, row, context) as ExactValue | null
    const c = length?.(batch, row, context) as ExactValue | null
    const d = replacement?.(batch, row, context) as string | null
    if (a === null || b === null || c === null || d === null) return null
    return limited(call.name, call.strings, insert(a, b, c, d), context)
  }
}

/** Finds byte by byte, whatever the collation is. */
function replaceAll(
  call: Call,
  text: string,
  from: string,
  to: string,
  context: EvaluationContext,
): string | null {
  if (from === '' || !text.includes(from)) return text
  if (to.length > from.length && (text.length / from.length) * to.length > context.packetBytesMax) {
    return replaceCounted(call, text, from, to, context)
  }
  return limited(
    call.name,
    call.strings,
    text.replaceAll(from, () => to),
    context,
  )
}

/** For results that may be too long: counts the occurrences before it builds anything. */
function replaceCounted(
  call: Call,
  text: string,
  from: string,
  to: string,
  context: EvaluationContext,
): string | null {
  let count = 0
  for (let at = text.indexOf(from); at >= 0; at = text.indexOf(from, at + from.length)) count++
  const bytes = (part: string) => encodedLength(call.strings, part)
  if (bytes(text) + count * (bytes(to) - bytes(from)) > context.packetBytesMax) {
    return packetOverflow(call.name, context)
  }
  return text.replaceAll(from, () => to)
}

function replacedLength(call: Call): number {
  const length = lengthOf(call, 0)
  return length + length * Math.max(lengthOf(call, 2) - 1, 0)
}

export const stringBuildingFunctions: readonly ScalarFunction[] = [
  scalarFunction('concat', {
    parameters: ['string'],
    repeats: 1,
    type: stringOf(totalLength),
    compile: compileConcat,
  }),
  scalarFunction('concat_ws', {
    parameters: ['string', 'string'],
    repeats: 1,
    type: stringOf((call) => totalLength(call) + lengthOf(call, 0) * Math.max(call.args.length - 3, 0)),
    nullable: (call) => call.args[0]?.nullable ?? true,
    compile: compileConcatWithSeparator,
  }),
  scalarFunction('repeat', {
    parameters: ['string', 'integer'],
    type: stringOf(repeatedLength),
    nullable: true,
    compile: ([text, count], call) =>
      evaluator2(text as Evaluator, count as Evaluator, (a: string, b: ExactValue, context) =>
        repeat(call, a, b, context),
      ),
  }),
  scalarFunction('space', {
    parameters: ['integer'],
    type: (call) => {
      const count = constantInteger(call, 0)
      const length = count === undefined ? STRING_LENGTH_MAX : Math.min(Math.max(count, 0), COUNT_MAX)
      return textType(length, call.environment.connectionCollation)
    },
    nullable: true,
    compile: ([count], call) =>
      evaluator1(count as Evaluator, (times: ExactValue, context) => repeat(call, ' ', times, context)),
  }),
  padFunction('lpad', (text, padding) => padding + text),
  padFunction('rpad', (text, padding) => text + padding),
  scalarFunction('insert', {
    parameters: ['string', 'integer', 'integer', 'string'],
    type: stringOf((call) => lengthOf(call, 0) + lengthOf(call, 3)),
    compile: compileInsert,
  }),
  scalarFunction('replace', {
    compares: true,
    parameters: ['string', 'string', 'string'],
    type: stringOf(replacedLength),
    compile: ([text, from, to], call) =>
      evaluator3(
        text as Evaluator,
        from as Evaluator,
        to as Evaluator,
        (a: string, b: string, c: string, context) => replaceAll(call, a, b, c, context),
      ),
  }),
]
