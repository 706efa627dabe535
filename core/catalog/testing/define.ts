/**
 * For tests: CREATE TABLE text to a definition, as the engine does it, without an engine around it.
 */
import { Binder } from '../../binder/binder.js'
import type { BinderEnvironment } from '../../binder/environment.js'
import { SINGLE_ROW } from '../../common/batch.js'
import { charsetOfCollation } from '../../common/collations.js'
import { requireCharset } from '../../common/charsets.js'
import type { EvaluationContext } from '../../common/evaluation.js'
import { formatMessage } from '../../common/sql-error.js'
import { DEFAULT_SQL_MODE, STRICT_MODES } from '../../common/sql-mode.js'
import { UTC_TIME_ZONE } from '../../common/time-zones.js'
import { compileExpression, NO_COLUMNS } from '../../functions/compile-expression.js'
import { builtInFunctions } from '../../functions/library.js'
import { parseExpressionText, parseSingle, printExpressionText, toByteString } from '../../parser/index.js'
import type { TableDefinition } from '../../plan/schema.js'
import type { StatementOf } from '../../plan/syntax/index.js'
import type { TableDefinitionContext } from '../definition-context.js'
import { defineTable } from '../define-table.js'

export const TEST_COLLATION = 'utf8mb4_0900_ai_ci'

export class DefinitionTest {
  readonly warnings: string[] = []
  readonly context: TableDefinitionContext
  private lastId = 1000

  constructor(sqlMode = DEFAULT_SQL_MODE) {
    const evaluation = {
      sqlMode,
      strict: true,
      timeZone: UTC_TIME_ZONE,
      statementTimeMicros: 0,
      parameters: [],
      correlated: [],
      packetBytesMax: 2 ** 26,
      divPrecisionIncrement: 4,
      warn: () => undefined,
      state: <T>(_key: object, create: () => T): T => create(),
      checkKilled: () => undefined,
    } as unknown as EvaluationContext
    const environment = {
      sqlMode,
      connectionCollation: TEST_COLLATION,
      database: 'test',
      divPrecisionIncrement: 4,
      functions: builtInFunctions(),
      clientCharset: 'utf8mb4',
      parameters: [],
      parameterizeLiterals: false,
      evaluation,
      parseExpression: (sql: string) => parseExpressionText(toByteString(sql)),
      decode: (bytes: string) => Buffer.from(bytes, 'latin1').toString('utf8'),
      defaultCollation: (charset: string) => requireCharset(charset).defaultCollation,
      charsetOf: (collation: string) => charsetOfCollation(collation).name,
      warn: () => undefined,
    } as unknown as BinderEnvironment
    this.context = {
      sqlMode,
      isStrict: (sqlMode & STRICT_MODES) !== 0,
      foreignKeyChecks: true,
      defaults: evaluation,
      nowMicros: 0,
      allocateId: () => ++this.lastId,
      warn: (level, code, ...args) => {
        this.warnings.push(`${level}: ${formatMessage(code, args)}`)
      },
      expressions: {
        print: (expression) => printExpressionText(expression),
        parse: (sql) => parseExpressionText(toByteString(sql)),
        typeOver: () => {
          throw new Error('no expressions here')
        },
        literal: (expression) => {
          const bound = new Binder(environment).standalone(expression, 'default value')
          return { type: bound.type, value: compileExpression(bound, NO_COLUMNS)(SINGLE_ROW, 0, evaluation) }
        },
      },
    }
  }

  table(sql: string): TableDefinition {
    const statement = parse(sql, 'createTable')
    return defineTable(
      statement.elements,
      statement.options,
      {
        id: ++this.lastId,
        database: statement.name.database ?? 'test',
        name: statement.name.name,
        temporary: statement.temporary,
        databaseCollation: TEST_COLLATION,
        placements: [
          { id: ++this.lastId, storage: 'memory', role: 'primary', feed: 'none', state: 'active' },
        ],
        engineAsWritten: statement.options.engine === 'InnoDB' ? 'InnoDB' : undefined,
      },
      this.context,
    )
  }
}

export function parse<Kind extends 'createTable' | 'alterTable'>(sql: string, kind: Kind): StatementOf<Kind> {
  const { statement } = parseSingle(toByteString(sql))
  if (statement.kind !== kind) throw new Error(`not ${kind}: ${sql}`)
  return statement as StatementOf<Kind>
}

/** A definition without what differs each time that it is made. */
export function withoutIds(table: TableDefinition): unknown {
  return JSON.parse(
    JSON.stringify(table, (name, value: unknown) => {
      if (name === 'id' || name === 'createdAtMicros') return undefined
      return typeof value === 'bigint' ? String(value) : value
    }),
  )
}
