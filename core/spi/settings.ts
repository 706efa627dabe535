/**
 * Server-wide settings, as the configuration (defaults, files, environment, flags) left them: checked, sizes in bytes,
 * durations in milliseconds, absolute paths. `config/default.yaml` explains each key.
 */
import { token, type Token } from './token.js'

export interface ServerSettings {
  /** Name of the storage instance that takes tables whose definition names no storage. */
  readonly storage: string
  /** TCP port of the MySQL protocol; 0 lets the system choose. */
  readonly port: number
  /** Address to bind. */
  readonly bind: string
  /** Path of the Unix socket, '' for none. */
  readonly socket: string
  /** Folder of everything that outlives the process. Exists when a storage is durable. */
  readonly dataFolder: string
  readonly init: InitSettings
  readonly files: FileSettings
  readonly limits: LimitSettings
  /** Password that `root` gets when the data folder is new; '' for none. Secret. */
  readonly rootPassword: string
  /** From which the key is made that passwords of remote servers are sealed with; '' or absent for a file in the data folder. Secret. */
  readonly secretKey?: string
  /** Where `root` may come from besides this machine when the data folder is new, as in account names; 'localhost' for nowhere else. */
  readonly rootHost: string
}

export interface InitSettings {
  /** Folders whose SQL scripts run once, in the order of their names, when the data folder is new. */
  readonly folders: readonly string[]
}

export interface FileSettings {
  /** Folder whose files LOAD DATA may read and SELECT … INTO OUTFILE may write (secure_file_priv); '' for none. */
  readonly folder: string
  /** What local_infile is at first: whether LOAD DATA LOCAL may ask clients for their files. */
  readonly local: boolean
}

export interface LimitSettings {
  readonly connectionsMax: number
  /** Largest packet from a client, and largest row to one (max_allowed_packet). */
  readonly packetBytesMax: number
  /** Time for a login, from the connection to its success. */
  readonly connectTimeoutMs: number
  /** Memory that one statement may hold. */
  readonly queryMemoryBytesMax: number
  /** Memory that a sort, a hash join or a grouping holds before it spills to disk. */
  readonly operatorMemoryBytesMax: number
  readonly lockWaitTimeoutMs: number
  /** Age at which a transaction's snapshot is given up, so that old versions of rows can be freed. */
  readonly snapshotAgeMaxMs: number
  /** Time that running statements get to end when the server shuts down. */
  readonly shutdownGraceMs: number
}

export const ServerSettings: Token<ServerSettings> = token('server-settings')
