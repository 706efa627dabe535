/**
 * Parsing under a session's settings, and literals as the plan cache compares them.
 */
import type { Value } from '../common/value.js'
import { parseDecimal } from '../common/decimal.js'
import { charsetByName } from '../common/charsets.js'
import { isSqlError } from '../common/sql-error.js'
import {
  fingerprint,
  LITERAL_DECIMAL,
  LITERAL_FLOAT,
  LITERAL_INTEGER,
  LITERAL_STRING,
  literalBytes,
  parserOptionsOf,
  parseNext as parse,
  type ParsedStatement as Parsed,
  type ParserOptions,
} from '../parser/index.js'
import { decodeLiteral } from './planner.js'
import { formatSqlMode } from './variables/sql-mode-text.js'
import type { SessionState } from './session-state.js'

export interface ParsedStatement extends Parsed {
  /** Whether another statement follows behind `end`. */
  readonly hasMore: boolean
}

/** The literals of a text by their position, and the text without them. */
export interface StatementFingerprint {
  readonly key: string
  /** Undefined where the literal is part of the key. */
  readonly literals: readonly (Value | undefined)[]
}

const optionsByState = new WeakMap<
  SessionState,
  {
    readonly key: string
    readonly plain: ParserOptions
    readonly multiple: ParserOptions
    readonly prepared: ParserOptions
  }
>()

function optionsOf(state: SessionState) {
  const key = `${state.sqlMode} ${state.clientCharset}`
  let options = optionsByState.get(state)
  if (options?.key !== key) {
    const charset = charsetByName(state.clientCharset)
    const plain: ParserOptions = {
      ...parserOptionsOf(formatSqlMode(state.sqlMode), { multiStatements: false }),
      decode: (bytes) => charset?.decode(Buffer.from(bytes, 'latin1')) ?? bytes,
    }
    options = {
      key,
      plain,
      multiple: { ...plain, multiStatements: true },
      prepared: { ...plain, parameters: true },
    }
    optionsByState.set(state, options)
  }
  return options
}

/** The statement at `offset`. Throws ER_PARSE_ERROR and the like. */
export function parseNext(
  text: string,
  offset: number,
  state: SessionState,
  mode: 'plain' | 'multiple' | 'prepared',
): ParsedStatement {
  const parsed = parse(text, offset, optionsOf(state)[mode])
  return { ...parsed, hasMore: parsed.end < text.length }
}

/** As `parseNext`, but undefined for comments alone: a statement without effect, unlike an empty text, which is an error. */
export function parseNextOrComment(
  text: string,
  offset: number,
  state: SessionState,
  mode: 'plain' | 'multiple',
): ParsedStatement | undefined {
  try {
    return parseNext(text, offset, state, mode)
  } catch (error) {
    const isEmpty = isSqlError(error) && error.code === 'ER_EMPTY_QUERY'
    if (isEmpty && /[^\s;\0]/.test(text.slice(offset))) return undefined
    throw error
  }
}

/** Undefined for texts that the plan cache keeps out of. */
export function fingerprintOf(text: string, state: SessionState): StatementFingerprint | undefined {
  const options = optionsOf(state).plain
  const found = fingerprint(text, options)
  if (found === undefined) return undefined
  const literals: (Value | undefined)[] = []
  for (let i = 0; i < found.literalCount; i++) {
    const start = found.starts[i] as number
    const end = found.ends[i] as number
    switch (found.classes[i]) {
      case LITERAL_INTEGER:
      case LITERAL_FLOAT:
        literals.push(Number(text.slice(start, end)))
        break
      case LITERAL_DECIMAL:
        literals.push(parseDecimal(text.slice(start, end)).unscaled)
        break
      case LITERAL_STRING: {
        const value = decodeLiteral(literalBytes(text, start, end, options), state.clientCharset)
        if (value === undefined) return undefined
        literals.push(value)
        break
      }
      default:
        literals.push(undefined)
    }
  }
  return { key: found.key, literals }
}
