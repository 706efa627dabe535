/**
 * Runs INSERT and REPLACE.
 */
import { Batch } from '../common/batch.js'
import type { EvaluationContext } from '../common/evaluation.js'
import { raise } from '../common/conditions.js'
import { isSqlError } from '../common/sql-error.js'
import { rethrowAfter, settle, whenSettled } from '../common/settle.js'
import type { SqlType } from '../common/sql-type.js'
import { isPromise, type ExactValue, type MaybePromise, type Value } from '../common/value.js'
import type { InsertPlan } from '../plan/change.js'
import type { OutputColumn } from '../plan/logical.js'
import type { ColumnDefinition, IndexDefinition } from '../plan/schema.js'
import { duplicateNames } from '../spi/duplicate-entry.js'
import type { DuplicateRow } from '../spi/storage.js'
import type { InsertOutcome, RowKey, TableAccess } from '../spi/transaction.js'
import { changeRows } from './change-input.js'
import { sameRow } from './changed-rows.js'
import { NO_CHANGE, type ChangeResult, type CompiledChange } from './change-result.js'
import { CollectedRow, RowMaker } from './collected-rows.js'
import type { PlanCompilerOptions } from './compile-plan.js'
import type { Execution } from './execution.js'
import { InsertBlocks } from './insert-blocks.js'
import { InsertCompiler } from './insert-compiler.js'
import { InsertNumbers } from './insert-numbers.js'
import { newRow } from './insert-rows.js'
import { replaceValue, type compileAssignment, type FinishOptions } from './row-builder.js'

type Duplicate = Extract<InsertOutcome, { readonly kind: 'duplicate' }>

const NOTHING: readonly Value[] = []

/** What the process list says of a statement under way. */
const STAGES = { insert: 'inserting', replace: 'replacing', load: 'loading' } as const

export function compileInsert(plan: InsertPlan, options: PlanCompilerOptions): CompiledChange {
  const compiled = new InsertCompiler(plan, options)
  return { run: (execution) => new InsertRun(compiled, execution).run() }
}

/** One execution. */
class InsertRun {
  private readonly access: TableAccess
  private affected = 0
  private records = 0
  private duplicates = 0
  /** Rows that REPLACE removed. */
  private deleted = 0
  /** What ON DUPLICATE KEY UPDATE reads of the source's row, which is stored by now. */
  private read: readonly Value[] = []
  private readonly numbers: InsertNumbers
  private rowNumber = 0
  private bulkBatch: Batch | undefined
  private readonly context: EvaluationContext
  /** Whether rows are made first, so that their duplicates are looked for at once. */
  private readonly looksAhead: boolean
  private ownBlocks: InsertBlocks | undefined
  private collected: CollectedRow[] = []
  private collectedBytes = 0
  private maker: RowMaker | undefined
  private oldRow: Batch | undefined
  private work: Batch | undefined

  constructor(
    private readonly compiled: InsertCompiler,
    private readonly execution: Execution,
  ) {
    this.context = execution.evaluation
    this.access = execution.transaction.table(compiled.table)
    this.numbers = new InsertNumbers(compiled, this.access)
    this.looksAhead = this.reportsDuplicates && this.access.looksAhead && !this.access.drawsNumbers
  }

  private get blocks(): InsertBlocks {
    return (this.ownBlocks ??= new InsertBlocks(this.types, this.access, (rows, duplicates) => {
      this.countBlock(rows, duplicates)
    }))
  }

  private get types(): readonly SqlType[] {
    return this.compiled.table.columns.map((column) => column.type)
  }

  private get reportsDuplicates(): boolean {
    const { mode, ignore, onDuplicate } = this.compiled.plan
    return mode === 'replace' || ignore || onDuplicate !== undefined
  }

