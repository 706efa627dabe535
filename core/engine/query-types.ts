/**
 * Compiled statements as the engine keeps them.
 */
import type { Value } from '../common/value.js'
import type { CompiledChange } from '../executor/change-result.js'
import type { CompiledNode } from '../executor/execution.js'
import type { ExplainRow } from '../optimizer/explain-rows.js'
import type { ResultColumn } from '../spi/session.js'
import type { PlanTraits } from './table-usage.js'
import type { ThroughView } from './name-resolution.js'

/** An object that a plan was made from; if it changes, the plan is made anew. */
export interface PlanDependency {
  readonly database: string
  readonly name: string
  readonly id: number
  readonly version: number
  /** What the statement does there, for privileges. */
  readonly privilege: TablePrivilege
  readonly isTemporary: boolean
  /** The view behind which it lies; undefined if the statement names it. */
  readonly through: ThroughView | undefined
}

export type TablePrivilege = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE'

interface PreparedBase {
  readonly traits: PlanTraits
  readonly dependencies: readonly PlanDependency[]
  /** Whether another statement may use the plan. */
  readonly cacheable: boolean
  /** Values that parameters must have for the plan to fit. */
  readonly pinned: readonly { readonly slot: number; readonly value: Value }[]
  /** Catalog version under which the dependencies were checked last. */
  checkedVersion: number
}

export interface PreparedQuery extends PreparedBase {
  readonly kind: 'query'
  readonly plan: CompiledNode
  readonly columns: readonly ResultColumn[]
  /** FOR UPDATE and the like: not in a READ ONLY transaction's spirit, and never from a stale copy. */
  readonly locks: boolean
  readonly countsAllRows: boolean
  /** The hint MAX_EXECUTION_TIME in milliseconds; 0 without one. */
  readonly executionMsMax: number
  /** The plan as text, for EXPLAIN. */
  readonly explain: () => readonly string[]
  readonly explainRows: () => readonly ExplainRow[]
}

export interface PreparedChange extends PreparedBase {
  readonly kind: 'change'
  readonly statement: 'insert' | 'load' | 'update' | 'delete'
  readonly change: CompiledChange
  readonly ignore: boolean
  readonly explain: () => readonly string[]
  readonly explainRows: () => readonly ExplainRow[]
}

export type PreparedPlan = PreparedQuery | PreparedChange
