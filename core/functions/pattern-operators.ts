/**
 * LIKE, REGEXP and the REGEXP_… functions (MySQL manual 14.8.1 "String Comparison Functions", 14.8.2 "Regular
 * Expressions"). A pattern is prepared once as long as it stays the same.
 */
import type { Collation } from '../common/collation.js'
import { sqlError } from '../common/sql-error.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { SqlMode } from '../common/sql-mode.js'
import { BIGINT_TYPE, BOOLEAN_TYPE, isBinary, isText, representationOf } from '../common/sql-type.js'
import { codePointCount } from '../common/value-text.js'
import { BytesVector } from '../common/vector.js'
import type { ScalarFunction } from '../spi/functions.js'
import { unitIndex } from './code-points.js'
import { columnReadBy } from './column-position.js'
import { RegularSearch, type RegularMatch } from './regular-expression-search.js'
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

/** The last pattern is kept: compiled plans are shared, but a pattern means the same to everyone. */
function compileLike([operand, patternOperand]: readonly Evaluator[], call: Call): Evaluator {
  const evaluate = operand as Evaluator
  const evaluatePattern = patternOperand as Evaluator
  const collation = call.strings.collation
  const escape = escapeOf(call)
  const column = textColumnOf(evaluate, call)
  let lastPattern: string | undefined
  let like = collation.likePattern('', escape)
  return (batch, row, context) => {
    const vector = column === undefined ? undefined : batch.columns[column]
    const inPlace = vector instanceof BytesVector ? vector : undefined
    const text = inPlace === undefined ? (evaluate(batch, row, context) as string | null) : undefined
    if (text === null || inPlace?.isNull(row) === true) return null
    const pattern = evaluatePattern(batch, row, context) as string | null
    if (pattern === null) return null
    if (pattern !== lastPattern) {
      like = collation.likePattern(pattern, escape)
      lastPattern = pattern
    }
    if (inPlace !== undefined) {
      const { data, starts, ends } = inPlace
      const found = like.matchesAscii(data, starts[row] as number, ends[row] as number)
      if (found !== undefined) return found ? 1 : 0
    }
    return like.matches(text ?? (evaluate(batch, row, context) as string)) ? 1 : 0
  }
}

/** Position of the column that an evaluator reads, if its values lie there as text. */
function textColumnOf(evaluate: Evaluator, { args }: Call): number | undefined {
  const [argument] = args
  return argument !== undefined && representationOf(argument.type) === 'text'
    ? columnReadBy(evaluate)
    : undefined
}

const like: ScalarFunction = scalarFunction('like', {
  parameters: ['string', 'string', 'any'],
  constants: [2],
  optional: 1,
  type: BOOLEAN_TYPE,
  compares: true,
  compile: compileLike,
})

// ---- REGEXP

type Prepare = (pattern: string, matchType: string) => RegularSearch

