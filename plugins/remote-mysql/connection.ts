/**
 * One connection to a remote. Every connection is put into the same state: times in UTC, utf8mb4, strict, literals by the rules that
 * `sql-text.ts` encodes by. What a session of ours has set otherwise is therefore never carried over: it is computed before, into
 * the literals.
 */
import { connect, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connectDirectly, type Value } from '@switchyard/core/spi'
import type { Connection } from 'mysql2'
import { PacketSplitter } from './packet-splitter.js'
import { longNumber, NULL_CELL, numberBytes } from './payload.js'
import { ConnectionLost, remoteError } from './remote-error.js'
import { sendClose, sendTogether } from './request.js'
import type { SqlTemplate } from './sql-template.js'
import {
  ExecuteCommand,
  PrepareCommand,
  QueryCommand,
  StatementCommand,
  type AnswerReceiver,
  type Command,
  type CommandHost,
} from './statement-command.js'

export interface RemoteTls {
  /** PEM; undefined for the authorities that the system trusts. */
  readonly authority: string | undefined
  readonly verify: boolean
}

/** Where a remote is, and how it is spoken to. */
export interface RemoteAddress {
  readonly host: string
  readonly port: number
  /** Path of a Unix socket, '' for TCP. */
  readonly socket: string
  readonly user: string
  /** Secret. */
  readonly password: string
  readonly tls: RemoteTls | undefined
}

export interface ConnectionTimes {
  /** From the connection to the end of the login. */
  readonly connectTimeoutMs: number
  /** Silence in the midst of an answer after which the connection is given up; 0 for ever. */
  readonly queryTimeoutMs: number
}

export type Cells = readonly (Buffer | null)[]

export interface RemoteAnswerRows {
  readonly rows: readonly Cells[]
  readonly affectedRows: number
  /** First number that AUTO_INCREMENT gave; 0 for none. */
  readonly insertId: number | bigint
  /** "Rows matched: 1  Changed: 0  Warnings: 0" and the like. */
  readonly info: string
  readonly warningCount: number
}

/** No statement of ours relies on anything but this. */
const SESSION = [
  "SET NAMES utf8mb4, SESSION time_zone = '+00:00'",
  "sql_mode = 'NO_AUTO_VALUE_ON_ZERO,STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'",
  // MySQL 8 tells numbers of rows of a day ago otherwise; MariaDB takes no comments of these versions for its own.
  'div_precision_increment = 4, autocommit = 1 /*!80003 , information_schema_stats_expiry = 0 */',
].join(', ')

/** A statement that is prepared there; without an id while it is being. */
interface Preparation {
  statementId: number | undefined
  /** Monotonic; of the use before, which is near enough. */
  usedAtMs: number
}

/** Statements that are kept prepared on one connection: servers have room for some thousands of all their clients. */
const PREPARED_MAX = 128
/** Time without use after which one makes room for another; if none does, others stay texts, lest they drive out one another. */
const PREPARED_IDLE_MS = 10_000
/** How often the silence is looked at within its time. */
const LOOKS = 8

export class RemoteConnection implements CommandHost {
  /** Monotonic. */
  readonly openedAtMs = performance.now()
  idleSinceMs = this.openedAtMs
  version = ''
  isBroken = false
  readonly plain: Socket | undefined
  private threadId = 0
  /** Whose answer is awaited, and what comes behind it. */
  private current: Command | undefined
  private readonly later: Command[] = []
  /** How many of `later`, from the first on, are under way as well, or will be when the turn ends. */
  private ahead = 0
  private readonly outbox: Command[] = []
  private readonly packets: PacketSplitter
  /** By their text. */
  private readonly prepared = new Map<string, Preparation>()
  private isListening = false
  /** Looks in a row while the remote had the word, and nothing came. */
  private silentLooks = 0
  private readonly silence: NodeJS.Timeout | undefined

  private constructor(
    private readonly driver: Connection,
    private readonly socket: Socket,
    readonly stream: Duplex,
    queryTimeoutMs: number,
  ) {
    this.plain = stream === socket ? socket : undefined
    this.packets = new PacketSplitter((bytes, from, to) => {
      this.take(bytes, from, to)
    })
    // From now on what comes is ours: the library's own commands cost several times what a short answer takes.
    const before = stream.listeners('data') as (() => void)[]
    stream.on('data', (bytes: Buffer) => {
      this.read(bytes, bytes.length)
    })
    for (const listener of before) stream.off('data', listener)
    // A statement under way learns of it here: the library tells it to the connection.
    driver.on('error', (error: unknown) => {
      this.lost(remoteError(error, true))
    })
    socket.once('close', () => {
      this.lost(new ConnectionLost('the connection was closed by the other side', true))
    })
    if (queryTimeoutMs > 0) {
      this.silence = setInterval(() => {
        if (!this.isListening || ++this.silentLooks <= LOOKS) return
        this.destroy(new ConnectionLost(`no answer within ${queryTimeoutMs} ms`, true))
      }, queryTimeoutMs / LOOKS).unref()
    }
  }

