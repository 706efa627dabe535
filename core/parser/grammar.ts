import type { Grammar } from './cursor.js'
import { parseExpression } from './expression.js'
import { parseQuery, parseQueryAfter } from './query.js'
import { parseProgramStatement } from './statement.js'

/** Ties the mutually recursive parts of the grammar together. */
export const GRAMMAR: Grammar = {
  expression: parseExpression,
  query: parseQuery,
  queryAfter: parseQueryAfter,
  programStatement: parseProgramStatement,
}
