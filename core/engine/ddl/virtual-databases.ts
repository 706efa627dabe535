/**
 * Databases on remote servers: CREATE DATABASE … FROM SERVER, the naming form of the server's ancestor, ALTER DATABASE … READ ONLY, DROP
 * DATABASE. The catalog keeps them; providers are told of all of them whenever one changes. Nothing here asks a remote.
 */
import { sameName } from '../../catalog/names.js'
import { requirePrivilege } from '../../catalog/privileges.js'
import type { ServerDefinition } from '../../catalog/server-definition.js'
import { MADE_WITH_DATABASE, parseRemoteName } from '../../catalog/virtual-database.js'
import { sqlError } from '../../common/sql-error.js'
import type { RemoteDatabase } from '../../plan/syntax/index.js'
import type { RemoteServerDefinition, VirtualDatabaseDefinition } from '../../spi/catalog.js'
import type { DefinitionContext, DefinitionServices } from './definition-context.js'
import { publish } from './publish.js'

/** Brings what the catalog has to life, with passwords in the clear. Called at start and behind each change. */
export function announceVirtualDatabases(services: DefinitionServices): void {
  const { catalog, otherCatalogs } = services
  for (const { virtualDatabaseHost: host } of otherCatalogs) {
    if (host === undefined) continue
    const servers = catalog.servers.filter(({ wrapper }) => host.wrappers.includes(wrapper.toLowerCase()))
    const databases = catalog.virtualDatabases.filter(({ server }) =>
      servers.some(({ name }) => sameName(name, server)),
    )
    host.define(
      servers.map((server) => inTheClear(server, services)),
      databases,
    )
  }
}

/** A password that can't be opened any more (another key) is none: the remote will say so. */
function inTheClear(server: ServerDefinition, services: DefinitionServices): RemoteServerDefinition {
  const { name, wrapper, host, port, socket, user, database } = server
  const password = server.password === '' ? '' : services.secrets.open(server.password)
  if (password === undefined) services.reportLostSecret(name)
  return { name, wrapper, host, port, socket, user, database, password: password ?? '' }
}

export async function createVirtualDatabase(
  name: string,
  remote: RemoteDatabase,
  context: DefinitionContext,
): Promise<void> {
  // It opens what the server's password is kept for.
  requirePrivilege(context.account, 'SUPER')
  const server = context.catalog.servers.find((each) => sameName(each.name, remote.server))
  if (server === undefined) throw sqlError('ER_FOREIGN_SERVER_DOESNT_EXIST', remote.server)
  requireProvider(server.wrapper, context)
  const { database = '', readOnly } = remote
  await publish(context, { virtualDatabases: [{ name, server: server.name, database, readOnly }] })
  announceVirtualDatabases(context)
}

/** `name__remote__…`: a server and a database of one name. */
export async function createNamedRemote(
  { name, server }: NonNullable<ReturnType<typeof parseRemoteName>>,
  context: DefinitionContext,
): Promise<void> {
  requirePrivilege(context.account, 'SUPER')
  if (context.catalog.servers.some((each) => sameName(each.name, name))) {
    throw sqlError('ER_FOREIGN_SERVER_EXISTS', name)
  }
  requireProvider('mysql', context)
  const password = server.password === '' ? '' : context.secrets.seal(server.password)
  await publish(context, {
    servers: [{ ...server, password, wrapper: 'mysql', socket: '', owner: MADE_WITH_DATABASE }],
    virtualDatabases: [{ name, server: name, database: server.database, readOnly: false }],
  })
  announceVirtualDatabases(context)
}

export function findVirtualDatabase(
  name: string,
  { catalog }: DefinitionServices,
): VirtualDatabaseDefinition | undefined {
  return catalog.virtualDatabases.find((each) => each.name === name)
}

export async function alterVirtualDatabase(
  database: VirtualDatabaseDefinition,
  readOnly: boolean,
  context: DefinitionContext,
): Promise<void> {
  await publish(context, { virtualDatabases: [{ ...database, readOnly }] })
  announceVirtualDatabases(context)
}

/** Only what is here: nothing is dropped over there. */
export async function dropVirtualDatabase(
  { name, server: serverName }: VirtualDatabaseDefinition,
  context: DefinitionContext,
): Promise<void> {
  const server = context.catalog.servers.find((each) => sameName(each.name, serverName))
  const goesWithIt =
    server?.owner === MADE_WITH_DATABASE &&
    context.catalog.virtualDatabases.every((each) => each.name === name || !sameName(each.server, serverName))
  await publish(context, {
    droppedVirtualDatabases: [name],
    droppedServers: goesWithIt ? [serverName] : [],
  })
  announceVirtualDatabases(context)
}

/** Throws ER_NOT_SUPPORTED_YET. */
function requireProvider(wrapper: string, { otherCatalogs }: DefinitionServices): void {
  const wanted = wrapper.toLowerCase()
  const isKnown = otherCatalogs.some(
    ({ virtualDatabaseHost }) => virtualDatabaseHost?.wrappers.includes(wanted) === true,
  )
  if (!isKnown) throw sqlError('ER_NOT_SUPPORTED_YET', `databases of FOREIGN DATA WRAPPER ${wrapper}`)
}
