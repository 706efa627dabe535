/**
 * Window functions (MySQL manual 14.20.1). Rows of a partition are asked in order, so what a function knows of the row
 * before is kept per execution, by `context.state`, and starts anew with each partition.
 */
import { resultTypeOf } from '../common/comparison.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import type { WindowBinding, WindowEvaluator, WindowPartition } from '../common/function-binding.js'
import { sqlError } from '../common/sql-error.js'
import {
  DOUBLE_TYPE,
  isBinary,
  isInteger,
  isText,
  sameType,
  UNSIGNED_BIGINT_TYPE,
  type SqlType,
} from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { ArgumentInfo, BindingEnvironment, WindowFunction } from '../spi/functions.js'

// ---- ranking

function ranking(name: string, type: SqlType, compile: () => WindowEvaluator): WindowFunction {
  return {
    name,
    argumentsMin: 0,
    argumentsMax: 0,
    usesFrame: false,
    bind: () => ({ type, nullable: false, parameterTypes: [], compile }),
  }
}

interface RankState {
  rank: number
  denseRank: number
}

/** The rank of each row from that of the row before. */
function compileRank(answer: (state: RankState, partition: WindowPartition) => number): WindowEvaluator {
  const site = {}
  return (partition, row, _frameStart, _frameEnd, context) => {
    const state = context.state(site, (): RankState => ({ rank: 0, denseRank: 0 }))
    if (row === partition.start) {
      state.rank = 1
      state.denseRank = 1
    } else if (!partition.peers(row - 1, row)) {
      state.rank = row - partition.start + 1
      state.denseRank++
    }
    return answer(state, partition)
  }
}

function percentRank(state: RankState, partition: WindowPartition): number {
  const rows = partition.end - partition.start
  return rows <= 1 ? 0 : (state.rank - 1) / (rows - 1)
}

/** The share of rows up to the last peer, whose place is found once for all peers. */
function compileCumulativeDistribution(): WindowEvaluator {
  const site = {}
  return (partition, row, _frameStart, _frameEnd, context) => {
    const state = context.state(site, () => ({ peersEnd: 0 }))
    if (row === partition.start || row >= state.peersEnd) {
      let end = row + 1
      while (end < partition.end && partition.peers(row, end)) end++
      state.peersEnd = end
    }
    return (state.peersEnd - partition.start) / (partition.end - partition.start)
  }
}

// ---- NTILE

/** A constant argument that must be a whole number; undefined for NULL and for what is known only at execution. */
function constantCount(
  argument: ArgumentInfo | undefined,
  functionName: string,
  min: number,
): number | undefined {
  if (argument === undefined) return undefined
  if (!argument.isConstant) throw sqlError('ER_WRONG_ARGUMENTS', functionName)
  const value = argument.constant?.value
  if (value === undefined) return undefined
  const isWhole = isInteger(argument.type) || argument.type.name === 'null'
  if (!isWhole || value === null || Number(value) < min) throw sqlError('ER_WRONG_ARGUMENTS', functionName)
  return Number(value)
}

function countAt(
  evaluate: Evaluator,
  partition: WindowPartition,
  row: number,
  context: EvaluationContext,
  functionName: string,
  min: number,
): number {
  const value = evaluate(partition.batch, row, context)
  if (value === null || Number(value) < min) throw sqlError('ER_WRONG_ARGUMENTS', functionName)
  return Number(value)
}

function bindNtile(args: readonly ArgumentInfo[]): WindowBinding {
  constantCount(args[0], 'ntile', 1)
  return {
    type: UNSIGNED_BIGINT_TYPE,
    nullable: true,
    parameterTypes: [undefined],
    compile: ([operand]) => {
      const evaluate = operand as Evaluator
      return (partition, row, _frameStart, _frameEnd, context) => {
        const buckets = countAt(evaluate, partition, row, context, 'ntile', 1)
        return bucketOf(row - partition.start, partition.end - partition.start, buckets)
      }
    },
  }
}

/** The first `rows % buckets` buckets are one row larger. */
function bucketOf(index: number, rows: number, buckets: number): number {
  const size = Math.floor(rows / buckets)
  const larger = rows % buckets
  const inLarger = larger * (size + 1)
  if (index < inLarger) return Math.floor(index / (size + 1)) + 1
  return larger + Math.floor((index - inLarger) / size) + 1
}