  /** Rejects with a `ConnectionLost` or a `RemoteAnswer`. */
  static async open(address: RemoteAddress, times: ConnectionTimes): Promise<RemoteConnection> {
    // The library takes a tenth of a second to load, which a server without remotes needn't spend.
    const { createConnection } = await import('mysql2')
    let opened: RemoteConnection | undefined
    const place =
      address.socket === '' ? { port: address.port, host: address.host } : { path: address.socket }
    const socket =
      address.tls === undefined
        ? connectDirectly(place, (bytes, length) => {
            opened?.read(bytes, length)
            return opened !== undefined
          })
        : connect(place)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    const driver = createConnection({
      stream: socket,
      // Whose name the certificate must have.
      host: address.host,
      port: address.port,
      user: address.user,
      password: address.password,
      charset: 'utf8mb4',
      connectTimeout: times.connectTimeoutMs,
      multipleStatements: true,
      // Affected rows are those that changed, as everywhere in the server; requests are those of `request.ts`.
      flags: ['-FOUND_ROWS', '-LOCAL_FILES', '-CLIENT_QUERY_ATTRIBUTES'],
      ...(address.tls === undefined ? {} : { ssl: tlsOptions(address.tls, address.host) }),
    })
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        driver.once('error', reject)
        driver.once('connect', () => {
          resolve()
        })
      })
      const connection = new RemoteConnection(driver, socket, streamOf(driver), times.queryTimeoutMs)
      opened = connection
      const { rows } = await connection.run(`${SESSION}; SELECT VERSION(), CONNECTION_ID()`)
      connection.version = rows[0]?.[0]?.toString() ?? ''
      connection.threadId = Number(rows[0]?.[1]?.toString())
      return connection
    } catch (error) {
      driver.on('error', () => undefined)
      socket.destroy()
      throw remoteError(error, false)
    }
  }

  /** Runs statements, of which the last one's answer counts. */
  run(sql: string): Promise<RemoteAnswerRows> {
    return new Promise((resolve, reject) => {
      const rows: Cells[] = []
      let columnCount = 0
      const command = this.query(sql, {
        column: (index) => {
          columnCount = index + 1
        },
        row: (bytes, from) => {
          rows.push(cellsOf(bytes, from, columnCount))
        },
        ended: (error) => {
          const { affectedRows, insertId, info, warningCount } = command
          if (error !== undefined) reject(error)
          else resolve({ rows, affectedRows, insertId, info, warningCount })
        },
      })
    })
  }

  /** As `run`, but row by row; texts. */
  query(sql: string, receiver: AnswerReceiver): StatementCommand {
    return this.start(new QueryCommand(this, receiver, sql))
  }

  /** Rows come in the binary form. */
  execute(statementId: number, values: readonly Value[], receiver: AnswerReceiver): StatementCommand {
    const command = new ExecuteCommand(this, receiver, statementId, values)
    if (this.isBroken || this.current === undefined || this.ahead < this.later.length)
      return this.start(command)
    // It needn't wait for the answers before its own, and goes with all others of this turn of the event loop.
    this.listen()
    this.later.push(command)
    this.ahead++
    if (this.outbox.push(command) === 1) setImmediate(this.sendOutbox)
    return command
  }

  private readonly sendOutbox = (): void => {
    const commands = this.outbox.splice(0)
    if (this.isBroken) return
    sendTogether(() => {
      for (const command of commands) command.send()
    }, this)
  }

  /** The prepared form of a template, if there is one by now. */
  preparedFor({ bound }: SqlTemplate): number | undefined {
    const preparation = bound === undefined ? undefined : this.prepared.get(bound)
    if (preparation !== undefined) {
      preparation.usedAtMs = this.current === undefined ? this.idleSinceMs : performance.now()
    }
    return preparation?.statementId
  }

  isPreparedFor({ bound }: SqlTemplate): boolean {
    return bound !== undefined && this.prepared.get(bound)?.statementId !== undefined
  }

  /** Has a template prepared behind the statement under way, if it is worth it: nobody waits for it. */
  prepareFor(template: SqlTemplate): void {
    const { bound } = template
    if (bound === undefined || !template.isWorthPreparing || this.isBroken || this.prepared.has(bound)) return
    if (this.prepared.size >= PREPARED_MAX && !this.closeIdleOne()) return
    const preparation: Preparation = { statementId: undefined, usedAtMs: performance.now() }
    this.prepared.set(bound, preparation)
    const prepare = new PrepareCommand(this, bound, (statementId) => {
      preparation.statementId = statementId
      if (statementId !== undefined) return
      this.prepared.delete(bound)
      template.keepToText()
    })
    this.enqueue(prepare)
  }

  /** Answers whether there was one. */
  private closeIdleOne(): boolean {
    const sinceMs = performance.now() - PREPARED_IDLE_MS
    for (const [text, { statementId, usedAtMs }] of this.prepared) {
      if (usedAtMs > sinceMs) continue
      this.prepared.delete(text)
      // Has no answer, and may therefore be sent before another one has come.
      if (statementId !== undefined) sendClose(statementId, this)
      return true
    }
    return false
  }

  private start(command: StatementCommand): StatementCommand {
    if (this.isBroken) {
      // Not at once: who asks has its hands full with asking.
      queueMicrotask(() => {
        command.finish(new ConnectionLost('the connection is closed', false))
      })
      return command
    }
    this.listen()
    this.enqueue(command)
    return command
  }

  private enqueue(command: Command): void {
    if (this.current !== undefined) {
      this.later.push(command)
      return
    }
    this.current = command
    command.send()
  }

  private read(bytes: Buffer, length: number): void {
    this.silentLooks = 0
    try {
      this.packets.push(bytes, length)
    } catch (error) {
      this.destroy(remoteError(error, true))
    }
  }

  private take(bytes: Buffer, from: number, to: number): void {
    const { current } = this
    if (current === undefined) {
      // What nobody asked for says why the connection ends.
      this.destroy(new ConnectionLost('the other side ended the connection', false))
      return
    }
    if (!current.take(bytes, from, to)) return
    const next = this.later.shift()
    this.current = next
    if (next === undefined) this.isListening = false
    else if (this.ahead > 0) this.ahead--
    else next.send()
  }

  /** Whether what comes next is the answer to this one. */
  isAnswering(command: StatementCommand): boolean {
    return this.current === command
  }

  ended(): void {
    this.isListening = this.later.length > 0
  }

  /** Stops reading: the remote is held up as soon as what lies between is full. */
  pause(): void {
    this.isListening = false
    this.stream.pause()
  }

  resume(): void {
    this.listen()
    this.stream.resume()
  }

  private listen(): void {
    this.silentLooks = 0
    this.isListening = true
  }

  private lost(error: Error): void {
    this.isBroken = true
    clearInterval(this.silence)
    const { current } = this
    const commands = current === undefined ? [] : [current, ...this.later.splice(0)]
    this.ahead = 0
    for (const command of commands) if (command instanceof StatementCommand) command.finish(error)
  }

  /** The statement by which another connection ends what runs on this one. */
  get killStatement(): string {
    return `KILL QUERY ${this.threadId}`
  }

  /** The statement by which another connection ends this one, whatever runs on it. */
  get endStatement(): string {
    return `KILL CONNECTION ${this.threadId}`
  }

  /** Drops the connection, whatever is under way on it. */
  destroy(reason: Error = new ConnectionLost('the connection was closed', true)): void {
    this.isBroken = true
    this.socket.destroy()
    this.driver.destroy()
    this.lost(reason)
  }

  /** Says good-bye. */
  end(): void {
    if (this.isBroken) return
    this.isBroken = true
    clearInterval(this.silence)
    this.driver.end(() => {
      this.socket.destroy()
    })
  }
}

/** Silence after which the system asks whether the other side is still there. */
const KEEP_ALIVE_MS = 15_000

/** The encrypted one, behind a login with TLS; the library's types don't tell. */
function streamOf(driver: Connection): Duplex {
  return (driver as Connection & { readonly stream: Duplex }).stream
}

function cellsOf(bytes: Buffer, from: number, count: number): Cells {
  const cells: (Buffer | null)[] = []
  for (let at = from; cells.length < count;) {
    const first = bytes[at] as number
    if (first === NULL_CELL) {
      cells.push(null)
      at++
      continue
    }
    const start = at + numberBytes(first)
    at = start + (first < NULL_CELL ? first : longNumber(bytes, at))
    cells.push(Buffer.from(bytes.subarray(start, at)))
  }
  return cells
}

function tlsOptions({ authority, verify }: RemoteTls, host: string) {
  return {
    rejectUnauthorized: verify,
    // Of an address the library would check the name 'localhost'.
    verifyIdentity: verify && isIP(host) === 0,
    ...(authority === undefined ? {} : { ca: authority }),
  }
}
