/**
 * LIKE, REGEXP and the REGEXP_… functions (MySQL manual 14.8.1 "String Comparison Functions", 14.8.2 "Regular
 * Expressions"). A pattern is prepared once as long as it stays the same.
 */
import type { Collation } from '../common/collation.js'
import { sqlError } from '../common/sql-error.js'
import type { Evaluator } from '../common/evaluation.js'
import { SqlMode } from '../common/sql-mode.js'
import { BIGINT_TYPE, BOOLEAN_TYPE, isBinary } from '../common/sql-type.js'
import { codePointCount } from '../common/value-text.js'
import type { ScalarFunction } from '../spi/functions.js'
import { unitIndex } from './code-points.js'
import { parseMatchType, translatePattern } from './regular-expression.js'
import { domainLength, domainType } from './string-domain.js'
import { scalarFunction, type Call } from './support.js'

// ---- LIKE

/** The escape character: the third argument, which must be constant, or a backslash unless sql_mode says none. */
function escapeOf(call: Call): string {
  const argument = call.args[2]
  if (argument === undefined) {
    return (call.environment.sqlMode & SqlMode.NO_BACKSLASH_ESCAPES) !== 0 ? '' : '\\'
  }
  const constant = argument.constant
  if (constant === undefined) throw sqlError('ER_WRONG_ARGUMENTS', 'ESCAPE')
  const escape = constant.value === null ? '\\' : String(constant.value)
  if (codePointCount(escape) > 1) throw sqlError('ER_WRONG_ARGUMENTS', 'ESCAPE')
  return escape
}

/** The matcher of the last pattern: compiled plans are shared, but a pattern means the same to everyone. */
function compileLike([operand, patternOperand]: readonly Evaluator[], call: Call): Evaluator {
  const evaluate = operand as Evaluator
  const evaluatePattern = patternOperand as Evaluator
  const collation = call.strings.collation
  const escape = escapeOf(call)
  let lastPattern: string | undefined
  let matches: (text: string) => boolean = () => false
  return (batch, row, context) => {
    const text = evaluate(batch, row, context) as string | null
    if (text === null) return null
    const pattern = evaluatePattern(batch, row, context) as string | null
    if (pattern === null) return null
    if (pattern !== lastPattern) {
      matches = collation.likeMatcher(pattern, escape)
      lastPattern = pattern
    }
    return matches(text) ? 1 : 0
  }
}

const like: ScalarFunction = scalarFunction('like', {
  parameters: ['string', 'string', 'any'],
  constants: [2],
  optional: 1,
  type: BOOLEAN_TYPE,
  compile: compileLike,
})

// ---- REGEXP

type Prepare = (pattern: string, matchType: string) => RegExp

/** Translates a pattern unless it is the last one. */
function preparer(collation: Collation, name: string): Prepare {
  let lastPattern: string | undefined
  let lastType: string | undefined
  let expression = /(?:)/u
  return (pattern, matchType) => {
    if (pattern !== lastPattern || matchType !== lastType) {
      const translated = translatePattern(pattern, parseMatchType(matchType, !collation.caseSensitive, name))
      expression = new RegExp(translated.source, `${translated.flags}g`)
      lastPattern = pattern
      lastType = matchType
    }
    return expression
  }
}

/** Numbers and text of a call's optional arguments; undefined for NULL. */
function valuesOf(args: readonly Evaluator[], ...[batch, row, context]: Parameters<Evaluator>) {
  const values = []
  for (const argument of args) {
    const value = argument(batch, row, context)
    if (value === null) return undefined
    values.push(value)
  }
  return values
}

/** A 1-based character position as an index into the text; ER_REGEXP_INDEX_OUTOFBOUNDS_ERROR beyond its end. */
function startIndex(text: string, position: number): number {
  if (position < 1 || position > codePointCount(text) + 1) throw sqlError('ER_REGEXP_INDEX_OUTOFBOUNDS_ERROR')
  return unitIndex(text, position - 1)
}

/** The `occurrence`-th match (1-based) at or after index `from`. */
function findMatch(
  expression: RegExp,
  text: string,
  from: number,
  occurrence: number,
): RegExpExecArray | undefined {
  expression.lastIndex = from
  for (let count = 1; ; count++) {
    const match = expression.exec(text)
    if (match === null) return undefined
    if (count >= occurrence) return match
    if (match[0] === '') expression.lastIndex++
  }
}

function compileRegexpLike(args: readonly Evaluator[], call: Call): Evaluator {
  const prepare = preparer(call.strings.collation, call.name)
  return (batch, row, context) => {
    const values = valuesOf(args, batch, row, context)
    if (values === undefined) return null
    const [text, pattern, matchType = ''] = values as string[]
    const expression = prepare(pattern ?? '', matchType)
    expression.lastIndex = 0
    return expression.test(text ?? '') ? 1 : 0
  }
}

