/**
 * What a session remembers between statements: default database, variables, the last statement's counts and conditions. The settings
 * that every statement reads are kept parsed beside the variables' texts.
 */
import type { RoleName } from '../catalog/account.js'
import { NO_ROLES, rolesText } from '../catalog/roles.js'
import { charsetOfCollation, collationByName } from '../common/collations.js'
import { charsetByName } from '../common/charsets.js'
import type { EvaluationSession, TimeZone, TypedValue } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import { timeZoneByName } from '../common/time-zones.js'
import type { ExactValue, Value } from '../common/value.js'
import { RandomGenerator } from '../functions/random.js'
import type { IsolationLevel } from '../spi/transaction.js'
import type { SessionUserLocks } from '../transaction/user-locks.js'
import type { Condition } from './running-statement.js'
import { formatSqlMode, parseSqlMode } from './variables/sql-mode-text.js'
import type { AcceptedValue } from './variables/definition.js'
import { canonicalName, SessionVariables, type GlobalVariables } from './variables/store.js'

export interface SessionIdentity {
  readonly connectionId: number
  /** 'user@host' as the client gave it. */
  readonly user: string
  /** The account that matched. */
  readonly account: string
  readonly version: string
}

/** The default of sql_select_limit and max_join_size. */
const NO_LIMIT = 2n ** 64n - 1n

export class SessionState implements EvaluationSession {
  readonly variables: SessionVariables
  readonly userVariables = new Map<string, TypedValue>()
  database: string | null = null
  /** A list of the session's own, as long as it has any. */
  activeRoles: readonly RoleName[] = NO_ROLES
  rowCount = -1
  foundRows = 0
  lastInsertId: ExactValue = 0
  insertId: ExactValue = 0
  /** Conditions of the last statement that wasn't itself about conditions. */
  conditions: readonly Condition[] = []
  conditionCount = 0
  /** SET TRANSACTION without scope: for the next transaction only. */
  nextIsolation: IsolationLevel | undefined
  nextReadOnly: boolean | undefined

  sqlMode = 0
  timeZone: TimeZone = timeZoneByName('SYSTEM')
  autocommit = true
  packetBytesMax = 0
  divPrecisionIncrement = 4
  showsNotes = true
  conditionsMax = 1024
  clientCharset = 'utf8mb4'
  connectionCollation = 'utf8mb4_0900_ai_ci'
  resultCharset: string | null = 'utf8mb4'
  /** Changes when anything changes that binding may depend on: part of the plan cache's key. */
  settingsKey = ''
  isolation: IsolationLevel = 'REPEATABLE READ'
  /** transaction_read_only. */
  readOnly = false
  /** lock_wait_timeout: for metadata locks. */
  lockTimeoutMs = 0
  /** innodb_lock_wait_timeout. */
  rowLockTimeoutMs = 0
  /** max_execution_time; 0 for none. */
  executionMsMax = 0
  foreignKeyChecks = true
  /** RAND() after SET rand_seed1 or rand_seed2. */
  private seeded: RandomGenerator | undefined
  /** SET timestamp; 0 for the clock's. */
  /** What SET timestamp has set; 0 for the time that it is. */
  fixedMicros = 0
  /** sql_select_limit; undefined for its default, which is none. */
  selectRowsMax: ExactValue | undefined

  constructor(
    readonly identity: SessionIdentity,
    readonly globals: GlobalVariables,
    readonly userLocks: SessionUserLocks,
  ) {
    this.variables = new SessionVariables(globals)
    this.variables.assign('pseudo_thread_id', identity.connectionId)
    this.refresh()
  }

  get connectionId(): number {
    return this.identity.connectionId
  }

  get user(): string {
    return this.identity.user
  }

  get currentUser(): string {
    return this.identity.account
  }

  get currentRole(): string {
    return rolesText(this.activeRoles)
  }

  get version(): string {
    return this.identity.version
  }

  /** COM_RESET_CONNECTION: everything as after login, the default database stays. */
  reset(): void {
    this.variables.reset()
    this.variables.assign('pseudo_thread_id', this.identity.connectionId)
    this.userVariables.clear()
    this.nextIsolation = undefined
    this.nextReadOnly = undefined
    this.lastInsertId = 0
    this.insertId = 0
    this.seeded = undefined
    this.rowCount = -1
    this.foundRows = 0
    this.conditions = []
    this.conditionCount = 0
    this.refresh()
  }

  /** Start of a statement: SET timestamp fixes it. */
  nowMicros(): number {
    return this.fixedMicros === 0 ? Date.now() * 1000 : this.fixedMicros
  }

  random(): number {
    return this.seeded === undefined ? Math.random() : this.seeded.next()
  }

  getUserVariable(name: string): TypedValue | undefined {
    return this.userVariables.get(name.toLowerCase())
  }

  setUserVariable(name: string, value: TypedValue): void {
    this.userVariables.set(name.toLowerCase(), value)
  }

  systemVariable(name: string, scope: 'session' | 'global'): Value {
    if (scope === 'global') return this.globals.get(name)
    switch (canonicalName(name)) {
      case 'last_insert_id':
        return this.lastInsertId
      case 'insert_id':
        return this.insertId
      case 'warning_count':
        return this.conditionCount
      case 'error_count':
        return this.conditions.filter((condition) => condition.level === 'Error').length
      case 'timestamp':
        return this.nowMicros() / 1e6
      default:
        return this.variables.get(name)
    }
  }

