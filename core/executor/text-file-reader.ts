/**
 * Cuts a text file into the fields of its lines by the rules of LOAD DATA (MySQL manual 15.2.9, "Field and Line Handling"). Bytes come
 * in pieces of any size; fields go, as bytes, straight into the columns of a batch. A line that isn't whole yet is read again when more
 * of it is there.
 *
 * Lines whose fields are just what stands between separators, as nearly all are, are cut in one go, and the columns show their bytes
 * where they lie: such a batch has to be used up before more bytes are pushed.
 */
import { LINE_STATE, type LineFormat } from '../plan/file.js'
import type { Batch } from '../common/batch.js'
import type { BytesVector, ExactVector } from '../common/vector.js'

/** What `read` stopped at: the batch is full, more bytes are wanted, or the file is at its end. */
export type ReadOutcome = 'full' | 'more' | 'end'

/** What `\\x` means for the letters that have a meaning; the others mean themselves. */
const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\x1a',
}
const UNESCAPED = Uint8Array.from({ length: 256 }, (_, byte) => {
  const meaning = ESCAPES[String.fromCharCode(byte)]
  return meaning === undefined ? byte : meaning.charCodeAt(0)
})

const LETTER_N = 0x4e
const NONE = -1
/** A position that says: the bytes at hand don't suffice. */
const MORE = -1
const NO_SEPARATOR = 0
const LINE_END = 1
const FIELD_END = 2
/** A position that says: the line has something to be looked at closely. */
const UNUSUAL = -2
const INITIAL_BYTES = 1 << 16
/** With less than this it isn't worth beginning a batch, unless the file is at its end. */
const ENOUGH_BYTES = 1 << 17
const NULL_WORD = Buffer.from('NULL')

export class TextFileReader {
  private buffer = Buffer.allocUnsafe(INITIAL_BYTES)
  private at = 0
  private end = 0
  private isComplete = false
  private skip: number
  /** 1 for bytes at which a field may end or change its meaning. */
  private readonly special = new Uint8Array(256)
  private readonly fieldEnd: Uint8Array
  private readonly lineEnd: Uint8Array
  private readonly lineStart: Uint8Array
  private readonly enclosedBy: number
  private readonly escapedBy: number
  private scratch = Buffer.allocUnsafe(1024)
  private scratchLength = 0
  private endsLine = false
  /** Bytes of a line that was not whole: it is worth looking again when there are twice as many. */
  private seen = 0
  /** Whether there may be lines to be cut in one go. */
  private readonly isCuttable: boolean
  /** Where the fields of such a line begin and end. */
  private readonly places: Uint32Array

  /** `widths` are given for files without separators: bytes of each field. */
  constructor(
    private readonly format: LineFormat,
    private readonly fieldCount: number,
    private readonly widths: readonly number[] | undefined,
  ) {
    this.skip = format.ignoreLines
    this.fieldEnd = Buffer.from(format.fieldsTerminatedBy, 'latin1')
    // A terminator that ends both fields and lines ends fields: lines are told by the number of their fields.
    const isShared = format.linesTerminatedBy === format.fieldsTerminatedBy
    this.lineEnd = Buffer.from(isShared ? '' : format.linesTerminatedBy, 'latin1')
    this.lineStart = Buffer.from(format.linesStartingBy, 'latin1')
    this.enclosedBy = byteOf(format.fieldsEnclosedBy)
    this.escapedBy = byteOf(format.fieldsEscapedBy)
    for (const byte of [this.enclosedBy, this.escapedBy, this.fieldEnd[0], this.lineEnd[0]]) {
      if (byte !== undefined && byte >= 0) this.special[byte] = 1
    }
    this.isCuttable =
      widths === undefined &&
      this.fieldEnd.length === 1 &&
      (this.lineEnd.length === 1 || this.lineEnd.length === 2) &&
      this.fieldEnd[0] !== this.lineEnd[0] &&
      this.lineStart.length === 0
    this.places = new Uint32Array(fieldCount * 2)
  }

  /** Bytes that it holds. */
  get heldBytes(): number {
    return this.buffer.length + this.scratch.length
  }

  /** Whether so many bytes have come that reading on is worth while. */
  get hasEnough(): boolean {
    return this.isComplete || this.end - this.at >= Math.max(this.seen * 2, ENOUGH_BYTES)
  }

