/**
 * Runs the records of a sqllogictest file against a session and compares the answers.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { TestSession } from '../support/engine.js'
import { readRecords, type QueryRecord } from './records.js'

export interface FileResult {
  readonly passed: number
  /** What went wrong, with the line of the record; at most `failuresMax` are kept. */
  readonly failures: readonly string[]
  readonly failed: number
}

/** `path`: of the compressed file. */
export async function runFile(path: string, session: TestSession, failuresMax = 20): Promise<FileResult> {
  // The corpus was recorded when MySQL's default was to allow columns that aren't grouped.
  await session.run("SET sql_mode = REPLACE(@@sql_mode, 'ONLY_FULL_GROUP_BY', '')")
  const records = readRecords(gunzipSync(readFileSync(path)).toString('utf8'), 'mysql')
  const labels = new Map<string, string>()
  const failures: string[] = []
  let passed = 0
  let failed = 0
  const fail = (line: number, sql: string, reason: string): void => {
    failed++
    if (failures.length < failuresMax) failures.push(`line ${line}: ${reason}\n  ${sql}`)
  }
  for (const record of records) {
    const [answer] = await session.execute(record.sql)
    const error = answer?.error
    if (record.kind === 'statement') {
      if ((error !== undefined) === record.expectsError) passed++
      else fail(record.line, record.sql, error === undefined ? 'expected an error' : error.message)
      continue
    }
    if (answer === undefined || error !== undefined) {
      fail(record.line, record.sql, error?.message ?? 'no answer')
      continue
    }
    const values = sortedValues(record, answer.rows)
    const reason = compare(record, values, labels)
    if (reason === undefined) passed++
    else fail(record.line, record.sql, reason)
  }
  return { passed, failed, failures }
}

function sortedValues(record: QueryRecord, rows: readonly (readonly (string | null)[])[]): readonly string[] {
  const formatted = rows.map((row) => row.map((value, i) => format(value, record.types[i] ?? 'T')))
  if (record.sort === 'rowsort') formatted.sort(compareRows)
  const values = formatted.flat()
  return record.sort === 'valuesort' ? values.sort(compareText) : values
}

function compareRows(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < a.length; i++) {
    const order = compareText(a[i] ?? '', b[i] ?? '')
    if (order !== 0) return order
  }
  return 0
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function format(value: string | null, type: string): string {
  if (value === null) return 'NULL'
  if (type === 'I') return /^-?\d+$/.test(value) ? value : String(Math.trunc(Number(value)) || 0)
  if (type === 'R') return Number(value).toFixed(3)
  if (value === '') return '(empty)'
  return value.replace(/[^\x20-\x7e]/g, '@')
}

function compare(
  record: QueryRecord,
  values: readonly string[],
  labels: Map<string, string>,
): string | undefined {
  const hash = createHash('md5')
    .update(values.map((value) => `${value}\n`).join(''))
    .digest('hex')
  const [first = ''] = record.expected
  const hashed = /^(\d+) values hashing to ([0-9a-f]{32})$/.exec(first)
  if (hashed !== null) {
    if (Number(hashed[1]) !== values.length) return `expected ${hashed[1] ?? ''} values, got ${values.length}`
    if (hashed[2] !== hash) return `other values than expected: ${values.slice(0, 12).join(' ')}`
  } else if (record.expected.join('\n') !== values.join('\n')) {
    return `expected ${record.expected.slice(0, 12).join(' ')}, got ${values.slice(0, 12).join(' ')}`
  }
  if (record.label === undefined) return undefined
  const known = labels.get(record.label)
  labels.set(record.label, known ?? hash)
  return known === undefined || known === hash
    ? undefined
    : `another answer than the query with the same label ${record.label}`
}
