/**
 * Runs INSERT and REPLACE.
 */
import { Batch } from '../common/batch.js'
import type { Store } from '../common/conversion.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { raise } from '../common/conditions.js'
import { isSqlError, sqlError } from '../common/sql-error.js'
import { SqlMode } from '../common/sql-mode.js'
import { integerRange } from '../common/conversion-number.js'
import { isInteger, sameType, type SqlType } from '../common/sql-type.js'
import { addExact, exact, isPromise, type ExactValue, type Value } from '../common/value.js'
import type { ExactVector } from '../common/vector.js'
import { compileExpression } from '../functions/compile-expression.js'
import type { InsertPlan } from '../plan/change.js'
import type { LogicalNode, OutputColumn } from '../plan/logical.js'
import type { ColumnDefinition, IndexDefinition, TableDefinition } from '../plan/schema.js'
import { duplicateNames } from '../spi/duplicate-entry.js'
import type { InsertOutcome, RowKey, TableAccess } from '../spi/transaction.js'
import { sameRow } from './changed-rows.js'
import { BulkConversion, type BulkSource } from './bulk-conversion.js'
import { NO_CHANGE, type ChangeResult, type CompiledChange } from './change-result.js'
import { compilePlan, type PlanCompilerOptions } from './compile-plan.js'
import { materialize, type CompiledNode, type Execution, type Operator } from './execution.js'
import { HeldMemory } from './held-memory.js'
import { implicitDefault } from './implicit-defaults.js'
import { LineCompiler } from './loaded-lines.js'
import {
  RowBuilder,
  compileAssignment,
  compileColumnStore,
  layoutOf,
  replaceValue,
  type FinishOptions,
} from './row-builder.js'
import { readRows } from './set-operators.js'

type Duplicate = Extract<InsertOutcome, { readonly kind: 'duplicate' }>

/** How one column of the new row comes about. */
type ColumnSource =
  { readonly kind: 'given'; readonly from: number; readonly store: Store } | { readonly kind: 'missing' }

type MissingSource =
  | {
      readonly kind: 'expression'
      readonly evaluate: Evaluator
      readonly store: Store
      readonly isRowDependent: boolean
    }
  | { readonly kind: 'auto increment' }
  | { readonly kind: 'no default' }

/** A row that waits for its duplicates to be looked for. */
interface CollectedRow {
  /** Undefined for a row that IGNORE leaves out. */
  values: Value[] | undefined
  readonly rowNumber: number
  /** The AUTO_INCREMENT number that was drawn for it, and the one that it was given; 0 for none. */
  generated: ExactValue
  given: ExactValue
  readonly warnings: WarningArguments[]
  /** What ON DUPLICATE KEY UPDATE reads of the source's row. */
  read: readonly Value[]
  isCut: boolean
  error: { readonly thrown: unknown } | undefined
}

type WarningArguments = Parameters<EvaluationContext['warn']>

/** What the process list says of a statement under way. */
const STAGES = { insert: 'inserting', replace: 'replacing', load: 'loading' } as const

export function compileInsert(plan: InsertPlan, options: PlanCompilerOptions): CompiledChange {
  const compiled = new InsertCompiler(plan, options)
  return { run: (execution) => new InsertRun(compiled, execution).run() }
}

class InsertCompiler {
  readonly table: TableDefinition
  readonly source: CompiledNode
  readonly readsItself: boolean
  readonly isSingleRow: boolean
  readonly columns: readonly ColumnSource[]
  readonly lines: LineCompiler | undefined
  readonly missing: readonly MissingSource[]
  readonly bulk: BulkConversion | undefined
  readonly builder: RowBuilder
  readonly oldBuilder: RowBuilder
  readonly autoColumn: number
  readonly onDuplicate: ReturnType<typeof compileAssignment>[] | undefined
  readonly onUpdate: ReturnType<typeof compileAssignment>[]
  readonly allColumns: readonly number[]
  /** Positions in the source of what ON DUPLICATE KEY UPDATE reads there. */
  readonly readForDuplicate: readonly number[]

