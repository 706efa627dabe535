/**
 * Sessions: what a protocol drives. The engine implements `Server` and `Session`; a protocol opens one session a
 * connection, hands it statements one at a time, and gives it a sink for the answers.
 *
 * SQL text is a **byte string**: one UTF-16 unit a byte of the client's packet (`buffer.latin1Slice`), so that binary literals
 * survive and the lexer reads bytes. `sqlText` in this file turns a JavaScript string into one.
 */
import type { Batch } from '../common/batch.js'
import type { SqlError } from '../common/sql-error.js'
import type { SqlType } from '../common/sql-type.js'
import type { MaybePromise, Value } from '../common/value.js'
import type { AuthenticationFlow } from './authentication.js'
import { token, type Token } from './token.js'

/** The byte string of a JavaScript string's UTF-8 form. */
export function sqlText(text: string): string {
  return Buffer.from(text, 'utf8').latin1Slice(0, Buffer.byteLength(text, 'utf8'))
}

/** Metadata of a result column, as column definitions on the wire need it. */
export interface ResultColumn {
  readonly name: string
  readonly originalName: string
  /** Table alias and table, empty for expressions. */
  readonly table: string
  readonly originalTable: string
  readonly database: string
  readonly type: SqlType
  readonly nullable: boolean
  readonly primaryKey: boolean
  readonly uniqueKey: boolean
  readonly multipleKey: boolean
  readonly autoIncrement: boolean
  readonly onUpdateNow: boolean
  readonly hasNoDefault: boolean
}

/** How a statement ended well. */
export interface ResultStatus {
  readonly affectedRows: number | bigint
  readonly lastInsertId: number | bigint
  readonly warningCount: number
  /** Human-readable text of the OK packet ("Rows matched: 1  Changed: 1  Warnings: 0"). */
  readonly info: string
  readonly inTransaction: boolean
  readonly autocommit: boolean
  readonly noBackslashEscapes: boolean
  /** Another result of the same command follows. */
  readonly moreResults: boolean
  /** Session state that changed, for clients that track it (CLIENT_SESSION_TRACK). */
  readonly changes: readonly SessionChange[]
}

export type SessionChange =
  | { readonly kind: 'variable'; readonly name: string; readonly value: string }
  | { readonly kind: 'database'; readonly name: string }

/**
 * Takes the answer of one command: for each statement either `ok`, or `columns`, `rows` any number of times and `end`; or
 * `fail`, which is the last call.
 */
export interface ResultSink {
  ok(status: ResultStatus): void
  columns(columns: readonly ResultColumn[]): void
  /** The batch is valid until the returned promise resolves (or the call returns). A promise means: the client is slow, wait. */
  rows(batch: Batch): MaybePromise<void>
  end(status: ResultStatus): void
  fail(error: SqlError): void
  /** LOAD DATA LOCAL: asks the client for a file's bytes. Rejects if the protocol or the client can't. */
  requestFile?(name: string): AsyncIterable<Buffer>
}

export interface PreparedStatement {
  readonly id: number
  readonly parameterCount: number
  /** Empty for statements without a result set. */
  readonly columns: readonly ResultColumn[]
  readonly warningCount: number
}

/** A parameter as the client sent it. */
export interface ParameterValue {
  readonly type: SqlType
  readonly value: Value
}

export interface Session {
  readonly connectionId: number
  /** The account, once authenticated, as CURRENT_USER() shows it: `name@host`. */
  readonly account: string
  /** Character set that result text is sent in (character_set_results), and that the client's text is in. */
  readonly resultCharset: string | null
  readonly clientCharset: string
  readonly packetBytesMax: number
  /** Seconds without a command after which the protocol shall close the connection. */
  readonly waitTimeoutSeconds: number
  /** Seconds that a blocked write to the client may take. */
  readonly netWriteTimeoutSeconds: number
  /** Aborted when KILL CONNECTION or a shutdown ends the session. */
  readonly closed: AbortSignal

