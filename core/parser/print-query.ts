import type { ColumnDataType } from '../plan/syntax/data-type.js'
import type { Expression } from '../plan/syntax/expression.js'
import type {
  FileFormat,
  IntoClause,
  Join,
  JsonTable,
  JsonTableColumn,
  Limit,
  LockingClause,
  OptimizerHint,
  QueryBody,
  QueryExpression,
  SelectBlock,
  SelectItem,
  TableFactor,
  TableReference,
  WithClause,
} from '../plan/syntax/query.js'
import { nameList, quoteBytes, quoteName, quoteNames, quoteText, type PrintContext } from './print-context.js'
import { printJsonResponses, printOrderBy, printWindowSpecification } from './print-expression.js'

/** Queries in the style of MySQL's stored views. */
export function printQuery(node: QueryExpression, context: PrintContext): string {
  return (
    (node.with === undefined ? '' : `${printWith(node.with, context)} `) +
    printBody(node.body, context) +
    printOrderBy(node.orderBy, context) +
    printLimit(node.limit, context) +
    node.locking.map(printLocking).join('') +
    printInto(node.into)
  )
}

export function printWith(node: WithClause, context: PrintContext): string {
  const elements = node.elements.map(
    ({ name, columns, query }) => `${quoteName(name)}${nameList(columns)} as (${context.query(query)})`,
  )
  return `with ${node.recursive ? 'recursive ' : ''}${elements.join(',')}`
}

/** A body; queries inside a set operation stand in parentheses. */
function printBody(node: QueryBody, context: PrintContext): string {
  switch (node.kind) {
    case 'select':
      return printSelect(node, context)
    case 'setOperation': {
      const operator = ` ${node.operator}${node.distinct ? '' : ' all'} `
      return node.operands.map((operand) => printBody(operand, context)).join(operator)
    }
    case 'valuesBlock':
      return `values ${node.rows.map((row) => `row(${printList(row, context)})`).join(',')}`
    case 'tableBlock':
      return `table ${quoteNames(node.table.database, node.table.name)}`
    case 'query':
      return `(${context.query(node)})`
  }
}

function printList(nodes: readonly Expression[], context: PrintContext): string {
  return nodes.map(context.expression).join(',')
}

// ---- SELECT ---------------------------------------------------------------------------------------------------

function printSelect(node: SelectBlock, context: PrintContext): string {
  const print = context.expression
  const words = [
    ...(node.distinct ? ['distinct'] : []),
    ...(node.straightJoin ? ['straight_join'] : []),
    ...(node.calcFoundRows ? ['sql_calc_found_rows'] : []),
    ...node.modifiers,
  ]
  const options = words.map((word) => `${word} `).join('')
  const items = node.items.map((item) => printItem(item, context)).join(',')
  const from = node.from.map((table) => printTable(table, context)).join(',')
  const groupBy = printList(node.groupBy, context)
  const windows = node.windows.map(
    ({ name, specification }) => `${quoteName(name)} as ${printWindowSpecification(specification, context)}`,
  )
  return (
    `select ${printHints(node.hints)}${options}${items}` +
    (from === '' ? '' : ` from ${from}`) +
    (node.where === undefined ? '' : ` where ${print(node.where)}`) +
    (groupBy === '' ? '' : ` group by ${groupBy}${node.rollup ? ' with rollup' : ''}`) +
    (node.having === undefined ? '' : ` having ${print(node.having)}`) +
    (windows.length === 0 ? '' : ` window ${windows.join(',')}`)
  )
}

/** A hint comment with a space behind, or nothing. */
export function printHints(hints: readonly OptimizerHint[]): string {
  if (hints.length === 0) return ''
  const printed = hints.map(({ name, arguments: args }) => name + (args === '' ? '' : `(${args})`))
  return `/*+ ${printed.join(' ')} */ `
}

function printItem(item: SelectItem, context: PrintContext): string {
  if (item.kind === 'selectWildcard') {
    return item.table === undefined ? '*' : `${quoteNames(item.database, item.table)}.*`
  }
  const alias = item.alias ?? (context.nameColumns ? item.name : undefined)
  return context.expression(item.expression) + (alias === undefined ? '' : ` AS ${quoteName(alias)}`)
}

// ---- FROM -----------------------------------------------------------------------------------------------------

export function printTable(node: TableReference, context: PrintContext): string {
  switch (node.kind) {
    case 'table':
      return printFactor(node)
    case 'derivedTable': {
      const lateral = node.lateral ? 'lateral ' : ''
      return `${lateral}(${context.query(node.query)}) ${quoteName(node.alias)}${nameList(node.columns)}`
    }
    case 'jsonTable':
      return printJsonTable(node, context)
    case 'join':
      return printJoin(node, context)
  }
}

function printFactor(node: TableFactor): string {
  const partitions = node.partitions.length === 0 ? '' : ` partition ${nameList(node.partitions)}`
  const alias = node.alias === undefined ? '' : ` ${quoteName(node.alias)}`
  const hints = node.indexHints.map(({ action, purpose, indexes }) => {
    const use = purpose === undefined ? '' : ` for ${PURPOSES[purpose]}`
    return ` ${action} index${use} (${indexes.map(quoteIndex).join(',')})`
  })
  return quoteNames(node.name.database, node.name.name) + partitions + alias + hints.join('')
}