  push(chunk: Uint8Array): void {
    const left = this.end - this.at
    if (this.end + chunk.length > this.buffer.length) {
      const size = left + chunk.length
      const target =
        size <= this.buffer.length ? this.buffer : Buffer.allocUnsafe(Math.max(size, this.buffer.length * 2))
      this.buffer.copy(target, 0, this.at, this.end)
      this.buffer = target
      this.at = 0
      this.end = left
    }
    this.buffer.set(chunk, this.end)
    this.end += chunk.length
  }

  /** No more bytes will come. */
  finish(): void {
    this.isComplete = true
  }

  /**
   * Appends lines to `batch`, whose columns are the fields and behind them the state of the line, until it is full or something is
   * missing.
   */
  read(batch: Batch): ReadOutcome {
    while (this.skip > 0) {
      const next = this.afterLine(this.at)
      if (next === MORE) return this.wait()
      this.at = next
      this.skip--
    }
    const { columns } = batch
    const states = columns[this.fieldCount] as ExactVector
    for (;;) {
      if (this.isCuttable && this.cutLines(batch, columns as readonly BytesVector[], states) === MORE)
        return this.wait()
      if (batch.isFull) return 'full'
      if (this.at >= this.end && this.isComplete) return 'end'
      const from = this.startOfFields()
      const rowCount = batch.rowCount
      const next =
        from === MORE
          ? MORE
          : this.widths === undefined
            ? this.readFields(from, columns as readonly BytesVector[], states)
            : this.readFixed(from, this.widths, columns as readonly BytesVector[], states)
      if (next === MORE) {
        batch.truncate(rowCount)
        if (this.isComplete) return 'end'
        return this.wait()
      }
      this.at = next
      this.seen = 0
      batch.rowCount++
    }
  }

  private wait(): ReadOutcome {
    if (this.isComplete) return 'end'
    this.seen = this.end - this.at
    return 'more'
  }

  /** Reads lines up to the first one that isn't whole, which it answers `MORE` for, or is unusual. */
  private cutLines(batch: Batch, columns: readonly BytesVector[], states: ExactVector): number {
    const { fieldCount, places } = this
    while (!batch.isFull) {
      const next = this.cutLine()
      if (next < 0) return next
      for (let field = 0; field < fieldCount; field++) {
        const column = columns[field] as BytesVector
        const start = places[2 * field] as number
        const end = places[2 * field + 1] as number
        if (column.borrow(this.buffer)) column.pushSlice(start, end)
        else column.pushBytes(this.buffer, start, end)
      }
      states.pushNumber(fieldCount)
      this.at = next
      this.seen = 0
      batch.rowCount++
    }
    return UNUSUAL
  }

  /** Finds the fields of a line that has as many as it should and nothing but separators between them; answers where the next line begins. */
  private cutLine(): number {
    const { buffer, end, special, places, fieldCount, enclosedBy, lineEnd } = this
    const fieldByte = this.fieldEnd[0]
    const lineByte = lineEnd[0]
    const placesEnd = fieldCount * 2
    let start = this.at
    let at = start
    for (let place = 0; place < placesEnd; place += 2) {
      while (at < end && special[buffer[at] as number] === 0) at++
      if (at >= end) return this.isComplete ? UNUSUAL : MORE
      const byte = buffer[at] as number
      const isLast = place === placesEnd - 2
      if (byte !== (isLast ? lineByte : fieldByte)) return UNUSUAL
      // The word NULL is one where fields may be enclosed.
      if (enclosedBy !== NONE && at - start === NULL_WORD.length) return UNUSUAL
      places[place] = start
      places[place + 1] = at
      start = ++at
    }
    if (lineEnd.length === 1) return at
    if (at >= end && !this.isComplete) return MORE
    return at < end && buffer[at] === lineEnd[1] ? at + 1 : UNUSUAL
  }

  /** Behind LINES STARTING BY, whatever stands before it; MORE also if it doesn't come any more. */
  private startOfFields(): number {
    const { lineStart, buffer } = this
    if (lineStart.length === 0) return this.at >= this.end ? MORE : this.at
    const found = buffer.subarray(0, this.end).indexOf(lineStart, this.at)
    if (found >= 0 && found + lineStart.length < this.end) return found + lineStart.length
    // What can't be part of the prefix need not be looked at again.
    this.at = found >= 0 ? found : Math.max(this.at, this.end - lineStart.length + 1)
    return MORE
  }