/** Translates a pattern unless it is the last one. */
function preparer(collation: Collation, name: string): Prepare {
  let lastPattern: string | undefined
  let lastType: string | undefined
  let search: RegularSearch | undefined
  return (pattern, matchType) => {
    if (search === undefined || pattern !== lastPattern || matchType !== lastType) {
      search = new RegularSearch(
        translatePattern(pattern, parseMatchType(matchType, !collation.caseSensitive, name)),
      )
      lastPattern = pattern
      lastType = matchType
    }
    return search
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
  search: RegularSearch,
  text: string,
  from: number,
  occurrence: number,
  context: EvaluationContext,
): RegularMatch | undefined {
  let count = 0
  for (const match of search.matchesFrom(text, from, context)) {
    if (++count >= occurrence) return match
  }
  return undefined
}

function compileRegexpLike(args: readonly Evaluator[], call: Call): Evaluator {
  const prepare = preparer(call.strings.collation, call.name)
  return (batch, row, context) => {
    const values = valuesOf(args, batch, row, context)
    if (values === undefined) return null
    const [text, pattern, matchType = ''] = values as string[]
    return prepare(pattern ?? '', matchType).matches(text ?? '', context) ? 1 : 0
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
    const search = prepare(pattern, matchType)
    const match = findMatch(search, text, startIndex(text, position), occurrence, context)
    if (match === undefined) return 0
    return codePointCount(text.slice(0, returnEnd === 1 ? match.end : match.index)) + 1
  }
}

type RegexpInstr = [string, string, number?, number?, number?, string?]

function compileRegexpSubstr(args: readonly Evaluator[], call: Call): Evaluator {
  const prepare = preparer(call.strings.collation, call.name)
  return (batch, row, context) => {
    const values = valuesOf(args, batch, row, context)
    if (values === undefined) return null
    const [text, pattern, position = 1, occurrence = 1, matchType = ''] = values as RegexpSubstr
    const search = prepare(pattern, matchType)
    const match = findMatch(search, text, startIndex(text, position), occurrence, context)
    return match === undefined ? null : text.slice(match.index, match.end)
  }
}

type RegexpSubstr = [string, string, number?, number?, string?]

function compileRegexpReplace(args: readonly Evaluator[], call: Call): Evaluator {
  const prepare = preparer(call.strings.collation, call.name)
  return (batch, row, context) => {
    const values = valuesOf(args, batch, row, context)
    if (values === undefined) return null
    const [text, pattern, replacement, position = 1, occurrence = 0, matchType = ''] = values as RegexpReplace
    const search = prepare(pattern, matchType)
    const from = startIndex(text, position)
    if (occurrence > 0) {
      const match = findMatch(search, text, from, occurrence, context)
      if (match === undefined) return text
      return text.slice(0, match.index) + expand(replacement, pattern, match.groups) + text.slice(match.end)
    }
    let result = text.slice(0, from)
    let at = from
    for (const match of search.matchesFrom(text, from, context)) {
      result += text.slice(at, match.index) + expand(replacement, pattern, match.groups)
      at = match.end
      // The characters are at least as many bytes.
      if (result.length > context.packetBytesMax) throw sqlError('ER_REGEXP_BUFFER_OVERFLOW')
    }
    return result + text.slice(at)
  }
}

type RegexpReplace = [string, string, string, number?, number?, string?]

/**
 * `$1` and `${name}` are groups, and an error where there is none; a backslash takes the meaning from what follows. Any
 * other `$` is an error.
 */
function expand(replacement: string, pattern: string, groups: readonly (string | undefined)[]): string {
  return replacement.replace(
    /\\(.?)|\$(?:(\d)|\{(\w+)\})?/gsu,
    (_, escaped: string | undefined, digit: string | undefined, name: string | undefined) => {
      if (escaped !== undefined) return escaped
      const group = digit === undefined ? groupNamed(name, pattern) : Number(digit)
      if (group === undefined) throw sqlError('ER_REGEXP_INVALID_CAPTURE_GROUP_NAME')
      if (group >= groups.length) throw sqlError('ER_REGEXP_INDEX_OUTOFBOUNDS_ERROR')
      return groups[group] ?? ''
    },
  )
}

/** Escapes and sets, whose parentheses are none, and the groups that capture. */
const GROUPS = /\\.|\[(?:\\.|[^\]\\])*\]|\((?:\?<([a-z]\w*)>|(?!\?))/gisu

/** The number of a group: they count from the left. */
function groupNamed(wanted: string | undefined, pattern: string): number | undefined {
  let group = 0
  for (const [token, name] of pattern.matchAll(GROUPS)) {
    if (token.startsWith('(')) group++
    if (name !== undefined && name === wanted) return group
  }
  return undefined
}

/** MySQL's regular expressions work on characters; bytes have none (ER_CHARACTER_SET_MISMATCH). */
function refuseBytes(call: Call): void {
  const types = call.args.slice(0, 2).map(({ type }) => type)
  const mixed = types.some((type) => isBinary(type))
  const text = types.some((type) => !isBinary(type) && type.name !== 'null')
  if (!mixed || !text) return
  const [left = '', right = ''] = types.map((type) =>
    isText(type) ? type.collation : isBinary(type) ? 'binary' : call.environment.connectionCollation,
  )
  const name = call.name === 'regexp' || call.name === 'rlike' ? 'regexp_like' : call.name
  throw sqlError('ER_CHARACTER_SET_MISMATCH', left, right, name)
}

const POSITION_TYPE = Object.freeze({ ...BIGINT_TYPE, length: 21 })

function regexpLike(name: string): ScalarFunction {
  return scalarFunction(name, {
    parameters: ['string', 'string', 'text'],
    optional: 1,
    type: BOOLEAN_TYPE,
    compares: true,
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
