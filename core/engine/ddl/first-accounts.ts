/** The accounts of a new data folder. */
import { rootAccount } from '../../catalog/initial-accounts.js'
import { isPromise } from '../../common/value.js'
import type { DefinitionServices } from './definition-context.js'
import { publish } from './publish.js'

/** Makes `root`@`localhost` if there is no account at all; an empty password is none. */
export async function prepareFirstAccounts(
  services: DefinitionServices,
  rootPassword: string,
): Promise<void> {
  if (services.catalog.accounts.length > 0) return
  const name = services.defaultAuthenticationMethod
  const method = services.authentication.find((candidate) => candidate.name === name)
  if (method === undefined) throw new Error(`the authentication method ${name} is not there`)
  const hashed = rootPassword === '' ? '' : method.hash(rootPassword)
  const storedHash = isPromise(hashed) ? await hashed : hashed
  await publish(services, { accounts: [rootAccount(name, storedHash, Date.now() * 1000)] })
}
