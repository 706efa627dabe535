/**
 * SHOW VARIABLES, STATUS, PROCESSLIST, ENGINES, ENGINE … STATUS, PLUGINS, CHARACTER SET and COLLATION (MySQL manual 15.7.7).
 */
import { hasPrivilege } from '../../../catalog/privileges.js'
import type { Charset, Collation } from '../../../common/collation.js'
import { sqlError } from '../../../common/sql-error.js'
import type { ShowStatement } from '../../../plan/syntax/index.js'
import type { PlainResult } from '../../server-core.js'
import { walkEngines, type EngineRow } from '../engines.js'
import { walkCharsets, walkCollations } from '../information-schema/character-sets.js'
import { bigint, int, required, text, unsignedBigint, unsignedInt } from '../listing-columns.js'
import { nothing, type ListingColumn } from '../listing.js'
import { walkPlugins, type PluginRow } from '../plugins.js'
import { SHORT_INFO_LENGTH, walkThreads, type ThreadRow } from '../threads.js'
import { variableRows, type VariableRow } from '../variable-rows.js'
import type { ShowContext } from './context.js'
import { showListing, showRows } from './result.js'

type Of<Topic> = Extract<ShowStatement, { readonly topic: Topic }>

const VARIABLE_COLUMNS: readonly ListingColumn<VariableRow>[] = [
  required(text('Variable_name', (row) => row.name)),
  text('Value', (row) => row.value, 1024),
]

export function showVariables(
  { topic, scope, filter }: Of<'variables' | 'status'>,
  context: ShowContext,
): Promise<PlainResult> {
  const request = context.request()
  const rows =
    topic === 'variables'
      ? variableRows(scope, request)
      : context.services.status.variables(scope, context.session)
  return showRows(VARIABLE_COLUMNS, rows, request, context.running, filter)
}

export function showProcesslist({ full }: Of<'processlist'>, context: ShowContext): Promise<PlainResult> {
  const columns: readonly ListingColumn<ThreadRow>[] = [
    required(unsignedBigint('Id', (thread) => thread.id)),
    required(text('User', (thread) => thread.user, 32)),
    required(text('Host', (thread) => thread.host, 261)),
    text('db', (thread) => thread.database),
    required(text('Command', (thread) => thread.command, 16)),
    required(int('Time', (thread) => thread.seconds)),
    text('State', (thread) => thread.state),
    text('Info', ({ info }) => (full ? info : (info?.slice(0, SHORT_INFO_LENGTH) ?? null)), 65535),
  ]
  return showListing({ columns, walk: walkThreads }, context.request(), context.running)
}

export function showEngines(context: ShowContext): Promise<PlainResult> {
  const columns: readonly ListingColumn<EngineRow>[] = [
    required(text('Engine', (row) => row.name)),
    required(text('Support', (row) => row.support, 8)),
    required(text('Comment', (row) => row.comment, 80)),
    text('Transactions', (row) => (row.hasTransactions ? 'YES' : 'NO'), 3),
    text('XA', () => 'NO', 3),
    text('Savepoints', (row) => (row.hasTransactions ? 'YES' : 'NO'), 3),
  ]
  return showListing({ columns, walk: walkEngines }, context.request(), context.running)
}

/** MySQL's engines that dumps and tools name; they are known, and have nothing to tell. */
const FOREIGN_ENGINES: ReadonlySet<string> = new Set(['innodb', 'performance_schema', 'myisam', 'memory'])

/** No storage has such a report. Throws ER_UNKNOWN_STORAGE_ENGINE. */
export function showEngine({ engine }: Of<'engine'>, context: ShowContext): Promise<PlainResult> {
  const request = context.request()
  if (!hasPrivilege(request.account, 'PROCESS')) throw sqlError('ER_SPECIFIC_ACCESS_DENIED_ERROR', 'PROCESS')
  const isKnown =
    engine === undefined ||
    FOREIGN_ENGINES.has(engine.toLowerCase()) ||
    context.services.storages.some(({ name }) => name.toLowerCase() === engine.toLowerCase())
  if (!isKnown) throw sqlError('ER_UNKNOWN_STORAGE_ENGINE', engine)
  const columns: readonly ListingColumn<never>[] = [
    required(text('Type', () => null, 10)),
    required(text('Name', () => null, 512)),
    required(text('Status', () => null, 10)),
  ]
  return showListing({ columns, walk: nothing }, request, context.running)
}

export function showPlugins(context: ShowContext): Promise<PlainResult> {
  const columns: readonly ListingColumn<PluginRow>[] = [
    required(text('Name', (row) => row.name)),
    required(text('Status', () => 'ACTIVE', 10)),
    required(text('Type', (row) => row.type, 80)),
    text('Library', () => null),
    text('License', () => null, 80),
  ]
  return showListing({ columns, walk: walkPlugins }, context.request(), context.running)
}

type Filtered = Of<'databases' | 'charset' | 'collation'>

export function showCharsets({ filter }: Filtered, context: ShowContext): Promise<PlainResult> {
  const columns: readonly ListingColumn<Charset>[] = [
    required(text('Charset', (charset) => charset.name)),
    required(text('Description', (charset) => charset.description, 2048)),
    required(text('Default collation', (charset) => charset.defaultCollation)),
    required(unsignedInt('Maxlen', (charset) => charset.bytesPerCharMax)),
  ]
  return showListing({ columns, walk: walkCharsets }, context.request(), context.running, filter)
}

export function showCollations({ filter }: Filtered, context: ShowContext): Promise<PlainResult> {
  const columns: readonly ListingColumn<Collation>[] = [
    required(text('Collation', (collation) => collation.name)),
    required(text('Charset', (collation) => collation.charset.name)),
    required(bigint('Id', (collation) => collation.id)),
    required(text('Default', (collation) => (collation.isDefault ? 'Yes' : ''), 3)),
    required(text('Compiled', () => 'Yes', 3)),
    required(unsignedInt('Sortlen', (collation) => collation.sortLength)),
    required(text('Pad_attribute', (collation) => collation.padAttribute, 9)),
  ]
  return showListing({ columns, walk: walkCollations }, context.request(), context.running, filter)
}
