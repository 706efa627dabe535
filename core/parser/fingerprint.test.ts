import { readFileSync } from 'node:fs'
import type { LexicalLiteral } from '../plan/syntax/expression.js'
import {
  LITERAL_DECIMAL,
  LITERAL_FLOAT,
  LITERAL_INTEGER,
  LITERAL_KEPT,
  LITERAL_STRING,
  fingerprint,
  literalBytes,
} from './fingerprint.js'
import { DEFAULT_PARSER_OPTIONS, parserOptionsOf, toByteString } from './options.js'
import { parseSingle } from './parse.js'

/**
 * Goal: equal keys stand for statements that differ in nothing but replaced literals, and literals are where the
 * parser has them. Method: pairs of statements; for every accepted statement the literals of its tree are compared
 * with those of its fingerprint.
 */

const OPTIONS = DEFAULT_PARSER_OPTIONS

function keyOf(sql: string): string | undefined {
  return fingerprint(sql, OPTIONS)?.key
}

function literalsOf(sql: string): [number, string][] | undefined {
  const found = fingerprint(sql, OPTIONS)
  if (found === undefined) return undefined
  return Array.from({ length: found.literalCount }, (_, i) => [
    found.classes[i] ?? -1,
    sql.slice(found.starts[i], found.ends[i]),
  ])
}

test.each([
  ['SELECT c FROM t WHERE id = 1', 'SELECT c FROM t WHERE id = 99999'],
  ["SELECT 'a', 'b''c'", "SELECT '', 'xyz\\'z'"],
  ['SELECT 1.25', 'SELECT 9.99'],
  ['SELECT 1e5', 'SELECT 2.5E-3'],
  ['SELECT 1;', 'SELECT 2;'],
  ['SELECT a.1b, t2 FROM d.3x WHERE x=5 -- 6', 'SELECT a.1b, t2 FROM d.3x WHERE x=7 -- 6'],
])('%s and %s share a key', (one, other) => {
  expect(keyOf(one)).toBeDefined()
  expect(keyOf(one)).toBe(keyOf(other))
})

test.each([
  ['SELECT 1', "SELECT '1'"],
  ['SELECT 1', 'SELECT 1.0'],
  ['SELECT 1.0', 'SELECT 1.00'],
  ['SELECT 1', 'SELECT 1e0'],
  ['SELECT 1', 'SELECT  1'],
  ['SELECT 1', 'select 1'],
  ['SELECT 1', 'SELECT 9007199254740993'],
  ['SELECT 9007199254740993', 'SELECT 9007199254740994'],
  ['SELECT 0x1', 'SELECT 0x2'],
  ["SELECT x'01'", "SELECT x'02'"],
  ["SELECT n'a'", "SELECT n'b'"],
  ['SELECT a1', 'SELECT a2'],
  ['SELECT `1`', 'SELECT `2`'],
  ['SELECT @a1', 'SELECT @a2'],
  ['SELECT t.1', 'SELECT t.2'],
])('%s and %s do not', (one, other) => {
  expect(keyOf(one)).not.toBe(keyOf(other))
})

test.each([
  'SELECT 1; SELECT 2',
  'SELECT 1 /*!50000 + 2 */',
  "SELECT 'a' 'b'",
  'SELECT \x01',
  'SELECT `\x01`',
  "SELECT 'open",
  'SELECT `open',
  'SELECT 1 /* open',
  "SELECT @'a'",
  `SELECT ${'1,'.repeat(600)}1`,
])('%s has none', (sql) => {
  expect(keyOf(sql)).toBeUndefined()
})

test('classes and places', () => {
  expect(literalsOf("SELECT 1, 'a''b', 1.5, 2e3, 0xff, 12345678901234567 FROM t1")).toEqual([
    [LITERAL_INTEGER, '1'],
    [LITERAL_STRING, "'a''b'"],
    [LITERAL_DECIMAL, '1.5'],
    [LITERAL_FLOAT, '2e3'],
    [LITERAL_KEPT, '0xff'],
    [LITERAL_KEPT, '12345678901234567'],
  ])
})

test('a string is read as the parser reads it', () => {
  expect(literalBytes("'a''b\\n'", 0, 8, OPTIONS)).toBe("a'b\n")
  expect(literalBytes("'a\\n'", 0, 5, parserOptionsOf('NO_BACKSLASH_ESCAPES'))).toBe('a\\n')
})

/** Ordinal and end of every literal in the tree. */
function literalsIn(value: unknown, found: LexicalLiteral[] = []): LexicalLiteral[] {
  if (Array.isArray(value)) value.forEach((child) => literalsIn(child, found))
  else if (typeof value === 'object' && value !== null) {
    if (isLiteral(value)) found.push(value)
    Object.values(value).forEach((child) => literalsIn(child, found))
  }
  return found
}

function isLiteral(node: object): node is LexicalLiteral {
  return 'ordinal' in node && 'kind' in node && node.kind !== 'parameter'
}

test('ordinals and places agree with the parser', () => {
  const statements = readFileSync(new URL('testdata/accepted.sql', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# '))
  let compared = 0
  for (const line of statements) {
    const sql = toByteString(line)
    const found = fingerprint(sql, OPTIONS)
    if (found === undefined) continue
    const { statement, literalCount } = parseSingle(sql)
    expect([line, found.literalCount]).toEqual([line, literalCount])
    for (const { ordinal, end } of literalsIn(statement)) {
      // A literal's node may begin with an introducer or a type's name, and end with an ODBC brace.
      const ends = found.ends[ordinal] ?? -1
      expect([line, sql.slice(ends, end).replace('}', '')]).toEqual([line, ''])
      compared++
    }
  }
  expect(compared).toBeGreaterThan(300)
})
