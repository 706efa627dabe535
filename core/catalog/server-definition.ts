/**
 * Remote servers of CREATE SERVER (MySQL manual 15.1.18). The password is kept as a text that whoever made the definition
 * has sealed; the catalog doesn't look into it.
 */
import { encodeRecord, Fields } from './record-codec.js'

export interface ServerDefinition {
  readonly name: string
  readonly wrapper: string
  readonly host: string
  /** Empty for none. */
  readonly database: string
  readonly user: string
  /** Sealed. Secret. */
  readonly password: string
  /** 0 for the default port. */
  readonly port: number
  readonly socket: string
  readonly owner: string
}

export function encodeServer(server: ServerDefinition): Buffer {
  return encodeRecord({ ...server })
}

export function decodeServer(bytes: Buffer): ServerDefinition {
  const fields = Fields.parse(bytes, 'server')
  return Object.freeze({
    name: fields.text('name'),
    wrapper: fields.text('wrapper'),
    host: fields.text('host'),
    database: fields.text('database'),
    user: fields.text('user'),
    password: fields.text('password'),
    port: fields.number('port'),
    socket: fields.text('socket'),
    owner: fields.text('owner'),
  })
}
