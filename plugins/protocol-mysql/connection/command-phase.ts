/**
 * The commands of a client that is logged in (MySQL internals manual, "Command Phase"): each is decoded, handed to the
 * session and answered. Commands that are done at once are answered without a promise.
 */
import {
  charsetByName,
  isPromise,
  isSqlError,
  sqlError,
  sqlText,
  type MaybePromise,
  type PreparedStatement,
  type ResultColumn,
  type Server,
  type Session,
  type SqlError,
} from '@switchyard/core/spi'
import { columnDefinition, parameterDefinition } from '../row/column-definition.js'
import { deprecatesEof } from '../row/result-layout.js'
import { Capability } from '../wire/capabilities.js'
import { Command } from '../wire/constants.js'
import { PayloadReader } from '../wire/payload-reader.js'
import { PayloadWriter } from '../wire/payload-writer.js'
import { statusFlags, writeEof } from '../wire/status-packets.js'
import { ConnectionLost, type ClientConnection } from './client-connection.js'
import { parseChangeUser } from './handshake.js'
import { internalError } from './internal-error.js'
import { openSession, type Client } from './login-phase.js'
import { runRefresh } from './refresh.js'
import { ResultWriter } from './result-writer.js'
import { BoundParameters, readParameters } from './statement-parameters.js'

/** Command byte and statement id. */
const STATEMENT_HEAD_BYTES = 5
/** Cursor flags and the iteration count, which is always 1. */
const EXECUTE_SKIPPED_BYTES = 5
const MULTI_STATEMENTS_ON = 0
const MULTI_STATEMENTS_OFF = 1

/** Parameters are counted in 16 bits. */
const PARAMETERS_MAX = 0xffff

export interface CommandPhaseOptions {
  readonly connection: ClientConnection
  readonly server: Server
  readonly client: Client
  readonly session: Session
  /** A session was opened in the place of the one before (COM_CHANGE_USER). */
  readonly sessionChanged: (session: Session) => void
  readonly fault: (error: unknown) => void
}

export class CommandPhase {
  private readonly connection: ClientConnection
  private readonly client: Client
  private session: Session
  private writer: ResultWriter
  private multiStatements: boolean
  private readonly statements = new Map<number, BoundParameters>()

  constructor(private readonly options: CommandPhaseOptions) {
    this.connection = options.connection
    this.client = options.client
    this.session = options.session
    this.writer = this.makeWriter()
    this.multiStatements = (this.client.capabilities & Capability.MultiStatements) !== 0
  }

  /** The OK packet that ends a login. */
  welcome(): void {
    this.answerOk()
    this.connection.output.flush()
    if ((this.client.capabilities & Capability.Compress) !== 0) this.connection.compress()
  }

  /** Answers one command. Never rejects with anything but what ends the connection. */
  readonly handle = (payload: Buffer): MaybePromise<void> => {
    let answer: MaybePromise<void>
    try {
      answer = this.dispatch(payload)
    } catch (error) {
      this.answerError(error)
      answer = undefined
    }
    this.connection.reader.payloadBytesMax = this.session.packetBytesMax
    return answer !== undefined && isPromise(answer) ? this.settle(answer) : undefined
  }

  private async settle(answer: Promise<void>): Promise<void> {
    try {
      await answer
    } catch (error) {
      this.answerError(error)
    }
    this.connection.reader.payloadBytesMax = this.session.packetBytesMax
  }

  private answerError(error: unknown): void {
    if (this.connection.isClosed || error instanceof ConnectionLost) return
    this.writer.fail(this.sqlErrorOf(error))
  }

  private sqlErrorOf(error: unknown): SqlError {
    if (isSqlError(error)) return error
    this.options.fault(error)
    return internalError()
  }

  private makeWriter(): ResultWriter {
    const writer = new ResultWriter(this.connection, this.session, this.client.capabilities)
    this.connection.reader.payloadBytesMax = this.session.packetBytesMax
    return writer
  }

