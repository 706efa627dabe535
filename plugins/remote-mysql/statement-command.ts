/**
 * A statement on its way: what is sent, and its answer packet by packet (MySQL internals manual, "COM_QUERY Response"). Several statements in
 * one text have several answers, of which the last counts.
 */
import type { Value } from '@switchyard/core/spi'
import { longNumber, NULL_CELL, PayloadReader } from './payload.js'
import { ConnectionLost, RemoteAnswer } from './remote-error.js'
import { sendExecute, sendPrepare, sendQuery, type RequestTarget } from './request.js'

/** Takes the answer as it comes. */
export interface AnswerReceiver {
  /** A column of the rows to come: its type on the wire, with `UNSIGNED_TYPE` for unsigned numbers. */
  column(index: number, wireType: number): void
  /** A row's payload, which is valid during the call. */
  row(bytes: Buffer, from: number, to: number): void
  /** Once, behind the last row: undefined if all went well. */
  ended(error: Error | undefined): void
}

/** One request on a connection. */
export interface Command {
  /** Called when its turn has come. */
  send(): void
  /** Takes a packet of the answer, whose payload lies between two places and is valid during the call; answers whether it was the last one. */
  take(bytes: Buffer, from: number, to: number): boolean
}

/** Whose statement it is. */
export interface CommandHost extends RequestTarget {
  /** The answer is complete, and nothing of the statement is under way any more. */
  ended(): void
}

export const UNSIGNED_TYPE = 0x100

const OK = 0x00
const EOF = 0xfe
const ERROR = 0xff
/** Longer packets that begin with `EOF` are rows. */
const EOF_BYTES_MAX = 8
const MORE_RESULTS = 0x0008
const UNSIGNED_FLAG = 0x20
/** From the end of a column's definition: flags behind its type, decimals and two zeros follow. */
const TYPE_FROM_END = 6
/** Says that it closes the connection, and why; whatever was asked has not been done. */
const ER_CLIENT_INTERACTION_TIMEOUT = 4031

type State = 'header' | 'columns' | 'end of columns' | 'rows'

export abstract class StatementCommand implements Command {
  affectedRows = 0
  /** First number that AUTO_INCREMENT gave; 0 for none. */
  insertId: number | bigint = 0
  /** "Rows matched: 1  Changed: 0  Warnings: 0" and the like. */
  info = ''
  warningCount = 0
  private state: State = 'header'
  private columnCount = 0
  private columnsRead = 0
  private isOver = false

  constructor(
    protected readonly host: CommandHost,
    private receiver: AnswerReceiver,
  ) {}

  abstract send(): void

  take(bytes: Buffer, from: number, to: number): boolean {
    const first = bytes[from]
    switch (this.state) {
      case 'rows':
        if (first === EOF && to - from <= EOF_BYTES_MAX) {
          return this.endOfResult(bytes.readUInt16LE(from + 1), bytes.readUInt16LE(from + 3))
        }
        if (first === ERROR) return this.failed(bytes, from, to)
        if (!this.isOver) this.receiver.row(bytes, from, to)
        return false
      case 'columns':
        this.column(bytes, to)
        return false
      case 'end of columns':
        this.state = 'rows'
        return false
      case 'header':
        return this.header(bytes, from, to)
    }
  }

  /** The answer is thrown away when it comes, and its end told to somebody else. */
  drop(ended: () => void): void {
    this.receiver = { column: () => undefined, row: () => undefined, ended }
  }

  /** Once; what comes afterwards isn't passed on. */
  finish(error: Error | undefined): void {
    if (this.isOver) return
    this.isOver = true
    this.host.ended()
    this.receiver.ended(error)
  }

  private header(bytes: Buffer, from: number, to: number): boolean {
    const first = bytes[from] as number
    if (first === ERROR) return this.failed(bytes, from, to)
    if (first === OK) return this.ok(bytes, from, to)
    if (first === NULL_CELL) throw new Error('the remote asks for a file')
    this.columnCount = first < NULL_CELL ? first : longNumber(bytes, from)
    this.columnsRead = 0
    this.state = 'columns'
    return false
  }

  private column(bytes: Buffer, to: number): void {
    const at = to - TYPE_FROM_END
    const isUnsigned = ((bytes[at + 1] as number) & UNSIGNED_FLAG) !== 0
    if (!this.isOver) {
      this.receiver.column(this.columnsRead, (bytes[at] as number) | (isUnsigned ? UNSIGNED_TYPE : 0))
    }
    if (++this.columnsRead === this.columnCount) this.state = 'end of columns'
  }

  private ok(bytes: Buffer, from: number, to: number): boolean {
    const reader = new PayloadReader(bytes, from + 1, to)
    this.affectedRows = Number(reader.number())
    this.insertId = reader.number()
    const status = reader.uint16()
    const warningCount = reader.uint16()
    this.info = reader.isAtEnd ? '' : reader.text()
    return this.endOfResult(warningCount, status)
  }

  private endOfResult(warningCount: number, status: number): boolean {
    this.warningCount = warningCount
    if ((status & MORE_RESULTS) !== 0) {
      this.state = 'header'
      return false
    }
    this.finish(undefined)
    return true
  }

  private failed(bytes: Buffer, from: number, to: number): boolean {
    const number = bytes.readUInt16LE(from + 1)
    // '#' and the SQLSTATE come before the text.
    const message = bytes.utf8Slice(Math.min(from + 9, to), to)
    const isClosing = number === ER_CLIENT_INTERACTION_TIMEOUT
    this.finish(isClosing ? new ConnectionLost(message, false) : new RemoteAnswer(number, message))
    return true
  }
}

export class QueryCommand extends StatementCommand {
  constructor(
    host: CommandHost,
    receiver: AnswerReceiver,
    private readonly sql: string,
  ) {
    super(host, receiver)
  }

  send(): void {
    sendQuery(this.sql, this.host)
  }
}

/** Values are those of `sendExecute`. Rows come in the binary form. */
export class ExecuteCommand extends StatementCommand {
  constructor(
    host: CommandHost,
    receiver: AnswerReceiver,
    private readonly statementId: number,
    private readonly values: readonly Value[],
  ) {
    super(host, receiver)
  }

  send(): void {
    sendExecute(this.statementId, this.values, this.host)
  }
}

/** Nobody waits for it: what is prepared is of use to later statements, and what can't be prepared is sent as text. */
export class PrepareCommand implements Command {
  private packetsLeft = -1
  private statementId = 0

  constructor(
    private readonly host: CommandHost,
    private readonly sql: string,
    private readonly prepared: (statementId: number | undefined) => void,
  ) {}

  send(): void {
    sendPrepare(this.sql, this.host)
  }

  take(bytes: Buffer, from: number): boolean {
    if (this.packetsLeft < 0) {
      if (bytes[from] !== OK) {
        this.prepared(undefined)
        return true
      }
      this.statementId = bytes.readUInt32LE(from + 1)
      const [columns, parameters] = [bytes.readUInt16LE(from + 5), bytes.readUInt16LE(from + 7)]
      // Definitions, and what stands behind them.
      this.packetsLeft = (columns > 0 ? columns + 1 : 0) + (parameters > 0 ? parameters + 1 : 0)
    } else this.packetsLeft--
    if (this.packetsLeft > 0) return false
    this.prepared(this.statementId)
    return true
  }
}
