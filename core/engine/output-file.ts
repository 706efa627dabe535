/**
 * SELECT … INTO OUTFILE and INTO DUMPFILE (MySQL manual 15.2.13.1): rows as lines of a file that wasn't there before, in the folder
 * that the configuration opens.
 */
import { open, realpath, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fixedWidth, isUnbounded, textFormat } from '../binder/load.js'
import type { Batch } from '../common/batch.js'
import { requireCharset } from '../common/charsets.js'
import { textOf } from '../common/conversion.js'
import { bytesOf } from '../common/conversion-string.js'
import type { EvaluationContext } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import { isBinary, isNumeric, isText, type SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { BytesVector } from '../common/vector.js'
import type { LineFormat } from '../plan/file.js'
import type { IntoDumpfile, IntoOutfile } from '../plan/syntax/index.js'
import type { ResultColumn } from '../spi/session.js'
import { pathWithin, systemError } from './input-file.js'
import type { Receiver } from './receiver.js'
import type { RunningStatement } from './running-statement.js'

/** So many bytes are written at one go. */
const PIECE_BYTES = 1 << 20
const ZERO = 0x30
const SPACE = 0x20
const FILE_MODE = 0o640

export class FileReceiver implements Receiver {
  hasTaken = false
  private rows = 0
  private handle: FileHandle | undefined
  private path = ''
  private readonly lines: LineWriter

  constructor(
    private readonly into: IntoOutfile | IntoDumpfile,
    columns: readonly ResultColumn[],
    private readonly folder: string,
    private readonly running: RunningStatement,
  ) {
    this.path = pathWithin(into.file, folder)
    this.lines = new LineWriter(
      into.kind === 'intoOutfile' ? textFormat(into.format, running) : undefined,
      columns.map((column) => column.type),
      into.kind === 'intoOutfile' ? into.charset : undefined,
      running,
    )
  }

  async take(batch: Batch): Promise<void> {
    this.hasTaken = true
    this.rows += batch.rowCount
    if (this.into.kind === 'intoDumpfile' && this.rows > 1) throw sqlError('ER_TOO_MANY_ROWS')
    this.handle ??= await this.create()
    for (let row = 0; row < batch.rowCount; row++) {
      this.lines.write(batch, row)
      if (this.lines.length >= PIECE_BYTES) await this.flush(this.handle)
    }
    this.running.reportProgress('writing', this.rows)
  }

  async end(): Promise<void> {
    this.handle ??= await this.create()
    await this.flush(this.handle)
    const { handle } = this
    this.handle = undefined
    await handle.close()
  }

  /** Half a file is worth nothing. */
  async abandon(): Promise<void> {
    const { handle } = this
    this.handle = undefined
    if (handle === undefined) return
    await handle.close()
    await rm(this.path, { force: true })
  }

  finish(): number {
    if (this.rows === 0) this.running.warn('Warning', 'ER_SP_FETCH_NO_DATA')
    return this.rows
  }

  private async create(): Promise<FileHandle> {
    try {
      // A link must not lead out of the folder.
      const parent = await realpath(dirname(this.path))
      const root = await realpath(this.folder)
      if (parent !== root) pathWithin(join(parent, basename(this.path)), root)
      return await open(this.path, 'wx', FILE_MODE)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') throw sqlError('ER_FILE_EXISTS_ERROR', this.into.file)
      if (code === 'ER_OPTION_PREVENTS_STATEMENT') throw error
      throw systemError('EE_CANTCREATEFILE', this.path, error)
    }
  }

  private async flush(handle: FileHandle): Promise<void> {
    try {
      await handle.writeFile(this.lines.take())
    } catch (error) {
      throw systemError('EE_CANTCREATEFILE', this.path, error)
    }
  }
}

/** Lines in a buffer that grows. Without a format values stand side by side, as they are. */
class LineWriter {
  length = 0
  private buffer = Buffer.allocUnsafe(2 * PIECE_BYTES)
  private readonly columns: readonly ColumnWriter[]
  private readonly separator: Buffer
  private readonly lineStart: Buffer
  private readonly lineEnd: Buffer

  constructor(
    format: Omit<LineFormat, 'ignoreLines'> | undefined,
    types: readonly SqlType[],
    charset: string | undefined,
    context: EvaluationContext,
  ) {
    this.separator = Buffer.from(format?.fieldsTerminatedBy ?? '', 'latin1')
    this.lineStart = Buffer.from(format?.linesStartingBy ?? '', 'latin1')
    this.lineEnd = Buffer.from(format?.linesTerminatedBy ?? '', 'latin1')
    const isFixed =
      format?.fieldsTerminatedBy === '' && format.fieldsEnclosedBy === '' && !types.some(isUnbounded)
    this.columns = types.map((type) => ({
      encode: encoderOf(type, charset, context),
      form: format === undefined ? undefined : formOf(format, type),
      width: isFixed ? fixedWidth(type) : 0,
    }))
  }

  write(batch: Batch, row: number): void {
    this.append(this.lineStart)
    const { columns } = this
    for (let i = 0; i < columns.length; i++) {
      if (i > 0) this.append(this.separator)
      this.writeField(columns[i] as ColumnWriter, batch, i, row)
    }
    this.append(this.lineEnd)
  }

  take(): Buffer {
    const taken = Buffer.from(this.buffer.subarray(0, this.length))
    this.length = 0
    return taken
  }

  private writeField({ encode, form, width }: ColumnWriter, batch: Batch, column: number, row: number): void {
    const start = this.length
    const vector = batch.columns[column]
    if (vector === undefined) return
    if (vector.nulls[row] === 1) {
      if (width === 0) this.append(form?.nullText ?? EMPTY)
    } else {
      const bytes = encode === undefined ? rawBytes(vector as BytesVector, row) : encode(vector.get(row))
      if (form !== undefined && form.enclosedBy >= 0) this.appendByte(form.enclosedBy)
      if (form?.escapes === undefined) this.append(bytes)
      else this.appendEscaped(bytes, form.escapes, form.escapedBy)
      if (form !== undefined && form.enclosedBy >= 0) this.appendByte(form.enclosedBy)
    }
    while (this.length < start + width) this.appendByte(SPACE)
  }

  private appendEscaped(bytes: Uint8Array, escapes: Uint8Array, escapedBy: number): void {
    this.reserve(bytes.length * 2)
    const { buffer } = this
    let at = this.length
    for (const byte of bytes) {
      if (escapes[byte] === 1) {
        buffer[at++] = escapedBy
        buffer[at++] = byte === 0 ? ZERO : byte
      } else buffer[at++] = byte
    }
    this.length = at
  }

  private append(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.buffer.set(bytes, this.length)
    this.length += bytes.length
  }

  private appendByte(byte: number): void {
    this.reserve(1)
    this.buffer[this.length++] = byte
  }

  private reserve(size: number): void {
    if (this.length + size <= this.buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + size))
    this.buffer.copy(grown, 0, 0, this.length)
    this.buffer = grown
  }
}

