/** Runs programs over rows that lie in this process. */
import type { Value } from '@switchyard/core/spi'
import type { Formula, Program, SortFormula, Total } from './program.js'

export type Row = readonly Value[]

export function* run(program: Program, tables: ReadonlyMap<number, readonly Row[]>): Generator<Row> {
  switch (program.kind) {
    case 'scan':
      for (const row of tables.get(program.table) ?? [])
        yield program.columns.map((each) => row[each] ?? null)
      return
    case 'filter':
      for (const row of run(program.input, tables)) if (isTrue(program.condition, row)) yield row
      return
    case 'project':
      for (const row of run(program.input, tables)) yield program.formulas.map((each) => compute(each, row))
      return
    case 'join': {
      const right = [...run(program.right, tables)]
      for (const row of run(program.left, tables)) {
        for (const other of right) {
          const pair = [...row, ...other]
          if (program.condition === undefined || isTrue(program.condition, pair)) yield pair
        }
      }
      return
    }
    case 'aggregate':
      yield* aggregate(run(program.input, tables), program.keys, program.totals)
      return
    case 'sort':
      yield* [...run(program.input, tables)].sort((left, right) => compareBy(program.keys, left, right))
      return
    case 'limit':
      yield* limit(run(program.input, tables), program.count, program.offset)
  }
}

function* aggregate(rows: Iterable<Row>, keys: readonly Formula[], totals: readonly Total[]): Generator<Row> {
  const groups = new Map<string, { readonly key: Row; readonly totals: Value[] }>()
  const empty = () => totals.map(({ name }): Value => (name === 'count' ? 0 : null))
  if (keys.length === 0) groups.set('', { key: [], totals: empty() })
  for (const row of rows) {
    const key = keys.map((each) => compute(each, row))
    const text = key.map(String).join()
    const group = groups.get(text) ?? { key, totals: empty() }
    groups.set(text, group)
    for (const [i, { name, argument }] of totals.entries()) {
      const value = argument === undefined ? 1 : compute(argument, row)
      if (value !== null) group.totals[i] = added(name, group.totals[i] ?? null, value)
    }
  }
  for (const { key, totals: values } of groups.values()) yield [...key, ...values]
}

function added(name: Total['name'], total: Value, value: Value): Value {
  if (name === 'count') return Number(total) + 1
  if (total === null) return value
  if (name === 'sum') return Number(total) + Number(value)
  return compare(value, total) < 0 === (name === 'min') ? value : total
}

function* limit(rows: Iterable<Row>, count: Formula | undefined, offset: Formula | undefined) {
  const from = offset === undefined ? 0 : Number(compute(offset, []))
  const to = count === undefined ? Infinity : from + Number(compute(count, []))
  let at = 0
  if (to <= from) return
  for (const row of rows) {
    if (at >= from) yield row
    if (++at >= to) return
  }
}

function isTrue(condition: Formula, row: Row): boolean {
  const value = compute(condition, row)
  return value !== null && Number(value) !== 0
}

function compute(formula: Formula, row: Row): Value {
  if (formula.kind === 'column') return row[formula.at] ?? null
  if (formula.kind === 'value') return formula.value
  const [left = null, right = null] = formula.arguments.map((each) => compute(each, row))
  switch (formula.name) {
    case 'is null':
      return Number(left === null)
    case 'not':
      return left === null ? null : Number(Number(left) === 0)
    case 'and':
    case 'or': {
      const values = formula.arguments.map((each) => compute(each, row))
      const decides = formula.name === 'and' ? 0 : 1
      if (values.some((value) => value !== null && Number(Number(value) !== 0) === decides)) return decides
      return values.includes(null) ? null : 1 - decides
    }
    default:
      return left === null || right === null ? null : Number(holds(formula.name, compare(left, right)))
  }
}

function holds(operator: string, order: number): boolean {
  switch (operator) {
    case '=':
      return order === 0
    case '<>':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    default:
      return order >= 0
  }
}

/** NULL first. */
function compare(left: Value, right: Value): number {
  if (left === null || right === null) return Number(right === null) - Number(left === null)
  return left < right ? -1 : Number(left > right)
}

function compareBy(keys: readonly SortFormula[], left: Row, right: Row): number {
  for (const { formula, descending } of keys) {
    const order = compare(compute(formula, left), compute(formula, right))
    if (order !== 0) return descending ? -order : order
  }
  return 0
}