  run(): MaybePromise<ChangeResult> {
    const { compiled, access } = this
    const { plan, table } = compiled
    for (const i of plan.ignored) {
      const { name } = table.columns[i] as ColumnDefinition
      this.context.warn('Warning', 'ER_NON_DEFAULT_VALUE_FOR_GENERATED_COLUMN', name, table.name)
    }
    if (plan.mode === 'insert' && plan.onDuplicate === undefined && !compiled.isSingleRow)
      access.expectInserts?.()
    const end = this.looksAhead ? () => this.storeAhead() : undefined
    return settle(
      () => changeRows(compiled.input, this.execution, (batch) => this.insertBatch(batch), end),
      () => this.result(),
      (error) => rethrowAfter(this.ownBlocks?.abandon(), error),
    )
  }

  private insertBatch(batch: Batch): MaybePromise<void> {
    const rows = this.bulkRows(batch)
    const inserted = this.looksAhead
      ? this.insertAhead(batch, rows)
      : rows === undefined
        ? this.insertRows(batch, 0)
        : this.insertMany(batch, rows)
    return whenSettled(inserted, () => {
      this.compiled.lines?.keepVariables(batch, this.context)
      this.execution.statement.reportProgress?.(this.stage, this.rowNumber)
    })
  }

  private insertRows(batch: Batch, from: number): MaybePromise<void> {
    for (let row = from; row < batch.rowCount; row++) {
      this.rowNumber++
      const inserted = this.insertRow(batch, row)
      if (isPromise(inserted)) return inserted.then(() => this.insertRows(batch, row + 1))
    }
  }

  private async storeAhead(): Promise<void> {
    await this.blocks.finish()
    await this.storeCollected()
  }

  private result(): MaybePromise<ChangeResult> {
    if (this.compiled.autoColumn < 0 || !this.access.drawsNumbers) return this.report()
    return whenSettled(this.access.drawnNumber(), (first) => {
      this.numbers.firstDrawn = first
      return this.report()
    })
  }

  private report(): ChangeResult {
    const { firstDrawn, lastGiven } = this.numbers
    return {
      ...NO_CHANGE,
      affectedRows: this.affected,
      records: this.records,
      duplicates: this.duplicates,
      lastInsertId: firstDrawn !== 0 ? firstDrawn : lastGiven,
      generatedId: firstDrawn,
      info: (warnings) => this.info(warnings),
    }
  }

  private get stage(): string {
    const { plan, lines } = this.compiled
    return lines === undefined ? STAGES[plan.mode] : STAGES.load
  }

  /** The text of the OK packet. */
  private info(warnings: number): string {
    const { isSingleRow, lines } = this.compiled
    if (lines !== undefined) {
      const skipped = this.records - (this.affected - this.deleted)
      return `Records: ${this.records}  Deleted: ${this.deleted}  Skipped: ${skipped}  Warnings: ${warnings}`
    }
    if (isSingleRow) return ''
    return `Records: ${this.records}  Duplicates: ${this.duplicates}  Warnings: ${warnings}`
  }

  // ── Many rows at once ───────────────────────────────────────────────────────────────────────────────────────

  /** The batch as rows of the table, if all of it can be written as it is. */
  private bulkRows(batch: Batch): Batch | undefined {
    const { bulk, lines } = this.compiled
    if (bulk === undefined || lines?.isRegular(batch) === false) return undefined
    this.bulkBatch ??= bulk.newBatch()
    this.bulkBatch.clear()
    return bulk.convert(batch, this.bulkBatch, this.context) ? this.bulkBatch : undefined
  }

  private async insertMany(batch: Batch, rows: Batch): Promise<void> {
    if (!(await this.numbers.numberRows(batch, rows, this.context))) {
      for (let row = 0; row < batch.rowCount; row++) await this.insertNext(batch, row)
      return
    }
    const onDuplicate = this.compiled.plan.ignore ? 'report' : 'throw'
    for (let row = 0; row < rows.rowCount;) {
      const inserted = this.access.insertRows(rows, row, onDuplicate)
      const next = inserted instanceof Promise ? await inserted : inserted
      this.records += next - row
      this.affected += next - row
      this.rowNumber += next - row
      row = next
      if (row < rows.rowCount) await this.insertAlone(rows.row(row++))
    }
  }

