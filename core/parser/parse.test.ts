import { existsSync, readFileSync } from 'node:fs'
import { isSqlError } from '../common/sql-error.js'
import type { SelectBlock } from '../plan/syntax/query.js'
import type { Statement, StatementOf } from '../plan/syntax/statement.js'
import { DEFAULT_PARSER_OPTIONS, parserOptionsOf, toByteString, type ParserOptions } from './options.js'
import { parseNext, parseSingle } from './parse.js'

/**
 * Goal: what MySQL 8.0 accepts parses, what it rejects fails with its error at its place. Method: two lists of
 * statements (testdata/), the statements that real clients send, and spot checks of trees.
 */

const PREPARED: ParserOptions = { ...DEFAULT_PARSER_OPTIONS, parameters: true }

function lines(path: string | URL): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# '))
}

function parse(sql: string, options?: ParserOptions): Statement {
  return parseSingle(toByteString(sql), options).statement
}

function parseAs<Kind extends Statement['kind']>(kind: Kind, sql: string): StatementOf<Kind> {
  const statement = parse(sql)
  if (statement.kind !== kind) throw new Error(`${sql} is a ${statement.kind}`)
  return statement as StatementOf<Kind>
}

function select(sql: string, options?: ParserOptions): SelectBlock {
  const statement = parse(sql, options)
  if (statement.kind !== 'query' || statement.body.kind !== 'select') throw new Error(`${sql} is no SELECT`)
  return statement.body
}

function errorOf(sql: string, options?: ParserOptions): { code: string; message: string } {
  try {
    parse(sql, options)
  } catch (error) {
    if (!isSqlError(error)) throw error
    return { code: error.code, message: error.message }
  }
  return { code: 'none', message: '' }
}

/** What is between the quotes behind `near`. */
function nearOf(message: string): string | undefined {
  return /near '(.*)' at line \d+$/s.exec(message)?.[1]
}

describe('accepted and rejected statements', () => {
  test.each(lines(new URL('testdata/accepted.sql', import.meta.url)))('%s', (sql) => {
    const { statement, end } = parseSingle(toByteString(sql))
    expect(end).toBe(toByteString(sql).length)
    expect(statement.start).toBeLessThan(statement.end)
  })

  test.each(lines(new URL('testdata/rejected.tsv', import.meta.url)).map((line) => line.split('\t')))(
    '%s is rejected at "%s"',
    (sql = '', near = '') => {
      const { code, message } = errorOf(sql)
      expect(code).toBe('ER_PARSE_ERROR')
      expect(nearOf(message)).toBe(near)
    },
  )
})

const CLIENTS = new URL('../../../shared/conformance/client-statements.tsv', import.meta.url)

/** MariaDB's own, MySQL's first lines only, and comments that MySQL doesn't execute. */
const NOT_FOR_MYSQL = [
  /^SHOW PACKAGE /,
  /^SHOW ALL SLAVES /,
  /^SELECT VERSION\(\),$/,
  /^SELECT TABLE_SCHEMA TABLE_CAT,.*[^;]$/,
  /^\/\*M!/,
]

const describeClients = existsSync(CLIENTS) ? describe : describe.skip
describeClients('statements of real clients', () => {
  const statements = lines(CLIENTS)
    .map((line) => line.split('\t'))
    .filter(([command]) => command === 'Query' || command === 'Prepare')

  test.each(statements.filter(([, sql = '']) => !NOT_FOR_MYSQL.some((pattern) => pattern.test(sql))))(
    '%s %s',
    (command, sql = '') => {
      expect(() => parse(sql, command === 'Prepare' ? PREPARED : undefined)).not.toThrow()
    },
  )

  test.each(statements.filter(([, sql = '']) => NOT_FOR_MYSQL.some((pattern) => pattern.test(sql))))(
    'not for MySQL: %s %s',
    (_command, sql = '') => {
      expect(errorOf(sql).code).toBe(sql.startsWith('/*M!') ? 'ER_EMPTY_QUERY' : 'ER_PARSE_ERROR')
    },
  )
})

