/**
 * Tables in chDB: the column store. The engine is the npm package `chdb`, an optional one of half a gigabyte; without it the
 * plugin loads, says so in one line, and its tables are not available.
 */
import { createRequire } from 'node:module'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { definePlugin } from '@switchyard/core/spi'
import { ChdbStorage, type MissingEngine } from './chdb-storage.js'
import { DATABASE } from './sql-text.js'
import { spoolFolders, SupervisedEngine } from './supervised-engine.js'

export { ChdbStorage } from './chdb-storage.js'

/** Whether the engine's package is there. */
export function isEngineInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve('chdb')
    return true
  } catch {
    return false
  }
}

const NOT_INSTALLED: MissingEngine = {
  reason: 'the package chdb is not installed here (npm install chdb; Linux and macOS)',
}
/** The engine overshoots its own limit for a moment; from this share of it on it is killed. */
const RESIDENT_OVERSHOOT = 1.7
/** What it takes before it has done anything. */
const RESIDENT_BASE_BYTES = 400 * 2 ** 20

export const plugin = definePlugin({
  name: '@switchyard/storage-chdb',
  spiVersion: '^0.1.0',
  provides: ['storage'],
  options: {
    folder: {
      type: 'path',
      default: 'chdb',
      description: 'Folder of the tables; relative to the data folder.',
    },
    memory: {
      type: 'bytes',
      default: Math.max(2 ** 30, Math.floor(totalmem() / 4)),
      description:
        'Memory that the engine may take for all its queries; a query that needs more spills to disk or fails.',
      env: 'CHDB_MEMORY',
      check: (bytes) => (bytes >= 2 ** 28 ? undefined : 'must be at least 256M'),
    },
    queryMemory: {
      type: 'bytes',
      default: 0,
      description: 'Memory that one query may take; 0 for half of all.',
    },
    threads: {
      type: 'integer',
      default: 0,
      description: 'Threads that one query may take; 0 for as many as there are processors.',
    },
    sessions: {
      type: 'integer',
      default: 32,
      description: 'Queries that are open at one time; further ones wait.',
      check: (count) => (count >= 2 && count <= 512 ? undefined : 'must be between 2 and 512'),
    },
    heartbeat: {
      type: 'duration',
      default: 1000,
      description: 'Time between two looks at whether the engine still answers and how much memory it takes.',
      check: (timeMs) => (timeMs >= 50 ? undefined : 'must be at least 50ms'),
    },
    silence: {
      type: 'duration',
      default: 15_000,
      description: 'Time without any answer after which the engine is killed and started again.',
    },
  },
  create: ({ name, options, logger }) => {
    if (!isEngineInstalled()) return { storage: new ChdbStorage(name, NOT_INSTALLED, logger) }
    const { folder, memory, sessions } = options
    const queryMemory = options.queryMemory === 0 ? Math.floor(memory / 2) : options.queryMemory
    const spill = Math.floor(queryMemory / 2)
    const engine = new SupervisedEngine(
      {
        path: join(folder, 'engine'),
        database: DATABASE,
        spoolPaths: spoolFolders(folder),
        sessionsMax: sessions,
        connectionArgs: [
          `--max_server_memory_usage=${memory}`,
          `--mark_cache_size=${Math.floor(memory / 8)}`,
        ],
        settings: [
          `max_memory_usage = ${queryMemory}`,
          `max_bytes_before_external_group_by = ${spill}`,
          `max_bytes_before_external_sort = ${spill}`,
          `max_block_size = ${BLOCK_ROWS}`,
          // Numbers in ORDER BY and GROUP BY are numbers.
          'enable_positional_arguments = 0',
          // Names of columns are columns, also where something that is selected is called the same.
          'prefer_column_name_to_alias = 1',
          'join_use_nulls = 1',
          // One block of an insert is one part: that is what makes it whole.
          'max_insert_threads = 1',
          ...(options.threads === 0 ? [] : [`max_threads = ${options.threads}`]),
        ].join(', '),
        startTimeoutMs: START_TIMEOUT_MS,
        heartbeatMs: options.heartbeat,
        silenceMaxMs: options.silence,
        residentBytesMax: RESIDENT_BASE_BYTES + memory * RESIDENT_OVERSHOOT,
        stopGraceMs: STOP_GRACE_MS,
        backOffMs: 200,
        backOffMaxMs: 30_000,
        waitMaxMs: 20_000,
      },
      logger,
    )
    return { storage: new ChdbStorage(name, engine, logger) }
  },
})

/** Rows that come in one batch: few enough that none holds up the server for long. */
const BLOCK_ROWS = 8192
const START_TIMEOUT_MS = 60_000
const STOP_GRACE_MS = 10_000