  private dispatch(payload: Buffer): MaybePromise<void> {
    switch (payload[0]) {
      case Command.Query:
        this.writer.begin(false)
        return this.session.execute(payload.latin1Slice(1, payload.length), this.multiStatements, this.writer)
      case Command.StatementExecute:
        return this.executeStatement(payload)
      case Command.StatementPrepare:
        return this.prepareStatement(payload)
      case Command.StatementClose:
        this.closeStatement(payload)
        return
      case Command.StatementSendLongData:
        this.appendLongData(payload)
        return
      case Command.StatementReset:
        this.statement(payload, 'mysqld_stmt_reset').clearLongData()
        this.answerOk()
        return
      case Command.Ping:
        this.answerOk()
        return
      case Command.Quit:
        this.connection.close()
        return
      default:
        return this.dispatchRare(payload)
    }
  }

  private dispatchRare(payload: Buffer): MaybePromise<void> {
    const { session, connection } = this
    switch (payload[0]) {
      case Command.InitDatabase:
        return this.thenOk(session.useDatabase(this.clientText(payload.subarray(1))))
      case Command.FieldList:
        return this.listFields(payload)
      case Command.Statistics:
        connection.output.packet(Buffer.from(session.statisticsText(), 'utf8'))
        return
      case Command.ProcessInfo:
        return this.executeText('SHOW PROCESSLIST')
      case Command.Refresh:
        return this.refresh(new PayloadReader(payload, 1).uint8())
      case Command.Shutdown:
        return this.executeText('SHUTDOWN')
      case Command.ProcessKill:
        session.kill(new PayloadReader(payload, 1).uint32())
        this.answerOk()
        return
      case Command.Debug:
        this.writer.writeEnd(session.status())
        return
      case Command.SetOption:
        this.setOption(payload)
        return
      case Command.ResetConnection:
        return this.resetConnection()
      case Command.ChangeUser:
        return this.changeUser(payload)
      case Command.StatementFetch: {
        // Cursors are never opened: the status of an execution says so, and all rows follow it at once.
        const reader = new PayloadReader(payload, 1)
        this.statement(payload, 'mysqld_stmt_fetch')
        throw sqlError('ER_STMT_HAS_NO_OPEN_CURSOR', reader.uint32())
      }
      default:
        throw sqlError('ER_UNKNOWN_COM_ERROR')
    }
  }

  /** Commands of old that a statement says as well. */
  private executeText(statement: string): MaybePromise<void> {
    this.writer.begin(false)
    return this.session.execute(sqlText(statement), false, this.writer)
  }

  private async refresh(bits: number): Promise<void> {
    await runRefresh(this.session, bits)
    this.answerOk()
  }

  private answerOk(): void {
    this.writer.ok({
      ...this.session.status(),
      affectedRows: 0,
      lastInsertId: 0,
      info: '',
      moreResults: false,
    })
  }

  private thenOk(done: MaybePromise<void>): MaybePromise<void> {
    if (done !== undefined && isPromise(done)) return done.then(() => this.answerOk())
    this.answerOk()
    return undefined
  }

  /** Names come in the client's character set. */
  private clientText(bytes: Buffer): string {
    const charset = charsetByName(this.session.clientCharset)
    return charset === undefined || charset.name === 'binary' ? bytes.toString('utf8') : charset.decode(bytes)
  }

  // ---- prepared statements

  private statement(payload: Buffer, command: string): BoundParameters {
    const id = new PayloadReader(payload, 1).uint32()
    const statement = this.statements.get(id)
    if (statement === undefined) throw sqlError('ER_UNKNOWN_STMT_HANDLER', id, command)
    return statement
  }

  private prepareStatement(payload: Buffer): MaybePromise<void> {
    const prepared = this.session.prepare(payload.latin1Slice(1, payload.length))
    if (isPromise(prepared)) return prepared.then((statement) => this.answerPrepared(statement))
    this.answerPrepared(prepared)
    return undefined
  }

