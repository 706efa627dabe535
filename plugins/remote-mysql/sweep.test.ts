/**
 * Goal: what is sent to a real MySQL is answered there as it is here: each operator and function that has an entry, on columns and constants of
 * each type. Method: the same awkward rows here, on a second server of ours and on the MySQL that is named; answers, types, errors and
 * warnings of each combination must be the same, whoever computes what. By default it is one in 51; SWEEP=1 asks for all, SWEEP_FROM=1 for
 * the ones behind.
 */
import type { TestSession } from '../../test/support/engine.js'
import { describeWithMysql } from '../../test/support/named-mysql.js'
import { killServers, TestServer } from '../../test/support/server.js'
import { removeTemporaryFolders } from '../../test/support/temporary-folder.js'
import { addressOf, runAt, startWithRemotes, type RemoteSetup } from './testing/remote-databases.js'

const COLUMNS = {
  tiny: 'TINYINT',
  small: 'SMALLINT UNSIGNED',
  whole: 'INT',
  big: 'BIGINT',
  huge: 'BIGINT UNSIGNED',
  exact: 'DECIMAL(10, 3)',
  wide: 'DECIMAL(60, 5)',
  single: 'FLOAT',
  ratio: 'DOUBLE',
  year: 'YEAR',
  day: 'DATE',
  at: 'DATETIME(2)',
  stamp: 'TIMESTAMP NULL',
  time: 'TIME(1)',
  code: 'VARCHAR(12) COLLATE utf8mb4_bin',
  name: 'VARCHAR(12) COLLATE utf8mb4_0900_ai_ci',
  word: 'CHAR(12) COLLATE utf8mb4_general_ci',
  note: 'TEXT COLLATE utf8mb4_0900_as_cs',
  old: 'VARCHAR(12) CHARACTER SET latin1',
  raw: 'VARBINARY(12)',
  bits: 'BIT(10)',
  kind: "ENUM('b', 'a', 'z') COLLATE utf8mb4_0900_ai_ci",
  tags: "SET('x', 'y') COLLATE utf8mb4_0900_ai_ci",
  doc: 'JSON',
} as const

type Column = keyof typeof COLUMNS
const NAMES = Object.keys(COLUMNS) as Column[]

const ROWS = [
  NAMES.map(() => 'NULL').join(),
  `-128, 0, -2147483648, -9223372036854775808, 0, -1.5, -0.00001, -1.5, -1.5, 1901, '0001-01-01', '0001-01-01 00:00:00', '1970-01-01 00:00:01',
    '-838:59:59.0', '', '', '', '', '', '', 0, 'b', '', 'null'`,
  `127, 65535, 2147483647, 9223372036854775807, 18446744073709551615, 9999999.999, 1234567890123456789012345678901234567890123456789012345.67891,
    3.4e38, 1e300, 2155, '9999-12-31', '9999-12-31 23:59:59.99', '2038-01-19 03:14:07', '838:59:59.0', 'ÄÖ😀z', 'ÄÖ😀z', 'ÄÖz', 'ÄÖ😀z',
    'ÄÖz', x'00ff80', b'1111111111', 'z', 'x,y', '{"b": 1, "a": [1, 2.5]}'`,
  `1, 2, 3, 4, 5, 1.005, 2.5, 0.1, 0.1, 2024, '2024-02-29', '2024-02-29 12:30:00.05', '2024-02-29 12:30:00', '12:30:00.5', 'abc ', 'abc ',
    'abc', 'abc ', 'abc ', 'abc ', 3, 'a', 'y', '1'`,
  `0, 10, -10, 9007199254740993, 9007199254740992, 0, 0, 0, 0, 2000, '2024-03-31', '2024-03-31 00:00:00', '2024-03-31 00:00:00', '00:00:00',
    'ABC', 'ABC', 'ABC', 'ABC', 'ABC', 'ABC', 512, 'a', 'x', '"abc"'`,
  `2, 1, 20240229, 20240229, 2024, 12.5, 12.5, 12.5, 2.5, 2001, '1999-12-31', '1999-12-31 23:59:59.99', '1999-12-31 23:59:59', '-00:00:00.1',
    '12.5x', '12.5', '-3', '1e2', 'ss', '1', 1, 'b', 'x', '[]'`,
]

