import type { AccountStatement } from './account.js'
import type { AdministrationStatement } from './administration.js'
import type { DataChangeStatement } from './data-change.js'
import type { DefinitionStatement } from './definition.js'
import type { CompoundStatement, ConditionStatement, ProgramDefinitionStatement } from './program.js'
import type { QueryExpression } from './query.js'

/** Any SQL statement: the root of every syntax tree. */
export type Statement =
  | QueryExpression
  | DataChangeStatement
  | DefinitionStatement
  | ProgramDefinitionStatement
  | CompoundStatement
  | ConditionStatement
  | AccountStatement
  | AdministrationStatement

export type StatementKind = Statement['kind']

/** The statement of that kind, e.g. `StatementOf<'insert'>`. */
export type StatementOf<Kind extends StatementKind> = Extract<Statement, { readonly kind: Kind }>
