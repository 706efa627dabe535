/**
 * Plugins (SHOW PLUGINS, information_schema.PLUGINS): storages and authentication methods under their own names.
 */
import type { ListingRequest } from './listing.js'

export interface PluginRow {
  readonly name: string
  readonly type: 'STORAGE ENGINE' | 'AUTHENTICATION'
  readonly description: string
}

export function walkPlugins({ services }: ListingRequest, emit: (row: PluginRow) => void): void {
  for (const { name } of services.methods) {
    emit({ name, type: 'AUTHENTICATION', description: `Authentication method ${name}` })
  }
  for (const { name, comment } of services.storages) {
    emit({ name, type: 'STORAGE ENGINE', description: comment })
  }
}
