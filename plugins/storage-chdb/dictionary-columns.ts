/**
 * Which columns of text lie in dictionaries (`LowCardinality`): each different text once, and a number for each row. That takes little room where
 * few texts are different, and what is computed of a text is computed once for each of them. Where most are different it costs a fifth more
 * room, and several times the time of a LIKE; so it is decided by the texts that come first (decision 018), and again by OPTIMIZE TABLE.
 */
import { isText, type BytesVector, type ColumnDefinition, type Batch } from '@switchyard/core/spi'
import type { ColumnEngine, Layout } from './column-engine.js'
import { columnDefinitionSql, columnName, stageName, tableName } from './sql-text.js'
import type { StoredTable } from './stored-table.js'
import type { WriterState } from './table-state.js'

/** Fewer rows say too little. */
const SAMPLE_ROWS_MIN = 1000
const SAMPLE_ROWS_MAX = 16_384
/** Share of what a dictionary holds up to which a column gets one: what comes first isn't all. */
const SHARE_LIKELY = 0.5
/** Longer texts are rarely the same. */
const TEXT_LENGTH_MAX = 1024

/** Columns that may have a dictionary. Those that are a key, or a part of one, keep their texts as they are. */
export function dictionaryCandidates({
  table,
  uniqueKeys,
  primaryKey,
}: StoredTable): readonly ColumnDefinition[] {
  const keys = new Set([...uniqueKeys, primaryKey].flatMap(({ names }) => names))
  return table.columns.filter(
    (column) => isText(column.type) && column.type.length <= TEXT_LENGTH_MAX && !keys.has(columnName(column)),
  )
}

/** Whether a column should have a dictionary, when all of its texts are counted. One that has it keeps it as long as that pays. */
export function deservesDictionary(
  hasOne: boolean,
  texts: number,
  rows: number,
  { dictionaryTexts }: Layout,
): boolean {
  if (dictionaryTexts === 0) return false
  if (rows < SAMPLE_ROWS_MIN) return hasOne
  // What most rows have for themselves gains nothing.
  return texts <= (hasOne ? dictionaryTexts : Math.min(dictionaryTexts * SHARE_LIKELY, rows / 4))
}

/** Of the candidates those whose texts in `rows` are few. */
function fewTexts(stored: StoredTable, rows: Batch, textsMax: number): readonly ColumnDefinition[] {
  return dictionaryCandidates(stored).filter((column) => {
    const vector = rows.columns[stored.table.columns.indexOf(column)] as BytesVector
    return likelyTexts(vector, Math.min(rows.rowCount, SAMPLE_ROWS_MAX)) <= textsMax
  })
}

/**
 * How many different texts there are if those of the sample are taken at random, all as often: that many of which a sample of that size
 * has as many different ones. If some are more frequent than others there are more in all, but those are what counts.
 */
export function likelyTexts(vector: BytesVector, sampleRows: number): number {
  const texts = new Set<string>()
  let count = 0
  for (let row = 0; row < sampleRows; row++) {
    if (vector.nulls[row] === 1) continue
    count++
    texts.add(vector.data.latin1Slice(vector.start(row), vector.end(row)))
  }
  const seen = texts.size
  // A handful of texts among NULLs says nothing.
  if (count < SAMPLE_ROWS_MIN && seen * 4 >= count) return Infinity
  const seenOf = (all: number): number => all * (1 - Math.exp(-count / all))
  let [low, high] = [seen, 2 ** 40]
  if (seenOf(high) - seen < 1) return Infinity
  while (high - low > 1) {
    const middle = (low + high) / 2
    if (seenOf(middle) < seen) low = middle
    else high = middle
  }
  return low
}

/**
 * To be called before rows are written. Where they are the first that tell something, and more than those that are there, columns get their
 * dictionaries; what lies there already is rewritten. On a cluster no column has one.
 */
export async function chooseDictionaries(
  engine: ColumnEngine,
  stored: StoredTable,
  state: WriterState,
  rows: Batch,
  target: 'table' | 'stage',
): Promise<void> {
  if (rows.rowCount < SAMPLE_ROWS_MIN || rows.rowCount <= state.rows) return
  const { dictionaryTexts } = await engine.layout()
  if (dictionaryTexts === 0) return
  const added = fewTexts(stored, rows, dictionaryTexts * SHARE_LIKELY).filter(
    ({ id }) => !state.dictionaries.has(id),
  )
  if (added.length === 0) return
  const changes = added.map((column) => `MODIFY COLUMN ${columnDefinitionSql(column, true)}`).join(', ')
  const { id } = stored.table
  for (const name of target === 'stage' ? [tableName(id), stageName(id)] : [tableName(id)]) {
    await engine.run(`ALTER TABLE ${name} ${changes}`)
    // What was acknowledged was rewritten.
    if (state.rows > 0) await engine.flushTable(name)
  }
  state.noteDictionaries(added.map((column) => column.id))
}