  /** Rows that nothing is to be said of go by the block, as long as most are such ones. */
  private async insertAhead(batch: Batch, rows: Batch | undefined): Promise<void> {
    const isBulk = rows !== undefined && (await this.numbers.numberRows(batch, rows, this.context))
    if (isBulk && this.collected.length === 0) {
      this.rowNumber += rows.rowCount
      const added = this.blocks.add(rows)
      if (added !== undefined) await added
      return
    }
    await this.endBlock()
    await this.collect(batch, isBulk ? rows : undefined)
  }

  private async endBlock(): Promise<void> {
    const { blocks } = this
    const few = blocks.heldRows < FEW_ROWS ? blocks.take() : undefined
    await blocks.finish()
    if (few === undefined) return
    const before = this.rowNumber - few.rowCount
    for (let row = 0; row < few.rowCount; row++) {
      this.collected.push(new CollectedRow(before + row + 1, few.row(row)))
    }
  }

  private countBlock(rows: Batch, duplicates: readonly DuplicateRow[]): void {
    this.records += rows.rowCount
    this.affected += rows.rowCount - duplicates.length
    this.duplicates += duplicates.length
    for (const { row, index } of duplicates) this.warnDuplicate(index, rows.row(row))
  }

  // ── Rows that are made first and stored then ────────────────────────────────────────────────────────────────

  /** `rows` are those of the batch where they are made already. */
  private async collect(batch: Batch, rows: Batch | undefined): Promise<void> {
    for (let row = 0; row < batch.rowCount; row++) {
      this.rowNumber++
      const making = rows === undefined ? this.makeRow(batch, row) : this.rowOf(rows, row)
      const made = isPromise(making) ? await making : making
      this.collected.push(made)
      if (made.error !== undefined) await this.storeCollected()
    }
    this.collectedBytes += batch.byteSize
    const isFull = this.collected.length >= COLLECTED_ROWS || this.collectedBytes >= COLLECTED_BYTES
    if (isFull) await this.storeCollected()
  }

  private rowOf(rows: Batch, row: number): CollectedRow {
    return new CollectedRow(this.rowNumber, rows.row(row))
  }

  private makeRow(batch: Batch, row: number): MaybePromise<CollectedRow> {
    const { compiled } = this
    this.maker ??= new RowMaker(compiled, this.access, this.context)
    const made = new CollectedRow(this.rowNumber)
    made.isCut = compiled.lines?.isCut(batch, row) === true
    made.read = this.readOf(batch, row)
    return this.maker.make(made, batch, row, this.finishOptions())
  }

  private async storeCollected(): Promise<void> {
    const { collected, compiled } = this
    if (collected.length === 0) return
    this.collected = []
    this.collectedBytes = 0
    const rows: Value[][] = []
    for (const { values } of collected) if (values !== undefined) rows.push(values)
    const wantsRows = compiled.plan.mode === 'replace' || compiled.onDuplicate !== undefined
    if (rows.length > 0) await this.access.lookAhead(rows, wantsRows)
    for (const made of collected) {
      const stored = this.storeMade(made)
      if (stored !== undefined) await stored
      const pause = this.execution.isOverdue ? this.execution.pause() : undefined
      if (pause !== undefined) await pause
    }
  }

  private storeMade(made: CollectedRow): void | Promise<void> {
    if (made.warnings !== undefined) for (const warning of made.warnings) this.context.warn(...warning)
    if (made.error !== undefined) throw made.error.thrown
    this.records++
    this.rowNumber = made.rowNumber
    this.read = made.read
    this.numbers.takeOver(made.drawn, made.given)
    if (made.values === undefined) this.leaveOut()
    const stored = made.values === undefined ? undefined : this.storeFinished(made.values)
    return made.isCut ? this.tellCut(stored) : stored
  }

