/**
 * Tables in chDB: the column store. The engine is the npm package `chdb`, an optional one of half a gigabyte; without it the
 * plugin loads, says so in one line, and its tables are not available. With the option `url` it is a ClickHouse server instead.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { definePlugin, type Logger } from '@switchyard/core/spi'
import { BLOCK_ROWS } from './block-cursor.js'
import { ChdbStorage, type MissingEngine } from './chdb-storage.js'
import type { ColumnEngine } from './column-engine.js'
import { HttpEngine, type HttpEngineOptions } from './http-engine.js'
import { options, type Options } from './options.js'
import { SessionGate } from './session-gate.js'
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
  options,
  create: ({ name, options, logger }) => {
    const { sessions: sessionsMax, sessionWait: waitMaxMs } = options
    if (options.url === '' && !isEngineInstalled()) {
      return { storage: new ChdbStorage(name, NOT_INSTALLED, logger) }
    }
    const engine = options.url === '' ? childEngine(options, logger) : serverEngine(options, logger)
    return { storage: new ChdbStorage(name, new SessionGate(engine, { sessionsMax, waitMaxMs }), logger) }
  },
})

/** Sessions for what doesn't wait for one: what was published is flushed at once. */
const UNGATED = 1

function childEngine(options: Options, logger: Logger): ColumnEngine {
  const { folder, memory, sessions } = options
  const queryMemory = options.queryMemory === 0 ? Math.floor(memory / 2) : options.queryMemory
  const settings = Object.entries(settingsOf(queryMemory, options.threads))
  return new SupervisedEngine(
    {
      path: join(folder, 'engine'),
      partBytes: partBytesOf(queryMemory),
      database: DATABASE,
      spoolPaths: spoolFolders(folder),
      sessionsMax: sessions + UNGATED,
      connectionArgs: [`--max_server_memory_usage=${memory}`, `--mark_cache_size=${Math.floor(memory / 8)}`],
      settings: settings.map(([name, value]) => `${name} = ${value}`).join(', '),
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
}

function serverEngine(options: Options, logger: Logger): ColumnEngine {
  const { url, user, password, passwordFile, database, cluster, folder } = options
  if (password !== '' && passwordFile !== '') throw new Error('it has both a password and a passwordFile')
  const spread = cluster === '' ? {} : CLUSTER_SETTINGS
  return new HttpEngine(
    {
      url,
      user,
      password: passwordFile === '' ? password : readFileSync(passwordFile, 'utf8').replace(/\r?\n$/, ''),
      database,
      cluster,
      tls: tlsOf(options),
      folder,
      sessionsMax: options.sessions + UNGATED,
      partBytes: partBytesOf(options.queryMemory),
      settings: { ...settingsOf(options.queryMemory, options.threads), ...SERVER_SETTINGS, ...spread },
      connectTimeoutMs: options.connectTimeout,
      heartbeatMs: options.heartbeat,
      silenceMaxMs: options.silence,
    },
    logger,
  )
}

function tlsOf({ tlsAuthority, tlsCertificate, tlsKey }: Options): HttpEngineOptions['tls'] {
  if ((tlsCertificate === '') !== (tlsKey === '')) throw new Error('tlsCertificate and tlsKey go together')
  if (tlsAuthority === '') {
    if (tlsKey !== '') throw new Error('tlsCertificate needs a tlsAuthority')
    return undefined
  }
  const pair =
    tlsKey === '' ? undefined : { certificate: readFileSync(tlsCertificate), key: readFileSync(tlsKey) }
  return { authority: readFileSync(tlsAuthority), pair }
}

/** Larger parts are merged faster; the engine takes some times their size to make one. */
function partBytesOf(queryMemory: number): number {
  return queryMemory === 0 ? PART_BYTES_MAX : Math.min(PART_BYTES_MAX, queryMemory / 8)
}

/** Of each query; `queryMemory` 0 leaves that to the engine. */
function settingsOf(queryMemory: number, threads: number): Record<string, number> {
  const spill = Math.floor(queryMemory / 2)
  return {
    ...(queryMemory === 0
      ? {}
      : {
          max_memory_usage: queryMemory,
          max_bytes_before_external_group_by: spill,
          max_bytes_before_external_sort: spill,
        }),
    max_block_size: BLOCK_ROWS,
    // Numbers in ORDER BY and GROUP BY are numbers.
    enable_positional_arguments: 0,
    // Names of columns are columns, also where something that is selected is called the same.
    prefer_column_name_to_alias: 1,
    join_use_nulls: 1,
    // What ROLLUP sums up is NULL.
    group_by_use_nulls: 1,
    // One block of an insert is one part: that is what makes it whole.
    max_insert_threads: 1,
    ...(threads === 0 ? {} : { max_threads: threads }),
  }
}

const LIMITED = ['read', 'group_by', 'sort', 'result', 'timeout', 'set', 'join', 'transfer', 'distinct']

/** What an administrator may have set otherwise. */
const SERVER_SETTINGS = {
  // An insert that is acknowledged is done.
  async_insert: 0,
  // Two blocks that are equal are two blocks.
  insert_deduplicate: 0,
  // Limits end a query with an error and not with less than its result.
  ...Object.fromEntries(LIMITED.map((what) => [`${what}_overflow_mode`, 'throw'])),
  skip_unavailable_shards: 0,
  limit: 0,
  offset: 0,
  extremes: 0,
  final: 0,
  // What the driver's SQL means.
  transform_null_in: 0,
  data_type_default_nullable: 0,
  cast_keep_nullable: 0,
  decimal_check_overflow: 1,
  join_default_strictness: 'ALL',
  any_join_distinct_right_table_keys: 0,
  count_distinct_implementation: 'uniqExact',
  aggregate_functions_null_for_empty: 0,
  empty_result_for_aggregation_by_empty_set: 0,
  least_greatest_legacy_null_behavior: 0,
}

const CLUSTER_SETTINGS = {
  // The same for rows that go to several members.
  distributed_foreground_insert: 1,
  // What the right side of a join or IN has is collected once, from all shards.
  distributed_product_mode: 'global',
  prefer_global_in_and_join: 1,
  // Most replicas have what is acknowledged, and none answers without it.
  insert_quorum: 'auto',
  insert_quorum_parallel: 0,
  select_sequential_consistency: 1,
  // A change of a table is done when all replicas have it.
  alter_sync: 2,
  distributed_ddl_output_mode: 'throw',
}

const PART_BYTES_MAX = 32 * 2 ** 20
const START_TIMEOUT_MS = 60_000
const STOP_GRACE_MS = 10_000
