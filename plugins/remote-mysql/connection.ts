/**
 * One connection to a remote. Every connection is put into the same state: times in UTC, utf8mb4, strict, literals by the rules that
 * `sql-text.ts` encodes by. What a session of ours has set otherwise is therefore never carried over: it is computed before, into
 * the literals.
 */
import { connect, isIP, type Socket } from 'node:net'
import type { Connection, FieldPacket, ResultSetHeader } from 'mysql2'
import { ConnectionLost, remoteError } from './remote-error.js'

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
  /** First number that AUTO_INCREMENT gave; '0' or 0 for none. */
  readonly insertId: number | string
  /** "Rows matched: 1  Changed: 0  Warnings: 0" and the like. */
  readonly info: string
  readonly warningCount: number
}

type Header = { -readonly [K in Exclude<keyof RemoteAnswerRows, 'rows'>]: RemoteAnswerRows[K] }

/** Takes the rows of an answer as they come; the cells are valid during the call. */
export interface RowReceiver {
  row(cells: Cells): void
  /** Once, behind the last row: undefined if all went well. */
  ended(error: Error | undefined): void
}

/** No statement of ours relies on anything but this. */
const SESSION = [
  "SET NAMES utf8mb4, SESSION time_zone = '+00:00'",
  "sql_mode = 'NO_AUTO_VALUE_ON_ZERO,STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'",
  'div_precision_increment = 4, autocommit = 1',
].join(', ')

export class RemoteConnection {
  /** Monotonic. */
  readonly openedAtMs = performance.now()
  idleSinceMs = this.openedAtMs
  version = ''
  isBroken = false
  private threadId = 0
  private abandon: ((error: Error) => void) | undefined
  /** Runs while the remote has the word. */
  private silence: NodeJS.Timeout | undefined

  private constructor(
    private readonly driver: Connection,
    private readonly socket: Socket,
    private readonly queryTimeoutMs: number,
  ) {
    // A statement under way learns of it here: the library tells it to the connection.
    driver.on('error', (error: unknown) => {
      this.isBroken = true
      this.abandon?.(remoteError(error, true))
    })
    socket.once('close', () => {
      this.isBroken = true
      this.abandon?.(new ConnectionLost('the connection was closed by the other side', true))
    })
  }

  /** Rejects with a `ConnectionLost` or a `RemoteAnswer`. */
  static async open(address: RemoteAddress, times: ConnectionTimes): Promise<RemoteConnection> {
    // The library takes a tenth of a second to load, which a server without remotes needn't spend.
    const { createConnection } = await import('mysql2')
    const socket =
      address.socket === '' ? connect(address.port, address.host) : connect({ path: address.socket })
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
      rowsAsArray: true,
      // Affected rows are those that changed, as everywhere in the server.
      flags: ['-FOUND_ROWS', '-LOCAL_FILES'],
      typeCast: (field) => field.buffer(),
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
      const connection = new RemoteConnection(driver, socket, times.queryTimeoutMs)
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
      const header = this.stream(sql, {
        row: (cells) => {
          rows.push(cells)
        },
        ended: (error) => {
          if (error !== undefined) reject(error)
          else resolve({ rows, ...header })
        },
      })
    })
  }

  /** As `run`, but row by row. What it answers is filled in before `ended`. */
  stream(sql: string, receiver: RowReceiver): Readonly<Header> {
    const header: Header = { affectedRows: 0, insertId: 0, info: '', warningCount: 0 }
    let isOver = false
    const finish = (error: Error | undefined): void => {
      if (isOver) return
      isOver = true
      this.stopListening()
      this.abandon = undefined
      receiver.ended(error)
    }
    if (this.isBroken) {
      // Not at once: who asks has its hands full with asking.
      queueMicrotask(() => {
        finish(new ConnectionLost('the connection is closed', false))
      })
      return header
    }
    this.abandon = finish
    this.listen()
    const query = this.driver.query(sql)
    query.on('fields', (_fields: FieldPacket | undefined) => this.silence?.refresh())
    query.on('result', (result: unknown) => {
      if (Array.isArray(result)) {
        this.silence?.refresh()
        if (!isOver) receiver.row(result as Cells)
      } else {
        const { affectedRows, insertId, info, warningStatus } = result as ResultSetHeader
        header.affectedRows = affectedRows
        header.insertId = insertId
        header.info = info
        header.warningCount = warningStatus
      }
    })
    query.on('error', (error: unknown) => {
      const translated = remoteError(error, true)
      if (translated instanceof ConnectionLost) this.isBroken = true
      finish(translated)
    })
    query.on('end', () => {
      finish(undefined)
    })
    return header
  }

  /** Stops reading: the remote is held up as soon as what lies between is full. */
  pause(): void {
    this.stopListening()
    this.driver.pause()
  }

  resume(): void {
    this.listen()
    this.driver.resume()
  }

  private listen(): void {
    if (this.queryTimeoutMs === 0 || this.silence !== undefined) return
    this.silence = setTimeout(() => {
      this.destroy(new ConnectionLost(`no answer within ${this.queryTimeoutMs} ms`, true))
    }, this.queryTimeoutMs)
  }

  private stopListening(): void {
    clearTimeout(this.silence)
    this.silence = undefined
  }

  /** The statement by which another connection ends what runs on this one. */
  get killStatement(): string {
    return `KILL QUERY ${this.threadId}`
  }

  /** Drops the connection, whatever is under way on it. */
  destroy(reason: Error = new ConnectionLost('the connection was closed', true)): void {
    this.isBroken = true
    this.socket.destroy()
    this.driver.destroy()
    this.abandon?.(reason)
  }

  /** Says good-bye. */
  end(): void {
    if (this.isBroken) return
    this.isBroken = true
    this.driver.end(() => {
      this.socket.destroy()
    })
  }
}

/** Silence after which the system asks whether the other side is still there. */
const KEEP_ALIVE_MS = 15_000

function tlsOptions({ authority, verify }: RemoteTls, host: string) {
  return {
    rejectUnauthorized: verify,
    // Of an address the library would check the name 'localhost'.
    verifyIdentity: verify && isIP(host) === 0,
    ...(authority === undefined ? {} : { ca: authority }),
  }
}