  private insertNext(batch: Batch, row: number): void | Promise<void> {
    this.rowNumber++
    return this.insertRow(batch, row)
  }

  /** A row that is finished already, which has to wait for something or is a duplicate. */
  private insertAlone(values: Value[]): void | Promise<void> {
    this.rowNumber++
    this.records++
    return this.store(values)
  }

  private insertRow(batch: Batch, row: number): void | Promise<void> {
    this.records++
    const { compiled, numbers } = this
    this.read = this.readOf(batch, row)
    const values = newRow(compiled, batch, row, this.rowNumber, this.context, numbers)
    const stored = values instanceof Promise ? values.then((each) => this.store(each)) : this.store(values)
    return compiled.lines?.isCut(batch, row) === true ? this.tellCut(stored) : stored
  }

  private readOf(batch: Batch, row: number): readonly Value[] {
    const { readForDuplicate } = this.compiled
    if (readForDuplicate.length === 0) return NOTHING
    return readForDuplicate.map((from) => batch.columns[from]?.get(row) ?? null)
  }

  private tellCut(stored: void | Promise<void>): void | Promise<void> {
    const tell = (): void => {
      raise(this.context, 'ER_WARN_TOO_MANY_RECORDS', this.rowNumber)
    }
    if (stored instanceof Promise) return stored.then(tell)
    tell()
    return undefined
  }

  private store(values: Value[]): void | Promise<void> {
    const isKept = this.compiled.builder.finish(values, this.context, this.finishOptions())
    if (isKept) return this.storeFinished(values)
    this.leaveOut()
    return undefined
  }

  private storeFinished(values: Value[]): void | Promise<void> {
    let outcome
    try {
      outcome = this.access.insert(values, this.reportsDuplicates ? 'report' : 'throw')
    } catch (error) {
      this.ignoreRow(error)
      return undefined
    }
    if (outcome instanceof Promise) {
      return outcome.then(
        (each) => this.settle(each, values),
        (error: unknown) => {
          this.ignoreRow(error)
        },
      )
    }
    return this.settle(outcome, values)
  }

  private finishOptions(): FinishOptions {
    const { ignore } = this.compiled.plan
    return {
      ignore,
      drawn: this.access.drawsNumbers ? this.compiled.autoColumn : -1,
      nullIsError: !ignore && (this.context.strict || this.compiled.isSingleRow),
      rowNumber: this.rowNumber,
    }
  }

  // ── Duplicates ──────────────────────────────────────────────────────────────────────────────────────────────

  private settle(outcome: InsertOutcome, values: Value[]): void | Promise<void> {
    if (outcome.kind === 'inserted') {
      this.affected++
      return undefined
    }
    const { plan } = this.compiled
    if (plan.mode !== 'replace') this.numbers.forgetRow()
    if (plan.mode === 'replace') return this.replace(outcome, values)
    if (this.compiled.onDuplicate !== undefined) return this.updateExisting(outcome.rowKey, values)
    this.duplicates++
    this.warnDuplicate(outcome.index, values)
    return undefined
  }

  private warnDuplicate(index: IndexDefinition, values: readonly Value[]): void {
    this.context.warn(
      'Warning',
      'ER_DUP_ENTRY',
      ...duplicateNames(this.compiled.table, index, values, this.context),
    )
  }

  /** A row that stays as it is counts once, as in MySQL, where the last unique index decides and no foreign key refers to it. */
  private async replace({ index, rowKey }: Duplicate, values: Value[]): Promise<void> {
    const { allColumns, table } = this.compiled
    if (index === table.indexes.findLast(({ unique }) => unique) && !this.access.isReferenced) {
      const old = this.emptyOldRow()
      const fetched = this.access.fetch(rowKey, allColumns, old)
      if ((isPromise(fetched) ? await fetched : fetched) && sameRow(old.row(0), values)) {
        this.affected++
        return
      }
    }
    this.duplicates++
    const deleted = this.access.delete(rowKey)
    if (isPromise(deleted)) await deleted
    this.affected++
    this.deleted++
    // A further unique index may have another row with these values.
    const stored = this.storeFinished(values)
    if (stored !== undefined) await stored
  }

