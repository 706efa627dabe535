/**
 * What the operators of one execution do, for EXPLAIN ANALYZE (MySQL manual 15.8.2): how often each is opened, what it gives, and how long
 * it takes with all that it reads from.
 */
import type { Batch } from '../common/batch.js'
import type { MaybePromise } from '../common/value.js'
import type { LogicalNode } from '../plan/logical.js'
import type { CompiledNode, Operator } from './execution.js'

interface Measure {
  loops: number
  rows: number
  /** Milliseconds until the first batch was there, and until the end, of all loops together. */
  firstMs: number
  lastMs: number
}

export class PlanMeasures {
  private readonly measures = new Map<LogicalNode, Measure>()

  /** The compiled form of a node, measured. */
  readonly observe = (node: LogicalNode, compiled: CompiledNode): CompiledNode => {
    const measure: Measure = { loops: 0, rows: 0, firstMs: 0, lastMs: 0 }
    this.measures.set(node, measure)
    return {
      output: compiled.output,
      open: (execution) => measured(measure, () => compiled.open(execution)),
      ...(compiled.openBound === undefined
        ? {}
        : {
            openBound: (execution, column, values) =>
              measured(
                measure,
                () => compiled.openBound?.(execution, column, values) ?? compiled.open(execution),
              ),
          }),
    }
  }

  /** As MySQL says it, averages of a loop; undefined for a node that is no operator of its own. */
  textOf(node: LogicalNode): string | undefined {
    const measure = this.measures.get(node)
    if (measure === undefined) return undefined
    const { loops, rows, firstMs, lastMs } = measure
    if (loops === 0) return '(never executed)'
    const times = `${digits(firstMs / loops)}..${digits(lastMs / loops)}`
    return `(actual time=${times} rows=${digits(rows / loops)} loops=${String(loops)})`
  }
}

function digits(value: number): string {
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(3)
}

function measured(measure: Measure, open: () => Operator): Operator {
  const startedAtMs = performance.now()
  measure.loops++
  const operator = open()
  const spentMs = performance.now() - startedAtMs
  measure.firstMs += spentMs
  measure.lastMs += spentMs
  return new MeasuredOperator(operator, measure)
}

class MeasuredOperator implements Operator {
  private hasFirst = false
  private startedAtMs = 0

  constructor(
    private readonly source: Operator,
    private readonly measure: Measure,
  ) {}

  next(): MaybePromise<Batch | undefined> {
    this.startedAtMs = performance.now()
    const answer = this.source.next()
    return answer instanceof Promise ? answer.then(this.came) : this.came(answer)
  }

  private readonly came = (batch: Batch | undefined): Batch | undefined => {
    const { measure } = this
    const spentMs = performance.now() - this.startedAtMs
    measure.lastMs += spentMs
    if (!this.hasFirst) measure.firstMs += spentMs
    if (batch === undefined || batch.rowCount > 0) this.hasFirst = true
    measure.rows += batch?.rowCount ?? 0
    return batch
  }

  close(): MaybePromise<void> {
    return this.source.close()
  }
}
