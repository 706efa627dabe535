/**
 * Switchyard in this process, as a server for the corpus.
 */
import { NOT_FIXED_DECIMALS, type SqlType } from '../../core/common/sql-type.js'
import { textOf } from '../../core/common/conversion.js'
import type { Batch } from '../../core/common/batch.js'
import { isBinary, isApproximate } from '../../core/common/sql-type.js'
import type { Storage } from '../../core/spi/storage.js'
import type { SqlError } from '../../core/common/sql-error.js'
import { sqlText, type ResultColumn, type ResultSink, type ResultStatus } from '../../core/spi/session.js'
import { TestEngine, type TestSession } from '../support/engine.js'
import { createStorages } from '../support/storages.js'
import {
  binaryText,
  columnFlags,
  columnOrigin,
  conditionOf,
  isAboutConditions,
  withoutEngine,
  type Outcome,
  type OutcomeColumn,
  type SqlConnection,
  type SqlServer,
} from './sql-server.js'

/** Starts an engine whose tables live in the storage of this name, its files in `folder`. */
export async function startSwitchyard(storageName: string, folder: string): Promise<SqlServer> {
  return startSwitchyardOn(await createStorages(storageName, folder), storageName, folder)
}

/** Starts an engine over storages that aren't started; tables live in the one of this name. */
export async function startSwitchyardOn(
  storages: readonly Storage[],
  storageName: string,
  folder: string,
): Promise<SqlServer> {
  const engine = await TestEngine.start(storages, { storage: storageName, dataFolder: folder })
  return {
    connect: async (database) => new SwitchyardConnection(await engine.session(database)),
    stop: () => engine.stop(),
  }
}

export class SwitchyardConnection implements SqlConnection {
  constructor(private readonly client: TestSession) {}

  async run(sql: string): Promise<Outcome> {
    const { status, ...answer } = await this.execute(sql)
    const outcome = { ...answer, rows: withoutEngine(sql, answer.rows) }
    if (status === undefined || status.warningCount === 0 || isAboutConditions(sql)) {
      return { ...outcome, warnings: [] }
    }
    const { rows } = await this.execute('SHOW WARNINGS')
    return { ...outcome, warnings: rows.map(conditionOf) }
  }

  private async execute(sql: string): Promise<Collected> {
    const sink = new OutcomeSink()
    await this.client.session.execute(sqlText(sql), false, sink)
    const [outcome] = sink.outcomes
    if (outcome === undefined) throw new Error(`no answer to ${sql}`)
    return outcome
  }

  async close(): Promise<void> {
    await this.client.session.close()
  }
}

type Collected = Omit<Outcome, 'warnings'> & { readonly status: ResultStatus | undefined }

class OutcomeSink implements ResultSink {
  readonly outcomes: Collected[] = []
  private readonly collected: (string | null)[][] = []
  private readonly definitions: OutcomeColumn[] = []

  ok(status: ResultStatus): void {
    const affectedRows = BigInt(status.affectedRows)
    const { info } = status
    this.outcomes.push({ failure: undefined, columns: undefined, rows: [], affectedRows, info, status })
  }

  columns(columns: readonly ResultColumn[]): void {
    this.definitions.push(
      ...columns.map((column): OutcomeColumn => ({
        name: column.name,
        type: typeText(column),
        kind: isApproximate(column.type) ? 'approximate' : 'exact',
        flags: columnFlags(column),
        origin: columnOrigin(column),
      })),
    )
  }

  rows(batch: Batch): void {
    const texts = batch.columns.map((column) => cellText(column.type))
    for (let row = 0; row < batch.rowCount; row++) {
      this.collected.push(
        batch.columns.map((column, i) => {
          const value = column.get(row)
          return value === null ? null : (texts[i]?.(value) ?? null)
        }),
      )
    }
  }

  end(status: ResultStatus): void {
    const { collected: rows, definitions: columns } = this
    this.outcomes.push({ failure: undefined, columns, rows, affectedRows: undefined, info: '', status })
  }

  fail({ number, sqlState, message }: SqlError): void {
    const failure = { number, sqlState, message }
    this.outcomes.push({
      ...{ failure, columns: undefined, rows: [], affectedRows: undefined, info: '' },
      status: undefined,
    })
  }
}

type CellText = (value: number | bigint | string | Uint8Array) => string

function cellText(type: SqlType): CellText {
  if (isBinary(type)) return (value) => binaryText(value as Uint8Array)
  const text = textOf(type)
  // A BIT goes over the wire as the bytes that hold its bits.
  if (type.name !== 'bit') return (value) => text(value)
  const byteCount = Math.ceil(type.length / 8)
  return (value) => {
    const digits = BigInt(value as number | bigint).toString(16)
    return binaryText(Buffer.from(digits.padStart(byteCount * 2, '0'), 'hex'))
  }
}

/** `decimal(10,2) unsigned notnull`. */
function typeText({ type, nullable }: ResultColumn): string {
  const scale = type.scale > 0 && type.scale !== NOT_FIXED_DECIMALS ? `,${type.scale}` : ''
  const unsigned = type.unsigned ? ' unsigned' : ''
  return `${type.name}(${type.length}${scale})${unsigned}${nullable ? '' : ' notnull'}`
}