  private emptyOldRow(): Batch {
    this.oldRow ??= Batch.ofTypes(this.types)
    this.oldRow.clear()
    return this.oldRow
  }

  /** A row of what the assignments of ON DUPLICATE KEY UPDATE read. */
  private emptyWork(): Batch {
    const { compiled } = this
    if (this.work === undefined) {
      const { types } = this
      const readTypes = compiled.readForDuplicate.map(
        (from) => (compiled.input.node.output[from] as OutputColumn).type,
      )
      this.work = Batch.ofTypes([...types, ...types, ...readTypes])
    }
    this.work.clear()
    return this.work
  }

  private async updateExisting(rowKey: RowKey, inserted: readonly Value[]): Promise<void> {
    const { compiled, context } = this
    const old = this.emptyOldRow()
    const fetched = this.access.fetch(rowKey, compiled.allColumns, old)
    if (!(isPromise(fetched) ? await fetched : fetched)) return
    const before = old.row(0)
    const row = [...before]
    const work = this.emptyWork()
    work.pushRow([...before, ...inserted, ...this.read])
    const assign = ({ column, evaluate, store }: ReturnType<typeof compileAssignment>): void => {
      const name = (compiled.table.columns[column] as ColumnDefinition).name
      const value = store(evaluate(work, 0, context), context, name, this.rowNumber)
      row[column] = value
      replaceValue(work.columns[column] as Batch['columns'][number], value)
    }
    compiled.onDuplicate?.forEach(assign)
    const changed = !sameRow(before, row)
    if (compiled.autoColumn >= 0 && this.numbers.firstDrawn === 0) {
      this.numbers.lastGiven = (row[compiled.autoColumn] as ExactValue | null) ?? 0
    }
    if (!changed) {
      if (this.execution.countsFoundRows) this.affected++
      return
    }
    compiled.onUpdate.forEach(assign)
    const options = { ...this.finishOptions(), nullIsError: this.context.strict && !compiled.plan.ignore }
    if (!compiled.oldBuilder.finish(row, context, options)) return
    if (compiled.autoColumn >= 0 && !this.access.drawsNumbers)
      this.access.noteAutoIncrement((row[compiled.autoColumn] ?? 0) as ExactValue)
    const outcome = await this.access.update(rowKey, row, compiled.plan.ignore ? 'report' : 'throw')
    if (outcome.kind === 'duplicate') this.warnDuplicate(outcome.index, row)
    else {
      this.duplicates++
      this.affected += 2
    }
  }

  /** Under IGNORE, errors that concern one row are warnings. */
  private ignoreRow(error: unknown): void {
    if (!this.compiled.plan.ignore || !isSqlError(error) || !IGNORABLE.has(error.code)) throw error
    this.execution.statement.warnError(error)
    // What the table refused is told of as a duplicate.
    this.duplicates++
  }

  /** IGNORE leaves a row out that breaks a rule. It is none of the records, save for LOAD DATA, which tells what it skipped. */
  private leaveOut(): void {
    if (this.compiled.lines === undefined) this.records--
  }
}

export const IGNORABLE: ReadonlySet<string> = new Set([
  'ER_DUP_ENTRY',
  'ER_NO_REFERENCED_ROW_2',
  'ER_ROW_IS_REFERENCED_2',
  'ER_CHECK_CONSTRAINT_VIOLATED',
  'ER_BAD_NULL_ERROR',
])

/** Rows that are collected before their duplicates are looked for. */
const COLLECTED_ROWS = 16_384
/** A block of fewer rows than these costs more than making them one by one. */
const FEW_ROWS = 4096
const COLLECTED_BYTES = 16 * 1024 * 1024
