/** What operators read about logins: who was denied, at level info; who came and went, at level debug. */
import type { SqlError } from '../common/sql-error.js'
import type { Logger } from '../spi/logger.js'
import type { LoginRequest } from '../spi/session.js'

export class LoginLog {
  /** Connections that `entered` told of. */
  private readonly inside = new Set<number>()

  constructor(private readonly logger: Logger) {}

  denied({ user, client }: LoginRequest, { number, message }: SqlError): void {
    this.logger.info({ user, host: client.host, number, reason: message }, 'a login was denied')
  }

  entered(connection: number, account: string, { client, database }: LoginRequest): void {
    if (!this.logger.isLevelEnabled('debug')) return
    this.inside.add(connection)
    const { host, tls, attributes } = client
    const program = attributes.program_name ?? attributes._client_name
    const fields = { connection, account, host, database, tls: tls?.version, program }
    this.logger.debug(fields, 'a client logged in')
  }

  left(connection: number): void {
    if (this.inside.delete(connection)) this.logger.debug({ connection }, 'a client left')
  }
}
