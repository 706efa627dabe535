/**
 * CREATE, ALTER, DROP and RENAME USER, and SET PASSWORD (MySQL manual 15.7.1).
 */
import { quotedAccount, sameAccount, type Account } from '../../catalog/account.js'
import { withRoleRenamed } from '../../catalog/roles.js'
import { sqlError } from '../../common/sql-error.js'
import type {
  AlterUser,
  CreateUser,
  DropUser,
  RenameUser,
  SetPassword,
  UserSpecification,
} from '../../plan/syntax/index.js'
import {
  accountName,
  findAccount,
  isCurrent,
  refuse,
  requireCreateUser,
  type UserAndHost,
} from './account-names.js'
import { withOptions } from './account-options.js'
import {
  DONE,
  type DefinitionContext,
  type DefinitionResult,
  type GeneratedPassword,
} from './definition-context.js'
import { newAccount } from './new-account.js'
import { newSecret, type Secret } from './passwords.js'
import { publish } from './publish.js'
import { dropAccounts, withGrantedDefaults, withSelectedDefaults } from './roles.js'

export async function createUser(
  statement: CreateUser,
  context: DefinitionContext,
): Promise<DefinitionResult> {
  requireCreateUser(context)
  const names = statement.users.map((user) => accountName(user.account, context))
  const isPresent = names.map(
    (name, i) => findAccount(name, context) !== undefined || firstOf(names, name) < i,
  )
  const present = names.filter((_, i) => isPresent[i])
  if (!statement.ifNotExists) refuse('CREATE USER', present)
  for (const name of present) context.statement.warn('Note', 'ER_USER_ALREADY_EXISTS', quotedAccount(name))
  const generated: GeneratedPassword[] = []
  const accounts: Account[] = []
  for (const [i, specification] of statement.users.entries()) {
    const name = names[i]
    if (name === undefined || isPresent[i] === true) continue
    const secret = await newSecret(authenticationOf(specification), undefined, context)
    if (secret.generated !== undefined) generated.push({ ...name, password: secret.generated })
    const account = withOptions(newAccount(name, secret, context), statement.options)
    accounts.push(withGrantedDefaults(account, statement.defaultRoles, context))
  }
  if (accounts.length > 0) await publish(context, { accounts })
  return withPasswords(generated)
}

function firstOf(names: readonly UserAndHost[], name: UserAndHost): number {
  return names.findIndex((other) => other.user === name.user && other.host === name.host)
}

/** The first factor; there is no second. */
function authenticationOf(specification: UserSpecification) {
  if (specification.authentication.length > 1 || specification.factorChanges.length > 0) {
    throw sqlError('ER_NOT_SUPPORTED_YET', 'multi-factor authentication')
  }
  return specification.authentication[0]
}

function withPasswords(generatedPasswords: readonly GeneratedPassword[]): DefinitionResult {
  return generatedPasswords.length === 0 ? DONE : { ...DONE, generatedPasswords }
}

export async function alterUser(statement: AlterUser, context: DefinitionContext): Promise<DefinitionResult> {
  const names = statement.users.map((user) => accountName(user.account, context))
  // Everybody may change the own password, nothing else.
  const isOwnPassword =
    names.every((name) => isCurrent(name, context)) && Object.keys(statement.options).length === 0
  if (!isOwnPassword) requireCreateUser(context)
  const missing = names.filter((name) => findAccount(name, context) === undefined)
  if (!statement.ifExists) refuse('ALTER USER', missing)
  for (const name of missing) context.statement.warn('Note', 'ER_USER_DOES_NOT_EXIST', quotedAccount(name))
  const generated: GeneratedPassword[] = []
  const accounts: Account[] = []
  for (const [i, specification] of statement.users.entries()) {
    const account = names[i] && findAccount(names[i], context)
    if (account === undefined) continue
    const clause = authenticationOf(specification)
    const secret = clause === undefined ? undefined : await newSecret(clause, account, context)
    if (secret?.generated !== undefined) {
      generated.push({ user: account.user, host: account.host, password: secret.generated })
    }
    const changed = secret === undefined ? account : withSecret(account, secret, context)
    const withNewOptions = withOptions(changed, statement.options)
    const { defaultRole } = statement
    accounts.push(
      defaultRole === undefined ? withNewOptions : withSelectedDefaults(withNewOptions, defaultRole, context),
    )
  }
  if (accounts.length > 0) await publish(context, { accounts })
  return withPasswords(generated)
}

function withSecret(account: Account, secret: Secret, context: DefinitionContext): Account {
  return {
    ...account,
    method: secret.method,
    storedHash: secret.storedHash,
    passwordExpired: false,
    passwordChangedAtMicros: context.statement.evaluation.statementTimeMicros,
  }
}

export async function setPassword(
  statement: SetPassword,
  context: DefinitionContext,
): Promise<DefinitionResult> {
  const { account: named, password, replace, retainCurrentPassword } = statement
  const name = named === undefined ? context.account : accountName(named, context)
  if (!isCurrent(name, context)) requireCreateUser(context)
  const account = findAccount(name, context)
  if (account === undefined) throw sqlError('ER_PASSWORD_NO_MATCH')
  const secret = await newSecret(
    {
      plugin: undefined,
      password,
      hash: undefined,
      random: password === undefined,
      replace,
      retainCurrentPassword,
      discardOldPassword: false,
      start: statement.start,
      end: statement.end,
    },
    account,
    context,
  )
  await publish(context, { accounts: [withSecret(account, secret, context)] })
  const { user, host } = account
  return withPasswords(secret.generated === undefined ? [] : [{ user, host, password: secret.generated }])
}

export async function dropUser(statement: DropUser, context: DefinitionContext): Promise<DefinitionResult> {
  requireCreateUser(context)
  const names = statement.users.map((user) => accountName(user, context))
  const missing = names.filter((name) => findAccount(name, context) === undefined)
  if (!statement.ifExists) refuse('DROP USER', missing)
  for (const name of missing) context.statement.warn('Note', 'ER_USER_DOES_NOT_EXIST', quotedAccount(name))
  const droppedAccounts = names.filter((name) => findAccount(name, context) !== undefined)
  if (droppedAccounts.length > 0) await dropAccounts(droppedAccounts, context)
  return DONE
}

export async function renameUser(
  statement: RenameUser,
  context: DefinitionContext,
): Promise<DefinitionResult> {
  requireCreateUser(context)
  const renames = statement.renames.map(({ from, to }) => ({
    from: accountName(from, context),
    to: accountName(to, context),
  }))
  refuse(
    'RENAME USER',
    renames
      .filter(({ from, to }) => {
        return findAccount(from, context) === undefined || findAccount(to, context) !== undefined
      })
      .map(({ from }) => from),
  )
  const accounts = renames.flatMap(({ from, to }) => {
    const account = findAccount(from, context)
    return account === undefined ? [] : [{ ...account, ...to }]
  })
  const others = context.catalog.accounts.filter(
    (account) => !renames.some(({ from }) => sameAccount(from, account)),
  )
  const all = [...accounts, ...others].map((account) =>
    renames.reduce((changed, { from, to }) => withRoleRenamed(changed, from, to), account),
  )
  await publish(context, { accounts: all, droppedAccounts: renames.map(({ from }) => from) })
  return DONE
}
