/**
 * The rows that UPDATE and DELETE change. They come locked from the input, and are changed as they come where that can't bring them up
 * again, and after all of them were found where it can (the Halloween problem).
 */
import { Batch } from '../common/batch.js'
import { rethrowAfter, settle } from '../common/settle.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import type { LogicalNode, ScanNode } from '../plan/logical.js'
import { drain } from './drain.js'
import { materialize, type CompiledNode, type Execution, type Operator } from './execution.js'
import { HeldMemory } from './held-memory.js'
import { readRows } from './set-operators.js'

export interface ChangeInput {
  readonly node: CompiledNode
  /** Whether rows are changed as they come. */
  readonly streams: boolean
  /** The statement, for the error that tells of too much memory. */
  readonly what: string
}

/** The scan whose rows the input gives, each once; undefined if there are several. */
export function singleScan(node: LogicalNode): ScanNode | undefined {
  if (node.kind === 'scan') return node
  return node.kind === 'filter' || node.kind === 'limit' || node.kind === 'sort'
    ? singleScan(node.input)
    : undefined
}

/** Hands all rows of the input to `take` and closes it; in between comes `end`, when all rows have been taken. */
export function changeRows(
  input: ChangeInput,
  execution: Execution,
  take: (batch: Batch) => MaybePromise<void>,
  end?: () => MaybePromise<void>,
): MaybePromise<void> {
  const source = openInput(input, execution)
  return isPromise(source)
    ? source.then((each) => takeAll(each, execution, take, end))
    : takeAll(source, execution, take, end)
}

function takeAll(
  source: Operator,
  execution: Execution,
  take: (batch: Batch) => MaybePromise<void>,
  end: (() => MaybePromise<void>) | undefined,
): MaybePromise<void> {
  return settle(
    () => {
      const taken = drain(source, execution, take)
      if (end === undefined) return taken
      return isPromise(taken) ? taken.then(end) : end()
    },
    () => source.close(),
    (error) => rethrowAfter(source.close(), error),
  )
}

function openInput({ node, streams, what }: ChangeInput, execution: Execution): MaybePromise<Operator> {
  const operator = node.open(execution)
  if (streams) return operator
  const types = node.output.map((column) => column.type)
  const memory = new HeldMemory(execution.statement, what)
  return materialize(operator, Batch.ofTypes(types), execution, memory).then(readRows)
}