describe('errors', () => {
  test('the line is that of the offending token', () => {
    expect(errorOf('SELECT a\nFROM t\n WHERE ! ;').message).toMatch(/near '' at line 3$/)
    expect(errorOf('SELECT\n\n a b c').message).toMatch(/near 'c' at line 3$/)
  })

  test('the text is cut at 80 bytes, between characters', () => {
    expect(nearOf(errorOf(`SELECT FROM ${'x'.repeat(100)}`).message)).toBe(`FROM ${'x'.repeat(75)}`)
    expect(nearOf(errorOf(`SELECT FROM '${'€'.repeat(50)}'`).message)).toBe(`FROM '${'€'.repeat(24)}`)
  })

  test('an empty text is ER_EMPTY_QUERY', () => {
    for (const sql of ['', ' ;; ', '-- nothing', '/* nothing */', '# nothing']) {
      expect(errorOf(sql).code).toBe('ER_EMPTY_QUERY')
    }
  })

  test('long names', () => {
    expect(errorOf(`SELECT * FROM ${'a'.repeat(65)}`).code).toBe('ER_TOO_LONG_IDENT')
    expect(errorOf(`SELECT * FROM ${'é'.repeat(64)}`).code).toBe('none')
    expect(errorOf(`SELECT 1 AS ${'a'.repeat(256)}`).code).toBe('none')
    expect(errorOf(`SELECT 1 AS ${'a'.repeat(257)}`).code).toBe('ER_TOO_LONG_IDENT')
    expect(errorOf(`CREATE DATABASE ${'a'.repeat(65)}`).code).toBe('ER_TOO_LONG_IDENT')
    expect(errorOf(`SELECT @${'a'.repeat(65)}`).code).toBe('ER_ILLEGAL_USER_VAR')
    const remote = `shop__remote__host__3306__db__user__${'p'.repeat(80)}`
    expect(parseAs('createDatabase', `CREATE DATABASE ${remote}`).name).toBe(remote)
    expect(parseAs('use', `USE ${remote}`).database).toBe(remote)
    expect(parseAs('dropDatabase', `DROP DATABASE ${remote}`).name).toBe(remote)
  })

  test('checks of the grammar with codes of their own', () => {
    expect(errorOf('SELECT * FROM (SELECT 1)').code).toBe('ER_DERIVED_MUST_HAVE_ALIAS')
    expect(errorOf('SELECT ALL DISTINCT a FROM t').code).toBe('ER_WRONG_USAGE')
    expect(errorOf('CREATE PROCEDURE p() a: BEGIN END b').code).toBe('ER_SP_LABEL_MISMATCH')
    expect(errorOf("SIGNAL SQLSTATE '00000'").code).toBe('ER_SP_BAD_SQLSTATE')
    expect(errorOf('ALTER TABLE t ALGORITHM = quick').code).toBe('ER_UNKNOWN_ALTER_ALGORITHM')
    expect(errorOf('SELECT \xff').code).toBe('none')
    expect(() => parseSingle('SELECT a\xff FROM t')).toThrow(
      expect.objectContaining({ code: 'ER_INVALID_CHARACTER_STRING' }) as Error,
    )
  })
})

describe('several statements', () => {
  test('are read one by one', () => {
    const text =
      "SELECT ';' ; /* c */ SET NAMES utf8mb4;\nCREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END; SELECT 3 ;; "
    const kinds: string[] = []
    for (let at = 0; at < text.length;) {
      const { statement, end } = parseNext(text, at, DEFAULT_PARSER_OPTIONS)
      kinds.push(statement.kind)
      at = end
      if (text.slice(at).trim().replace(/;/g, '').trim() === '') break
    }
    expect(kinds).toEqual(['query', 'set', 'createProcedure', 'query'])
  })

  test('are refused where only one may be', () => {
    expect(nearOf(errorOf('SELECT 1; SELECT 2').message)).toBe('SELECT 2')
    expect(errorOf('SELECT 1;').code).toBe('none')
  })

  test('lines count from the statement, literals and parameters too', () => {
    const text = 'SELECT 1;\nSELECT ?, 2,\n oops oops oops'
    const { end } = parseNext(text, 0, PREPARED)
    expect(() => parseNext(text, end, PREPARED)).toThrow(/near 'oops' at line 3$/)
    const second = parseNext('SELECT 1;SELECT ?, 2, ?', 9, PREPARED)
    expect([second.parameterCount, second.literalCount]).toEqual([2, 1])
  })
})

