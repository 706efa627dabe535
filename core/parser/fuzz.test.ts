import { readFileSync } from 'node:fs'
import { isSqlError } from '../common/sql-error.js'
import { fingerprint } from './fingerprint.js'
import { DEFAULT_PARSER_OPTIONS, parserOptionsOf, toByteString, type ParserOptions } from './options.js'
import { parseNext } from './parse.js'
import { printStatementText } from './printer.js'

/**
 * Goal: no text makes the parser throw anything but a SqlError, hang, or read beyond its end. Method: soups of tokens
 * and mutations of accepted statements from a seeded generator; what parses must also print and parse again.
 */

const SEED = 20240229
const ROUNDS = 2500

/** Mulberry32: a small generator with a seed, so that failures repeat. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }
}

const statements = readFileSync(new URL('testdata/accepted.sql', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('# '))
  .map(toByteString)

const pieces = [...new Set(statements.flatMap((sql) => sql.match(/\w+|'[^']*'|`[^`]*`|\S/g) ?? []))]
const ODDITIES = [
  '/*',
  '*/',
  '/*!50000',
  '-- ',
  '#',
  "'",
  '"',
  '`',
  '@@',
  '\\',
  '\0',
  '\xff',
  '0x',
  '1e',
  '_utf8mb4',
  '/*+',
  ';',
  '?',
]
const MODES: readonly ParserOptions[] = [
  { ...DEFAULT_PARSER_OPTIONS, parameters: true },
  parserOptionsOf('ANSI'),
  parserOptionsOf('NO_BACKSLASH_ESCAPES,HIGH_NOT_PRECEDENCE'),
]

/** Parses a whole text; true if all of it parsed. */
function survives(text: string, options: ParserOptions): boolean {
  for (let at = 0; at < text.length;) {
    let end: number
    try {
      const parsed = parseNext(text, at, options)
      end = parsed.end
      const { statement } = parsed
      if (['query', 'insert', 'update', 'delete'].includes(statement.kind)) {
        printStatementText(statement as Parameters<typeof printStatementText>[0])
      }
    } catch (error) {
      if (isSqlError(error)) return false
      throw new Error(`${JSON.stringify(text)} made the parser throw`, { cause: error })
    }
    if (end <= at || end > text.length) throw new Error(`${JSON.stringify(text)} ends at ${String(end)}`)
    at = end
  }
  return true
}

test('soups of tokens', () => {
  const random = generator(SEED)
  for (let round = 0; round < ROUNDS; round++) {
    const soup = Array.from({ length: 1 + random(12) }, () => {
      const source = random(8) === 0 ? ODDITIES : pieces
      return source[random(source.length)] ?? ''
    })
    const text = soup.join(random(4) === 0 ? '' : ' ')
    survives(text, MODES[round % MODES.length] ?? DEFAULT_PARSER_OPTIONS)
    fingerprint(text, DEFAULT_PARSER_OPTIONS)
  }
})

test('mutations of statements', () => {
  const random = generator(SEED + 1)
  let accepted = 0
  for (let round = 0; round < ROUNDS; round++) {
    const sql = statements[random(statements.length)] ?? ''
    const parts = sql.match(/\w+|'[^']*'|`[^`]*`|\s+|\S/g) ?? []
    for (let changes = 1 + random(2); changes > 0; changes--) {
      const at = random(parts.length)
      const piece = pieces[random(pieces.length)] ?? ''
      parts.splice(at, random(2), ...(random(3) === 0 ? [] : [` ${piece} `]))
    }
    const text = parts.join('')
    if (survives(text, MODES[round % MODES.length] ?? DEFAULT_PARSER_OPTIONS)) accepted++
    fingerprint(text, DEFAULT_PARSER_OPTIONS)
  }
  // Neither everything nor nothing is accepted, or the mutations would test nothing.
  expect(accepted).toBeGreaterThan(ROUNDS / 20)
  expect(accepted).toBeLessThan((ROUNDS * 3) / 4)
})

test('statements cut off anywhere', () => {
  for (const sql of statements) {
    for (let end = 1; end < sql.length; end += 1 + (sql.length >> 6))
      survives(sql.slice(0, end), DEFAULT_PARSER_OPTIONS)
  }
})
