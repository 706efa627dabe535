/** Virtual databases that the configuration names. */
import { readFileSync } from 'node:fs'
import type { ConfiguredDatabase } from './remote-catalog.js'

type Entries = Readonly<Record<string, unknown>>

const TYPES: Readonly<Record<string, 'string' | 'number' | 'boolean'>> = {
  host: 'string',
  port: 'number',
  socket: 'string',
  user: 'string',
  password: 'string',
  passwordFile: 'string',
  passwordVariable: 'string',
  database: 'string',
  readOnly: 'boolean',
  tls: 'boolean',
  tlsAuthority: 'string',
  tlsVerify: 'boolean',
}

/** What is wrong with the option, without any of its values. */
export function checkDatabases(databases: Entries): string | undefined {
  for (const [name, entry] of Object.entries(databases)) {
    if (!isMapping(entry)) return `must have a mapping for ${name}`
    for (const [key, value] of Object.entries(entry)) {
      const type = TYPES[key]
      if (type === undefined) return `has the unknown key ${name}.${key}`
      if (typeof value !== type) return `must have a ${type} for ${name}.${key}`
    }
    const passwords = ['password', 'passwordFile', 'passwordVariable'].filter((key) => key in entry)
    if (passwords.length > 1) return `has both ${passwords.join(' and ')} for ${name}`
    if (!('user' in entry)) return `must have a user for ${name}`
  }
  return undefined
}

/** Reads password files and variables. Throws an error that names the one that is missing. */
export function configuredDatabases(databases: Entries): readonly ConfiguredDatabase[] {
  return Object.entries(databases).map(([name, entry]) => {
    const fields = isMapping(entry) ? entry : {}
    const text = (key: string): string | undefined => {
      const value = fields[key]
      return typeof value === 'string' ? value : undefined
    }
    const authority = text('tlsAuthority')
    return {
      name,
      database: text('database') ?? name,
      readOnly: fields.readOnly === true,
      address: {
        host: text('host') ?? 'localhost',
        port: typeof fields.port === 'number' ? fields.port : 3306,
        socket: text('socket') ?? '',
        user: text('user') ?? '',
        password: passwordOf(name, text),
        tls:
          fields.tls === true
            ? {
                authority: authority === undefined ? undefined : readFileSync(authority, 'utf8'),
                verify: fields.tlsVerify !== false,
              }
            : undefined,
      },
    }
  })
}

function passwordOf(name: string, text: (key: string) => string | undefined): string {
  const file = text('passwordFile')
  if (file !== undefined) return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  const variable = text('passwordVariable')
  if (variable === undefined) return text('password') ?? ''
  const value = process.env[variable]
  if (value === undefined) {
    throw new Error(`the variable ${variable} with the password of database ${name} is not set`)
  }
  return value
}

function isMapping(value: unknown): value is Entries {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
