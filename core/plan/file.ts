/**
 * Text files as LOAD DATA reads and SELECT … INTO OUTFILE writes them (MySQL manual 15.2.9). Separators are byte strings: one UTF-16
 * unit a byte.
 */
import type { ColumnId } from './expression.js'

export interface LineFormat {
  readonly fieldsTerminatedBy: string
  /** One byte, or '' for none. */
  readonly fieldsEnclosedBy: string
  /** Only strings are enclosed. Of no concern to reading. */
  readonly fieldsOptionallyEnclosed: boolean
  /** One byte, or '' for none. */
  readonly fieldsEscapedBy: string
  readonly linesStartingBy: string
  readonly linesTerminatedBy: string
  /** Lines to leave out at the start of the file. */
  readonly ignoreLines: number
}

/** How the state of a line is written: the number of its fields that are there, and `cut` more if there is text behind the last. */
export const LINE_STATE = { cut: 0x10000, fields: 0xffff } as const

/** What LOAD DATA does besides an INSERT of the same rows. */
export interface LoadRules {
  /** Each field of a line, in order: the output of the source that has its bytes, and where it goes. */
  readonly fields: readonly LoadedField[]
  /** Output of the source with the state of the line. */
  readonly lineState: ColumnId
  /** Character set of the file; 'binary' leaves bytes as they are. */
  readonly charset: string
}

export interface LoadedField {
  readonly source: ColumnId
  /** Position of the column in the table; undefined for a user variable, and for fields that nobody wants. */
  readonly column: number | undefined
  readonly variable: string | undefined
}
