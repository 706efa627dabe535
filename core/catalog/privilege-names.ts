/**
 * The privileges (MySQL manual 8.2.2): on which levels each can be granted, in MySQL's order.
 */

export type GrantLevel = 'global' | 'database' | 'table'

interface StaticPrivilege {
  readonly name: string
  readonly levels: readonly GrantLevel[]
}

const EVERYWHERE: readonly GrantLevel[] = ['global', 'database', 'table']
const UP_TO_DATABASE: readonly GrantLevel[] = ['global', 'database']
const GLOBAL_ONLY: readonly GrantLevel[] = ['global']

function privileges(levels: readonly GrantLevel[], ...names: readonly string[]): readonly StaticPrivilege[] {
  return names.map((name) => ({ name, levels }))
}

/** In the order in which SHOW GRANTS lists them; GRANT OPTION is kept apart. */
const STATIC: readonly StaticPrivilege[] = [
  ...privileges(EVERYWHERE, 'SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP'),
  ...privileges(GLOBAL_ONLY, 'RELOAD', 'SHUTDOWN', 'PROCESS', 'FILE'),
  ...privileges(EVERYWHERE, 'REFERENCES', 'INDEX', 'ALTER'),
  ...privileges(GLOBAL_ONLY, 'SHOW DATABASES', 'SUPER'),
  ...privileges(UP_TO_DATABASE, 'CREATE TEMPORARY TABLES', 'LOCK TABLES', 'EXECUTE'),
  ...privileges(GLOBAL_ONLY, 'REPLICATION SLAVE', 'REPLICATION CLIENT'),
  ...privileges(EVERYWHERE, 'CREATE VIEW', 'SHOW VIEW'),
  ...privileges(UP_TO_DATABASE, 'CREATE ROUTINE', 'ALTER ROUTINE'),
  ...privileges(GLOBAL_ONLY, 'CREATE USER'),
  ...privileges(UP_TO_DATABASE, 'EVENT'),
  ...privileges(EVERYWHERE, 'TRIGGER'),
  ...privileges(GLOBAL_ONLY, 'CREATE TABLESPACE', 'CREATE ROLE', 'DROP ROLE'),
]

const BY_NAME: ReadonlyMap<string, StaticPrivilege> = new Map(
  STATIC.map((each) => [each.name, each] as const),
)

export const DYNAMIC_PRIVILEGES: readonly string[] = [
  'APPLICATION_PASSWORD_ADMIN',
  'AUDIT_ABORT_EXEMPT',
  'AUDIT_ADMIN',
  'AUTHENTICATION_POLICY_ADMIN',
  'BACKUP_ADMIN',
  'BINLOG_ADMIN',
  'BINLOG_ENCRYPTION_ADMIN',
  'CLONE_ADMIN',
  'CONNECTION_ADMIN',
  'ENCRYPTION_KEY_ADMIN',
  'FIREWALL_EXEMPT',
  'FLUSH_OPTIMIZER_COSTS',
  'FLUSH_STATUS',
  'FLUSH_TABLES',
  'FLUSH_USER_RESOURCES',
  'GROUP_REPLICATION_ADMIN',
  'GROUP_REPLICATION_STREAM',
  'INNODB_REDO_LOG_ARCHIVE',
  'INNODB_REDO_LOG_ENABLE',
  'PASSWORDLESS_USER_ADMIN',
  'PERSIST_RO_VARIABLES_ADMIN',
  'REPLICATION_APPLIER',
  'REPLICATION_SLAVE_ADMIN',
  'RESOURCE_GROUP_ADMIN',
  'RESOURCE_GROUP_USER',
  'ROLE_ADMIN',
  'SENSITIVE_VARIABLES_OBSERVER',
  'SERVICE_CONNECTION_ADMIN',
  'SESSION_VARIABLES_ADMIN',
  'SET_USER_ID',
  'SHOW_ROUTINE',
  'SYSTEM_USER',
  'SYSTEM_VARIABLES_ADMIN',
  'TABLE_ENCRYPTION_ADMIN',
  'TELEMETRY_LOG_ADMIN',
  'XA_RECOVER_ADMIN',
]

export function isDynamicPrivilege(name: string): boolean {
  return DYNAMIC_PRIVILEGES.includes(name)
}

export function isStaticPrivilege(name: string): boolean {
  return BY_NAME.has(name)
}

/** Whether a static privilege can be granted on a level. */
export function isGrantable(name: string, level: GrantLevel): boolean {
  return BY_NAME.get(name)?.levels.includes(level) ?? false
}

/** ALL PRIVILEGES of a level. */
export function allPrivileges(level: GrantLevel): readonly string[] {
  return STATIC.filter((each) => each.levels.includes(level)).map((each) => each.name)
}

/** The names without repetition, in MySQL's order. */
export function sortedPrivileges(names: Iterable<string>): readonly string[] {
  const wanted = new Set(names)
  return STATIC.filter((each) => wanted.has(each.name)).map((each) => each.name)
}
