/**
 * Goal: the clients that people use log in by every method and read every type in both protocols. Method: mysql2 and the
 * MariaDB command line client (where it is installed) against the listener with the server's real login code, over an engine
 * that answers as told.
 */
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SecureContextOptions } from 'node:tls'
import { promisify } from 'node:util'
import mysql, { type ConnectionOptions } from 'mysql2/promise'
import {
  Batch,
  BIGINT_TYPE,
  binaryType,
  DATE_TYPE,
  datetimeType,
  decimalType,
  DOUBLE_TYPE,
  FLOAT_TYPE,
  INT_TYPE,
  isPromise,
  JSON_TYPE,
  sqlError,
  textType,
  timeType,
  UNSIGNED_BIGINT_TYPE,
  YEAR_TYPE,
  type ParameterValue,
  type ResultColumn,
  type ResultSink,
  type SqlType,
  type Value,
} from '@switchyard/core/spi'
import { DEFAULT_POLICY } from '../../core/catalog/account.js'
import {
  AccountLimits,
  CachingSha2Password,
  createAuthenticationFlow,
  LoginThrottle,
  MysqlNativePassword,
  type AccountRecord,
} from '../../core/engine/authentication/index.js'
import type { MysqlProtocolOptions } from './mysql-protocol.js'
import { makeSelfSignedCertificate } from './self-signed-certificate.js'
import { column, STATUS, type Script } from './testing/fake-server.js'
import { startListener, type Listener } from './testing/listener.js'
import { makeTlsAcceptor } from './tls-acceptor.js'

const sha2 = new CachingSha2Password()
const native = new MysqlNativePassword()
let accounts: AccountRecord[] = []

beforeAll(async () => {
  const account = (user: string, method: string, storedHash: string): AccountRecord => ({
    user,
    host: '%',
    method,
    storedHash,
    locked: false,
    passwordExpired: false,
    policy: DEFAULT_POLICY,
  })
  accounts = [
    account('root', sha2.name, ''),
    account('modern', sha2.name, await sha2.hash('pässword')),
    account('old', native.name, native.hash('secret')),
  ]
})

function withLogins(script: Script): Script {
  const policy = {
    accounts: { accountsNamed: (user: string) => accounts.filter((account) => account.user === user) },
    methods: [sha2, native],
    defaultMethod: sha2.name,
    throttle: new LoginThrottle(),
    limits: new AccountLimits(),
    requiresSecureTransport: () => false,
  }
  return { ...script, beginLogin: (request) => createAuthenticationFlow(policy, request) }
}

const VARCHAR = textType(100, 'utf8mb4_0900_ai_ci')
const TINYINT: SqlType = { ...INT_TYPE, name: 'tinyint', length: 4 }
const MEDIUM: SqlType = { ...INT_TYPE, name: 'mediumint', unsigned: true, length: 8 }
const ENUM: SqlType = { ...VARCHAR, name: 'enum', members: ['red', 'grün'] }
const BIT: SqlType = { ...INT_TYPE, name: 'bit', length: 10, unsigned: true }
const CHRISTMAS = (2024 * 13 + 12) * 32 + 24

/** Type, value in memory, and what mysql2 makes of it in the text and in the binary protocol. */
const VALUES: readonly (readonly [string, SqlType, Value, unknown, unknown?])[] = [
  ['tiny', TINYINT, -128, -128],
  ['medium', MEDIUM, 16777215, 16777215],
  ['int', INT_TYPE, -2147483648, -2147483648],
  ['bigint', BIGINT_TYPE, -(2n ** 63n), '-9223372036854775808'],
  ['ubigint', UNSIGNED_BIGINT_TYPE, 2n ** 64n - 1n, '18446744073709551615'],
  ['safe', BIGINT_TYPE, -5_000_000_000, -5_000_000_000],
  ['decimal', decimalType(30, 4), -123456789012345678n, '-12345678901234.5678'],
  ['float', FLOAT_TYPE, Math.fround(1.5), 1.5],
  ['double', DOUBLE_TYPE, -0.1, -0.1],
  ['year', YEAR_TYPE, 1999, 1999],
  ['date', DATE_TYPE, (2024 * 16 + 12) * 32 + 24, '2024-12-24'],
  ['datetime', datetimeType(), CHRISTMAS * 86_400 + 3661, '2024-12-24 01:01:01'],
  ['datetime6', datetimeType(6), BigInt(CHRISTMAS * 86_400) * 1_000_000n + 42n, '2024-12-24 00:00:00.000042'],
  ['time', timeType(), -(838 * 3600 + 59 * 60 + 59), '-838:59:59'],
  ['time3', timeType(3), 1500, '00:00:01.500', '00:00:01.5'],
  ['text', VARCHAR, 'grüße 😀', 'grüße 😀'],
  ['binary', binaryType(10), Uint8Array.of(0, 255, 1), Buffer.of(0, 255, 1)],
  ['enum', ENUM, 2, 'grün'],
  ['bit', BIT, 0x201, Buffer.of(2, 1)],
  ['json', JSON_TYPE, '{"a": [1, "é"]}', { a: [1, 'é'] }],
]

