/**
 * How fast result rows become packets: one million rows of five columns (two integers, a decimal, a datetime, a text),
 * in the text and in the binary protocol, without a network. Prints rows a second.
 */
import {
  Batch,
  BIGINT_TYPE,
  datetimeType,
  decimalType,
  INT_TYPE,
  textType,
  type ResultColumn,
  type SqlType,
} from '@switchyard/core/spi'
import { resultLayout } from '../../plugins/protocol-mysql/row/result-layout.js'
import { releaseBuffer } from '../../plugins/protocol-mysql/wire/buffer-pool.js'
import { PacketOutput } from '../../plugins/protocol-mysql/wire/packet-output.js'
import { resultCharset } from '../../plugins/protocol-mysql/wire/result-charset.js'

const ROWS = 1_000_000
const BATCH_ROWS = 1024

const TYPES: readonly SqlType[] = [
  INT_TYPE,
  BIGINT_TYPE,
  decimalType(12, 2),
  datetimeType(),
  textType(40, 'utf8mb4_0900_ai_ci'),
]

function resultColumn(type: SqlType, i: number): ResultColumn {
  return {
    name: `c${i}`,
    originalName: `c${i}`,
    table: 't',
    originalTable: 't',
    database: 'test',
    type,
    nullable: true,
    primaryKey: false,
    uniqueKey: false,
    multipleKey: false,
    autoIncrement: false,
    onUpdateNow: false,
    hasNoDefault: false,
  }
}

function makeBatch(): Batch {
  const batch = Batch.ofTypes(TYPES)
  for (let i = 0; i < BATCH_ROWS; i++) {
    const date = ((2024 * 13 + (i % 12) + 1) * 32 + (i % 28) + 1) * 86_400 + i * 77
    batch.pushRow([i * 1021, 1_700_000_000_000 + i, i * 12_345, date, `customer number ${i} of the list`])
  }
  return batch
}

export function measureEncoding(isBinary: boolean): {
  readonly rowsPerSecond: number
  readonly bytes: number
} {
  let bytes = 0
  const output = new PacketOutput((buffer, length) => {
    bytes += length
    releaseBuffer(buffer)
  })
  const layout = resultLayout(TYPES.map(resultColumn), resultCharset('utf8mb4'), isBinary)
  const batch = makeBatch()
  const started = performance.now()
  for (let done = 0; done < ROWS; done += BATCH_ROWS) {
    for (let row = 0; row < BATCH_ROWS;) row = layout.rows.writeRows(batch, row, output)
  }
  output.flush()
  return { rowsPerSecond: ROWS / ((performance.now() - started) / 1000), bytes }
}

export function printEncoding(): void {
  for (const isBinary of [false, true]) {
    measureEncoding(isBinary)
    const { rowsPerSecond, bytes } = measureEncoding(isBinary)
    const name = isBinary ? 'binary' : 'text'
    console.log(
      `encode ${name}: ${(rowsPerSecond / 1e6).toFixed(2)}M rows/s, ${(bytes / ROWS).toFixed(0)} bytes a row`,
    )
  }
}
