/**
 * UNION, INTERSECT and EXCEPT in fragments. Of the last two the engine's own know neither collations nor which side's texts are shown: so the rows
 * of all inputs are grouped, each marked with where it comes from.
 */
import { isText, NULL_TYPE, type LogicalNode, type SqlType } from '@switchyard/core/spi'
import { columnOf, groupedBy, unordered } from './fragment-keys.js'
import { isDistinguishable, Refusal } from './fragment-render.js'
import { derived, EMPTY, textOf, undistinct, unsorted, wrapped, type Select } from './fragment-select.js'
import type { ColumnText } from './sql-text.js'
import { nullable, storedType } from './stored-type.js'

type SetNode = Extract<LogicalNode, { kind: 'set operation' }>

/** An id that no column of a plan has, for the inputs that have a row, as bits. */
const INPUTS = 1_000_000_000
/** Bits of a number there. */
const INPUTS_MAX = 30

/** The rows of all inputs, each with its input's bit as `s`. */
export function allRows(node: SetNode, select: (input: LogicalNode) => Select): Select {
  const selects = node.inputs.map((input) => {
    const { output } = input
    const made = select(input)
    return { output, select: made.limit === '' ? undistinct(unsorted(made)) : wrapped(made) }
  })
  const columns = node.output.map(({ id, type }, i): [number, ColumnText] => {
    const inputs = selects.map(({ output, select }) => columnOf(select, output[i]?.id ?? -1))
    const { collation } = type
    const hasKey =
      isText(type) && inputs.every(({ key, collation: of }) => key !== undefined && of === collation)
    const hasExceptions = inputs.some((each) => each.hasExceptions !== false)
    return [id, derived(id, hasKey, { ...(hasKey ? { collation } : {}), hasExceptions })]
  })
  const isMarked = node.operation !== 'union'
  const parts = selects.map(({ output, select }, at) => {
    const listed = columns.flatMap(([id, { key }], i) => {
      const type = node.output[i]?.type ?? NULL_TYPE
      const column = columnOf(select, output[i]?.id ?? -1)
      const cast = `CAST(${column.text} AS ${nullable(storedType(type), true)}) AS x${id}`
      return key === undefined || column.key === undefined ? [cast] : [cast, `${column.key} AS y${id}`]
    })
    return textOf(select, isMarked ? [...listed, `${2 ** at} AS s`] : listed)
  })
  return { ...EMPTY, from: `(${parts.join(' UNION ALL ')})`, columns: new Map(columns) }
}

/** INTERSECT and EXCEPT, of which what is left is shown as the first input has it. */
export function commonRows(node: SetNode, select: (input: LogicalNode) => Select): Select {
  const { operation, inputs, output } = node
  if (node.all || inputs.length > INPUTS_MAX) throw new Refusal(`no entry for such an ${operation}`)
  for (const { type } of output) if (!isDistinguishable(type)) throw new Refusal(unordered(type))
  const rows = allRows(node, select)
  const grouped = output.map(({ id, type }) =>
    shownByFirst(groupedBy(id, columnOf(rows, id), type), rows, type),
  )
  const wanted = operation === 'intersect' ? 2 ** inputs.length - 1 : 1
  const marked: Select = {
    ...rows,
    columns: new Map([
      ...grouped.map(({ id, column }): [number, ColumnText] => [id, column]),
      [INPUTS, { text: 'groupBitOr(s)' }],
    ]),
    groupBy: grouped.map(({ key }) => key),
  }
  const { columns, ...rest } = wrapped(marked)
  const shown = new Map([...columns].filter(([id]) => id !== INPUTS))
  return { ...rest, columns: shown, where: [`x${INPUTS} = ${wanted}`] }
}

function shownByFirst(
  grouped: ReturnType<typeof groupedBy>,
  rows: Select,
  type: SqlType,
): ReturnType<typeof groupedBy> {
  const { text } = columnOf(rows, grouped.id)
  if (!isText(type) || grouped.key === text) return grouped
  return { ...grouped, column: { ...grouped.column, text: `anyIf(${text}, s = 1)` } }
}
