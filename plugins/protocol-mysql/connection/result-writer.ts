/**
 * Turns the answers of a session into packets. One writer per connection; `begin` prepares it for a command. Small answers
 * stay in the output until the command is done, so that they leave in one write.
 */
import {
  isPromise,
  type Batch,
  type ResultColumn,
  type ResultSink,
  type ResultStatus,
  type Session,
  type SqlError,
} from '@switchyard/core/spi'
import { deprecatesEof, resultLayout, type RowEncoder } from '../row/result-layout.js'
import { Capability } from '../wire/capabilities.js'
import { Header } from '../wire/constants.js'
import { resultCharset, type ResultCharset } from '../wire/result-charset.js'
import { statusFlags, writeEof, writeError, writeOk } from '../wire/status-packets.js'
import type { ClientConnection } from './client-connection.js'
import { requestLocalFile } from './local-file.js'

export class ResultWriter implements ResultSink {
  private isBinary = false
  private rowEncoder: RowEncoder | undefined
  private charset: ResultCharset
  private charsetName: string | null

  readonly requestFile?: (name: string) => AsyncIterable<Buffer>

  constructor(
    private readonly connection: ClientConnection,
    private readonly session: Session,
    private readonly capabilities: number,
  ) {
    this.charsetName = session.resultCharset
    this.charset = resultCharset(this.charsetName)
    if ((capabilities & Capability.LocalFiles) !== 0) {
      this.requestFile = (name) => requestLocalFile(connection, name)
    }
  }

  begin(isBinary: boolean): void {
    this.isBinary = isBinary
  }

  /** The character set that the session asks for now; SET NAMES changes it between results. */
  currentCharset(): ResultCharset {
    const name = this.session.resultCharset
    if (name !== this.charsetName) {
      this.charsetName = name
      this.charset = resultCharset(name)
    }
    return this.charset
  }

  ok(status: ResultStatus): void {
    writeOk(this.connection.output, status, this.capabilities, this.currentCharset())
    this.flushResult(status)
  }

  columns(columns: readonly ResultColumn[]): void {
    const layout = resultLayout(columns, this.currentCharset(), this.isBinary)
    const { output } = this.connection
    output.packets(layout.definitions, layout.definitionCount)
    this.rowEncoder = layout.rows
    if (!deprecatesEof(this.capabilities)) writeEof(output, statusFlags(this.session.status()), 0)
  }

  rows(batch: Batch): Promise<void> | undefined {
    return this.writeRows(batch, 0)
  }

  end(status: ResultStatus): void {
    this.rowEncoder = undefined
    this.writeEnd(status)
    this.flushResult(status)
  }

  /** What stands behind the last row: an OK packet in EOF's place for clients that know it, else EOF. */
  writeEnd(status: ResultStatus): void {
    const { output } = this.connection
    if (deprecatesEof(this.capabilities)) {
      writeOk(output, status, this.capabilities, this.currentCharset(), Header.Eof)
    } else writeEof(output, statusFlags(status), status.warningCount)
  }

  fail(error: SqlError): void {
    this.rowEncoder = undefined
    writeError(this.connection.output, error, this.currentCharset())
  }

  /** The next of several statements may take its time; the answer of this one need not wait for it. */
  private flushResult(status: ResultStatus): void {
    if (status.moreResults && this.connection.isBusy) this.connection.output.flush()
  }

  private writeRows(batch: Batch, from: number): Promise<void> | undefined {
    const { connection, rowEncoder } = this
    if (rowEncoder === undefined) throw new Error('rows outside of a result set')
    let row = from
    while (row < batch.rowCount) {
      // Nobody reads any more; the session learns of it by being closed.
      if (connection.isClosed) return undefined
      row = rowEncoder.writeRows(batch, row, connection.output)
      if (connection.isCongested) return this.writeRowsLater(batch, row)
    }
    return undefined
  }

  private async writeRowsLater(batch: Batch, from: number): Promise<void> {
    await this.connection.drained()
    const rest = this.writeRows(batch, from)
    if (rest !== undefined && isPromise(rest)) await rest
  }
}
