/**
 * The text files of the corpus, see `README.md` beside this file for their format.
 *
 * A file is a list of steps, separated by empty lines. A step without a `----` line is set-up: statements that must
 * succeed, one or more, each ending with `;` at the end of a line. A step with one is a case: one statement and what it
 * answers.
 */

/** What a case expects; parts that are undefined aren't checked. */
export interface Expectation {
  /** Undefined when the statement answers no rows. */
  readonly rows: readonly (readonly (string | null)[])[] | undefined
  readonly columns: readonly string[] | undefined
  readonly types: readonly string[] | undefined
  readonly flags: readonly string[] | undefined
  readonly origins: readonly string[] | undefined
  readonly affected: bigint | undefined
  readonly info: string | undefined
  readonly warnings: readonly number[]
  readonly error: ExpectedError | undefined
  /** The statement must wait for another session; a later `result` step gives its answer. */
  readonly blocks: boolean
  /** Why MariaDB answers something else than MySQL 8. */
  readonly mariadb: string | undefined
  /** Why MySQL itself answers something else: what is Switchyard's own, or of MySQL 9 only. */
  readonly mysql: string | undefined
  /** The expectation is yet to be recorded, with these details (`record.ts`). */
  readonly record: readonly string[] | undefined
}

export interface ExpectedError {
  readonly number: number
  /** Undefined checks the number alone. */
  readonly message: string | undefined
}

export interface Step {
  /** Line of the statement, counted from 1. */
  readonly line: number
  /** Comment lines right above the statement. */
  readonly comments: readonly string[]
  /** Name of the session that runs it; `a` unless said otherwise. */
  readonly session: string
  /** The statement, or the statements of a set-up; `result` waits for the session's blocked statement. */
  readonly sql: string
  /** Undefined for set-up. */
  readonly expectation: Expectation | undefined
}

export const FIRST_SESSION = 'a'
export const RESULT = 'result'

const NO_EXPECTATION: Expectation = {
  rows: undefined,
  columns: undefined,
  types: undefined,
  flags: undefined,
  origins: undefined,
  affected: undefined,
  info: undefined,
  warnings: [],
  error: undefined,
  blocks: false,
  mariadb: undefined,
  mysql: undefined,
  record: undefined,
}

export function parseCaseFile(text: string): readonly Step[] {
  const lines = text.split('\n')
  const steps: Step[] = []
  let at = 0
  while (at < lines.length) {
    const start = at
    while (at < lines.length && lines[at] !== '') at++
    const step = parseStep(lines.slice(start, at), start + 1)
    if (step !== undefined) steps.push(step)
    at++
  }
  return steps
}

function parseStep(lines: readonly string[], firstLine: number): Step | undefined {
  let at = 0
  while (lines[at]?.startsWith('#') === true) at++
  const comments = lines.slice(0, at)
  if (at === lines.length) return undefined
  const line = firstLine + at
  const divider = lines.findIndex((text) => /^----( |$)/.test(text))
  const statement = lines.slice(at, divider < 0 ? undefined : divider)
  const named = /^session ([a-z]+): ?/.exec(statement[0] ?? '')
  const sql = statement.join('\n').slice(named?.[0].length ?? 0)
  const expectation = divider < 0 ? undefined : parseExpectation(lines.slice(divider), line)
  return { line, comments, session: named?.[1] ?? FIRST_SESSION, sql, expectation }
}

function parseExpectation(lines: readonly string[], line: number): Expectation {
  let expectation = NO_EXPECTATION
  let at = 0
  for (; (lines[at] ?? '').startsWith('---- '); at++) {
    expectation = { ...expectation, ...parseDirective(lines[at]?.slice(5) ?? '', line) }
  }
  if (lines[at] !== '----') {
    if (at < lines.length) throw new Error(`line ${line}: rows stand below a line of four dashes`)
    return expectation
  }
  return { ...expectation, rows: lines.slice(at + 1).map((row) => row.split('\t').map(parseCell)) }
}