  private answerPrepared({ id, parameterCount, columns, warningCount }: PreparedStatement): void {
    if (parameterCount > PARAMETERS_MAX) {
      this.session.closePrepared(id)
      throw sqlError('ER_PS_MANY_PARAM')
    }
    this.statements.set(id, new BoundParameters(parameterCount))
    const { output } = this.connection
    output.packet(
      new PayloadWriter()
        .uint8(0)
        .uint32(id)
        .uint16(columns.length)
        .uint16(parameterCount)
        .uint8(0)
        .uint16(Math.min(warningCount, 0xffff))
        .take(),
    )
    const charset = this.writer.currentCharset()
    const parameter = parameterDefinition(charset)
    for (let i = 0; i < parameterCount; i++) output.packet(parameter)
    if (parameterCount > 0) this.endDefinitions()
    this.writeDefinitions(columns)
    if (columns.length > 0) this.endDefinitions()
  }

  private writeDefinitions(columns: readonly ResultColumn[]): void {
    const charset = this.writer.currentCharset()
    for (const column of columns) this.connection.output.packet(columnDefinition(column, charset))
  }

  private endDefinitions(): void {
    if (deprecatesEof(this.client.capabilities)) return
    writeEof(this.connection.output, statusFlags(this.session.status()), 0)
  }

  private executeStatement(payload: Buffer): MaybePromise<void> {
    const bound = this.statement(payload, 'mysqld_stmt_execute')
    const id = payload.readUInt32LE(1)
    const reader = new PayloadReader(payload, STATEMENT_HEAD_BYTES)
    reader.skip(EXECUTE_SKIPPED_BYTES)
    const parameters = readParameters(reader, bound, this.session.clientCharset)
    bound.clearLongData()
    this.writer.begin(true)
    return this.session.executePrepared(id, parameters, this.writer)
  }

  /** Has no answer, so an unknown id is no error either. */
  private closeStatement(payload: Buffer): void {
    if (payload.length < STATEMENT_HEAD_BYTES) return
    const id = payload.readUInt32LE(1)
    if (this.statements.delete(id)) this.session.closePrepared(id)
  }

  /** Has no answer either. */
  private appendLongData(payload: Buffer): void {
    const headBytes = STATEMENT_HEAD_BYTES + 2
    if (payload.length < headBytes) return
    const statement = this.statements.get(payload.readUInt32LE(1))
    const position = payload.readUInt16LE(STATEMENT_HEAD_BYTES)
    if (statement === undefined || position >= statement.count) return
    statement.appendLongData(position, payload.subarray(headBytes), this.session.packetBytesMax)
  }

  // ---- the connection itself

  private async listFields(payload: Buffer): Promise<void> {
    const reader = new PayloadReader(payload, 1)
    const table = this.clientText(reader.zeroTerminated())
    const columns = await this.session.fieldList(table, this.clientText(reader.rest()))
    const charset = this.writer.currentCharset()
    for (const column of columns) {
      // A default value follows each definition; clients that still ask don't need it.
      const definition = new PayloadWriter().raw(columnDefinition(column, charset)).uint8(0xfb)
      this.connection.output.packet(definition.take())
    }
    this.writer.writeEnd(this.session.status())
  }

  private setOption(payload: Buffer): void {
    const option = new PayloadReader(payload, 1).uint16()
    if (option !== MULTI_STATEMENTS_ON && option !== MULTI_STATEMENTS_OFF)
      throw sqlError('ER_UNKNOWN_COM_ERROR')
    this.multiStatements = option === MULTI_STATEMENTS_ON
    this.writer.writeEnd(this.session.status())
  }

  private async resetConnection(): Promise<void> {
    this.statements.clear()
    await this.session.reset()
    this.answerOk()
  }

  /** Another user on the same connection, in a new session. As in MySQL a failure ends the connection. */
  private async changeUser(payload: Buffer): Promise<void> {
    const { connection, client, options } = this
    try {
      const response = parseChangeUser(payload, client.capabilities)
      const before = this.session
      const closeBefore = (): unknown => before.close()
      this.statements.clear()
      this.session = await openSession(
        connection,
        before.connectionId,
        options.server,
        client,
        response,
        closeBefore,
      )
    } catch (error) {
      if (!(error instanceof ConnectionLost)) connection.closeWith(this.sqlErrorOf(error))
      return
    }
    this.writer = this.makeWriter()
    this.multiStatements = (client.capabilities & Capability.MultiStatements) !== 0
    options.sessionChanged(this.session)
    this.answerOk()
  }
}