  private readFields(from: number, columns: readonly BytesVector[], states: ExactVector): number {
    const { fieldCount } = this
    let at = from
    let field = 0
    this.endsLine = false
    while (field < fieldCount) {
      if (at >= this.end) {
        // The file ends behind a separator: nothing more is there.
        if (!this.isComplete) return MORE
        this.endsLine = true
        break
      }
      at = this.readField(at, columns[field] as BytesVector)
      if (at === MORE) return MORE
      field++
      if (this.isLineOver()) break
    }
    let state = field
    for (; field < fieldCount; field++) (columns[field] as BytesVector).pushNull()
    if (!this.endsLine && this.lineEnd.length > 0) {
      const next = this.afterLine(at)
      if (next === MORE) return MORE
      if (this.isCut) state += LINE_STATE.cut
      at = next
    }
    states.pushNumber(state)
    return at
  }

  private isLineOver(): boolean {
    return this.endsLine
  }

  /** Reads one field into `column`; answers where the next begins and notes whether its line ends with it. */
  private readField(from: number, column: BytesVector): number {
    const { buffer, end, special, enclosedBy, escapedBy } = this
    const isEnclosed = buffer[from] === enclosedBy
    const start = isEnclosed ? from + 1 : from
    let at = start
    let runStart = start
    let isCopied = false
    let hasNullMark = false
    for (;;) {
      while (at < end && special[buffer[at] as number] === 0) at++
      if (at >= end) {
        if (!this.isComplete) return MORE
        this.endsLine = true
        // Without its closing character a field isn't enclosed.
        if (isEnclosed && isCopied) this.prepend(enclosedBy)
        this.take(column, isEnclosed && !isCopied ? from : runStart, at, isCopied, false, hasNullMark)
        return at
      }
      const byte = buffer[at] as number
      let isEscapeAsQuote = false
      if (byte === escapedBy) {
        if (at + 1 >= end) {
          if (!this.isComplete) return MORE
          at++
          continue
        }
        const next = buffer[at + 1] as number
        if (escapedBy !== enclosedBy || next === escapedBy) {
          if (!isCopied) this.scratchLength = 0
          this.append(runStart, at)
          this.appendByte(escapedBy === enclosedBy ? next : (UNESCAPED[next] as number))
          isCopied = true
          if (next === LETTER_N && escapedBy !== enclosedBy) hasNullMark = true
          at += 2
          runStart = at
          continue
        }
        isEscapeAsQuote = true
      }
      if (isEnclosed) {
        if (byte !== enclosedBy) {
          at++
          continue
        }
        const behind = at + 1
        if (behind >= end && !this.isComplete) return MORE
        if (behind < end && buffer[behind] === enclosedBy && !isEscapeAsQuote) {
          if (!isCopied) this.scratchLength = 0
          this.append(runStart, behind)
          isCopied = true
          at = behind + 1
          runStart = at
          continue
        }
        const separator = behind >= end ? LINE_END : this.separatorAt(behind)
        if (separator === MORE) return MORE
        if (separator === NO_SEPARATOR) {
          at++
          continue
        }
        this.take(column, runStart, at, isCopied, true, hasNullMark)
        return behind >= end ? this.endAt(end, separator, 0) : this.endAt(behind, separator)
      }
      const separator = this.separatorAt(at)
      if (separator === MORE) return MORE
      if (separator === NO_SEPARATOR) {
        at++
        continue
      }
      this.take(column, runStart, at, isCopied, false, hasNullMark)
      return this.endAt(at, separator)
    }
  }

  /** What stands at `at`, or MORE if too few bytes are there to tell. */
  private separatorAt(at: number): number {
    const line = this.startsWith(this.lineEnd, at)
    if (line !== 0) return line === MORE ? MORE : LINE_END
    const field = this.startsWith(this.fieldEnd, at)
    return field === 1 ? FIELD_END : field
  }

  /** The field is over at `at`; answers where the next one begins. */
  private endAt(
    at: number,
    separator: number,
    length = separator === LINE_END ? this.lineEnd.length : this.fieldEnd.length,
  ): number {
    this.endsLine = separator === LINE_END
    return at + length
  }

