/**
 * Binds the frame of a window function: which rows of the partition it sees from the current one (MySQL manual 14.20.3).
 */
import { sqlError } from '../common/sql-error.js'
import { BIGINT_TYPE, isInteger, isNumeric, isTemporal } from '../common/sql-type.js'
import type { Expression, FrameBound, WindowFrame } from '../plan/expression.js'
import type { FrameBound as FrameBoundSyntax, WindowFrame as FrameSyntax } from '../plan/syntax/index.js'
import type { Binding, ExpressionContext, PendingWindow } from './binding.js'
import { bindCall } from './calls.js'
import { constant } from './literals.js'

const WHOLE_PARTITION: WindowFrame = {
  unit: 'rows',
  start: { kind: 'unbounded preceding' },
  end: { kind: 'unbounded following' },
  rangeStart: undefined,
  rangeEnd: undefined,
  rangeColumn: undefined,
}

const UP_TO_PEERS: WindowFrame = { ...WHOLE_PARTITION, unit: 'range', end: { kind: 'current row' } }

export function bindFrame(
  binding: Binding,
  syntax: FrameSyntax | undefined,
  window: PendingWindow,
  context: ExpressionContext,
): WindowFrame {
  if (syntax === undefined) return window.orderBy.length > 0 ? UP_TO_PEERS : WHOLE_PARTITION
  if (syntax.unit === 'groups') throw sqlError('ER_NOT_SUPPORTED_YET', 'GROUPS')
  if (syntax.exclude !== undefined) throw sqlError('ER_NOT_SUPPORTED_YET', 'EXCLUDE')
  if (syntax.from.kind === 'unboundedFollowing')
    throw sqlError('ER_WINDOW_FRAME_START_ILLEGAL', '<unnamed window>')
  if (syntax.to.kind === 'unboundedPreceding')
    throw sqlError('ER_WINDOW_FRAME_END_ILLEGAL', '<unnamed window>')
  const start = bindFrameBound(binding, syntax.from, context)
  const end = bindFrameBound(binding, syntax.to, context)
  if (syntax.unit === 'rows')
    for (const bound of [syntax.from, syntax.to]) checkRowCount(binding, bound, context)
  if (rank(start) > rank(end)) throw sqlError('ER_WINDOW_FRAME_ILLEGAL', '<unnamed window>')
  const frame = {
    unit: syntax.unit,
    start,
    end,
    rangeStart: undefined,
    rangeEnd: undefined,
    rangeColumn: undefined,
  }
  if (syntax.unit === 'rows' || (!('offset' in start) && !('offset' in end))) return frame
  return bindRangeOffsets(binding, syntax, frame, window)
}

const BOUND_RANKS = {
  'unbounded preceding': 0,
  preceding: 1,
  'current row': 2,
  following: 3,
  'unbounded following': 4,
}

function rank(bound: FrameBound): number {
  return BOUND_RANKS[bound.kind]
}

/** ROWS counts rows: offsets are whole numbers. */
function checkRowCount(binding: Binding, bound: FrameBoundSyntax, context: ExpressionContext): void {
  if (!('offset' in bound)) return
  if (bound.unit !== undefined) throw sqlError('ER_WINDOW_ROWS_INTERVAL_USE', '<unnamed window>')
  const { type } = binding.expression(bound.offset, context)
  const isCount = isInteger(type) || type.name === 'null' || bound.offset.kind === 'parameter'
  if (!isCount) throw sqlError('ER_WINDOW_FRAME_ILLEGAL', '<unnamed window>')
}

function bindFrameBound(binding: Binding, bound: FrameBoundSyntax, context: ExpressionContext): FrameBound {
  switch (bound.kind) {
    case 'currentRow':
      return { kind: 'current row' }
    case 'unboundedPreceding':
      return { kind: 'unbounded preceding' }
    case 'unboundedFollowing':
      return { kind: 'unbounded following' }
    default:
      return { kind: bound.kind, offset: binding.expression(bound.offset, context) }
  }
}

/** RANGE with offsets: the limit values are computed from the current row's sort value. */
function bindRangeOffsets(
  binding: Binding,
  syntax: FrameSyntax,
  frame: WindowFrame,
  window: PendingWindow,
): WindowFrame {
  const order = window.orderBy[0]
  if (order === undefined || window.orderBy.length !== 1) {
    throw sqlError('ER_WINDOW_RANGE_FRAME_ORDER_TYPE', '<unnamed window>')
  }
  const type = order.expression.type
  if (!isNumeric(type) && !isTemporal(type)) {
    throw sqlError('ER_WINDOW_RANGE_FRAME_ORDER_TYPE', '<unnamed window>')
  }
  const rangeColumn = binding.newColumn()
  const current: Expression = {
    kind: 'column',
    column: rangeColumn,
    type,
    nullable: order.expression.nullable,
    coercibility: 5,
    text: order.expression.text,
  }
  const limit = (bound: FrameBound, source: FrameBoundSyntax): Expression | undefined => {
    if (!('offset' in bound)) return undefined
    const back = (bound.kind === 'preceding') !== order.descending
    const unit = 'unit' in source ? source.unit : undefined
    if (unit === undefined) {
      if (!isNumeric(type)) throw sqlError('ER_WINDOW_RANGE_FRAME_TEMPORAL_TYPE', '<unnamed window>')
      return bindCall(binding, back ? '-' : '+', [current, bound.offset])
    }
    if (isNumeric(type)) throw sqlError('ER_WINDOW_RANGE_FRAME_NUMERIC_TYPE', '<unnamed window>')
    const word = constant({ ...BIGINT_TYPE, name: 'varchar', collation: 'utf8mb4_0900_ai_ci' }, unit, unit, 4)
    return bindCall(binding, back ? 'date_sub' : 'date_add', [current, bound.offset, word])
  }
  return {
    ...frame,
    rangeStart: limit(frame.start, syntax.from),
    rangeEnd: limit(frame.end, syntax.to),
    rangeColumn,
  }
}