  constructor(
    readonly plan: InsertPlan,
    options: PlanCompilerOptions,
  ) {
    const { rules, source, targets } = plan
    const table = rules.table
    this.table = table
    this.source = compilePlan(source, options)
    this.readsItself = source.kind !== 'values' && scansTable(source, table.id)
    this.isSingleRow = source.kind === 'values' && source.rows.length === 1
    const bySource = new Map(source.output.map((column, i) => [column.id, i] as const))
    this.columns = table.columns.map((column, i): ColumnSource => {
      const target = plan.ignored.includes(i) ? undefined : targets.find((each) => each.column === i)
      const from = target === undefined ? undefined : bySource.get(target.source)
      const output = from === undefined ? undefined : source.output[from]
      if (from === undefined || output === undefined) return { kind: 'missing' }
      return { kind: 'given', from, store: compileColumnStore(column, output.type) }
    })
    this.lines = plan.load === undefined ? undefined : new LineCompiler(table, plan.load, source.output)
    const layout = layoutOf(rules)
    this.missing = plan.missing.map((value, i): MissingSource => {
      if (value.kind !== 'expression') return value
      return {
        kind: 'expression',
        evaluate: compileExpression(value.expression, layout),
        store: compileColumnStore(table.columns[i] as ColumnDefinition, value.expression.type),
        isRowDependent: value.expression.kind !== 'constant',
      }
    })
    this.builder = new RowBuilder(rules)
    this.bulk = this.bulkConversion()
    this.oldBuilder = new RowBuilder(plan.oldRules)
    this.autoColumn = table.columns.findIndex((column) => column.autoIncrement)
    const width = table.columns.length
    const both = {
      columns: new Map([
        ...plan.oldLayout.map((column, i) => [column, i] as const),
        ...rules.layout.map((column, i) => [column, width + i] as const),
        ...plan.readForDuplicate.map((column, i) => [column, 2 * width + i] as const),
      ]),
      correlated: new Map<number, number>(),
      subquery: undefined,
    }
    this.onDuplicate = plan.onDuplicate?.map((each) => compileAssignment(table, each, both))
    this.onUpdate = plan.onUpdate.map((each) => compileAssignment(table, each, both))
    this.allColumns = table.columns.map((_, i) => i)
    this.readForDuplicate = plan.readForDuplicate.map((column) => bySource.get(column) ?? -1)
  }

  /** Rows by the column, where nothing has to be looked at row by row; undefined if something has. */
  private bulkConversion(): BulkConversion | undefined {
    const { plan, table } = this
    const isPlain =
      plan.mode === 'insert' &&
      plan.onDuplicate === undefined &&
      plan.defaultPlaces === undefined &&
      plan.ignored.length === 0
    if (!isPlain || this.isSingleRow || this.builder.needsRow) return undefined
    const sources = table.columns.map((_, i) => this.bulkSource(i))
    const known = sources.filter((source) => source !== undefined)
    return known.length === sources.length ? new BulkConversion(table, known) : undefined
  }

  private bulkSource(i: number): BulkSource | undefined {
    const column = this.columns[i] as ColumnSource
    if (column.kind === 'given') {
      const type = this.plan.source.output[column.from]?.type
      return type === undefined ? undefined : { ...column, kind: 'column', type }
    }
    const field = this.lines?.bulkSource(i)
    if (field !== undefined) return field
    const missing = this.missing[i] as MissingSource
    if (missing.kind === 'auto increment') return { kind: 'numbered' }
    const value = this.plan.missing[i]
    if (value?.kind !== 'expression' || value.expression.kind !== 'constant') return undefined
    const isStored = sameType(value.expression.type, (this.table.columns[i] as ColumnDefinition).type)
    return isStored ? { kind: 'constant', value: value.expression.value } : undefined
  }
}

function scansTable(node: LogicalNode, tableId: number): boolean {
  if (node.kind === 'scan') return node.table.id === tableId
  // Sub-queries in expressions may read it too; anything but plain nodes counts as reading it.
  const children = childrenOf(node)
  return children === undefined || children.some((child) => scansTable(child, tableId))
}