describe('names of result columns', () => {
  const name = (sql: string, options?: ParserOptions): string => {
    const item = select(`SELECT ${sql}`, options).items[0]
    return item?.kind === 'selectExpression' ? item.name : '*'
  }

  test.each([
    ['a.b.c', 'c'],
    ['(a)', 'a'],
    ['a AS b', 'b'],
    ["1 'x y'", 'x y'],
    ["'it''s'", "it's"],
    ["'a' 'b'", 'a'],
    ["_utf8mb4'x'", 'x'],
    ['null', 'NULL'],
    ['true', 'true'],
    ['(True)', '(True)'],
    ['+ 5', '5'],
    ['1  +  1', '1  +  1'],
    ['1 /* c */ + 1 -- x', '1 /* c */ + 1'],
    ['1 /*!50000 + 2 */ + 3', '1  + 2  + 3'],
    ['1 /*!99999 + 2 */ + 3', '1  + 3'],
    ['count( * )', 'count( * )'],
    ["concat('ä', x)", "concat('ä', x)"],
    ['@@version', '@@version'],
  ])('%s is called %s', (sql, expected) => {
    expect(name(sql)).toBe(expected)
  })

  test('are cut at 256 characters', () => {
    expect(name(`'${'ä'.repeat(3000)}'`)).toBe('ä'.repeat(256))
    expect(name(`1 + ${'1'.repeat(300)}`)).toBe(`1 + ${'1'.repeat(252)}`)
  })
})

describe('trees', () => {
  test('a point select, with offsets and ordinals', () => {
    const sql = 'SELECT c FROM sbtest1 WHERE id=5012'
    expect(parse(sql)).toEqual({
      kind: 'query',
      with: undefined,
      body: expect.objectContaining({
        from: [
          {
            kind: 'table',
            name: { database: undefined, name: 'sbtest1', start: 14, end: 21 },
            partitions: [],
            alias: undefined,
            indexHints: [],
            start: 14,
            end: 21,
          },
        ],
        where: {
          kind: 'comparison',
          operator: '=',
          left: { kind: 'column', database: undefined, table: undefined, name: 'id', start: 28, end: 30 },
          right: { kind: 'number', class: 'integer', text: '5012', ordinal: 0, start: 31, end: 35 },
          start: 28,
          end: 35,
        },
      }) as unknown,
      orderBy: [],
      limit: undefined,
      locking: [],
      into: undefined,
      start: 0,
      end: 35,
    })
  })

  test('a join without condition belongs to the left', () => {
    const join = select('SELECT 1 FROM a JOIN b JOIN c ON a.x = c.x').from[0]
    expect(join).toMatchObject({
      kind: 'join',
      left: { kind: 'join', left: { name: { name: 'a' } }, right: { name: { name: 'b' } }, on: undefined },
      right: { name: { name: 'c' } },
      on: { kind: 'comparison' },
    })
  })

  test('a condition that is left over belongs to the outer join', () => {
    const join = select('SELECT 1 FROM a LEFT JOIN b JOIN c ON b.x = c.x ON a.x = b.x').from[0]
    expect(join).toMatchObject({
      type: 'left',
      left: { name: { name: 'a' } },
      right: { kind: 'join', type: 'inner' },
    })
  })

  test('JOIN binds tighter than the comma', () => {
    expect(select('SELECT 1 FROM a, b JOIN c ON 1').from.map(({ kind }) => kind)).toEqual(['table', 'join'])
  })

  test('INTERSECT binds tighter than UNION, chains are flat', () => {
    const query = parseAs(
      'query',
      'SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 UNION SELECT 4 UNION ALL SELECT 5',
    )
    expect(query.body).toMatchObject({
      operator: 'union',
      distinct: false,
      operands: [
        { operator: 'union', operands: [{}, { operator: 'intersect', operands: [{}, {}] }, {}] },
        { kind: 'select' },
      ],
    })
  })

  test('a scope word of SET holds for what follows', () => {
    const { assignments } = parseAs('set', 'SET a = 1, GLOBAL b = 2, c = 3, @@d = 4, SESSION e = ON')
    expect(assignments.map((assignment) => ('scope' in assignment ? assignment.scope : ''))).toEqual([
      undefined,
      'global',
      'global',
      undefined,
      'session',
    ])
  })

  test('a column definition', () => {
    const { elements } = parseAs(
      'createTable',
      "CREATE TABLE t (a VARCHAR(10) COLLATE latin1_bin NOT NULL DEFAULT 'x' COLLATE utf8mb4_bin UNIQUE COMMENT 'ü')",
    )
    expect(elements[0]).toMatchObject({
      kind: 'column',
      name: 'a',
      type: { name: 'varchar', length: 10, collation: 'utf8mb4_bin' },
      nullable: false,
      default: { value: { kind: 'string', bytes: 'x' }, parenthesised: false },
      key: 'unique',
      comment: 'ü',
    })
  })

  test('accounts, with and without quotes', () => {
    const { users } = parseAs('dropUser', "DROP USER 'a'@'%', b@LocalHost, c, CURRENT_USER()")
    expect(users.map(({ user, host, current }) => [user, host, current])).toEqual([
      ['a', '%', false],
      ['b', 'localhost', false],
      ['c', undefined, false],
      ['', undefined, true],
    ])
  })

  test('a stored program with its source', () => {
    const trigger = parseAs(
      'createTrigger',
      'CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW BEGIN SET NEW.a = 1; END',
    )
    expect(trigger.bodyText).toBe('BEGIN SET NEW.a = 1; END')
    expect(trigger.body).toMatchObject({
      kind: 'block',
      statements: [{ kind: 'set', assignments: [{ component: 'NEW', name: 'a' }] }],
    })
  })

  test('a virtual database on a remote server', () => {
    expect(
      parseAs(
        'createDatabase',
        "CREATE DATABASE d FROM SERVER s DATABASE 'x' READ ONLY CHARACTER SET latin1",
      ),
    ).toMatchObject({
      remote: { server: 's', database: 'x', readOnly: true },
      options: { charset: 'latin1' },
    })
  })

  test('hints', () => {
    expect(select("SELECT /*+ MAX_EXECUTION_TIME(5) SET_VAR(a = 'x)') no_merge */ 1").hints).toEqual([
      { name: 'max_execution_time', arguments: '5' },
      { name: 'set_var', arguments: "a = 'x)'" },
      { name: 'no_merge', arguments: '' },
    ])
  })
})