// ---- LAG and LEAD

function bindOffset(
  name: 'lag' | 'lead',
  args: readonly ArgumentInfo[],
  environment: BindingEnvironment,
): WindowBinding {
  const [value, count, fallback] = args as readonly [ArgumentInfo, ArgumentInfo?, ArgumentInfo?]
  constantCount(count, name, 0)
  const types = fallback === undefined ? [value.type] : [value.type, fallback.type]
  const type = resultTypeOf(
    types,
    isText(value.type) ? value.type.collation : environment.connectionCollation,
  )
  const wish = (argument: ArgumentInfo): SqlType | undefined =>
    argument.type.name === 'null' || sameType(argument.type, type) ? undefined : type
  const direction = name === 'lag' ? -1 : 1
  return {
    type,
    nullable: value.nullable || (fallback?.nullable ?? true),
    parameterTypes: args.map((argument, i) => (i === 1 ? undefined : wish(argument))),
    ...coercibilityOf(value),
    compile: ([operand, countOperand, fallbackOperand]) => {
      const evaluate = operand as Evaluator
      return (partition, row, _frameStart, _frameEnd, context) => {
        const distance =
          countOperand === undefined ? 1 : countAt(countOperand, partition, row, context, name, 0)
        const target = row + direction * distance
        if (target >= partition.start && target < partition.end) {
          return evaluate(partition.batch, target, context)
        }
        return fallbackOperand === undefined ? null : fallbackOperand(partition.batch, row, context)
      }
    },
  }
}

function coercibilityOf(argument: ArgumentInfo): { readonly coercibility?: number } {
  return isText(argument.type) || isBinary(argument.type) ? { coercibility: argument.coercibility } : {}
}

// ---- values of the frame

type FramePick = (frameStart: number, frameEnd: number, position: number) => number

/** FIRST_VALUE, LAST_VALUE and NTH_VALUE: the value of one row of the frame, NULL if the frame has no such row. */
function bindFrameValue(name: string, args: readonly ArgumentInfo[], pick: FramePick): WindowBinding {
  const [value, position] = args as readonly [ArgumentInfo, ArgumentInfo?]
  constantCount(position, name, 1)
  return {
    type: value.type,
    nullable: true,
    parameterTypes: args.map(() => undefined),
    ...coercibilityOf(value),
    compile: ([operand, positionOperand]) => {
      const evaluate = operand as Evaluator
      return (partition, row, frameStart, frameEnd, context): Value => {
        const nth =
          positionOperand === undefined ? 1 : countAt(positionOperand, partition, row, context, name, 1)
        const target = pick(frameStart, frameEnd, nth)
        if (target < frameStart || target >= frameEnd) return null
        return evaluate(partition.batch, target, context)
      }
    },
  }
}

function frameValue(name: string, count: number, pick: FramePick): WindowFunction {
  return {
    name,
    argumentsMin: count,
    argumentsMax: count,
    usesFrame: true,
    bind: (args) => bindFrameValue(name, args, pick),
  }
}

function offset(name: 'lag' | 'lead'): WindowFunction {
  return {
    name,
    argumentsMin: 1,
    argumentsMax: 3,
    usesFrame: false,
    bind: (args, environment) => bindOffset(name, args, environment),
  }
}

export const windowFunctions: readonly WindowFunction[] = [
  ranking('row_number', UNSIGNED_BIGINT_TYPE, () => (partition, row) => row - partition.start + 1),
  ranking('rank', UNSIGNED_BIGINT_TYPE, () => compileRank((state) => state.rank)),
  ranking('dense_rank', UNSIGNED_BIGINT_TYPE, () => compileRank((state) => state.denseRank)),
  ranking('percent_rank', DOUBLE_TYPE, () => compileRank(percentRank)),
  ranking('cume_dist', DOUBLE_TYPE, compileCumulativeDistribution),
  { name: 'ntile', argumentsMin: 1, argumentsMax: 1, usesFrame: false, bind: bindNtile },
  offset('lag'),
  offset('lead'),
  frameValue('first_value', 1, (frameStart) => frameStart),
  frameValue('last_value', 1, (_frameStart, frameEnd) => frameEnd - 1),
  frameValue('nth_value', 2, (frameStart, _frameEnd, position) => frameStart + position - 1),
]
