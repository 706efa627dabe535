/**
 * Several clients at work at once, each on a connection of its own, until told to stop or until the server is gone.
 */
import type { Connection } from 'mysql2/promise'
import type { TestServer } from '../../support/server.js'
import { isConnectionLost } from './book.js'
import { FAMILY_TABLES, FamilyClient, verifyFamilies } from './family-client.js'
import { checkTables, expectIndexesToAgree, type IndexedTable } from './index-agreement.js'
import { ITEM_TABLE, ItemClient } from './item-client.js'
import type { LoadClient } from './load-client.js'
import type { Random } from './random.js'
import {
  fillAccounts,
  NumberWitness,
  TRANSFER_TABLES,
  TransferClient,
  verifyTransfers,
} from './transfer-client.js'

const INDEXED: readonly IndexedTable[] = [
  {
    table: 'items',
    key: ['client', 'number'],
    indexes: {
      by_token: { columns: ['token'], all: "token >= ''" },
      by_rating: { columns: ['rating'], all: 'rating >= 0' },
      by_payload: { columns: ['payload'], all: "payload >= '0'" },
    },
  },
  {
    table: 'journal',
    key: ['id'],
    indexes: {
      by_number: { columns: ['client', 'number'], all: 'client >= -1' },
      by_account: { columns: ['account'], all: 'account >= 0' },
    },
  },
  {
    table: 'checking',
    key: ['id'],
    indexes: { by_balance: { columns: ['balance'], all: 'balance >= -1000000000' } },
  },
  {
    table: 'savings',
    key: ['id'],
    indexes: { by_balance: { columns: ['balance'], all: 'balance >= -1000000000' } },
  },
  {
    table: 'children',
    key: ['id'],
    indexes: {
      by_name: { columns: ['name'], all: "name >= ''" },
      of_parent: { columns: ['parent'], all: 'parent >= 0' },
    },
  },
]

const TABLES = ['items', 'journal', 'checking', 'savings', 'parents', 'children']

export class Load {
  private readonly clients: readonly LoadClient[]
  private readonly numbers = new NumberWitness()
  /** Steps that were acknowledged. */
  steps = 0

  constructor(private readonly random: Random) {
    this.clients = [1, 2, 3].flatMap((client) => [
      new ItemClient(client),
      new TransferClient(client),
      new FamilyClient(client),
    ])
  }

  static async createTables(connection: Connection): Promise<void> {
    await connection.query('CREATE DATABASE crash')
    await connection.query('USE crash')
    for (const sql of [ITEM_TABLE, ...TRANSFER_TABLES, ...FAMILY_TABLES]) await connection.query(sql)
    await fillAccounts(connection)
  }

  /** Runs until `stopped`, or until the server is gone. */
  run(server: TestServer, stopped: AbortSignal): Promise<void> {
    return runClients(this.clients, server, this.random, {
      stopped,
      onStep: () => {
        this.steps++
      },
    })
  }

  async verify(server: TestServer): Promise<void> {
    const connection = await server.connect({ database: 'crash' })
    for (const client of this.clients) await client.verify(connection)
    await verifyTransfers(connection)
    await verifyFamilies(connection)
    await expectIndexesToAgree(connection, INDEXED)
    await checkTables(connection, TABLES)
    await this.numbers.draw(connection)
    connection.destroy()
  }
}

export interface RunOptions {
  readonly stopped?: AbortSignal
  readonly onStep?: () => void
}

/** Clients at work, each on a connection of its own, until `stopped`, or until the server is gone. */
export async function runClients(
  clients: readonly LoadClient[],
  server: TestServer,
  random: Random,
  options: RunOptions = {},
): Promise<void> {
  await Promise.all(clients.map((client) => runClient(client, server, random, options)))
}

async function runClient(
  client: LoadClient,
  server: TestServer,
  random: Random,
  { stopped, onStep }: RunOptions,
): Promise<void> {
  let connection: Connection | undefined
  try {
    connection = await server.connect({ database: 'crash' })
    while (stopped?.aborted !== true) {
      await client.step(connection, random)
      onStep?.()
    }
  } catch (error) {
    if (!isGone(error)) throw error
  } finally {
    connection?.destroy()
  }
}

/** The server, or the connection to it, is no more. */
function isGone(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  return isConnectionLost(error) || code === 'ECONNREFUSED' || message?.includes('closed state') === true
}
