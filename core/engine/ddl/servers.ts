/**
 * CREATE, ALTER and DROP SERVER (MySQL manual 15.1.18). Passwords are sealed before they are kept.
 */
import { requirePrivilege } from '../../catalog/privileges.js'
import { sameName } from '../../catalog/names.js'
import type { ServerDefinition } from '../../catalog/server-definition.js'
import { sqlError } from '../../common/sql-error.js'
import type { AlterServer, CreateServer, DropServer, ServerOptions } from '../../plan/syntax/index.js'
import { DONE, type DefinitionContext, type DefinitionResult } from './definition-context.js'
import { publish } from './publish.js'
import { announceVirtualDatabases } from './virtual-databases.js'

const CHANGED: DefinitionResult = Object.freeze({ affectedRows: 1, info: '' })

export async function createServer(
  statement: CreateServer,
  context: DefinitionContext,
): Promise<DefinitionResult> {
  requirePrivilege(context.account, 'SUPER')
  if (find(statement.name, context) !== undefined) {
    throw sqlError('ER_FOREIGN_SERVER_EXISTS', statement.name)
  }
  const blank: ServerDefinition = {
    name: statement.name,
    wrapper: statement.wrapper,
    host: '',
    database: '',
    user: '',
    password: '',
    port: 0,
    socket: '',
    owner: '',
  }
  await publish(context, { servers: [withOptions(blank, statement.options, context)] })
  return CHANGED
}

export async function alterServer(
  statement: AlterServer,
  context: DefinitionContext,
): Promise<DefinitionResult> {
  requirePrivilege(context.account, 'SUPER')
  const server = find(statement.name, context)
  if (server === undefined) throw sqlError('ER_FOREIGN_SERVER_DOESNT_EXIST', statement.name)
  await publish(context, { servers: [withOptions(server, statement.options, context)] })
  announceVirtualDatabases(context)
  return CHANGED
}

export async function dropServer(
  statement: DropServer,
  context: DefinitionContext,
): Promise<DefinitionResult> {
  requirePrivilege(context.account, 'SUPER')
  const server = find(statement.name, context)
  if (server === undefined) {
    if (statement.ifExists) return DONE
    throw sqlError('ER_FOREIGN_SERVER_DOESNT_EXIST', statement.name)
  }
  const user = context.catalog.virtualDatabases.find((each) => sameName(each.server, server.name))
  if (user !== undefined) {
    throw sqlError('ER_NOT_SUPPORTED_YET', `DROP SERVER while database ${user.name} is on it`)
  }
  await publish(context, { droppedServers: [server.name] })
  announceVirtualDatabases(context)
  return CHANGED
}

function find(name: string, context: DefinitionContext): ServerDefinition | undefined {
  return context.catalog.servers.find((server) => sameName(server.name, name))
}

function withOptions(
  server: ServerDefinition,
  options: ServerOptions,
  context: DefinitionContext,
): ServerDefinition {
  const { password, ...others } = options
  return {
    ...server,
    ...others,
    ...(password === undefined ? {} : { password: password === '' ? '' : context.secrets.seal(password) }),
  }
}
