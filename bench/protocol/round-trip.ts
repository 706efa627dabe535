/**
 * What a request costs the server: prepared point selects over eight TCP connections, answered by a session that has
 * the row at hand, so that only the protocol is measured. The clients are a process of their own (this file again) that
 * speaks raw packets. Prints requests a second and the server's processor time for each.
 */
import { fork } from 'node:child_process'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  Batch,
  INT_TYPE,
  textType,
  type AuthenticationFlow,
  type ParameterValue,
  type ResultColumn,
  type ResultSink,
  type ResultStatus,
  type Server,
  type Session,
  type SqlType,
} from '@switchyard/core/spi'
import { MysqlProtocol } from '../../plugins/protocol-mysql/mysql-protocol.js'
import { CAPABILITIES, DEFAULT_CAPABILITIES, packet, WireClient } from '../../test/support/wire-client.js'

const CONNECTIONS = 8
const WARM_UP_MS = 1000
const DURATION_MS = 3000

const STATUS: ResultStatus = {
  affectedRows: 0,
  lastInsertId: 0,
  warningCount: 0,
  info: '',
  inTransaction: false,
  autocommit: true,
  noBackslashEscapes: false,
  moreResults: false,
  changes: [],
}

function resultColumn(name: string, type: SqlType): ResultColumn {
  return {
    name,
    originalName: name,
    table: 'sbtest1',
    originalTable: 'sbtest1',
    database: 'sbtest',
    type,
    nullable: false,
    primaryKey: false,
    uniqueKey: false,
    multipleKey: false,
    autoIncrement: false,
    onUpdateNow: false,
    hasNoDefault: false,
  }
}

const COLUMNS = [resultColumn('k', INT_TYPE), resultColumn('c', textType(120, 'utf8mb4_0900_ai_ci'))]
const TEXT = Buffer.alloc(119, 'x')

class AnsweringSession implements Session {
  readonly account = 'root@localhost'
  readonly resultCharset = 'utf8mb4'
  readonly clientCharset = 'utf8mb4'
  readonly packetBytesMax = 64 * 1024 * 1024
  readonly waitTimeoutSeconds = 28_800
  readonly netWriteTimeoutSeconds = 60
  readonly closed = new AbortController().signal
  private readonly batch = Batch.ofTypes(COLUMNS.map((column) => column.type))

  constructor(readonly connectionId: number) {}

  execute(_text: string, _multiStatements: boolean, sink: ResultSink): void {
    this.answer(1, sink)
  }

  prepare() {
    return { id: 1, parameterCount: 1, columns: COLUMNS, warningCount: 0 }
  }

  executePrepared(_id: number, parameters: readonly ParameterValue[], sink: ResultSink): void {
    this.answer(parameters[0]?.value as number, sink)
  }

  private answer(key: number, sink: ResultSink): void {
    const { batch } = this
    batch.clear()
    batch.pushRow([key, TEXT])
    sink.columns(COLUMNS)
    void sink.rows(batch)
    sink.end(STATUS)
  }

  closePrepared(): void {
    return
  }
  useDatabase(): void {
    return
  }
  fieldList(): readonly ResultColumn[] {
    return COLUMNS
  }
  setFoundRows(): void {
    return
  }
  statisticsText(): string {
    return ''
  }
  reset(): void {
    return
  }
  kill(): void {
    return
  }
  status(): ResultStatus {
    return STATUS
  }
  close(): void {
    return
  }
}

class AnsweringServer implements Server {
  readonly version = '8.0.36-bench'
  readonly defaultAuthenticationMethod = 'mysql_native_password'
  private lastId = 0

  reserveConnection(): number {
    return ++this.lastId
  }
  releaseConnection(): void {
    return
  }
  beginLogin(): AuthenticationFlow {
    return { receive: () => ({ kind: 'welcome', account: 'root@localhost' }) }
  }
  openSession(_request: unknown, _account: string, connectionId: number): Session {
    return new AnsweringSession(connectionId)
  }
}

const SILENT = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields: object, message: string) => console.error(message, fields),
  isLevelEnabled: () => false,
  child: () => SILENT,
}

/** Starts a server and its clients, and prints what they measured. */
async function printRoundTrips(): Promise<void> {
  const protocol = new MysqlProtocol({
    name: 'mysql',
    tcp: { host: '127.0.0.1', port: 0 },
    socketPath: undefined,
    loadTls: () => Promise.resolve(undefined),
    requireTls: false,
    localFiles: false,
    connectTimeoutMs: 10_000,
    readTimeoutMs: 30_000,
    pendingLoginsMax: 100,
    logger: SILENT,
  })
  await protocol.start(new AnsweringServer())
  const port = protocol.addresses[0]?.split(':')[1] ?? ''
  const client = fork(fileURLToPath(import.meta.url), ['client', port])
  let cpuBefore = process.cpuUsage()
  const requests = await new Promise<number>((resolve, reject) => {
    client.on('message', (message) => {
      if (message === 'start') cpuBefore = process.cpuUsage()
      else resolve(Number(message))
    })
    client.on('exit', () => reject(new Error('the clients ended early')))
  })
  const cpu = process.cpuUsage(cpuBefore)
  await protocol.stop()
  const perSecond = requests / (DURATION_MS / 1000)
  const micros = (cpu.user + cpu.system) / requests
  console.log(
    `point select: ${Math.round(perSecond / 1000)}k requests/s, ${micros.toFixed(1)} µs of the server each, ${(cpu.user / requests).toFixed(1)} of them in user mode`,
  )
}

// ---- the clients

/** COM_STMT_EXECUTE of statement 1 with one INT parameter. */
function executePayload(): Buffer {
  const payload = Buffer.alloc(18)
  payload[0] = 0x17
  payload.writeUInt32LE(1, 1)
  payload.writeUInt32LE(1, 6)
  payload[11] = 1
  payload[12] = 3
  payload.writeUInt32LE(4711, 14)
  return payload
}

/** Column count, two definitions, the row, and the OK packet behind it. */
const ANSWER_PACKETS = 5
/** The OK of COM_STMT_PREPARE, one parameter and two columns. */
const PREPARED_PACKETS = 4

/** Logs in, prepares, learns the size of an answer, and from then on sends a request when the last answer is complete. */
async function drive(port: number, count: () => void): Promise<Socket> {
  const capabilities = DEFAULT_CAPABILITIES | CAPABILITIES.deprecateEof
  const client = await WireClient.login({ port }, { capabilities })
  client.command(0x16, 'SELECT k, c FROM sbtest1 WHERE id = ?')
  for (let i = 0; i < PREPARED_PACKETS; i++) await client.receive()
  const execute = packet(executePayload(), 0)
  client.sendRaw(execute)
  let answerBytes = 0
  for (let i = 0; i < ANSWER_PACKETS; i++) answerBytes += 4 + (await client.receive()).length
  const socket = client.detach()
  let received = 0
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (received < answerBytes) return
    received = 0
    count()
    socket.write(execute)
  })
  socket.write(execute)
  return socket
}

async function runClients(port: number): Promise<void> {
  let requests = 0
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => drive(port, () => requests++)))
  await delay(WARM_UP_MS)
  const before = requests
  process.send?.('start')
  await delay(DURATION_MS)
  process.send?.(requests - before)
  for (const socket of sockets) socket.destroy()
  process.disconnect()
}

if (process.argv[2] === 'client') await runClients(Number(process.argv[3]))
else await printRoundTrips()