interface ColumnWriter {
  /** Undefined where the vector has the very bytes. */
  readonly encode: ((value: Value) => Uint8Array) | undefined
  readonly form: FieldForm | undefined
  /** At least so many bytes. */
  readonly width: number
}

interface FieldForm {
  /** -1 for none. */
  readonly enclosedBy: number
  readonly escapedBy: number
  /** 1 for bytes to escape; undefined for none. */
  readonly escapes: Uint8Array | undefined
  readonly nullText: Buffer
}

const EMPTY = Buffer.alloc(0)
/** Characters of numbers: a separator that is one of them has to be escaped there too. */
const OF_NUMBERS = '.0123456789e+-'

function rawBytes(vector: BytesVector, row: number): Uint8Array {
  return vector.data.subarray(vector.start(row), vector.end(row))
}

function formOf(format: Omit<LineFormat, 'ignoreLines'>, type: SqlType): FieldForm {
  const { fieldsEnclosedBy, fieldsEscapedBy, fieldsTerminatedBy, linesTerminatedBy } = format
  const isString = !isNumeric(type)
  const isEnclosed = fieldsEnclosedBy !== '' && (isString || !format.fieldsOptionallyEnclosed)
  const separator = (isEnclosed ? fieldsEnclosedBy : fieldsTerminatedBy).charAt(0)
  const isRisky = separator !== '' && OF_NUMBERS.includes(separator)
  const escapes = new Uint8Array(256)
  for (const character of ['\0', fieldsEscapedBy, separator, linesTerminatedBy.charAt(0)]) {
    if (character !== '') escapes[character.charCodeAt(0)] = 1
  }
  return {
    enclosedBy: isEnclosed ? fieldsEnclosedBy.charCodeAt(0) : -1,
    escapedBy: fieldsEscapedBy === '' ? -1 : fieldsEscapedBy.charCodeAt(0),
    escapes: fieldsEscapedBy !== '' && (isString || isRisky) ? escapes : undefined,
    nullText: Buffer.from(fieldsEscapedBy === '' ? 'NULL' : `${fieldsEscapedBy}N`, 'latin1'),
  }
}

/** Without a character set values are written in that of their columns. */
function encoderOf(
  type: SqlType,
  charset: string | undefined,
  context: EvaluationContext,
): ColumnWriter['encode'] {
  if (isBinary(type)) return undefined
  const target = charset === undefined || charset === 'binary' ? undefined : requireCharset(charset)
  if (target === undefined) {
    const encode = bytesOf(type)
    if (encode === undefined) return undefined
    const isUtf8 = isText(type) && type.collation.startsWith('utf8')
    return isUtf8 ? undefined : (value) => encode(value as Exclude<Value, null>, context)
  }
  if (type.name === 'bit') return (value) => bytesOf(type)?.(value as number, context) ?? EMPTY
  const text = textOf(type)
  return (value) => target.encode(text(value, context))
}
