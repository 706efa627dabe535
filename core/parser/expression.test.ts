import { isSqlError } from '../common/sql-error.js'
import { HEIGHT_MAX, NESTING_MAX } from './cursor.js'
import { parserOptionsOf, toByteString, type ParserOptions } from './options.js'
import { parseExpressionText, parseSingle } from './parse.js'
import { printExpressionText } from './printer.js'

/**
 * Goal: operators bind as in MySQL (manual 14.4.1 and its grammar). Method: the printer puts parentheses around every
 * operator, so the printed text shows the tree. Pairs of operators are checked against the manual's table.
 */

function shape(sql: string, options?: ParserOptions): string {
  return printExpressionText(parseExpressionText(toByteString(sql), options)).replaceAll('`', '')
}

describe('precedence', () => {
  test.each([
    ['a or b and c', '(a or (b and c))'],
    ['a and b or c', '((a and b) or c)'],
    ['a or b xor c and d', '(a or (b xor (c and d)))'],
    ['a xor b or c', '((a xor b) or c)'],
    ['a || b && c', '(a or (b and c))'],
    ['not a and b', '((not(a)) and b)'],
    ['not a = b', '(not((a = b)))'],
    ['not a is null', '(not((a is null)))'],
    ['not a in (1)', '(not((a in (1))))'],
    ['not not a', '(not((not(a))))'],
    ['! a = b', '((not(a)) = b)'],
    ['a and not b or c', '((a and (not(b))) or c)'],
    ['a = b = c', '((a = b) = c)'],
    ['a = b and c = d', '((a = b) and (c = d))'],
    ['a < b like c', '(a < (b like c))'],
    ['a like b = c', '((a like b) = c)'],
    ['a is null = b', '((a is null) = b)'],
    ['a = b is null', '((a = b) is null)'],
    ['a = b is true and c', '(((a = b) is true) and c)'],
    ['a between b and c and d', '((a between b and c) and d)'],
    ['a between b and c between d and e', '(a between b and (c between d and e))'],
    ['a between b + 1 and c | d or e', '((a between (b + 1) and (c | d)) or e)'],
    ['a in (1) = b', '((a in (1)) = b)'],
    ['a regexp b | c', '(a regexp (b | c))'],
    ['a like b escape c and d', '((a like b escape c) and d)'],
    ['a | b & c', '(a | (b & c))'],
    ['a & b << c', '(a & (b << c))'],
    ['a << b + c', '(a << (b + c))'],
    ['a + b * c', '(a + (b * c))'],
    ['a * b + c', '((a * b) + c)'],
    ['a * b ^ c', '(a * (b ^ c))'],
    ['a - b - c', '((a - b) - c)'],
    ['a / b * c', '((a / b) * c)'],
    ['a div b mod c % d', '(((a div b) % c) % d)'],
    ['a ^ b ^ c', '((a ^ b) ^ c)'],
    ['- a ^ b', '(-(a) ^ b)'],
    ['- 2 ^ 3', '(-2 ^ 3)'],
    ['~ a + b', '(~(a) + b)'],
    ['- - 1', '-(-1)'],
    ['a - -1', '(a - -1)'],
    ['binary a = b', '(cast(a as binary) = b)'],
    ['binary a collate x', 'cast((a collate x) as binary)'],
    ['- a collate x', '-((a collate x))'],
    ['a + b collate x', '(a + (b collate x))'],
    ['a + interval 1 day + b', '((a + interval 1 day) + b)'],
    ['a + interval b + 1 day * 2', '((a + interval (b + 1) day) * 2)'],
    ['a - interval 1 day = b', '((a - interval 1 day) = b)'],
    ['interval 1 day + a + b', '((a + b) + interval 1 day)'],
    ['interval(1, 2) + 3', '(interval(1,2) + 3)'],
    ['@a := 1 + 2 or 3', '(@a:=((1 + 2) or 3))'],
    ['1 + @a := 2', '(1 + (@a:=2))'],
    ['a = any (select 1) and b', '((a = any (select 1)) and b)'],
    ['exists (select 1) = a', '(exists(select 1) = a)'],
    ['case a or b when c then d end + e', '((case (a or b) when c then d end) + e)'],
    ['a sounds like b and c', '((a sounds like b) and c)'],
    ["a member of ('x') and c", "((a member of ('x')) and c)"],
    ["a->'$.x' = b", "(a->'$.x' = b)"],
    ['(a or b) and c', '((a or b) and c)'],
    ['(a, b) = (c, d)', '((a,b) = (c,d))'],
  ])('%s', (sql, expected) => {
    expect(shape(sql)).toBe(expected)
  })

  /** From tight to loose; each row is left-associative. */
  const LADDER = ['^', '* / % div', '+ -', '<< >>', '&', '|', '= < >= <>', 'and', 'xor', 'or'].map((row) =>
    row.split(' '),
  )
  const pairs = LADDER.flatMap((tight, i) =>
    LADDER.slice(i).flatMap((loose, distance) =>
      tight.flatMap((a) => loose.map((b) => [a, b, distance === 0] as const)),
    ),
  )

  test.each(pairs)('%s against %s', (tight, loose, same) => {
    const one = shape(`a ${loose} b ${tight} c`)
    const other = shape(`a ${tight} b ${loose} c`)
    const isChain = ['and', 'or', 'xor'].includes(tight) && tight === loose
    expect(other).toBe(isChain ? `(a ${tight} b ${loose} c)` : `((a ${tight} b) ${loose} c)`)
    if (!same) expect(one).toBe(`(a ${loose} (b ${tight} c))`)
  })
})

