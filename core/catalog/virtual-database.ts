/**
 * Databases that lie on remote servers (CREATE DATABASE … FROM SERVER) as records of the catalog, and the name by which the server's
 * ancestor made them: `name__remote__host__port__database__user__password`.
 */
import type { VirtualDatabaseDefinition } from '../spi/catalog.js'
import { encodeRecord, Fields } from './record-codec.js'
import type { ServerDefinition } from './server-definition.js'

export function encodeVirtualDatabase(database: VirtualDatabaseDefinition): Buffer {
  return encodeRecord({ ...database, readOnly: database.readOnly ? 1 : 0 })
}

export function decodeVirtualDatabase(bytes: Buffer): VirtualDatabaseDefinition {
  const fields = Fields.parse(bytes, 'virtual database')
  return Object.freeze({
    name: fields.text('name'),
    server: fields.text('server'),
    database: fields.text('database'),
    readOnly: fields.number('readOnly') !== 0,
  })
}

/** OWNER of servers that came with their only database, and go with it. */
export const MADE_WITH_DATABASE = 'made with its database'

const REMOTE_NAME = /^(.+?)__remote__(.+?)__(\d{1,5})__(.+?)__(.+?)__(.*)$/s

/** What such a name says; undefined for all others. The password is in the clear. */
export function parseRemoteName(
  name: string,
):
  | { readonly name: string; readonly server: Omit<ServerDefinition, 'wrapper' | 'socket' | 'owner'> }
  | undefined {
  const [, own, host, port, database, user, password] = REMOTE_NAME.exec(name) ?? []
  if (own === undefined || host === undefined || database === undefined) return undefined
  return {
    name: own,
    server: {
      name: own,
      // Points can't stand in a plain name; neither can colons, which addresses of IPv6 have.
      host: host.replaceAll('COLON', ':').replaceAll('_', '.'),
      port: Number(port),
      database,
      user: unescaped(user ?? ''),
      password: unescaped(password ?? ''),
    },
  }
}

function unescaped(text: string): string {
  return text.replaceAll('COLON', ':').replaceAll('AT', '@')
}
