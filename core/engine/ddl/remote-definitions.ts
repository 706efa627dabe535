/**
 * Data definition in virtual databases: the statement goes to the remote as it was written, with the names of tables as the remote
 * has them. What it means there is the remote's affair; what it changes is seen here at once.
 */
import { quoted } from '../../catalog/names.js'
import type { PrivilegeName } from '../../catalog/privileges.js'
import { charsetByName } from '../../common/charsets.js'
import { sqlError } from '../../common/sql-error.js'
import type { DefinitionStatement, QualifiedName } from '../../plan/syntax/index.js'
import type { VirtualDatabaseHost } from '../../spi/catalog.js'
import { DONE, type DefinitionContext, type DefinitionResult } from './definition-context.js'
import { fullName, requireTablePrivileges } from './named-objects.js'

interface RemoteStatement {
  /** The tables that it makes, changes or drops, and what that takes. */
  readonly tables: readonly QualifiedName[]
  readonly privileges: readonly PrivilegeName[]
}

/** Undefined if the statement isn't about a virtual database. */
export async function defineRemotely(
  statement: DefinitionStatement,
  context: DefinitionContext,
): Promise<DefinitionResult | undefined> {
  const about = remoteStatement(statement)
  const [first] = about?.tables ?? []
  if (about === undefined || first === undefined || isTemporary(about.tables, context)) return undefined
  const database = first.database ?? context.database
  const host = database === undefined ? undefined : hostOf(database, context)
  if (database === undefined || host === undefined) return undefined
  for (const name of about.tables) requireTablePrivileges(fullName(name, context), about.privileges, context)
  await host.runDefinition(database, remoteText(statement, database, host, context), context.statement)
  return DONE
}

function remoteStatement(statement: DefinitionStatement): RemoteStatement | undefined {
  switch (statement.kind) {
    case 'createTable':
      if (statement.temporary || statement.query !== undefined) return undefined
      return { tables: [statement.name], privileges: ['CREATE'] }
    case 'alterTable':
      return { tables: [statement.name], privileges: ['ALTER', 'CREATE', 'INSERT'] }
    case 'dropTable':
      return statement.temporary ? undefined : { tables: statement.tables, privileges: ['DROP'] }
    case 'renameTable':
      return {
        tables: statement.renames.flatMap(({ from, to }) => [from, to]),
        privileges: ['ALTER', 'DROP', 'CREATE', 'INSERT'],
      }
    case 'truncateTable':
      return { tables: [statement.table], privileges: ['DROP'] }
    case 'createIndex':
    case 'dropIndex':
      return { tables: [statement.table], privileges: ['INDEX'] }
    default:
      return undefined
  }
}

function isTemporary(
  names: readonly QualifiedName[],
  { temporaryTables, database }: DefinitionContext,
): boolean {
  return names.some((name) => {
    const within = name.database ?? database
    return within !== undefined && temporaryTables.find(within, name.name) !== undefined
  })
}

function hostOf(
  database: string,
  { catalog, otherCatalogs }: DefinitionContext,
): VirtualDatabaseHost | undefined {
  if (catalog.database(database) !== undefined) return undefined
  return otherCatalogs
    .map(({ virtualDatabaseHost }) => virtualDatabaseHost)
    .find((host) => host?.nameThere(database) !== undefined)
}

/** The statement's own text with every table's name replaced. */
function remoteText(
  statement: DefinitionStatement,
  database: string,
  host: VirtualDatabaseHost,
  { source, clientCharset, ...context }: DefinitionContext,
): string {
  const there = quoted(host.nameThere(database) ?? '')
  const charset = charsetByName(clientCharset)
  const decoded = (from: number, to: number): string => {
    const bytes = Buffer.from(source.slice(from, to), 'latin1')
    return charset?.decode(bytes) ?? bytes.toString('utf8')
  }
  let text = ''
  let at = statement.start
  const names = tableNames(statement).sort((a, b) => a.start - b.start)
  for (const name of names) {
    if ((name.database ?? context.database) !== database) {
      throw sqlError('ER_NOT_SUPPORTED_YET', 'data definition in a remote database and another one')
    }
    // EXECUTE has another text than what it executes.
    if (!decoded(name.start, name.end).replaceAll('``', '`').includes(name.name)) {
      throw sqlError('ER_NOT_SUPPORTED_YET', 'prepared data definition in remote databases')
    }
    text += `${decoded(at, name.start)}${there}.${quoted(name.name)}`
    at = name.end
  }
  return text + decoded(at, statement.end)
}

/** Names of tables are the nodes that have a database and a name, and are of no kind. */
function tableNames(part: unknown): QualifiedName[] {
  if (Array.isArray(part)) return part.flatMap(tableNames)
  if (typeof part !== 'object' || part === null) return []
  if ('database' in part && 'name' in part && 'start' in part && !('kind' in part)) {
    return [part as QualifiedName]
  }
  return Object.values(part).flatMap(tableNames)
}