const PURPOSES = { join: 'join', orderBy: 'order by', groupBy: 'group by' } as const

function quoteIndex(name: string): string {
  return name === 'PRIMARY' ? name : quoteName(name)
}

const JOINS = {
  inner: 'join',
  cross: 'cross join',
  left: 'left join',
  right: 'right join',
  straight: 'straight_join',
} as const

function printJoin(node: Join, context: PrintContext): string {
  const words = (node.natural ? 'natural ' : '') + JOINS[node.type]
  const on = node.on === undefined ? '' : ` on(${context.expression(node.on)})`
  const using = node.using === undefined ? '' : ` using ${nameList(node.using)}`
  return `(${printTable(node.left, context)} ${words} ${printTable(node.right, context)}${on}${using})`
}

function printJsonTable(node: JsonTable, context: PrintContext): string {
  const columns = node.columns.map((column) => printJsonColumn(column, context)).join(', ')
  const head = `${context.expression(node.document)}, ${context.expression(node.path)}`
  return `json_table(${head} columns (${columns})) ${quoteName(node.alias)}`
}

function printJsonColumn(column: JsonTableColumn, context: PrintContext): string {
  switch (column.kind) {
    case 'ordinality':
      return `${quoteName(column.name)} for ordinality`
    case 'path': {
      const responses = printJsonResponses(column.onEmpty, column.onError, context.expression)
      return `${quoteName(column.name)} ${printDataType(column.type)} path ${context.expression(column.path)}${responses}`
    }
    case 'exists':
      return `${quoteName(column.name)} ${printDataType(column.type)} exists path ${context.expression(column.path)}`
    case 'nested': {
      const columns = column.columns.map((nested) => printJsonColumn(nested, context)).join(', ')
      return `nested path ${context.expression(column.path)} columns (${columns})`
    }
  }
}

/** A declared type, e.g. `varchar(10) charset utf8mb4 collate utf8mb4_bin`. */
function printDataType(type: ColumnDataType): string {
  const size = [type.length, type.scale].filter((n) => n !== undefined).join(',')
  return (
    type.name +
    (size === '' ? '' : `(${size})`) +
    (type.members === undefined ? '' : `(${type.members.map(quoteText).join(',')})`) +
    (type.unsigned ? ' unsigned' : '') +
    (type.zerofill ? ' zerofill' : '') +
    (type.charset === undefined ? '' : ` charset ${type.charset}`) +
    (type.binaryCollation ? ' binary' : '') +
    (type.collation === undefined ? '' : ` collate ${type.collation}`)
  )
}

// ---- LIMIT, locking, INTO -------------------------------------------------------------------------------------

/** ` limit offset,count`, or nothing. */
export function printLimit(limit: Limit | undefined, context: PrintContext): string {
  if (limit === undefined) return ''
  const offset = limit.offset === undefined ? '' : `${context.expression(limit.offset)},`
  return ` limit ${offset}${context.expression(limit.count)}`
}

const WAITS = { wait: '', nowait: ' nowait', skipLocked: ' skip locked' } as const

function printLocking(clause: LockingClause): string {
  const tables = clause.tables.map(({ database, name }) => quoteNames(database, name)).join(',')
  return ` for ${clause.strength}${tables === '' ? '' : ` of ${tables}`}${WAITS[clause.wait]}`
}

function printInto(into: IntoClause | undefined): string {
  switch (into?.kind) {
    case undefined:
      return ''
    case 'intoVariables': {
      const targets = into.targets.map(
        (target) => (target.kind === 'userVariable' ? '@' : '') + quoteName(target.name),
      )
      return ` into ${targets.join(',')}`
    }
    case 'intoDumpfile':
      return ` into dumpfile ${quoteText(into.file)}`
    case 'intoOutfile': {
      const charset = into.charset === undefined ? '' : ` charset ${into.charset}`
      return ` into outfile ${quoteText(into.file)}${charset}${printFileFormat(into.format)}`
    }
  }
}

function printFileFormat(format: FileFormat): string {
  const clause = (words: string, bytes: string | undefined): string =>
    bytes === undefined ? '' : ` ${words} ${quoteBytes(bytes, undefined, decodeAscii)}`
  const optionally = format.fieldsOptionallyEnclosed ? 'optionally ' : ''
  const fields =
    clause('terminated by', format.fieldsTerminatedBy) +
    clause(`${optionally}enclosed by`, format.fieldsEnclosedBy) +
    clause('escaped by', format.fieldsEscapedBy)
  const lines =
    clause('starting by', format.linesStartingBy) + clause('terminated by', format.linesTerminatedBy)
  return (fields === '' ? '' : ` fields${fields}`) + (lines === '' ? '' : ` lines${lines}`)
}

/** Separators are bytes: what is not ASCII is printed in hex. */
function decodeAscii(bytes: string): string {
  if (/[^\0-\x7f]/.test(bytes)) throw new RangeError('not ASCII')
  return bytes
}