const LITERALS = [
  ...[
    '0',
    '-1',
    '3',
    '1.5',
    '0.1',
    '1e0',
    '2024',
    '9007199254740993',
    '18446744073709551615',
    'NULL',
    'TRUE',
  ],
  ...[
    "''",
    "'abc'",
    "'ABC '",
    "'12.5'",
    "'2024-02-29'",
    "'2024-02-29 12:30:00.05'",
    "'12:30:00.5'",
    "'a'",
    "'%a%'",
  ],
  ...["DATE '2024-02-29'", "TIMESTAMP '2024-02-29 12:30:00'", "TIME '12:30:00'", "x'616263'", "_latin1'abc'"],
]

const OPERATORS = ['=', '<', '>=', '<=>', '<>']

function* expressions(): Generator<string> {
  for (const a of NAMES) {
    for (const b of [...NAMES, ...LITERALS]) {
      for (const operator of [...OPERATORS, '+', '-', '*', '/', 'DIV', '%']) yield `${a} ${operator} ${b}`
      for (const name of ['IFNULL', 'COALESCE', 'CONCAT', 'NULLIF', 'GREATEST', 'LEAST'])
        yield `${name}(${a}, ${b})`
      yield `IF(${a} IS NULL, ${b}, ${a})`
      yield `CASE WHEN ${a} IS NULL THEN ${b} ELSE ${a} END`
      yield `${a} IN (${b}, NULL)`
      yield `${a} NOT IN (${b}, 1)`
      yield `${a} BETWEEN ${b} AND 5`
      yield `${a} LIKE ${b}`
    }
    for (const name of FUNCTIONS) yield name.replace('@', a)
  }
}

const FUNCTIONS = [
  ...[
    'ROUND(@)',
    'ROUND(@, 1)',
    'ROUND(@, -1)',
    'TRUNCATE(@, 1)',
    'ABS(@)',
    'FLOOR(@)',
    'CEILING(@)',
    'SIGN(@)',
    '-@',
    'MOD(@, 3)',
  ],
  ...[
    'LEFT(@, 2)',
    'RIGHT(@, 2)',
    'SUBSTRING(@, 2, 1)',
    'SUBSTRING(@, -2)',
    'LENGTH(@)',
    'CHAR_LENGTH(@)',
    'HEX(@)',
    'REVERSE(@)',
  ],
  ...[
    'UPPER(@)',
    'LOWER(@)',
    'TRIM(@)',
    'LTRIM(@)',
    'RTRIM(@)',
    "REPLACE(@, 'a', 'x')",
    "LPAD(@, 3, 'x')",
    "INSTR(@, 'a')",
    "LOCATE('b', @)",
  ],
  ...[
    'YEAR(@)',
    'MONTH(@)',
    'DAY(@)',
    'QUARTER(@)',
    'EXTRACT(YEAR FROM @)',
    'DAYOFWEEK(@)',
    'WEEKDAY(@)',
    'DAYOFYEAR(@)',
    'LAST_DAY(@)',
  ],
  ...[
    'HOUR(@)',
    'MINUTE(@)',
    'SECOND(@)',
    'DATE(@)',
    'TO_DAYS(@)',
    'DATEDIFF(@, @)',
    '@ + INTERVAL 1 DAY',
    '@ - INTERVAL 1 MONTH',
  ],
  ...[
    '@ IS NULL',
    'NOT @',
    '@ AND 1',
    '@ OR 0',
    '@ XOR 1',
    'CAST(@ AS SIGNED)',
    'CAST(@ AS DECIMAL(20, 4))',
    'CAST(@ AS CHAR)',
  ],
  ...[
    'CAST(@ AS DATE)',
    'CAST(@ AS DATETIME)',
    'CAST(@ AS DOUBLE)',
    '@ IS TRUE',
    '@ IS NOT FALSE',
    'ISNULL(@)',
    '@ | 1',
    '@ & 3',
  ],
]

