/** System variables that tell how the server is configured, and on which machine it runs. */
import { hostname } from 'node:os'
import type { Value } from '../../common/value.js'
import type { ServerSettings } from '../../spi/settings.js'
import { secureFilePriv } from '../input-file.js'

export function configuredVariables(settings: ServerSettings): Readonly<Record<string, Value>> {
  const { limits, storage } = settings
  return {
    hostname: hostname(),
    port: settings.port,
    socket: settings.socket,
    bind_address: settings.bind,
    datadir: settings.dataFolder,
    secure_file_priv: secureFilePriv(settings.files.folder),
    local_infile: settings.files.local ? 1 : 0,
    max_connections: limits.connectionsMax,
    max_allowed_packet: limits.packetBytesMax,
    connect_timeout: Math.max(2, Math.round(limits.connectTimeoutMs / 1000)),
    innodb_lock_wait_timeout: Math.max(1, Math.round(limits.lockWaitTimeoutMs / 1000)),
    default_storage_engine: storage,
    default_tmp_storage_engine: storage,
    system_time_zone: systemTimeZone(),
  }
}

/** Abbreviation of the machine's zone. Locale data takes 0.2 s to load, which a machine on UTC needn't spend at start. */
function systemTimeZone(): string {
  const offsets = [0, 6].map((month) => new Date(2024, month, 1).getTimezoneOffset())
  if (offsets.every((minutes) => minutes === 0)) return 'UTC'
  const parts = new Intl.DateTimeFormat('en', { timeZoneName: 'short' }).formatToParts()
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? 'UTC'
}