  /** Pushes the bytes `[runStart, to)`, behind what was copied before. */
  private take(
    column: BytesVector,
    runStart: number,
    to: number,
    isCopied: boolean,
    isEnclosed: boolean,
    hasNullMark: boolean,
  ): void {
    if (!isCopied) {
      if (!isEnclosed && this.enclosedBy !== NONE && this.isNullWord(runStart, to)) column.pushNull()
      else column.pushBytes(this.buffer, runStart, to)
      return
    }
    this.append(runStart, to)
    if (hasNullMark && this.scratchLength === 1) column.pushNull()
    else column.pushBytes(this.scratch, 0, this.scratchLength)
  }

  private isNullWord(from: number, to: number): boolean {
    return to - from === NULL_WORD.length && this.buffer.compare(NULL_WORD, 0, 4, from, to) === 0
  }

  /** 1 if `text` stands at `at`, 0 if not, MORE if too few bytes are there to tell. An empty text stands nowhere. */
  private startsWith(text: Uint8Array, at: number): number {
    const { buffer, end } = this
    const { length } = text
    if (length === 0) return 0
    for (let i = 0; i < length; i++) {
      if (at + i >= end) return this.isComplete ? 0 : MORE
      if (buffer[at + i] !== text[i]) return 0
    }
    return 1
  }

  private isCut = false

  /** The start of the next line; `isCut` says whether anything stands before the end of this one. */
  private afterLine(from: number): number {
    const { buffer, lineEnd, escapedBy } = this
    this.isCut = false
    if (lineEnd.length === 0) return from
    for (let at = from; ; at++) {
      if (at >= this.end) return this.isComplete ? this.end : MORE
      if (buffer[at] === escapedBy) {
        this.isCut = true
        at++
        continue
      }
      const found = this.startsWith(lineEnd, at)
      if (found === MORE) return MORE
      if (found === 1) return at + lineEnd.length
      this.isCut = true
    }
  }

  // ── Fixed rows ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Fields of fixed widths; escapes count as the character that they mean. */
  private readFixed(
    from: number,
    widths: readonly number[],
    columns: readonly BytesVector[],
    states: ExactVector,
  ): number {
    const { buffer, end, escapedBy, lineEnd } = this
    let total = 0
    for (const width of widths) total += width
    this.scratchLength = 0
    let at = from
    let isLineOver = false
    while (this.scratchLength < total) {
      if (at >= end) {
        if (!this.isComplete) return MORE
        isLineOver = true
        break
      }
      const byte = buffer[at] as number
      if (byte === escapedBy && at + 1 < end) {
        this.appendByte(UNESCAPED[buffer[at + 1] as number] as number)
        at += 2
        continue
      }
      const found = this.startsWith(lineEnd, at)
      if (found === MORE) return MORE
      if (found === 1) {
        at += lineEnd.length
        isLineOver = true
        break
      }
      this.appendByte(byte)
      at++
    }
    let state = 0
    let position = 0
    for (const [i, width] of widths.entries()) {
      const column = columns[i] as BytesVector
      if (position >= this.scratchLength) {
        column.pushNull()
        continue
      }
      const to = Math.min(position + width, this.scratchLength)
      column.pushBytes(this.scratch, position, to)
      position = to
      state++
    }
    if (!isLineOver && lineEnd.length > 0) {
      const next = this.afterLine(at)
      if (next === MORE) return MORE
      if (this.isCut) state += LINE_STATE.cut
      at = next
    }
    states.pushNumber(state)
    return at
  }

  // ── Bytes of a field that is not as it stands in the file ───────────────────────────────────────────────────

  private append(from: number, to: number): void {
    this.reserve(to - from)
    this.buffer.copy(this.scratch, this.scratchLength, from, to)
    this.scratchLength += to - from
  }

  private appendByte(byte: number): void {
    this.reserve(1)
    this.scratch[this.scratchLength++] = byte
  }

  private prepend(byte: number): void {
    this.reserve(1)
    this.scratch.copy(this.scratch, 1, 0, this.scratchLength)
    this.scratch[0] = byte
    this.scratchLength++
  }

  private reserve(size: number): void {
    if (this.scratchLength + size <= this.scratch.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.scratch.length * 2, this.scratchLength + size))
    this.scratch.copy(grown, 0, 0, this.scratchLength)
    this.scratch = grown
  }
}

function byteOf(character: string): number {
  return character === '' ? NONE : character.charCodeAt(0)
}