function parseDirective(text: string, line: number): Partial<Expectation> {
  const [word = '', ...rest] = text.split(' ')
  const value = rest.join(' ')
  switch (word) {
    case 'affected':
      return { affected: BigInt(value) }
    case 'info':
      return { info: value }
    case 'warnings':
      return { warnings: rest.map(Number) }
    case 'columns':
      return { columns: value.split('\t').map((name) => parseCell(name) ?? '') }
    case 'types':
      return { types: value.split(', ') }
    case 'flags':
      return { flags: value.split(', ') }
    case 'origins':
      return { origins: value.split(', ') }
    case 'error': {
      const message = rest.slice(1).join(' ')
      return { error: { number: Number(rest[0]), message: message === '' ? undefined : message } }
    }
    case 'blocks':
      return { blocks: true }
    case 'mariadb':
      return { mariadb: value }
    case 'mysql':
      return { mysql: value }
    case '?':
      return { record: rest }
    case 'ok':
      return {}
    default:
      throw new Error(`line ${line}: unknown expectation ${text}`)
  }
}

/** The statements of a set-up. */
export function setupStatements(sql: string): readonly string[] {
  return sql
    .split(/;\n/)
    .map((statement) => statement.replace(/;$/, ''))
    .filter((statement) => statement !== '')
}

// ── Cells ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** NULL without quotes, strings that are empty, NULL or quoted themselves in quotes; `\` escapes what would break the line. */
export function printCell(value: string | null): string {
  if (value === null) return 'NULL'
  const text = value.replace(/[\\\u0000-\u001f\u007f]/g, (character) => {
    if (character === '\\') return '\\\\'
    if (character === '\n') return '\\n'
    if (character === '\t') return '\\t'
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return text === '' || text === 'NULL' || /^'.*'$/s.test(text) ? `'${text}'` : text
}

export function parseCell(text: string): string | null {
  if (text === 'NULL') return null
  return text.replace(/^'(.*)'$/s, '$1').replace(/\\(\\|n|t|x[0-9a-f]{2})/g, (_, escape: string) => {
    if (escape === '\\') return '\\'
    if (escape === 'n') return '\n'
    if (escape === 't') return '\t'
    return String.fromCharCode(parseInt(escape.slice(1), 16))
  })
}

// ── Printing ──────────────────────────────────────────────────────────────────────────────────────────────────

export function printStep(step: Step): string {
  const { expectation } = step
  const name = step.session === FIRST_SESSION ? '' : `session ${step.session}: `
  const lines = [...step.comments, `${name}${step.sql}`]
  if (expectation !== undefined) lines.push(...printExpectation(expectation))
  return `${lines.join('\n')}\n`
}

function printExpectation(expectation: Expectation): readonly string[] {
  const { mariadb, mysql, error, affected, info, warnings, rows, blocks, record } = expectation
  const { columns, types, flags, origins } = expectation
  if (record !== undefined) return [`---- ${['?', ...record].join(' ')}`]
  const lines: string[] = []
  if (mariadb !== undefined) lines.push(`---- mariadb ${mariadb}`)
  if (mysql !== undefined) lines.push(`---- mysql ${mysql}`)
  if (error !== undefined) {
    lines.push(`---- error ${error.number}${error.message === undefined ? '' : ` ${error.message}`}`)
  }
  if (blocks) lines.push('---- blocks')
  if (columns !== undefined) lines.push(`---- columns ${columns.map(printCell).join('\t')}`)
  if (types !== undefined) lines.push(`---- types ${types.join(', ')}`)
  if (flags !== undefined) lines.push(`---- flags ${flags.join(', ')}`)
  if (origins !== undefined) lines.push(`---- origins ${origins.join(', ')}`)
  if (warnings.length > 0) lines.push(`---- warnings ${warnings.join(' ')}`)
  if (affected !== undefined) lines.push(`---- affected ${affected.toString()}`)
  if (info !== undefined) lines.push(`---- info ${info}`)
  if (rows !== undefined) lines.push('----', ...rows.map((row) => row.map(printCell).join('\t')))
  return lines.length > 0 ? lines : ['---- ok']
}
