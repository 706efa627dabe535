import type { LoadStatement } from '../plan/syntax/data-change.js'
import type { ColumnReference, UserVariable } from '../plan/syntax/expression.js'
import { parseAssignments } from './assignments.js'
import type { Cursor } from './cursor.js'
import { parseFileFormat } from './file-format.js'
import {
  acceptCharacterSet,
  parseCharsetName,
  parseColumnReference,
  parseInteger,
  parseList,
  parseQualifiedName,
  parseUserVariableName,
} from './names.js'
import { parsePartitionSelection } from './table-references.js'

/** LOAD DATA and LOAD XML (manual, 15.2.9 and 15.2.10), behind LOAD. */
export function parseLoad(cursor: Cursor, start: number): LoadStatement {
  const format = cursor.expectOneOf('DATA', 'XML') === 'DATA' ? 'data' : 'xml'
  const priority = parsePriority(cursor)
  const local = cursor.accept('LOCAL')
  cursor.expect('INFILE')
  const file = cursor.string()
  const duplicates = parseDuplicates(cursor)
  cursor.expectAll('INTO', 'TABLE')
  const table = parseQualifiedName(cursor)
  const partitions = parsePartitionSelection(cursor)
  const charset = acceptCharacterSet(cursor) ? parseCharsetName(cursor) : undefined
  const rowTag = parseRowTag(cursor)
  const fileFormat = parseFileFormat(cursor)
  const ignoreLines = parseIgnoreLines(cursor)
  const targets = parseTargets(cursor)
  const assignments = cursor.accept('SET') ? parseAssignments(cursor) : []
  return {
    kind: 'load',
    format,
    priority,
    local,
    file,
    duplicates,
    table,
    partitions,
    charset,
    fileFormat,
    rowTag,
    ignoreLines,
    targets,
    assignments,
    start,
    end: cursor.previousEnd,
  }
}

function parsePriority(cursor: Cursor): LoadStatement['priority'] {
  const keyword = cursor.acceptOneOf('LOW_PRIORITY', 'CONCURRENT')
  if (keyword === undefined) return undefined
  return keyword === 'CONCURRENT' ? 'concurrent' : 'low'
}

function parseDuplicates(cursor: Cursor): LoadStatement['duplicates'] {
  const keyword = cursor.acceptOneOf('REPLACE', 'IGNORE')
  if (keyword === undefined) return undefined
  return keyword === 'REPLACE' ? 'replace' : 'ignore'
}

function parseRowTag(cursor: Cursor): string | undefined {
  if (!cursor.accept('ROWS')) return undefined
  cursor.expectAll('IDENTIFIED', 'BY')
  return cursor.string()
}

/** `[IGNORE n LINES]`. */
function parseIgnoreLines(cursor: Cursor): number {
  if (!cursor.accept('IGNORE')) return 0
  const count = parseInteger(cursor)
  cursor.expectOneOf('LINES', 'ROWS')
  return count
}

function parseTargets(cursor: Cursor): LoadStatement['targets'] {
  if (!cursor.accept('(')) return []
  if (cursor.accept(')')) return []
  const targets = parseList(cursor, parseTarget)
  cursor.expect(')')
  return targets
}

function parseTarget(cursor: Cursor): ColumnReference | UserVariable {
  if (!cursor.is('userVariable')) return parseColumnReference(cursor)
  const { start } = cursor
  return { kind: 'userVariable', name: parseUserVariableName(cursor), start, end: cursor.previousEnd }
}