const COLUMNS: readonly ResultColumn[] = VALUES.map(([name, type]) =>
  column(name, type, { table: 't', originalTable: 't' }),
)

function allTypes(): Batch {
  const batch = Batch.ofTypes(VALUES.map(([, type]) => type))
  batch.pushRow(VALUES.map(([, , value]) => value))
  batch.pushRow(VALUES.map(() => null))
  return batch
}

function sendAll(sink: ResultSink, columns: readonly ResultColumn[], batch: Batch) {
  sink.columns(columns)
  const written = sink.rows(batch)
  if (written !== undefined && isPromise(written)) return written.then(() => sink.end(STATUS))
  sink.end(STATUS)
  return undefined
}

let listener: Listener
async function listen(script: Script = {}, overrides: Partial<MysqlProtocolOptions> = {}): Promise<Listener> {
  listener = await startListener(withLogins(script), overrides)
  return listener
}

afterEach(async () => {
  await listener.stop()
  expect(listener.log).toEqual([])
})

async function withTls(more: SecureContextOptions = {}): Promise<Partial<MysqlProtocolOptions>> {
  const { certificate, key } = await makeSelfSignedCertificate()
  return { loadTls: async () => makeTlsAcceptor({ cert: certificate, key, ...more }) }
}

describe('mysql2', () => {
  async function connect(options: ConnectionOptions = {}): Promise<mysql.Connection> {
    return mysql.createConnection({
      host: '127.0.0.1',
      port: listener.port,
      user: 'root',
      dateStrings: true,
      supportBigNumbers: true,
      ...options,
    })
  }

  it.each([
    ['root', undefined],
    ['modern', 'pässword'],
    ['old', 'secret'],
  ])('logs %s in, twice, and denies a wrong password', async (user, password) => {
    await listen()
    for (let i = 0; i < 2; i++) {
      const client = await connect({ user, ...(password === undefined ? {} : { password }) })
      await client.ping()
      await client.end()
    }
    await expect(connect({ user, password: 'wrong' })).rejects.toMatchObject({
      errno: 1045,
      sqlState: '28000',
    })
    await expect(connect({ user: 'nobody', password: 'x' })).rejects.toMatchObject({ errno: 1045 })
  })

  it('logs in over TLS', async () => {
    await listen({}, await withTls())
    const client = await connect({ user: 'modern', password: 'pässword', ssl: { rejectUnauthorized: false } })
    await client.ping()
    await client.end()
    expect(listener.server.requests[0]?.client).toMatchObject({
      isSecure: true,
      tls: { version: 'TLSv1.3', cipher: expect.stringMatching(/^TLS_/) as string, certificate: undefined },
    })
  })

  it('knows clients by certificates that an authority vouches for', async () => {
    const [trusted, stranger] = [await makeSelfSignedCertificate(), await makeSelfSignedCertificate()]
    await listen({}, await withTls({ ca: trusted.certificate }))
    const tlsOf = async (cert: string | undefined, key: string | undefined) => {
      const own = cert === undefined || key === undefined ? {} : { cert, key }
      const client = await connect({ ssl: { rejectUnauthorized: false, ...own } })
      await client.end()
      return listener.server.requests.at(-1)?.client.tls
    }
    const name = '/CN=Switchyard server, generated'
    expect(await tlsOf(trusted.certificate, trusted.key)).toMatchObject({
      certificate: { issuer: name, subject: name },
    })
    expect(await tlsOf(stranger.certificate, stranger.key)).toMatchObject({ certificate: undefined })
    expect(await tlsOf(undefined, undefined)).toMatchObject({ certificate: undefined })
  })

  it('changes the user', async () => {
    await listen()
    const client = await connect()
    await client.changeUser({ user: 'old', password: 'secret', database: 'shop' })
    expect([...listener.server.sessions].map((session) => session.account)).toEqual(['old@%'])
    await client.end()
  })

  it('reads every type in the text protocol', async () => {
    await listen({ execute: (_text, sink) => sendAll(sink, COLUMNS, allTypes()) })
    const client = await connect()
    const [rows] = await client.query('SELECT *')
    expect(rows).toEqual([
      Object.fromEntries(VALUES.map(([name, , , expected]) => [name, expected])),
      Object.fromEntries(VALUES.map(([name]) => [name, null])),
    ])
    await client.end()
  })

  it('reads every type in the binary protocol', async () => {
    await listen({
      prepare: (_text, id) => ({ id, parameterCount: 0, columns: COLUMNS, warningCount: 0 }),
      executePrepared: (_text, _parameters, sink) => sendAll(sink, COLUMNS, allTypes()),
    })
    const client = await connect()
    const [rows] = await client.execute('SELECT *')
    expect(rows).toEqual([
      Object.fromEntries(VALUES.map(([name, , , expected, binary]) => [name, binary ?? expected])),
      Object.fromEntries(VALUES.map(([name]) => [name, null])),
    ])
    await client.end()
  })

  it('sends parameters', async () => {
    const seen: ParameterValue[] = []
    await listen({
      executePrepared: (_text, parameters, sink) => {
        seen.push(...parameters)
        sink.ok({ ...STATUS, affectedRows: 3, lastInsertId: 9 })
      },
    })
    const client = await connect()
    const date = new Date(Date.UTC(2024, 11, 24, 1, 1, 1))
    const [result] = await client.execute('INSERT ?,?,?,?,?,?', [
      1.5,
      'grün',
      null,
      Buffer.of(0, 255),
      date,
      true,
    ])
    expect(result).toMatchObject({ affectedRows: 3, insertId: 9 })
    expect(seen.map(({ value }) => value)).toEqual([
      1.5,
      'grün',
      null,
      Uint8Array.of(0, 255),
      expect.anything(),
      expect.anything(),
    ])
    await client.end()
  })

  it('reads errors, several results and large results', async () => {
    const type = textType(100, 'utf8mb4_0900_ai_ci')
    const big = Batch.ofTypes([INT_TYPE, type])
    for (let i = 0; i < 1000; i++) big.pushRow([i, 'x'.repeat(100)])
    const columns = [column('i', INT_TYPE), column('t', type)]
    await listen({
      execute: async (text, sink, _session, multi) => {
        if (text === 'fail') {
          sink.fail(sqlError('ER_NO_SUCH_TABLE', 'a', 'b'))
        } else if (text === 'many') {
          expect(multi).toBe(true)
          sink.ok({ ...STATUS, affectedRows: 1, moreResults: true })
          await sendAll(sink, columns, big)
        } else {
          sink.columns(columns)
          for (let i = 0; i < 100; i++) await sink.rows(big)
          sink.end(STATUS)
        }
      },
    })
    const client = await connect({ multipleStatements: true })
    await expect(client.query('fail')).rejects.toMatchObject({
      errno: 1146,
      sqlState: '42S02',
      sqlMessage: "Table 'a.b' doesn't exist",
    })
    const [results] = await client.query<mysql.RowDataPacket[][]>('many')
    expect(results).toHaveLength(2)
    expect(results[1]).toHaveLength(1000)
    const [rows] = await client.query<mysql.RowDataPacket[]>('large')
    expect(rows).toHaveLength(100_000)
    expect(rows[99_999]).toEqual({ i: 999, t: 'x'.repeat(100) })
    await client.end()
  })

  it.each([false, true])('talks compressed (over TLS: %s)', async (isTls) => {
    const type = textType(1000, 'utf8mb4_0900_ai_ci')
    const batch = Batch.ofTypes([type])
    for (let i = 0; i < 1000; i++) batch.pushRow([`${i} `.repeat(200)])
    const lengths: number[] = []
    const script: Script = {
      execute: async (text, sink) => {
        lengths.push(text.length)
        sink.columns([column('t', type)])
        for (let i = 0; i < 10; i++) await sink.rows(batch)
        sink.end(STATUS)
      },
    }
    await listen(script, isTls ? await withTls() : {})
    const tls = isTls ? { ssl: { rejectUnauthorized: false } } : {}
    const client = await connect({ compress: true, ...tls })
    for (const length of [1, 100, 1_000_000]) {
      const [rows] = await client.query<mysql.RowDataPacket[]>('s'.repeat(length))
      expect(rows).toHaveLength(10_000)
      expect(rows[9_999]).toEqual({ t: '999 '.repeat(200) })
    }
    expect(lengths).toEqual([1, 100, 1_000_000])
    await client.end()
  })

  it('reads results over TLS that are larger than all buffers', async () => {
    const type = textType(1000, 'utf8mb4_0900_ai_ci')
    const batch = Batch.ofTypes([type])
    for (let i = 0; i < 1000; i++) batch.pushRow(['y'.repeat(1000)])
    const script: Script = {
      execute: async (_text, sink) => {
        sink.columns([column('t', type)])
        for (let i = 0; i < 20; i++) await sink.rows(batch)
        sink.end(STATUS)
      },
    }
    await listen(script, await withTls())
    const client = await connect({ ssl: { rejectUnauthorized: false } })
    const [rows] = await client.query<mysql.RowDataPacket[]>('large')
    expect(rows).toHaveLength(20_000)
    expect(rows.every((row) => row.t === 'y'.repeat(1000))).toBe(true)
    await client.end()
  })
})