  /** Runs the statements of `text` one after the other (several only with `multiStatements`). Never throws and never rejects: failures go to the sink. */
  execute(text: string, multiStatements: boolean, sink: ResultSink): MaybePromise<void>
  /** Throws or rejects with a SqlError. */
  prepare(text: string): MaybePromise<PreparedStatement>
  executePrepared(id: number, parameters: readonly ParameterValue[], sink: ResultSink): MaybePromise<void>
  closePrepared(id: number): void
  /** COM_INIT_DB. Throws or rejects with a SqlError. */
  useDatabase(name: string): MaybePromise<void>
  /** COM_FIELD_LIST: the columns of a table whose names match a LIKE pattern. */
  fieldList(table: string, pattern: string): MaybePromise<readonly ResultColumn[]>
  /** COM_SET_OPTION and the handshake: MULTI_STATEMENTS on or off is the protocol's own; found_rows is the engine's. */
  setFoundRows(on: boolean): void
  /** COM_STATISTICS. */
  statisticsText(): string
  /** COM_RESET_CONNECTION: rolls back, drops prepared statements, temporary tables, variables. */
  reset(): MaybePromise<void>
  /** COM_PROCESS_KILL. */
  kill(connectionId: number): void
  status(): ResultStatus
  /** The client is gone or said goodbye: cancels what runs, rolls back, frees. Idempotent. */
  close(): MaybePromise<void>
}

/** How a client's connection is encrypted. */
export interface TlsConnection {
  /** 'TLSv1.3'. */
  readonly version: string
  /** As OpenSSL calls it. */
  readonly cipher: string
  /** The client's own, if it sent one that a configured authority vouches for; names in OpenSSL's form, '/O=Shop/CN=Ada'. */
  readonly certificate: { readonly issuer: string; readonly subject: string } | undefined
}

/** Who connects. */
export interface ClientInfo {
  /** Remote address, or 'localhost' for a Unix socket. */
  readonly host: string
  readonly port: number
  readonly isLoopback: boolean
  /** Nobody can listen: TLS, or a Unix socket. */
  readonly isSecure: boolean
  /** Undefined without TLS. */
  readonly tls?: TlsConnection | undefined
  /** Whether both sides compress what they send. */
  readonly isCompressed?: boolean
  /** Connection attributes (program_name, …). */
  readonly attributes: Readonly<Record<string, string>>
  /** The client's character set, by MySQL's collation id of the handshake. */
  readonly collationId: number
  /** CLIENT_INTERACTIVE: the session starts with interactive_timeout in the place of wait_timeout. */
  readonly isInteractive: boolean
  /** CLIENT_IGNORE_SPACE: the session starts with IGNORE_SPACE in its sql_mode. */
  readonly ignoresSpace?: boolean
}

export interface LoginRequest {
  readonly user: string
  /** Undefined if none was asked for. */
  readonly database: string | undefined
  readonly client: ClientInfo
  /** The 20 random bytes without zero that the protocol sent in its greeting, before it knew who comes. */
  readonly nonce: Uint8Array
}

/** What the engine offers to protocols. */
export interface Server {
  /** '8.0.…-switchyard-…', sent in handshakes and by VERSION(). */
  readonly version: string
  /** Named in the greeting; clients make their first message for it. */
  readonly defaultAuthenticationMethod: string
  /** A connection id; throws ER_CON_COUNT_ERROR when max_connections are open. Give it back with `releaseConnection` if no session opens. */
  reserveConnection(): number
  releaseConnection(connectionId: number): void
  /** Starts a login; the flow says what to send and is fed with what the client answers. */
  beginLogin(request: LoginRequest, connectionId: number): AuthenticationFlow
  /**
   * Opens the session of a login whose flow ended in success. Rejects with ER_BAD_DB_ERROR, ER_DBACCESS_DENIED_ERROR and
   * the like. COM_CHANGE_USER closes the connection's session and opens the next one under the same connection id.
   */
  openSession(request: LoginRequest, account: string, connectionId: number): MaybePromise<Session>
}

export const Server: Token<Server> = token('server')
