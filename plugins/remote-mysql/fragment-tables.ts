/** The tables of a fragment, and the server that they are on. */
import { planTables, type LogicalNode } from '@switchyard/core/spi'
import { Refusal } from './expression-checks.js'
import type { RemoteServer } from './remote-server.js'
import type { RemoteTables } from './remote-table.js'

/** The server that all tables of the plan lie on, whose kind is known. Throws a `Refusal`. */
export function serverOf(root: LogicalNode, tables: RemoteTables): RemoteServer {
  const servers = new Set(planTables(root).map((table) => tables.require(table).server))
  const [server] = servers
  if (server === undefined || servers.size > 1) throw new Refusal('tables of several servers')
  return server
}
