/**
 * The clients of a ClickHouse server: one for queries, as many at a time as there are sessions, and one to kill them and to see that the
 * server is there.
 */
import type { ClickHouseClient } from '@clickhouse/client'

export interface HttpClientOptions {
  /** Without user and password. */
  readonly url: string
  readonly user: string
  readonly password: string
  /** The database that the tables are in; made if there is none. */
  readonly database: string
  readonly tls: { readonly authority: Buffer; readonly pair: TlsPair | undefined } | undefined
  readonly sessionsMax: number
  /** Silence after which the server counts as gone. */
  readonly silenceMaxMs: number
}

export interface TlsPair {
  readonly certificate: Buffer
  readonly key: Buffer
}

export interface Clients {
  readonly main: ClickHouseClient
  readonly control: ClickHouseClient
}

/** Connections beside those of queries. */
const CONTROL_CONNECTIONS = 4

/** Only who needs it loads the client. */
export async function createClients(options: HttpClientOptions): Promise<Clients> {
  const { ClickHouseLogLevel, createClient } = await import('@clickhouse/client')
  const { url, user, password, database, tls, sessionsMax, silenceMaxMs } = options
  const common = {
    url,
    username: user,
    password,
    application: 'switchyard',
    // It would write texts of statements and their values.
    log: { level: ClickHouseLogLevel.OFF },
    ...(tls === undefined
      ? {}
      : {
          tls:
            tls.pair === undefined
              ? { ca_cert: tls.authority }
              : { ca_cert: tls.authority, cert: tls.pair.certificate, key: tls.pair.key },
        }),
  }
  return {
    // How long a query takes is its statement's business; whether the server is there is found out beside it.
    main: createClient({
      ...common,
      database,
      request_timeout: 2 ** 31 - 1,
      max_open_connections: sessionsMax,
    }),
    control: createClient({
      ...common,
      request_timeout: silenceMaxMs,
      max_open_connections: CONTROL_CONNECTIONS,
    }),
  }
}
