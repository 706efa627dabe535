/**
 * What statements do with each table: counted while the server runs, kept in the system storage now and then and at its end, so that
 * advice on where a table should live can look back. A crash loses what was counted since it was kept last.
 */
import type { LogicalNode } from '../plan/logical.js'
import type { SystemStore } from '../transaction/system-store.js'
import { TABLE_USAGE_KEYSPACE, tableIdKey } from '../transaction/system-keyspaces.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import { inputsOf } from '../plan/node-inputs.js'
import type { PreparedPlan } from './query-types.js'

/** Counters of one table. Names are part of what is kept. */
export interface TableUsage {
  selects: number
  inserts: number
  updates: number
  deletes: number
  /** Of the statements above, those that join, and those that aggregate. */
  joins: number
  aggregations: number
  /** Time of all statements, and of the last one. */
  totalMs: number
  lastMs: number
  /** Milliseconds since 1970; 0 for never. */
  usedAtMs: number
  modifiedAtMs: number
  /** What ANALYZE TABLE found, by the names of columns. */
  columns: Readonly<Record<string, ColumnUsage>>
}

export interface ColumnUsage {
  /** Distinct values of the rows that were looked at. */
  readonly distinct: number
  readonly nulls: number
  readonly rows: number
}

/** What a plan does besides reading its tables. */
export interface PlanTraits {
  readonly joins: boolean
  readonly aggregates: boolean
}

/** A transaction over the system storage. */
export interface UsageTransaction {
  readonly store: SystemStore
  commit(): MaybePromise<void>
}

const SAVE_INTERVAL_MS = 60_000
const EVERYTHING = { lower: undefined, upper: undefined }

function nothingYet(): TableUsage {
  return {
    ...{ selects: 0, inserts: 0, updates: 0, deletes: 0, joins: 0, aggregations: 0 },
    ...{ totalMs: 0, lastMs: 0, usedAtMs: 0, modifiedAtMs: 0 },
    columns: {},
  }
}

/** Tables of other catalogs have negative ids, which are theirs to give again. */
function isOurs(tableId: number): boolean {
  return tableId > 0
}

export class TableUsages {
  private readonly byTable = new Map<number, TableUsage>()
  private readonly unsaved = new Set<number>()
  private readonly ofPlans = new WeakMap<PreparedPlan, readonly TableUsage[]>()
  private timer: NodeJS.Timeout | undefined

  constructor(
    private readonly begin: () => UsageTransaction,
    private readonly exists: (tableId: number) => boolean,
    private readonly onProblem: (error: unknown) => void,
  ) {}

  async start(): Promise<void> {
    const { store } = this.begin()
    for (const { key, value } of await store.scan(TABLE_USAGE_KEYSPACE, EVERYTHING)) {
      const kept = JSON.parse(value.toString('utf8')) as Partial<TableUsage>
      this.byTable.set(key.readUInt32BE(0), { ...nothingYet(), ...kept })
    }
    this.timer = setInterval(() => {
      this.save().catch(this.onProblem)
    }, SAVE_INTERVAL_MS).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.timer)
    await this.save()
  }

  of(tableId: number): TableUsage {
    let usage = this.byTable.get(tableId)
    if (usage === undefined) {
      usage = nothingYet()
      this.byTable.set(tableId, usage)
    }
    return usage
  }

  /** A plan has run, begun at `startedAtMs` since 1970. */
  note(plan: PreparedPlan, elapsedMs: number, startedAtMs: number): void {
    const { dependencies } = plan
    if (dependencies.length === 0) return
    const usages = this.ofPlans.get(plan) ?? this.usagesOf(plan)
    for (let i = 0; i < usages.length; i++) {
      const usage = usages[i] as TableUsage
      const dependency = dependencies[i] as PreparedPlan['dependencies'][number]
      if (dependency.isTemporary || !isOurs(dependency.id)) continue
      usage.totalMs += elapsedMs
      usage.lastMs = elapsedMs
      usage.usedAtMs = startedAtMs
      if (plan.traits.joins) usage.joins++
      if (plan.traits.aggregates) usage.aggregations++
      this.unsaved.add(dependency.id)
      if (dependency.privilege === 'SELECT') {
        usage.selects++
        continue
      }
      usage.modifiedAtMs = startedAtMs
      if (dependency.privilege === 'INSERT') usage.inserts++
      else if (dependency.privilege === 'UPDATE') usage.updates++
      else usage.deletes++
    }
  }

  noteColumns(tableId: number, columns: Readonly<Record<string, ColumnUsage>>): void {
    if (!isOurs(tableId)) return
    this.of(tableId).columns = columns
    this.unsaved.add(tableId)
  }

  /** A table goes on under another id. */
  moved(from: number, to: number): void {
    const usage = this.byTable.get(from)
    if (usage === undefined) return
    this.byTable.delete(from)
    this.unsaved.add(from)
    this.byTable.set(to, usage)
    this.unsaved.add(to)
  }

  async save(): Promise<void> {
    if (this.unsaved.size === 0) return
    const tables = [...this.unsaved]
    this.unsaved.clear()
    const transaction = this.begin()
    const { store } = transaction
    for (const tableId of tables) {
      const usage = this.exists(tableId) ? this.byTable.get(tableId) : undefined
      if (usage === undefined) this.byTable.delete(tableId)
      const key = tableIdKey(tableId)
      if (usage === undefined) store.remove(TABLE_USAGE_KEYSPACE, key)
      else store.put(TABLE_USAGE_KEYSPACE, key, Buffer.from(JSON.stringify(usage), 'utf8'))
    }
    const committed = transaction.commit()
    if (isPromise(committed)) await committed
  }

  private usagesOf(plan: PreparedPlan): readonly TableUsage[] {
    const usages = plan.dependencies.map(({ id }) => this.of(id))
    this.ofPlans.set(plan, usages)
    return usages
  }
}

export function traitsOf(plan: LogicalNode): PlanTraits {
  const traits = { joins: false, aggregates: false }
  const visit = (node: LogicalNode): void => {
    if (node.kind === 'join') traits.joins = true
    if (node.kind === 'aggregate' || node.kind === 'window') traits.aggregates = true
    inputsOf(node).forEach(visit)
  }
  visit(plan)
  return traits
}
