import type { DeleteStatement, InsertStatement, UpdateStatement } from '../plan/syntax/data-change.js'
import type { Expression } from '../plan/syntax/expression.js'
import type { QueryExpression } from '../plan/syntax/query.js'
import { decodeUtf8 } from './options.js'
import { printDelete, printInsert, printUpdate } from './print-change.js'
import type { PrintContext } from './print-context.js'
import { printExpression } from './print-expression.js'
import { printQuery } from './print-query.js'

/**
 * Syntax trees back to SQL text, in the style of MySQL's stored views, defaults and checks. The text is JavaScript
 * text; parsed again (as UTF-8, with the default sql_mode) it gives the same tree but for offsets, ordinals and
 * derived column names.
 */
export interface PrintOptions {
  /** Decodes string literals without introducer: those of character_set_client. UTF-8 by default. */
  readonly decodeLiteral?: (bytes: string) => string
  /** Gives every result column its name as alias, as stored views need it. */
  readonly nameColumns?: boolean
}

export type PrintableStatement = QueryExpression | InsertStatement | UpdateStatement | DeleteStatement

export function printExpressionText(expression: Expression, options: PrintOptions = {}): string {
  return contextOf(options).expression(expression)
}

export function printStatementText(statement: PrintableStatement, options: PrintOptions = {}): string {
  const context = contextOf(options)
  switch (statement.kind) {
    case 'query':
      return context.query(statement)
    case 'insert':
      return printInsert(statement, context)
    case 'update':
      return printUpdate(statement, context)
    case 'delete':
      return printDelete(statement, context)
  }
}

function contextOf({ decodeLiteral = decodeUtf8, nameColumns = false }: PrintOptions): PrintContext {
  const context: PrintContext = {
    decodeLiteral,
    nameColumns,
    expression: (node) => printExpression(node, context),
    query: (node) => printQuery(node, context),
  }
  return context
}