const TOTALS = [
  'COUNT(@)',
  'COUNT(DISTINCT @)',
  'SUM(@)',
  'AVG(@)',
  'MIN(@)',
  'MAX(@)',
  'BIT_OR(@)',
  'SUM(@) OVER (ORDER BY id)',
  'MAX(@) OVER ()',
]

function* queries(): Generator<string> {
  let i = 0
  for (const expression of expressions()) {
    // The one or the other, by turns.
    yield i++ % 2 === 0
      ? `SELECT id FROM @t WHERE ${expression} ORDER BY id`
      : `SELECT id, ${expression} AS x FROM @t ORDER BY id`
  }
  for (const a of NAMES) {
    for (const total of TOTALS) yield `SELECT ${total.replace('@', a)} AS x FROM @t`
    yield `SELECT id FROM @t ORDER BY ${a} DESC, id`
    yield `SELECT COUNT(*) FROM (SELECT DISTINCT ${a} AS x FROM @t) t`
    yield `SELECT MIN(id) AS i, COUNT(*) FROM @t GROUP BY ${a} ORDER BY i`
    yield `SELECT id, RANK() OVER (ORDER BY ${a}) FROM @t ORDER BY id`
    for (const b of NAMES) yield `SELECT a.id, b.id FROM @t a LEFT JOIN @t b ON a.${a} = b.${b} ORDER BY 1, 2`
  }
}

describeWithMysql('what is sent to MySQL', (named) => {
  const database = `sweep_${process.pid}`
  const definitions = [
    `CREATE TABLE t (id INT PRIMARY KEY, ${NAMES.map((name) => `${name} ${COLUMNS[name]}`).join()})`,
    ...ROWS.map((row, id) => `INSERT INTO t VALUES (${id}, ${row})`),
  ]
  let setup: RemoteSetup
  let session: TestSession

  beforeAll(async () => {
    const { port } = await TestServer.start({ args: ['--storage', 'memory'] })
    const remotes = { genuine: addressOf(named.port, named), second: addressOf(port) }
    for (const address of Object.values(remotes)) {
      await runAt(address, [`CREATE DATABASE ${database}`, `USE ${database}`, ...definitions])
    }
    setup = await startWithRemotes({
      genuine: { address: remotes.genuine, database },
      second: { address: remotes.second, database },
    })
    session = await setup.engine.session()
    for (const sql of ['CREATE DATABASE here', 'USE here', ...definitions]) await session.run(sql)
    for (const remote of Object.keys(remotes)) await session.run(`SELECT * FROM ${remote}.t`)
  })
  afterAll(async () => {
    await runAt(addressOf(named.port, named), [`DROP DATABASE ${database}`])
    await setup.engine.stop()
    await killServers()
    removeTemporaryFolders()
  })

  async function answerOf(sql: string): Promise<string> {
    const [answer] = await session.execute(sql)
    const warnings =
      answer?.error === undefined && (answer?.status?.warningCount ?? 0) > 0
        ? await session.rows('SHOW WARNINGS')
        : []
    const types = answer?.columns.map(({ type }) => type.name)
    const said = JSON.stringify([answer?.error?.number, types, answer?.rows, warnings])
    return said.replaceAll(/`(here|genuine|second)`/g, '`t`')
  }

  test('is answered as it is here', async () => {
    const step = Number(process.env.SWEEP ?? 51)
    const wrong: unknown[] = []
    let [count, sent] = [0, 0]
    for (const sql of queries()) {
      if (count++ % step !== Number(process.env.SWEEP_FROM ?? 0)) continue
      const here = await answerOf(sql.replaceAll('@t', 'here.t'))
      for (const remote of ['genuine', 'second']) {
        const there = await answerOf(sql.replaceAll('@t', `${remote}.t`))
        if (there !== here) wrong.push([remote, sql, here, there])
      }
      const [[plan = ''] = []] =
        (await session.execute(`EXPLAIN FORMAT=TREE ${sql.replaceAll('@t', 'genuine.t')}`))[0]?.rows ?? []
      if (plan?.startsWith('-> Run in storage remote')) sent++
    }
    expect(wrong).toEqual([])
    expect(sent).toBeGreaterThan(count / step / 8)
  }, 900_000)
})
