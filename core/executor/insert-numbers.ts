/** AUTO_INCREMENT in one INSERT: the numbers that rows get, and what LAST_INSERT_ID() tells of them. */
import type { Batch } from '../common/batch.js'
import { integerRange } from '../common/conversion-number.js'
import type { EvaluationContext } from '../common/evaluation.js'
import { SqlMode } from '../common/sql-mode.js'
import { isInteger, type SqlType } from '../common/sql-type.js'
import { addExact, exact, type ExactValue, type Value } from '../common/value.js'
import type { ExactVector } from '../common/vector.js'
import type { ColumnDefinition } from '../plan/schema.js'
import type { TableAccess } from '../spi/transaction.js'
import type { InsertCompiler } from './insert-compiler.js'

export class InsertNumbers {
  /** The first number that was drawn; 0 for none. */
  firstDrawn: ExactValue = 0
  /** The last number that a row brought along; 0 for none. */
  lastGiven: ExactValue = 0
  /** SET insert_id: the number that the next row gets, and those after it go on from there; 0 for none. */
  private forced: ExactValue = 0
  /** `firstDrawn` as it was before the present row. */
  private drawnBefore: ExactValue = 0

  constructor(
    private readonly compiled: InsertCompiler,
    private readonly access: TableAccess,
  ) {}

  /** A row begins, or many that get their numbers at once. */
  beginRow(): void {
    this.drawnBefore = this.firstDrawn
  }

  /** The present row isn't stored: a number that no row got is none that LAST_INSERT_ID() tells. */
  forgetRow(): void {
    this.firstDrawn = this.drawnBefore
  }

  /** A row whose numbers were found before, by another one of these. */
  takeOver(drawn: ExactValue, given: ExactValue): void {
    this.beginRow()
    if (this.firstDrawn === 0) this.firstDrawn = drawn
    if (given !== 0) this.lastGiven = given
  }

  /** Forgets all. */
  clear(): void {
    this.firstDrawn = this.lastGiven = this.drawnBefore = 0
  }

  /** Numbers for all rows of a batch; false if some rows have numbers and some ask for them. */
  async numberRows(batch: Batch, rows: Batch, context: EvaluationContext): Promise<boolean> {
    const { autoColumn } = this.compiled
    if (autoColumn < 0) return true
    const numbers = rows.columns[autoColumn] as ExactVector
    this.beginRow()
    if (numbers.length === 0) return this.drawNumbers(numbers, batch.rowCount, context)
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

  private async drawNumbers(
    numbers: ExactVector,
    count: number,
    context: EvaluationContext,
  ): Promise<boolean> {
    if (context.session.insertId !== 0) return false
    if (this.access.drawsNumbers) {
      for (let i = 0; i < count; i++) numbers.pushNull()
      return true
    }
    // Numbers that may come up for a duplicate are drawn one by one.
    if (stepOf(context) !== 1 || this.compiled.plan.ignore) return false
    const drawn = this.access.reserveAutoIncrement(count)
    const first = drawn instanceof Promise ? await drawn : drawn
    for (let i = 0; i < count; i++) numbers.push(lastPossible(addExact(first, i), this.type))
    if (this.firstDrawn === 0) this.firstDrawn = first
    return true
  }

  /** NULL, which a missing value is too, and (by default) 0 ask for the next number. */
  fill(values: Value[], context: EvaluationContext): Value[] | Promise<Value[]> {
    const at = this.compiled.autoColumn
    const value = values[at] as ExactValue | null
    const zeroGenerates = (context.sqlMode & SqlMode.NO_AUTO_VALUE_ON_ZERO) === 0
    if (value !== null && (Number(value) !== 0 || !zeroGenerates)) {
      if (!this.access.drawsNumbers) this.access.noteAutoIncrement(value)
      this.lastGiven = value
      return values
    }
    const forced = this.nextForced(context)
    if (forced !== undefined) return this.fillDrawn(values, forced, context, true)
    if (this.access.drawsNumbers) {
      values[at] = null
      return values
    }
    const next = this.access.reserveAutoIncrement(1)
    return next instanceof Promise
      ? next.then((drawn) => this.fillDrawn(values, drawn, context))
      : this.fillDrawn(values, next, context)
  }

  private nextForced({ session }: EvaluationContext): ExactValue | undefined {
    if (session.insertId !== 0) {
      this.forced = session.insertId
      session.insertId = 0
    } else if (this.forced !== 0) {
      this.forced = addExact(this.forced, 1)
    } else return undefined
    return this.forced
  }

  private fillDrawn(
    values: Value[],
    drawn: ExactValue,
    context: EvaluationContext,
    isForced = false,
  ): Value[] {
    const number = onStep(drawn, context)
    if ((number !== drawn || isForced) && !this.access.drawsNumbers) this.access.noteAutoIncrement(number)
    values[this.compiled.autoColumn] = lastPossible(number, this.type)
    if (this.firstDrawn === 0) this.firstDrawn = number
    return values
  }

  private get type(): SqlType {
    const { table, autoColumn } = this.compiled
    return (table.columns[autoColumn] as ColumnDefinition).type
  }
}

function stepOf(context: EvaluationContext): number {
  return Number(context.session.systemVariable('auto_increment_increment', 'session'))
}

/** The first number from `drawn` on that auto_increment_increment and auto_increment_offset allow. */
function onStep(drawn: ExactValue, context: EvaluationContext): ExactValue {
  const step = stepOf(context)
  if (step === 1) return drawn
  const offset = Number(context.session.systemVariable('auto_increment_offset', 'session'))
  const start = BigInt(offset > step ? 1 : offset)
  const wide = BigInt(step)
  const behind = (((BigInt(drawn) - start) % wide) + wide) % wide
  return behind === 0n ? drawn : exact(BigInt(drawn) + wide - behind)
}

/** When the numbers of the column's type are used up, the last one comes again, as a duplicate. */
function lastPossible(number: ExactValue, type: SqlType): ExactValue {
  const { max } = isInteger(type) ? integerRange(type) : { max: number }
  return number > max ? max : number
}
