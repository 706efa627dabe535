/**
 * Rows of INSERT and REPLACE that are made first and stored later, many together. What making one says, and which numbers it gets, counts
 * when the rows before it are stored.
 */
import type { Batch } from '../common/batch.js'
import type { EvaluationContext } from '../common/evaluation.js'
import { isPromise, type ExactValue, type MaybePromise, type Value } from '../common/value.js'
import type { TableAccess } from '../spi/transaction.js'
import type { InsertCompiler } from './insert-compiler.js'
import { InsertNumbers } from './insert-numbers.js'
import { newRow } from './insert-rows.js'
import type { FinishOptions } from './row-builder.js'

type WarningArguments = Parameters<EvaluationContext['warn']>

const NOTHING: readonly Value[] = []

/** A row that waits for its duplicates to be looked for. */
export class CollectedRow {
  /** The AUTO_INCREMENT number that was drawn for it, and the one that it brought along; 0 for none. */
  drawn: ExactValue = 0
  given: ExactValue = 0
  warnings: WarningArguments[] | undefined
  /** What ON DUPLICATE KEY UPDATE reads of the source's row. */
  read = NOTHING
  isCut = false
  error: { readonly thrown: unknown } | undefined

  constructor(
    readonly rowNumber: number,
    /** Undefined for a row that IGNORE leaves out. */
    public values?: Value[],
  ) {}
}

export class RowMaker {
  /** The row that is being made. */
  private making: CollectedRow | undefined
  /** Its own. */
  private readonly numbers: InsertNumbers
  /** The statement's context, but that warnings are noted with the row that is being made. */
  private readonly noting: EvaluationContext

  constructor(
    private readonly compiled: InsertCompiler,
    access: TableAccess,
    context: EvaluationContext,
  ) {
    this.numbers = new InsertNumbers(compiled, access)
    this.noting = Object.assign(Object.create(context) as EvaluationContext, {
      warn: (...warning: WarningArguments) => {
        const { making } = this
        if (making !== undefined) (making.warnings ??= []).push(warning)
      },
    })
  }

  /** Fills in the values of a row of the source, or the error that it is. One at a time. */
  make(made: CollectedRow, batch: Batch, row: number, options: FinishOptions): MaybePromise<CollectedRow> {
    const { compiled, noting, numbers } = this
    this.making = made
    numbers.clear()
    let values
    try {
      values = newRow(compiled, batch, row, made.rowNumber, noting, numbers)
    } catch (error) {
      return fail(made, error)
    }
    if (!isPromise(values)) return this.finish(made, values, options)
    return values.then(
      (each) => this.finish(made, each, options),
      (error: unknown) => fail(made, error),
    )
  }

  private finish(made: CollectedRow, values: Value[], options: FinishOptions): CollectedRow {
    made.drawn = this.numbers.firstDrawn
    made.given = this.numbers.lastGiven
    try {
      if (this.compiled.builder.finish(values, this.noting, options)) made.values = values
    } catch (error) {
      return fail(made, error)
    }
    return made
  }
}

function fail(made: CollectedRow, thrown: unknown): CollectedRow {
  made.error = { thrown }
  return made
}