function compileRegexpInstr(args: readonly Evaluator[], call: Call): Evaluator {
  const prepare = preparer(call.strings.collation, call.name)
  return (batch, row, context) => {
    const values = valuesOf(args, batch, row, context)
    if (values === undefined) return null
    const [text, pattern, position = 1, occurrence = 1, returnEnd = 0, matchType = ''] = values as RegexpInstr
    if (returnEnd !== 0 && returnEnd !== 1)
      throw sqlError('ER_WRONG_ARGUMENTS', 'regexp_instr: return_option must be 1 or 0')
    const match = findMatch(prepare(pattern, matchType), text, startIndex(text, position), occurrence)
    if (match === undefined) return 0
    const end = returnEnd === 1 ? match.index + match[0].length : match.index
    return codePointCount(text.slice(0, end)) + 1
  }
}

type RegexpInstr = [string, string, number?, number?, number?, string?]

function compileRegexpSubstr(args: readonly Evaluator[], call: Call): Evaluator {
  const prepare = preparer(call.strings.collation, call.name)
  return (batch, row, context) => {
    const values = valuesOf(args, batch, row, context)
    if (values === undefined) return null
    const [text, pattern, position = 1, occurrence = 1, matchType = ''] = values as RegexpSubstr
    const match = findMatch(prepare(pattern, matchType), text, startIndex(text, position), occurrence)
    return match === undefined ? null : match[0]
  }
}

type RegexpSubstr = [string, string, number?, number?, string?]

function compileRegexpReplace(args: readonly Evaluator[], call: Call): Evaluator {
  const prepare = preparer(call.strings.collation, call.name)
  return (batch, row, context) => {
    const values = valuesOf(args, batch, row, context)
    if (values === undefined) return null
    const [text, pattern, replacement, position = 1, occurrence = 0, matchType = ''] = values as RegexpReplace
    const expression = prepare(pattern, matchType)
    const from = startIndex(text, position)
    if (occurrence > 0) {
      const match = findMatch(expression, text, from, occurrence)
      if (match === undefined) return text
      const end = match.index + match[0].length
      return text.slice(0, match.index) + expand(replacement, match) + text.slice(end)
    }
    return replaceAll(expression, text, from, replacement)
  }
}

type RegexpReplace = [string, string, string, number?, number?, string?]

function replaceAll(expression: RegExp, text: string, from: number, replacement: string): string {
  let result = text.slice(0, from)
  let at = from
  expression.lastIndex = from
  for (let match = expression.exec(text); match !== null; match = expression.exec(text)) {
    result += text.slice(at, match.index) + expand(replacement, match)
    at = match.index + match[0].length
    if (match[0] === '') expression.lastIndex++
  }
  return result + text.slice(at)
}

/** `$1` is a group, a backslash takes the meaning from what follows; a group that isn't there is an error. */
function expand(replacement: string, match: RegExpExecArray): string {
  return replacement.replace(
    /\\(.)|\$(\d)/gsu,
    (_, escaped: string | undefined, digit: string | undefined) => {
      if (escaped !== undefined) return escaped
      const group = Number(digit)
      if (group >= match.length) throw sqlError('ER_REGEXP_INDEX_OUTOFBOUNDS_ERROR')
      return match[group] ?? ''
    },
  )
}

/** MySQL's regular expressions work on characters; bytes have none (ER_CHARACTER_SET_MISMATCH). */
function refuseBytes(call: Call): void {
  const mixed = call.args.slice(0, 2).some(({ type }) => isBinary(type))
  const text = call.args.slice(0, 2).some(({ type }) => !isBinary(type) && type.name !== 'null')
  if (mixed && text)
    throw sqlError('ER_CHARACTER_SET_MISMATCH', call.strings.collation.charset.name, 'utf8mb4', call.name)
}

const POSITION_TYPE = Object.freeze({ ...BIGINT_TYPE, length: 21 })

function regexpLike(name: string): ScalarFunction {
  return scalarFunction(name, {
    parameters: ['string', 'string', 'text'],
    optional: 1,
    type: BOOLEAN_TYPE,
    check: refuseBytes,
    compile: compileRegexpLike,
  })
}

export const patternOperators: readonly ScalarFunction[] = [
  like,
  regexpLike('regexp'),
  regexpLike('rlike'),
  regexpLike('regexp_like'),
  scalarFunction('regexp_instr', {
    parameters: ['string', 'string', 'integer', 'integer', 'integer', 'text'],
    optional: 4,
    type: POSITION_TYPE,
    check: refuseBytes,
    compile: compileRegexpInstr,
  }),
  scalarFunction('regexp_substr', {
    parameters: ['string', 'string', 'integer', 'integer', 'text'],
    optional: 3,
    type: (call) =>
      domainType(call.strings, domainLength(call.strings, (call.args[0] as (typeof call.args)[0]).type)),
    nullable: true,
    check: refuseBytes,
    compile: compileRegexpSubstr,
  }),
  scalarFunction('regexp_replace', {
    parameters: ['string', 'string', 'string', 'integer', 'integer', 'text'],
    optional: 3,
    type: (call) => domainType(call.strings, 16777216),
    check: refuseBytes,
    compile: compileRegexpReplace,
  }),
]
