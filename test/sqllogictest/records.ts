/**
 * The records of a sqllogictest file, as the format of the classic corpus has them.
 */

export interface StatementRecord {
  readonly kind: 'statement'
  readonly line: number
  readonly sql: string
  readonly expectsError: boolean
}

export interface QueryRecord {
  readonly kind: 'query'
  readonly line: number
  readonly sql: string
  /** One letter a column: I integer, R three decimals, T text. */
  readonly types: string
  readonly sort: 'nosort' | 'rowsort' | 'valuesort'
  readonly label: string | undefined
  /** Values, one a line, or `N values hashing to …`. */
  readonly expected: readonly string[]
}

export type TestRecord = StatementRecord | QueryRecord

/** Records that count for an engine of this name: `skipif` and `onlyif` are resolved, `halt` ends the file. */
export function readRecords(text: string, engine: string): readonly TestRecord[] {
  const lines = text.split(/\r?\n/)
  const records: TestRecord[] = []
  let at = 0
  let applies = true
  while (at < lines.length) {
    const line = (lines[at] ?? '').trim()
    const [word = '', ...args] = line.replace(/#.*$/, '').trim().split(/\s+/)
    switch (word) {
      case 'skipif':
        if (args[0] === engine) applies = false
        break
      case 'onlyif':
        if (args[0] !== engine) applies = false
        break
      case 'halt':
        if (applies) return records
        applies = true
        break
      case 'hash-threshold':
        applies = true
        break
      case 'statement': {
        const start = at + 1
        at = endOfRecord(lines, start)
        const sql = lines.slice(start, at).join('\n')
        if (applies) records.push({ kind: 'statement', line: start, sql, expectsError: args[0] === 'error' })
        applies = true
        break
      }
      case 'query': {
        const start = at + 1
        at = endOfRecord(lines, start)
        const body = lines.slice(start, at)
        const divider = body.indexOf('----')
        const record: QueryRecord = {
          kind: 'query',
          line: start,
          sql: body.slice(0, divider < 0 ? undefined : divider).join('\n'),
          types: args[0] ?? '',
          sort: (args[1] ?? 'nosort') as QueryRecord['sort'],
          label: args[2],
          expected: divider < 0 ? [] : body.slice(divider + 1),
        }
        if (applies) records.push(record)
        applies = true
        break
      }
      default:
    }
    at++
  }
  return records
}

function endOfRecord(lines: readonly string[], start: number): number {
  let end = start
  while (end < lines.length && (lines[end] ?? '').trim() !== '') end++
  return end
}