const hasMariadb = spawnSync('mariadb', ['--version']).status === 0
const run = promisify(execFile)

;(hasMariadb ? describe : describe.skip)('the MariaDB command line client', () => {
  async function query(sql: string, ...options: string[]): Promise<string> {
    const where = ['--no-defaults', '--host=127.0.0.1', `--port=${listener.port}`, '--batch', '--raw']
    const { stdout } = await run('mariadb', [...where, ...options, '-e', sql], { encoding: 'utf8' })
    return stdout
  }

  const echo: Script = {
    execute: (text, sink) => {
      if (!text.startsWith('SELECT')) {
        sink.ok(STATUS)
        return undefined
      }
      const batch = Batch.ofTypes([VARCHAR])
      batch.pushRow([Buffer.from(text, 'latin1').toString('utf8')])
      return sendAll(sink, [column('text', VARCHAR)], batch)
    },
  }

  it.each([
    ['root', ''],
    ['modern', 'pässword'],
    ['old', 'secret'],
  ])('logs %s in', async (user, password) => {
    await listen(echo)
    const options = [`--user=${user}`, `--password=${password}`, '--skip-ssl']
    for (let i = 0; i < 2; i++) {
      expect(await query("SELECT 'grün'", ...options, '--default-character-set=utf8mb4')).toBe(
        "text\nSELECT 'grün'\n",
      )
    }
    await expect(query('SELECT 1', `--user=${user}`, '--password=wrong', '--skip-ssl')).rejects.toThrow(
      /ERROR 1045 \(28000\).*using password: YES/,
    )
  })

  it('logs in over TLS', async () => {
    await listen(echo, { ...(await withTls()), requireTls: true })
    const options = ['--user=modern', '--password=pässword']
    expect(await query('SELECT 2', ...options, '--ssl')).toBe('text\nSELECT 2\n')
    await expect(query('SELECT 2', ...options, '--skip-ssl')).rejects.toThrow(/3159/)
  })

  it('talks compressed', async () => {
    await listen(echo)
    const text = `SELECT '${'long '.repeat(5000)}'`
    expect(await query(text, '--user=root', '--compress')).toBe(`text\n${text}\n`)
  })

  it('prints every type', async () => {
    await listen({ execute: (_text, sink) => sendAll(sink, COLUMNS, allTypes()) })
    const printed = await query('SELECT *', '--user=root', '--default-character-set=utf8mb4')
    const [names, values, nulls] = printed.split('\n')
    expect(names?.split('\t')).toEqual(VALUES.map(([name]) => name))
    expect(values?.split('\t').slice(0, 15)).toEqual([
      '-128',
      '16777215',
      '-2147483648',
      '-9223372036854775808',
      '18446744073709551615',
      '-5000000000',
      '-12345678901234.5678',
      '1.5',
      '-0.1',
      '1999',
      '2024-12-24',
      '2024-12-24 01:01:01',
      '2024-12-24 00:00:00.000042',
      '-838:59:59',
      '00:00:01.500',
    ])
    expect(nulls?.split('\t')).toEqual(VALUES.map(() => 'NULL'))
  })

  it('tells the types of columns', async () => {
    await listen({
      execute: (_text, sink) => sendAll(sink, COLUMNS, Batch.ofTypes(VALUES.map(([, type]) => type))),
    })
    const printed = await query('SELECT *', '--user=root', '--column-type-info', '--table')
    for (const type of [
      'TINY',
      'INT24',
      'LONG',
      'LONGLONG',
      'NEWDECIMAL',
      'FLOAT',
      'DOUBLE',
      'YEAR',
      'DATE',
      'DATETIME',
      'TIME',
      'VAR_STRING',
      'BIT',
    ]) {
      expect(printed).toMatch(new RegExp(`Type: +${type}\\b`))
    }
  })

  it('loads a local file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'switchyard-'))
    const file = join(folder, 'data.csv')
    await writeFile(file, 'line\n'.repeat(100_000))
    let bytes = 0
    await listen(
      {
        execute: async (text, sink) => {
          if (text.startsWith('LOAD'))
            for await (const chunk of sink.requestFile?.(file) ?? []) bytes += chunk.length
          sink.ok(STATUS)
        },
      },
      { localFiles: true },
    )
    await query(`LOAD DATA LOCAL INFILE '${file}' INTO TABLE t`, '--user=root', '--local-infile=1')
    expect(bytes).toBe(500_000)
    await rm(folder, { recursive: true })
  })
})