  /** SET of a session variable, checked by `variables.accept`. */
  keepVariable({ variable, value }: AcceptedValue): void {
    if (variable.name === 'last_insert_id') {
      this.lastInsertId = (value as ExactValue | null) ?? 0
      return
    }
    if (variable.name === 'insert_id') {
      this.insertId = (value as ExactValue | null) ?? 0
      return
    }
    if (variable.name === 'rand_seed1' || variable.name === 'rand_seed2') {
      // They are set and never shown (MySQL manual 7.1.8).
      this.seeded ??= RandomGenerator.unforeseen()
      this.seeded.setSeed(variable.name === 'rand_seed1' ? 1 : 2, value as ExactValue)
      return
    }
    this.variables.assign(variable.name, value)
    this.follow(variable.name, value)
    this.refresh()
  }

  /**
   * SET NAMES: client, connection and results at once; undefined is the server's default. Throws for unknown names, and
   * returns what sets them.
   */
  namesSetter(charset: string | undefined, collation: string | undefined): () => void {
    const name = charset ?? 'utf8mb4'
    const found = charsetByName(name)
    if (found === undefined) throw sqlError('ER_UNKNOWN_CHARACTER_SET', name)
    const collationName = collation ?? found.defaultCollation
    const known = collationByName(collationName)
    if (known === undefined) throw sqlError('ER_UNKNOWN_COLLATION', collationName)
    if (known.charset.name !== found.name)
      throw sqlError('ER_COLLATION_CHARSET_MISMATCH', collationName, found.name)
    return () => this.setCharsets(found.name, found.name, known.name)
  }

  setNames(charset: string, collation: string): void {
    this.namesSetter(charset, collation)()
  }

  /** SET CHARACTER SET: the connection takes the database's character set. Throws and returns as `namesSetter` does. */
  characterSetSetter(charset: string | undefined): () => void {
    const name = charset ?? 'utf8mb4'
    const found = charsetByName(name)
    if (found === undefined) throw sqlError('ER_UNKNOWN_CHARACTER_SET', name)
    const { variables } = this
    return () =>
      this.setCharsets(
        found.name,
        variables.get('character_set_database'),
        variables.get('collation_database'),
      )
  }

  private setCharsets(client: string, connection: Value, collation: Value): void {
    this.variables.assign('character_set_client', client)
    this.variables.assign('character_set_results', client)
    this.variables.assign('character_set_connection', connection)
    this.variables.assign('collation_connection', collation)
    this.refresh()
  }

  addSqlMode(mode: number): void {
    this.variables.assign('sql_mode', formatSqlMode(this.sqlMode | mode))
    this.refresh()
  }

  useDatabase(name: string | null, charset: string, collation: string): void {
    this.database = name
    this.variables.assign('character_set_database', charset)
    this.variables.assign('collation_database', collation)
    this.refresh()
  }

  /** Character set and collation of the connection follow each other; who limits joins means it. */
  private follow(name: string, value: Value): void {
    if (name === 'character_set_connection') {
      this.variables.assign('collation_connection', charsetByName(String(value))?.defaultCollation ?? null)
    } else if (name === 'collation_connection') {
      this.variables.assign('character_set_connection', charsetOfCollation(String(value)).name)
    } else if (name === 'max_join_size') {
      this.variables.assign('sql_big_selects', BigInt(value as ExactValue) === NO_LIMIT ? 1 : 0)
    }
  }

  private refresh(): void {
    const get = (name: string) => this.variables.get(name)
    this.sqlMode = parseSqlMode(String(get('sql_mode')))
    this.timeZone = timeZoneByName(String(get('time_zone')))
    this.autocommit = get('autocommit') === 1
    this.packetBytesMax = Number(get('max_allowed_packet'))
    this.divPrecisionIncrement = Number(get('div_precision_increment'))
    this.showsNotes = get('sql_notes') === 1
    this.conditionsMax = Number(get('max_error_count'))
    this.clientCharset = String(get('character_set_client') ?? 'utf8mb4')
    this.connectionCollation = String(get('collation_connection') ?? 'utf8mb4_0900_ai_ci')
    this.resultCharset = get('character_set_results') as string | null
    this.isolation = String(get('transaction_isolation')).replace('-', ' ') as IsolationLevel
    this.readOnly = get('transaction_read_only') === 1
    this.lockTimeoutMs = Number(get('lock_wait_timeout')) * 1000
    this.rowLockTimeoutMs = Number(get('innodb_lock_wait_timeout')) * 1000
    this.executionMsMax = Number(get('max_execution_time'))
    this.foreignKeyChecks = get('foreign_key_checks') === 1
    this.fixedMicros = Math.round(Number(get('timestamp') ?? 0) * 1e6)
    const rowsMax = get('sql_select_limit') as ExactValue
    this.selectRowsMax = BigInt(rowsMax) === NO_LIMIT ? undefined : rowsMax
    this.settingsKey = [
      this.sqlMode,
      this.clientCharset,
      this.connectionCollation,
      this.divPrecisionIncrement,
      this.timeZone.name,
      this.selectRowsMax ?? '',
      get('sql_safe_updates'),
      get('sql_big_selects') === 1 ? '' : get('max_join_size'),
      this.database ?? '',
    ].join('\u0000')
  }
}
