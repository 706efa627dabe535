/**
 * What kinds of servers answer as MySQL 8 does, and what of its SQL each understands. One entry a flavour; what isn't known to be the
 * same is not there, and is computed here instead.
 */
import { collationByName } from '@switchyard/core/spi'

export type Flavour = 'mysql' | 'mariadb' | 'tidb' | 'vitess' | 'switchyard'

export interface Dialect {
  readonly flavour: Flavour
  /** 80042 for 8.0.42; of forks their own version where it says more. */
  readonly version: number
  /** Whether it is MySQL 8 or later, or one of ours: what has no warnings and depends on no setting is the same there. */
  readonly isMysql: boolean
  readonly hasWindows: boolean
  /** Whether information_schema writes defaults as SQL ('abc' in quotes) rather than as their text. */
  readonly hasDefaultsAsSql: boolean
  readonly hasSkipLocked: boolean
  /** Whether texts of the collation compare, sort and group there as they do here. */
  hasCollation(name: string): boolean
}

interface Entry {
  readonly windowsFrom: number
  readonly skipLockedFrom: number
  /** Ends of the names of collations that are the same there. */
  readonly collations: (version: number) => RegExp
}

const OLD_COLLATIONS = /^utf8mb[34]_(bin|general_ci|unicode_ci|unicode_520_ci)$/
const ALL_COLLATIONS = /^utf8mb[34]_(bin|general_ci|unicode_ci|unicode_520_ci|0900_\w+)$/
const NEVER = Infinity

const ENTRIES: Readonly<Record<Flavour, Entry>> = {
  mysql: {
    windowsFrom: 80_002,
    skipLockedFrom: 80_001,
    collations: (version) => (version >= 80_001 ? ALL_COLLATIONS : OLD_COLLATIONS),
  },
  mariadb: { windowsFrom: 100_200, skipLockedFrom: 100_600, collations: () => OLD_COLLATIONS },
  // Its other collations depend on a setting of the cluster.
  tidb: { windowsFrom: 0, skipLockedFrom: NEVER, collations: () => /^utf8mb4_bin$/ },
  // The gateway computes some of the windows itself, and says no to others.
  vitess: { windowsFrom: NEVER, skipLockedFrom: NEVER, collations: () => /^utf8mb4_bin$/ },
  switchyard: { windowsFrom: 0, skipLockedFrom: 0, collations: () => ALL_COLLATIONS },
}

const FORKS: readonly (readonly [RegExp, Flavour])[] = [
  [/switchyard/i, 'switchyard'],
  [/tidb/i, 'tidb'],
  [/vitess/i, 'vitess'],
  [/mariadb/i, 'mariadb'],
]

/** From what `SELECT VERSION()` says. */
export function dialectOf(versionText: string): Dialect {
  const flavour = FORKS.find(([pattern]) => pattern.test(versionText))?.[1] ?? 'mysql'
  // MariaDB may put a version for old replicas before its own.
  const [, major = '0', minor = '0', patch = '0'] =
    /^(?:5\.5\.5-)?(\d+)\.(\d+)(?:\.(\d+))?/.exec(versionText) ?? []
  const version = Number(major) * 10_000 + Number(minor) * 100 + Number(patch)
  const entry = ENTRIES[flavour]
  const collations = entry.collations(version)
  return {
    flavour,
    version,
    isMysql: flavour === 'switchyard' || (flavour === 'mysql' && version >= 80_000),
    hasWindows: version >= entry.windowsFrom,
    hasDefaultsAsSql: flavour === 'mariadb' && version >= 100_207,
    hasSkipLocked: version >= entry.skipLockedFrom,
    hasCollation: (name) => collations.test(name) && collationByName(name) !== undefined,
  }
}
