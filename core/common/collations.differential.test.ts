/**
 * Goal: collations that MariaDB shares with MySQL agree with it for every character, and for strings.
 * Method: an own server in a temporary folder tells weights and case mappings of all characters of the first three
 * planes, and answers comparisons, LIKE and LOCATE() for strings made at random from characters that are special
 * somewhere. `_0900_` collations don't exist there; `collations.test.ts` has them.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeWithCommand, findCommand } from '../../test/support/system-packages.js'
import { requireCharset } from './charsets.js'
import type { Collation } from './collation.js'
import { requireCollation } from './collations.js'

const UNICODE_COLLATIONS = [
  'utf8mb4_general_ci',
  'utf8mb4_unicode_ci',
  'utf8mb4_unicode_520_ci',
  'utf8mb4_bin',
]
const UTF8MB3_COLLATIONS = [
  'utf8mb3_general_ci',
  'utf8mb3_unicode_ci',
  'utf8mb3_unicode_520_ci',
  'utf8mb3_bin',
]
const LATIN1_COLLATIONS = ['latin1_swedish_ci', 'latin1_general_ci', 'latin1_general_cs', 'latin1_bin']
const ASCII_COLLATIONS = ['ascii_general_ci', 'ascii_bin']

/** An own MariaDB server, reached by its socket only. */
class OracleServer {
  private readonly folder = mkdtempSync(join(tmpdir(), 'collation-oracle-'))
  private readonly socket = join(this.folder, 's')
  private server: ChildProcess | undefined

  async start(): Promise<void> {
    const data = join(this.folder, 'data')
    execFileSync(
      program('mariadb-install-db'),
      ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal'],
      { stdio: 'ignore' },
    )
    const options = ['--no-defaults', '--user=root', `--datadir=${data}`, `--socket=${this.socket}`]
    this.server = spawn(program('mariadbd'), [...options, '--skip-networking'], { stdio: 'ignore' })
    for (let attempt = 0; attempt < 100; attempt++) {
      try {
        this.query('SELECT 1')
        return
      } catch {
        await sleep(100)
      }
    }
    throw new Error('mariadbd did not start')
  }

  /** Rows of fields, as the client prints them. */
  query(sql: string): string[][] {
    const output = execFileSync(
      program('mariadb'),
      [
        '--no-defaults',
        '-S',
        this.socket,
        '-u',
        'root',
        '--default-character-set=utf8mb4',
        '-N',
        '-B',
        'mysql',
      ],
      { input: sql, maxBuffer: 1 << 30, stdio: ['pipe', 'pipe', 'ignore'] },
    )
    return output
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'))
  }