function childrenOf(node: LogicalNode): readonly LogicalNode[] | undefined {
  switch (node.kind) {
    case 'values':
    case 'virtual':
    case 'file':
    case 'work table':
    case 'scan':
      return []
    case 'join':
      return [node.left, node.right]
    case 'set operation':
      return node.inputs
    case 'recursive':
      return [node.seed, node.step]
    case 'fragment':
      return [node.root]
    default:
      return [node.input]
  }
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
  private firstGenerated: ExactValue = 0
  /** What it was before the present row. */
  private generatedBefore: ExactValue = 0
  private lastGiven: ExactValue = 0
  private rowNumber = 0
  private bulkBatch: Batch | undefined
  /** The statement's, or one that notes what a row's making warns of. */
  private context: EvaluationContext
  /** Whether rows are made first, so that their duplicates are looked for at once. */
  private readonly looksAhead: boolean
  private collected: CollectedRow[] = []
  private collectedBytes = 0
  private oldRow: Batch | undefined
  private work: Batch | undefined

  constructor(
    private readonly compiled: InsertCompiler,
    private readonly execution: Execution,
  ) {
    this.context = execution.evaluation
    this.access = execution.transaction.table(compiled.table)
    this.looksAhead = this.reportsDuplicates && this.access.looksAhead && !this.access.drawsNumbers
  }

  private get reportsDuplicates(): boolean {
    const { mode, ignore, onDuplicate } = this.compiled.plan
    return mode === 'replace' || ignore || onDuplicate !== undefined
  }

  async run(): Promise<ChangeResult> {
    const { plan, table } = this.compiled
    for (const i of plan.ignored) {
      const { name } = table.columns[i] as ColumnDefinition
      this.context.warn('Warning', 'ER_NON_DEFAULT_VALUE_FOR_GENERATED_COLUMN', name, table.name)
    }
    const source = await this.openSource()
    if (plan.mode === 'insert' && plan.onDuplicate === undefined && !this.compiled.isSingleRow)
      this.access.expectInserts?.()
    try {
      for (;;) {
        const next = source.next()
        const batch = next instanceof Promise ? await next : next
        if (batch === undefined) break
        const rows = this.bulkRows(batch)
        if (this.looksAhead) await this.collect(batch, rows)
        else if (rows !== undefined) await this.insertMany(batch, rows)
        else {
          for (let row = 0; row < batch.rowCount; row++) {
            this.rowNumber++
            const done = this.insertRow(batch, row)
            if (done !== undefined) await done
          }
        }
        this.compiled.lines?.keepVariables(batch, this.context)
        this.execution.statement.reportProgress?.(this.stage, this.rowNumber)
        const pause = this.execution.pause()
        if (pause !== undefined) await pause
      }
      await this.storeCollected()
    } finally {
      await source.close()
    }
    const { autoColumn } = this.compiled
    if (autoColumn >= 0 && this.access.drawsNumbers) this.firstGenerated = await this.access.drawnNumber()
    return {
      ...NO_CHANGE,
      affectedRows: this.affected,
      records: this.records,
      duplicates: this.duplicates,
      lastInsertId: this.firstGenerated !== 0 ? this.firstGenerated : this.lastGiven,
      generatedId: this.firstGenerated,
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
    if (!(await this.numberRows(batch, rows))) {
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

  // ── Rows that are made first and stored then ────────────────────────────────────────────────────────────────

  private async collect(batch: Batch, rows: Batch | undefined): Promise<void> {
    const isBulk = rows !== undefined && (await this.numberRows(batch, rows))
    for (let row = 0; row < batch.rowCount; row++) {
      this.rowNumber++
      const making = isBulk ? this.newRow(rows.row(row)) : this.makeRow(batch, row)
      const made = making instanceof Promise ? await making : making
      this.collected.push(made)
      if (made.error !== undefined) await this.storeCollected()
    }
    this.collectedBytes += batch.byteSize
    const isFull = this.collected.length >= COLLECTED_ROWS || this.collectedBytes >= COLLECTED_BYTES
    if (isFull) await this.storeCollected()
  }

  private newRow(values: Value[] | undefined): CollectedRow {
    const { rowNumber } = this
    const unsaid = { warnings: [], read: [], isCut: false, error: undefined }
    return { values, rowNumber, generated: 0, given: 0, ...unsaid }
  }

  /** What the row's making says, and which numbers it gets, counts when the rows before it are stored. */
  private makeRow(batch: Batch, row: number): CollectedRow | Promise<CollectedRow> {
    const { lines, readForDuplicate } = this.compiled
    const made = this.newRow(undefined)
    made.isCut = lines?.isCut(batch, row) === true
    made.read = readForDuplicate.map((from) => batch.columns[from]?.get(row) ?? null)
    const { context, firstGenerated, lastGiven } = this
    this.context = notingWarnings(context, made.warnings)
    this.firstGenerated = 0
    this.lastGiven = 0
    const done = (): CollectedRow => {
      made.generated = this.firstGenerated
      made.given = this.lastGiven
      Object.assign(this, { context, firstGenerated, lastGiven })
      return made
    }
    const failed = (thrown: unknown): CollectedRow => {
      made.error = { thrown }
      return done()
    }
    const built = (values: Value[]): CollectedRow => {
      if (this.compiled.builder.finish(values, this.context, this.finishOptions())) made.values = values
      return done()
    }
    try {
      const values = lines === undefined ? this.buildRow(batch, row) : this.buildLoadedRow(lines, batch, row)
      return values instanceof Promise ? values.then(built).catch(failed) : built(values)
    } catch (error) {
      return failed(error)
    }
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
    for (const warning of made.warnings) this.context.warn(...warning)
    if (made.error !== undefined) throw made.error.thrown
    this.records++
    this.rowNumber = made.rowNumber
    this.read = made.read
    this.generatedBefore = this.firstGenerated
    if (this.firstGenerated === 0) this.firstGenerated = made.generated
    if (made.given !== 0) this.lastGiven = made.given
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

  /** AUTO_INCREMENT for all rows; false if some rows have numbers and some ask for them. */
  private async numberRows(batch: Batch, rows: Batch): Promise<boolean> {
    const { autoColumn } = this.compiled
    if (autoColumn < 0) return true
    const numbers = rows.columns[autoColumn] as ExactVector
    this.generatedBefore = this.firstGenerated
    if (numbers.length === 0) return this.drawNumbers(numbers, batch.rowCount)
    if (this.access.drawsNumbers) return false
    let greatest: ExactValue = 0
    for (let row = 0; row < rows.rowCount; row++) {
      const value = numbers.get(row) ?? 0
      if (Number(value) === 0) return false
      if (value > greatest) greatest = value
      this.lastGiven = value
    }
    this.access.noteAutoIncrement(greatest)
    return true
  }

  private async drawNumbers(numbers: ExactVector, count: number): Promise<boolean> {
    if (this.access.drawsNumbers) {
      for (let i = 0; i < count; i++) numbers.pushNull()
      return true
    }
    const step = Number(this.context.session.systemVariable('auto_increment_increment', 'session'))
    // Numbers that may come up for a duplicate are drawn one by one.
    if (step !== 1 || this.compiled.plan.ignore) return false
    const drawn = this.access.reserveAutoIncrement(count)
    const first = drawn instanceof Promise ? await drawn : drawn
    const { type } = this.compiled.table.columns[this.compiled.autoColumn] as ColumnDefinition
    for (let i = 0; i < count; i++) numbers.push(lastPossible(addExact(first, i), type))
    if (this.firstGenerated === 0) this.firstGenerated = first
    return true
  }

  /** A query that reads the table itself is finished before the first row goes in. */
  private async openSource(): Promise<Operator> {
    const source = this.compiled.source.open(this.execution)
    if (!this.compiled.readsItself) return source
    const types = this.compiled.source.output.map((column) => column.type)
    const memory = new HeldMemory(this.execution.statement, 'INSERT … SELECT')
    return readRows(await materialize(source, Batch.ofTypes(types), this.execution, memory))
  }

  private insertRow(batch: Batch, row: number): void | Promise<void> {
    this.records++
    const { readForDuplicate } = this.compiled
    if (readForDuplicate.length > 0) {
      this.read = readForDuplicate.map((from) => batch.columns[from]?.get(row) ?? null)
    }
    const { lines } = this.compiled
    const values = lines === undefined ? this.buildRow(batch, row) : this.buildLoadedRow(lines, batch, row)
    const stored = values instanceof Promise ? values.then((each) => this.store(each)) : this.store(values)
    return lines?.isCut(batch, row) === true ? this.tellCut(stored) : stored
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
    if (!this.compiled.builder.finish(values, this.context, this.finishOptions())) return undefined
    return this.storeFinished(values)
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

  // ── The new row ─────────────────────────────────────────────────────────────────────────────────────────────

  private buildRow(batch: Batch, row: number): Value[] | Promise<Value[]> {
    const { columns, table, plan, autoColumn } = this.compiled
    const defaulted = plan.defaultPlaces?.get(this.rowNumber - 1)
    const values: Value[] = []
    let isAutoMissing = false
    this.generatedBefore = this.firstGenerated
    for (let i = 0; i < columns.length; i++) {
      const source = columns[i] as ColumnSource
      const isDefault =
        source.kind === 'missing' || defaulted?.some((target) => plan.targets[target]?.column === i) === true
      if (isDefault) {
        values.push(this.missingValue(i, values))
        if (i === autoColumn) isAutoMissing = true
      } else {
        const value = batch.columns[source.from]?.get(row) ?? null
        values.push(
          source.store(value, this.context, (table.columns[i] as ColumnDefinition).name, this.rowNumber),
        )
      }
    }
    if (autoColumn < 0) return values
    return this.fillAutoIncrement(values, isAutoMissing)
  }

  /** The fields of a line in their order, then what it has no fields for, then the values of SET. */
  private buildLoadedRow(lines: LineCompiler, batch: Batch, row: number): Value[] | Promise<Value[]> {
    const { columns, table, autoColumn } = this.compiled
    const values = lines.values(batch, row, this.context, this.rowNumber)
    this.generatedBefore = this.firstGenerated
    for (let i = 0; i < columns.length; i++) {
      const source = columns[i] as ColumnSource
      if (source.kind === 'given') {
        const value = batch.columns[source.from]?.get(row) ?? null
        const { name } = table.columns[i] as ColumnDefinition
        values[i] = source.store(value, this.context, name, this.rowNumber)
      } else if (!lines.hasField(i)) values[i] = this.missingValue(i, values)
    }
    if (autoColumn < 0) return values
    return this.fillAutoIncrement(values, values[autoColumn] === null)
  }

  private missingValue(i: number, before: readonly Value[]): Value {
    const missing = this.compiled.missing[i] as MissingSource
    const column = this.compiled.table.columns[i] as ColumnDefinition
    switch (missing.kind) {
      case 'auto increment':
        return null
      case 'expression':
        return missing.store(
          missing.evaluate(this.partialRow(before, missing.isRowDependent), 0, this.context),
          this.context,
          column.name,
          this.rowNumber,
        )
      case 'no default':
        if (column.type.name === 'enum') return 1
        if (this.context.strict) throw sqlError('ER_NO_DEFAULT_FOR_FIELD', column.name)
        this.context.warn('Warning', 'ER_NO_DEFAULT_FOR_FIELD', column.name)
        return implicitDefault(column.type)
    }
  }

  /** A default expression may read the columns before its own. */
  private partialRow(before: readonly Value[], isRowDependent: boolean): Batch {
    if (!isRowDependent) return EMPTY_ROW
    const batch = Batch.ofTypes(this.compiled.table.columns.map((column) => column.type))
    batch.columns.forEach((vector, i) => {
      vector.push(before[i] ?? null)
    })
    batch.rowCount = 1
    return batch
  }

  /** NULL, a missing value and (by default) 0 ask for the next number. */
  private fillAutoIncrement(values: Value[], isMissing: boolean): Value[] | Promise<Value[]> {
    const at = this.compiled.autoColumn
    const value = values[at] as ExactValue | null
    const zeroGenerates = (this.context.sqlMode & SqlMode.NO_AUTO_VALUE_ON_ZERO) === 0
    if (!isMissing && value !== null && (Number(value) !== 0 || !zeroGenerates)) {
      if (!this.access.drawsNumbers) this.access.noteAutoIncrement(value)
      this.lastGiven = value
      return values
    }
    if (this.access.drawsNumbers) {
      values[at] = null
      return values
    }
    const next = this.access.reserveAutoIncrement(1)
    const fill = (drawn: ExactValue): Value[] => {
      const number = this.onStep(drawn)
      if (number !== drawn) this.access.noteAutoIncrement(number)
      values[at] = lastPossible(number, (this.compiled.table.columns[at] as ColumnDefinition).type)
      if (this.firstGenerated === 0) this.firstGenerated = number
      return values
    }
    return next instanceof Promise ? next.then(fill) : fill(next)
  }

  /** The first number from `drawn` on that auto_increment_increment and auto_increment_offset allow. */
  private onStep(drawn: ExactValue): ExactValue {
    const step = Number(this.context.session.systemVariable('auto_increment_increment', 'session'))
    if (step === 1) return drawn
    const offset = Number(this.context.session.systemVariable('auto_increment_offset', 'session'))
    const start = BigInt(offset > step ? 1 : offset)
    const wide = BigInt(step)
    const behind = (((BigInt(drawn) - start) % wide) + wide) % wide
    return behind === 0n ? drawn : exact(BigInt(drawn) + wide - behind)
  }

  // ── Duplicates ──────────────────────────────────────────────────────────────────────────────────────────────

  private settle(outcome: InsertOutcome, values: Value[]): void | Promise<void> {
    if (outcome.kind === 'inserted') {
      this.affected++
      return undefined
    }
    const { plan } = this.compiled
    // A number that no row got is none that LAST_INSERT_ID() tells.
    if (plan.mode !== 'replace') this.firstGenerated = this.generatedBefore
    if (plan.mode === 'replace') {
      this.duplicates++
      return this.replace(outcome, values)
    }
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
    const deleted = this.access.delete(rowKey)
    if (isPromise(deleted)) await deleted
    this.affected++
    this.deleted++
    // A further unique index may have another row with these values.
    const stored = this.storeFinished(values)
    if (stored !== undefined) await stored
  }

  private emptyOldRow(): Batch {
    this.oldRow ??= Batch.ofTypes(this.compiled.table.columns.map((column) => column.type))
    this.oldRow.clear()
    return this.oldRow
  }

  /** A row of what the assignments of ON DUPLICATE KEY UPDATE read. */
  private emptyWork(): Batch {
    const { compiled } = this
    if (this.work === undefined) {
      const types = compiled.table.columns.map((column) => column.type)
      const readTypes = compiled.readForDuplicate.map(
        (from) => (compiled.source.output[from] as OutputColumn).type,
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
    if (compiled.autoColumn >= 0 && this.firstGenerated === 0) {
      this.lastGiven = (row[compiled.autoColumn] as ExactValue | null) ?? 0
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
  }
}

/** When the numbers of the column's type are used up, the last one comes again, as a duplicate. */
function lastPossible(number: ExactValue, type: SqlType): ExactValue {
  const { max } = isInteger(type) ? integerRange(type) : { max: number }
  return number > max ? max : number
}

export const IGNORABLE: ReadonlySet<string> = new Set([
  'ER_DUP_ENTRY',
  'ER_NO_REFERENCED_ROW_2',
  'ER_ROW_IS_REFERENCED_2',
  'ER_CHECK_CONSTRAINT_VIOLATED',
  'ER_BAD_NULL_ERROR',
])

function notingWarnings(context: EvaluationContext, warnings: WarningArguments[]): EvaluationContext {
  return Object.assign(Object.create(context) as EvaluationContext, {
    warn: (...warning: WarningArguments) => warnings.push(warning),
  })
}

/** Rows that are collected before their duplicates are looked for. */
const COLLECTED_ROWS = 16_384
const COLLECTED_BYTES = 16 * 1024 * 1024

const EMPTY_ROW = Object.assign(new Batch([]), { rowCount: 1 })
