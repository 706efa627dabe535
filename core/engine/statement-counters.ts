/**
 * How many statements of each kind a session has run: Com_… and Questions of SHOW STATUS.
 */
import type { Statement } from '../plan/syntax/index.js'

export class StatementCounters {
  /** Statements that clients sent. */
  questions = 0
  private readonly commands = new Map<string, number>()

  /** Counts one statement of a kind, named as in MySQL's Com_… variables without the prefix. */
  count(command: string): void {
    this.commands.set(command, (this.commands.get(command) ?? 0) + 1)
  }

  add(other: StatementCounters): void {
    this.questions += other.questions
    for (const [command, count] of other.commands) {
      this.commands.set(command, (this.commands.get(command) ?? 0) + count)
    }
  }

  clear(): void {
    this.questions = 0
    this.commands.clear()
  }

  get(command: string): number {
    return this.commands.get(command) ?? 0
  }

  get names(): Iterable<string> {
    return this.commands.keys()
  }
}

/** MySQL's names of kinds of statements, where they aren't our own in snake case. */
const COMMAND_NAMES: Readonly<Record<string, string>> = {
  query: 'select',
  startTransaction: 'begin',
  use: 'change_db',
  set: 'set_option',
  setTransaction: 'set_option',
  createDatabase: 'create_db',
  alterDatabase: 'alter_db',
  dropDatabase: 'drop_db',
  truncateTable: 'truncate',
  grantPrivileges: 'grant',
  revokePrivileges: 'revoke',
  call: 'call_procedure',
  prepare: 'prepare_sql',
  execute: 'execute_sql',
  deallocate: 'dealloc_sql',
  describeTable: 'show_fields',
  explain: 'explain_other',
}

const SHOW_NAMES: Readonly<Record<string, string>> = {
  columns: 'fields',
  indexes: 'keys',
  charset: 'charsets',
  collation: 'collations',
  engines: 'storage_engines',
  createDatabase: 'create_db',
  createProcedure: 'create_proc',
  createFunction: 'create_func',
  engine: 'engine_status',
  binaryLogs: 'binlogs',
}

export function commandName(statement: Statement): string {
  switch (statement.kind) {
    case 'show':
      return `show_${SHOW_NAMES[statement.topic] ?? snakeCase(statement.topic)}`
    case 'tableMaintenance':
      return statement.operation
    case 'savepoint':
      return { set: 'savepoint', release: 'release_savepoint', rollback: 'rollback_to_savepoint' }[
        statement.action
      ]
    default:
      return COMMAND_NAMES[statement.kind] ?? snakeCase(statement.kind)
  }
}

const snakeCases = new Map<string, string>()

/** There are as many as there are kinds of statements. */
function snakeCase(name: string): string {
  let snake = snakeCases.get(name)
  if (snake === undefined) {
    snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    snakeCases.set(name, snake)
  }
  return snake
}
