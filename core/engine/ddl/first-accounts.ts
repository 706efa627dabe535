/** The accounts of a new data folder. */
import { rootAccount } from '../../catalog/initial-accounts.js'
import { isPromise } from '../../common/value.js'
import type { ServerSettings } from '../../spi/settings.js'
import type { DefinitionServices } from './definition-context.js'
import { publish } from './publish.js'

/** Makes `root`@`localhost`, and `root` of another host if that is asked for, if there is no account at all; an empty password is none. */
export async function prepareFirstAccounts(
  services: DefinitionServices,
  { rootPassword, rootHost }: Pick<ServerSettings, 'rootPassword' | 'rootHost'>,
): Promise<void> {
  if (services.catalog.accounts.length > 0) return
  const name = services.defaultAuthenticationMethod
  const method = services.authentication.find((candidate) => candidate.name === name)
  if (method === undefined) throw new Error(`the authentication method ${name} is not there`)
  const hashed = rootPassword === '' ? '' : method.hash(rootPassword)
  const storedHash = isPromise(hashed) ? await hashed : hashed
  const local = rootAccount(name, storedHash, Date.now() * 1000)
  const accounts = rootHost === local.host ? [local] : [local, { ...local, host: rootHost }]
  await publish(services, { accounts })
}
