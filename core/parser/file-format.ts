import type { FileFormat } from '../plan/syntax/query.js'
import type { Cursor } from './cursor.js'
import { parseTextLiteral } from './literals.js'

/** FIELDS and LINES of LOAD DATA and SELECT … INTO OUTFILE (manual, 15.2.9). */
export function parseFileFormat(cursor: Cursor): FileFormat {
  const format: { -readonly [Key in keyof FileFormat]: FileFormat[Key] } = {
    fieldsTerminatedBy: undefined,
    fieldsEnclosedBy: undefined,
    fieldsOptionallyEnclosed: false,
    fieldsEscapedBy: undefined,
    linesStartingBy: undefined,
    linesTerminatedBy: undefined,
  }
  if (cursor.accept('COLUMNS')) {
    let any = false
    for (; ; any = true) {
      if (cursor.accept('TERMINATED')) format.fieldsTerminatedBy = parseBy(cursor)
      else if (cursor.is('ENCLOSED') || cursor.is('OPTIONALLY')) {
        format.fieldsOptionallyEnclosed = cursor.accept('OPTIONALLY')
        cursor.expect('ENCLOSED')
        format.fieldsEnclosedBy = parseBy(cursor)
      } else if (cursor.accept('ESCAPED')) format.fieldsEscapedBy = parseBy(cursor)
      else break
    }
    if (!any) cursor.fail()
  }
  if (cursor.accept('LINES')) {
    let any = false
    for (; ; any = true) {
      if (cursor.accept('STARTING')) format.linesStartingBy = parseBy(cursor)
      else if (cursor.accept('TERMINATED')) format.linesTerminatedBy = parseBy(cursor)
      else break
    }
    if (!any) cursor.fail()
  }
  return format
}

/** BY and a string, as bytes. */
function parseBy(cursor: Cursor): string {
  cursor.expect('BY')
  return parseTextLiteral(cursor).bytes
}