describe('sql_mode', () => {
  test('ANSI_QUOTES makes double quotes quote names', () => {
    const item = select('SELECT "a""b" FROM "t"', parserOptionsOf('ANSI_QUOTES')).items[0]
    expect(item).toMatchObject({ expression: { kind: 'column', name: 'a"b' } })
    expect(select('SELECT "a"').items[0]).toMatchObject({ expression: { kind: 'string', bytes: 'a' } })
  })

  test('IGNORE_SPACE allows a space behind built-in functions, and reserves their names in front of (', () => {
    const options = parserOptionsOf('IGNORE_SPACE')
    expect(select('SELECT COUNT (*)', options).items[0]).toMatchObject({ expression: { kind: 'aggregate' } })
    expect(errorOf('CREATE TABLE count (a INT)', options).code).toBe('ER_PARSE_ERROR')
    expect(errorOf('CREATE TABLE count (a INT)').code).toBe('none')
  })

  test('NO_BACKSLASH_ESCAPES', () => {
    const options = parserOptionsOf('NO_BACKSLASH_ESCAPES')
    expect(select("SELECT 'a\\', 'b'", options).items).toHaveLength(2)
    expect(errorOf("SELECT 'a\\', 'b'").code).toBe('ER_PARSE_ERROR')
  })

  test('REAL_AS_FLOAT', () => {
    const type = (options?: ParserOptions): unknown => {
      const statement = parse('CREATE TABLE t (a REAL)', options)
      return statement.kind === 'createTable' ? statement.elements[0] : undefined
    }
    expect(type(parserOptionsOf('REAL_AS_FLOAT'))).toMatchObject({ type: { name: 'float' } })
    expect(type()).toMatchObject({ type: { name: 'double' } })
  })
})
