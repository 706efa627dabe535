/**
 * Fills a scan's batch from runs of rows: the filter's columns are decoded first, of all rows of a run, then the rows that it lets
 * through, column by column. Their bytes are copied once, into memory of the batch that its string columns borrow from.
 */
import { performance } from 'node:perf_hooks'
import { Batch } from '../common/batch.js'
import { copyBytes } from '../common/bytes.js'
import { asBuffer } from '../common/charset-utf8.js'
import type { RunVisitor } from '../spi/storage.js'
import type { RunTaker } from './entry-scan.js'
import type { ScanOutput } from './scan-output.js'

/** Rows between two looks at the clock: conditions may take long. */
export const ROWS_PER_LOOK = 64
const SHARED_BYTES_MIN = 1024

/** Where the rows of the run in hand begin and end. One for all scans: conditions, which never read tables, can't start another. */
let starts: Uint32Array = new Uint32Array(1024)
let ends: Uint32Array = new Uint32Array(1024)

export class RunReader implements RunTaker {
  /** Reads until then, as performance.now(). */
  untilMs = Infinity
  private isOverdue = false
  /** Columns of the filter, of the run in hand. */
  private probe: Batch | undefined
  private sharedEnd = 0

  constructor(private readonly output: ScanOutput) {}

  get isSated(): boolean {
    return this.isOverdue || this.output.isFull
  }

  readonly takeRun: RunVisitor = (bytes, start, places, at, count) => {
    const { output } = this
    const { filter } = output
    const taken = filter === undefined ? Math.min(count, output.room) : count
    if (taken > starts.length) {
      starts = new Uint32Array(taken)
      ends = new Uint32Array(taken)
    }
    for (let i = 0; i < taken; i++) {
      starts[i] = start + (places[at + 2 * i + 1] as number)
      ends[i] = start + (places[at + 2 * i + 3] as number)
    }
    this.isOverdue = false
    if (filter !== undefined) return this.takeFiltered(bytes, start, places, at, taken)
    this.append(bytes, taken)
    if (output.wantsRowKeys) {
      for (let i = 0; i < taken; i++) this.keepKey(bytes, start, places, at + 2 * i)
    }
    output.acceptMany(taken)
    this.isOverdue = performance.now() > this.untilMs
    return taken
  }

  /** Takes one row, if the filter lets it through. */
  add(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const { output } = this
    const bytes = asBuffer(value)
    starts[0] = valueStart
    ends[0] = valueEnd
    if (output.filter !== undefined && !output.holdsIn(this.probeFor(bytes, 1), 0)) return
    this.append(bytes, 1)
    output.accept(key, keyStart, keyEnd)
  }

  private takeFiltered(bytes: Buffer, start: number, places: Uint16Array, at: number, count: number): number {
    const { output } = this
    const { room } = output
    const probe = this.probeFor(bytes, count)
    let kept = 0
    let row = 0
    while (row < count && kept < room) {
      if (output.holdsIn(probe, row)) {
        if (output.wantsRowKeys) this.keepKey(bytes, start, places, at + 2 * row)
        starts[kept] = starts[row] as number
        ends[kept++] = ends[row] as number
      }
      if (++row % ROWS_PER_LOOK !== 0 || performance.now() < this.untilMs) continue
      this.isOverdue = true
      break
    }
    if (kept > 0) this.append(bytes, kept)
    output.acceptMany(kept)
    return row
  }

  private keepKey(bytes: Buffer, start: number, places: Uint16Array, at: number): void {
    this.output.keepKey(bytes, start + (places[at] as number), start + (places[at + 2] as number))
  }

  /** The filter's columns of the rows in hand. */
  private probeFor(bytes: Buffer, count: number): Batch {
    const { batch, decoder, filter } = this.output
    const { columns } = batch
    const probe = (this.probe ??= Batch.ofTypes(columns.map((column) => column.type)))
    probe.clear()
    decoder.decodeAll(bytes, starts, count, probe.columns, filter?.columns)
    probe.rowCount = count
    return probe
  }

  /** Appends the columns of the first `count` rows in hand. */
  private append(bytes: Buffer, count: number): void {
    const { batch, decoder } = this.output
    const memory = decoder.hasStrings ? this.share(bytes, count) : bytes
    decoder.decodeAll(memory, starts, count, batch.columns)
  }

  /** Copies the rows in hand, of which no two overlap, into the batch's memory; they begin there then. */
  private share(bytes: Buffer, count: number): Buffer {
    const first = starts[0] as number
    const last = ends[count - 1] as number
    let size = 0
    for (let i = 0; i < count; i++) size += (ends[i] as number) - (starts[i] as number)
    // What lies between the rows comes along if it isn't much.
    const isWhole = last - first <= 2 * size
    const target = this.reserve(isWhole ? last - first : size)
    let at = this.sharedEnd
    if (isWhole) {
      copyBytes(bytes, first, last, target, at)
      for (let i = 0; i < count; i++) starts[i] = (starts[i] as number) - first + at
      at += last - first
    } else {
      for (let i = 0; i < count; i++) {
        const from = starts[i] as number
        const to = ends[i] as number
        copyBytes(bytes, from, to, target, at)
        starts[i] = at
        at += to - from
      }
    }
    this.sharedEnd = at
    return target
  }

  /** The batch's memory, with room for so many bytes more. */
  private reserve(size: number): Buffer {
    const { batch } = this.output
    if (batch.rowCount === 0) this.sharedEnd = 0
    const { shared } = batch
    const needed = this.sharedEnd + size
    if (shared !== undefined && needed <= shared.length) return shared
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, SHARED_BYTES_MIN, 2 * (shared?.length ?? 0)))
    shared?.copy(grown, 0, 0, this.sharedEnd)
    batch.shared = grown
    return grown
  }
}
