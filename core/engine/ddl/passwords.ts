/**
 * What IDENTIFIED … leaves to be stored (MySQL manual 15.7.1.3). Passwords themselves go no further than here.
 */
import { randomInt } from 'node:crypto'
import type { Account } from '../../catalog/account.js'
import { sqlError } from '../../common/sql-error.js'
import { isPromise } from '../../common/value.js'
import type { AuthenticationClause } from '../../plan/syntax/index.js'
import type { AuthenticationMethod } from '../../spi/authentication.js'
import type { DefinitionContext } from './definition-context.js'

export interface Secret {
  readonly method: string
  readonly storedHash: string
  /** The password that the server made up, to be shown once. */
  readonly generated: string | undefined
}

const RANDOM_LENGTH = 20
/** MySQL's set of characters for random passwords: printable ASCII without quotes, backslash and back-quote. */
const RANDOM_CHARACTERS = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter(
  (character) => !`'"\\\``.includes(character),
)

/** `account` is the one that is changed; undefined for a new one. Throws ER_PLUGIN_IS_NOT_LOADED, ER_PASSWORD_FORMAT. */
export async function newSecret(
  clause: AuthenticationClause | undefined,
  account: Account | undefined,
  context: DefinitionContext,
): Promise<Secret> {
  if (clause === undefined) {
    return { method: context.defaultAuthenticationMethod, storedHash: '', generated: undefined }
  }
  if (clause.retainCurrentPassword || clause.discardOldPassword) {
    throw sqlError('ER_NOT_SUPPORTED_YET', 'dual passwords')
  }
  if (clause.replace !== undefined) throw sqlError('ER_NOT_SUPPORTED_YET', 'REPLACE in password changes')
  const method = requireMethod(
    clause.plugin ?? account?.method ?? context.defaultAuthenticationMethod,
    context,
  )
  const { hash } = clause
  if (hash !== undefined) {
    if (hash !== '' && !method.isValidHash(hash)) throw sqlError('ER_PASSWORD_FORMAT')
    return { method: method.name, storedHash: hash, generated: undefined }
  }
  const generated = clause.random ? randomPassword() : undefined
  const password = generated ?? clause.password ?? ''
  if (password === '') return { method: method.name, storedHash: '', generated: undefined }
  const hashed = method.hash(password)
  return { method: method.name, storedHash: isPromise(hashed) ? await hashed : hashed, generated }
}

function requireMethod(name: string, context: DefinitionContext): AuthenticationMethod {
  const method = context.authentication.find((candidate) => candidate.name === name)
  if (method === undefined) throw sqlError('ER_PLUGIN_IS_NOT_LOADED', name)
  return method
}

function randomPassword(): string {
  let password = ''
  while (password.length < RANDOM_LENGTH) {
    password += RANDOM_CHARACTERS[randomInt(RANDOM_CHARACTERS.length)] ?? ''
  }
  return password
}