  async stop(): Promise<void> {
    const { server } = this
    if (server?.exitCode === null) {
      const exited = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGTERM')
      await exited
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function program(name: string): string {
  return findCommand(name) ?? name
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase()
}

/** A reproducible source of whole numbers below `bound` (a linear congruential generator). */
function randomNumbers(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

/** Letters, white space and control characters, accents, expansions, ideographs, syllables, emoji. */
const CHARACTERS: Readonly<Record<string, readonly string[]>> = {
  utf8mb4: Array.from(
    'aAbBsSzZ09 !~\t\u0001éÉßÄøÿ\u00a0\u00adœŁИйЙΆα\u0301ﬀ㌀中鿕㐀각\u1100\u1161゙カがÅK\ufdfa😀𠀀𐐀',
  ),
  latin1: Array.from('aAbBsSyYzZ09 !~\t\u0001[\\]éÉßÄäÆÅöÖüÿØø÷×Þ€ŒŽ\u00a0'),
  ascii: Array.from('aAbBzZ09 !~\t\u0001[_`\u007f'),
}
const CHARACTERS_OF_UTF8MB3 = (CHARACTERS.utf8mb4 ?? []).filter((character) => character.length === 1)

function charactersOf(charset: string): readonly string[] {
  return CHARACTERS[charset] ?? CHARACTERS_OF_UTF8MB3
}

function randomText(
  characters: readonly string[],
  length: number,
  random: (bound: number) => number,
): string {
  let text = ''
  for (let i = 0; i < length; i++) text += characters[random(characters.length)] ?? ''
  return text
}

/** Pairs that are often equal or share a beginning. */
function randomPairs(charset: string, count: number): [string, string][] {
  const random = randomNumbers(count)
  const characters = charactersOf(charset)
  return Array.from({ length: count }, () => {
    const shared = randomText(characters, random(3), random)
    const few = Array.from({ length: 4 }, () => characters[random(characters.length)] ?? '')
    const tail = () => (random(3) === 0 ? ' '.repeat(random(3)) : randomText(few, random(4), random))
    return [shared + tail(), shared + tail()]
  })
}

/** Subjects, and patterns made of some of their characters, wildcards and escapes. */
function randomPatterns(charset: string, count: number): [string, string][] {
  const random = randomNumbers(count + 1)
  const characters = charactersOf(charset)
  return Array.from({ length: count }, () => {
    const few = [...Array.from({ length: 3 }, () => characters[random(characters.length)] ?? ''), '%', '_']
    return [randomText(few, random(7), random), randomText([...few, '%', '_', '|'], random(6), random)]
  })
}

function tableOf(pairs: readonly (readonly [string, string])[], charset: string): string {
  const literal = (text: string) => `CONVERT(X'${hex(Buffer.from(text))}' USING utf8mb4)`
  const rows = pairs.map(([a, b], i) => `(${i}, ${literal(a)}, ${literal(b)})`)
  return (
    `CREATE TEMPORARY TABLE pairs (id INT PRIMARY KEY, a VARCHAR(50), b VARCHAR(50)) CHARSET ${charset};\n` +
    `INSERT INTO pairs VALUES ${rows.join(',\n')};\n`
  )
}

function sortKey(collation: Collation, text: string): Uint8Array {
  const target = new Uint8Array(collation.sortKeyBytesMax(text.length))
  return target.subarray(0, collation.writeSortKey(text, target, 0))
}

describeWithCommand(['mariadbd', 'mariadb', 'mariadb-install-db'], 'collations against MariaDB', () => {
  const server = new OracleServer()

  beforeAll(() => server.start(), 120_000)
  afterAll(() => server.stop(), 60_000)

  test('weights and case of every character', () => {
    const character = "CONVERT(CONVERT(UNHEX(LPAD(HEX(seq), 8, '0')) USING utf32) USING utf8mb4)"
    const columns = UNICODE_COLLATIONS.flatMap((name) => [
      `HEX(WEIGHT_STRING(${character} COLLATE ${name}))`,
      `HEX(UPPER(${character} COLLATE ${name}))`,
      `HEX(LOWER(${character} COLLATE ${name}))`,
    ])
    const rows = server.query(
      `SELECT seq, ${columns.join(', ')} FROM seq_0_to_196607 WHERE seq NOT BETWEEN 0xD800 AND 0xDFFF`,
    )
    const collations = UNICODE_COLLATIONS.map(requireCollation)
    const differences: string[] = []
    for (const [codePoint, ...expected] of rows) {
      const text = String.fromCodePoint(Number(codePoint))
      const actual = collations.flatMap((collation) => [
        hex(collation.weightString(text)),
        hex(Buffer.from(collation.toUpperCase(text))),
        hex(Buffer.from(collation.toLowerCase(text))),
      ])
      if (actual.join() !== expected.join())
        differences.push(`${codePoint}: ${actual.join()} not ${expected.join()}`)
    }
    expect(rows).toHaveLength(3 * 0x10000 - 0x800)
    expect(differences.slice(0, 10)).toEqual([])
  }, 120_000)

  test('characters, weights and case of every byte of latin1', () => {
    const character = "CONVERT(UNHEX(LPAD(HEX(seq), 2, '0')) USING latin1)"
    const weights = LATIN1_COLLATIONS.map((name) => `HEX(WEIGHT_STRING(${character} COLLATE ${name}))`)
    const rows = server.query(
      `SELECT seq, HEX(CONVERT(${character} USING utf8mb4)), HEX(CONCAT(UPPER(${character}))), ` +
        `HEX(CONCAT(LOWER(${character}))), ${weights.join(', ')} FROM seq_0_to_255`,
    )
    const charset = requireCharset('latin1')
    const collations = LATIN1_COLLATIONS.map(requireCollation)
    const actual = rows.map(([byte]) => {
      const text = charset.decode(Uint8Array.of(Number(byte)))
      return [
        byte,
        hex(Buffer.from(text)),
        hex(charset.encode(requireCollation('latin1_swedish_ci').toUpperCase(text))),
        hex(charset.encode(requireCollation('latin1_swedish_ci').toLowerCase(text))),
        ...collations.map((collation) => hex(collation.weightString(text))),
      ]
    })
    expect(rows).toHaveLength(256)
    expect(actual).toEqual(rows)
  })

  const allNames = [...UNICODE_COLLATIONS, ...UTF8MB3_COLLATIONS, ...LATIN1_COLLATIONS, ...ASCII_COLLATIONS]

  test.each(allNames)('%s compares strings, and its keys agree', (name) => {
    const collation = requireCollation(name)
    const pairs = randomPairs(collation.charset.name, 8000)
    const rows = server.query(
      `${tableOf(pairs, collation.charset.name)} SELECT STRCMP(a COLLATE ${name}, b COLLATE ${name}) FROM pairs ORDER BY id`,
    )
    const differences = pairs.flatMap(([a, b], i) => {
      const expected = rows[i]?.[0]
      const actual = [
        Math.sign(collation.compare(a, b)),
        -Math.sign(collation.compare(b, a)),
        Buffer.compare(sortKey(collation, a), sortKey(collation, b)),
      ].map((order) => String(order === 0 ? 0 : order))
      const hashesEqual = collation.hashKey(a) === collation.hashKey(b)
      const agrees = actual.every((order) => order === expected) && hashesEqual === (expected === '0')
      return agrees ? [] : [{ a, b, expected, actual, hashesEqual }]
    })
    expect(rows).toHaveLength(pairs.length)
    expect(new Set(rows.flat())).toEqual(new Set(['-1', '0', '1']))
    expect(differences.slice(0, 5)).toEqual([])
  })

  test.each(allNames)('%s matches patterns and finds strings', (name) => {
    const collation = requireCollation(name)
    const pairs = randomPatterns(collation.charset.name, 8000)
    const rows = server.query(
      `${tableOf(pairs, collation.charset.name)} SELECT a COLLATE ${name} LIKE b ESCAPE '|', ` +
        `LOCATE(b COLLATE ${name}, a) FROM pairs ORDER BY id`,
    )
    const differences = pairs.flatMap(([text, pattern], i) => {
      const index = collation.indexOf(text, pattern, 0)
      const actual = [
        collation.likePattern(pattern, '|').matches(text) ? '1' : '0',
        String(index < 0 ? 0 : Array.from(text.slice(0, index)).length + 1),
      ]
      return actual.join() === rows[i]?.join() ? [] : [{ text, pattern, expected: rows[i], actual }]
    })
    expect(rows).toHaveLength(pairs.length)
    expect(new Set(rows.map(([like]) => like))).toEqual(new Set(['0', '1']))
    expect(differences.slice(0, 5)).toEqual([])
  })
})