describe('sql_mode', () => {
  test('PIPES_AS_CONCAT: || is tighter than ^ and looser than a sign', () => {
    const options = parserOptionsOf('PIPES_AS_CONCAT')
    expect(shape('a || b || c', options)).toBe('concat(a,b,c)')
    expect(shape('a ^ b || c', options)).toBe('(a ^ concat(b,c))')
    expect(shape('-a || b like c || d', options)).toBe('(concat(-(a),b) like concat(c,d))')
    expect(() => shape('a in (1) || b', options)).toThrow('near')
  })

  test('HIGH_NOT_PRECEDENCE', () => {
    const options = parserOptionsOf('HIGH_NOT_PRECEDENCE')
    expect(shape('not a between b and c', options)).toBe('((not(a)) between b and c)')
    expect(shape('a = not b', options)).toBe('(a = (not(b)))')
    expect(shape('a not in (1)', options)).toBe('(a not in (1))')
  })
})

describe('depth', () => {
  const codeOf = (sql: string): string => {
    try {
      parseSingle(sql)
      return 'accepted'
    } catch (error) {
      return isSqlError(error) ? error.message.slice(0, 16) : String(error)
    }
  }
  const nested = (open: string, close: string) => (count: number) =>
    `SELECT ${open.repeat(count)}1${close.repeat(count)}`

  test.each([
    ['parentheses', nested('(', ')')],
    ['signs', nested('- ', '')],
    ['NOT', nested('NOT ', '')],
    ['calls', nested('f(', ')')],
    ['IN', nested('1 IN (', ')')],
    ['CASE', nested('CASE WHEN ', ' THEN 1 END')],
    ['subqueries', nested('(SELECT ', ')')],
    ['quantified', nested('1 = ANY (SELECT ', ')')],
    ['unions', nested('((SELECT 1) UNION SELECT ', ')')],
    ['assignments', nested('@a := ', '')],
    ['INTERVAL', nested('INTERVAL(1, ', ')')],
    ['derived tables', (n: number) => `SELECT 1 FROM ${'(SELECT * FROM '.repeat(n)}t${') x'.repeat(n)}`],
    ['joined tables', (n: number) => `SELECT 1 FROM ${'('.repeat(n)}t${')'.repeat(n)}`],
    ['joins', (n: number) => `SELECT 1 FROM t${' JOIN t'.repeat(n)}`],
    ['additions', (n: number) => `SELECT 1${'+1'.repeat(n)}`],
    ['comparisons', (n: number) => `SELECT 1${' = 1'.repeat(n)}`],
    ['statements', (n: number) => `CREATE PROCEDURE p() ${'BEGIN '.repeat(n)}${'END; '.repeat(n)}`],
    ['queries', (n: number) => `${'('.repeat(n)}SELECT 1${')'.repeat(n)}`],
  ])('%s nested too deep are an error, not a crash', (_name, make) => {
    expect(codeOf(make(30)).startsWith('memory')).toBe(false)
    expect(codeOf(make(20000))).toBe('memory exhausted')
  })

  test('limits of nesting and height', () => {
    const paren = nested('(', ')')
    expect(codeOf(paren(NESTING_MAX - 20))).toBe('accepted')
    expect(codeOf(paren(NESTING_MAX))).toBe('memory exhausted')
    expect(codeOf(`SELECT 1${'+1'.repeat(HEIGHT_MAX - 1)}`)).toBe('accepted')
    expect(codeOf(`SELECT 1${'+1'.repeat(HEIGHT_MAX)}`)).toBe('memory exhausted')
    // Heights add up along the left side, nesting or not.
    const chain = '+1'.repeat(HEIGHT_MAX / 2)
    expect(codeOf(`SELECT ((1${chain})${chain})+1`)).toBe('memory exhausted')
  })

  test('chains of AND, OR, XOR and UNION may be of any length', () => {
    for (const link of [' OR a = 1', ' AND a = 1', ' XOR a'])
      expect(codeOf(`SELECT 1${link.repeat(20000)}`)).toBe('accepted')
    expect(codeOf(`SELECT 1${' UNION ALL SELECT 1'.repeat(10000)}`)).toBe('accepted')
    expect(codeOf(`SELECT 1 IN (1${',1'.repeat(20000)})`)).toBe('accepted')
  })

  test('the printer copes with the highest tree', () => {
    const tree = parseExpressionText(`1${'+1'.repeat(HEIGHT_MAX - 1)}`)
    expect(printExpressionText(tree)).toHaveLength(HEIGHT_MAX + (HEIGHT_MAX - 1) * 5)
  })
})
